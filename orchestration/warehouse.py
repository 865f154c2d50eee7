"""What dbt is asked to build, and how it is called.

Here belongs: the build window derived from the lake and the last release, dbt's arguments, environment and manifest.
Not here: SQL (dbt_project), files of the lake (extract), what is done with the marts afterwards (release.py).

Nothing is remembered but what the last release was built from and which dates an unfinished build may have changed.
Events move what is known of the dates around them, so their dates are widened to windows; a record that lives on (see
entities.py) moves the dates that it touches and no other.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cache, lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import yaml

from orchestration import paths, spark
from orchestration.dbt_process import DbtProcess
from orchestration.entities import Changes, changes, earliest_date, entity_feeds, served_as
from orchestration.errors import BlockedError, CallmartError
from orchestration.extract.lake import lake_inventory
from orchestration.extract.landing import last_landing
from orchestration.release import MartSpec, last_release
from seeds import SEEDS

PARSED = "partial_parse.msgpack"  # dbt's name for the parsed project
# The state of feeds changes daily and moves small tables only; every other reference table can move any number.
_UNREMARKABLE = "lake/centre/feed_"
_CAPABILITY = "lake/centre/feed_capability/"
_BOUGHT, _KNOWN = "canonical.order", "canonical.customer"  # whether customers came back, and in which tier they count
_WINDOW_VARIABLES = ("window_from", "window_to", "as_of", "changed_partitions", "touched_dates")


@dataclass(frozen=True, order=True)
class Window:
    """Local dates from `first` to `last`, both included."""

    first: date
    last: date

    def __str__(self) -> str:
        return f"{self.first} to {self.last}"

    def dates(self) -> list[date]:
        """Every date of the window."""
        return [self.first + timedelta(days=step) for step in range((self.last - self.first).days + 1)]


@dataclass(frozen=True)
class WarehousePlan:
    """What one run of dbt must do. `inputs` is the lake it reads (file -> content hash), `as_of` the local end
    of what the lake can know, `changes` what of the records that live on must be made again beside the windows, `moved`
    the feeds whose files differ from the last release's (None: any may)."""

    windows: tuple[Window, ...]
    full_refresh: bool
    as_of: datetime
    inputs: Mapping[str, str]
    transform_fingerprint: str
    changes: Changes = field(default_factory=Changes)
    moved: frozenset[str] | None = None

    @property
    def is_empty(self) -> bool:
        """The last release was built from just this."""
        return not self.windows

    def held_by_the_lake(self, window: Window) -> Window:
        """The part of a window for which the lake has dates, for people to read."""
        dates = {_date_of(name) for name in self.inputs} - {paths.ZERO_DATE}
        return Window(max(window.first, min(dates)), min(window.last, max(dates)))


@lru_cache(maxsize=1)
def _project_variables() -> dict[str, Any]:
    said: dict[str, Any] = yaml.safe_load((paths.DBT_PROJECT / "dbt_project.yml").read_text("utf-8"))["vars"]
    return said


def late_window_days() -> int:
    """How many local dates an event can change before and after its own (`late_window_days` of dbt_project.yml)."""
    return int(_project_variables()["late_window_days"])


def decided_by(passed: Iterable[date]) -> set[date]:
    """Dates whose leads are decided on one of these dates. An elapsed day ends on the date before or after when the
    clocks were changed in between."""
    days = int(_project_variables()["lead_window_days"])
    return {day - timedelta(days=days + step) for day in passed for step in (-1, 0, 1)}


def retention_anchors(dates: Iterable[date], as_of: datetime) -> set[date]:
    """Months, by their first dates, whose retention is known by `as_of` and may change with what is known of `dates`:
    they lie in the year before or in the year after it."""
    months = int(_project_variables()["retention_months"])
    touched = {day.year * 12 + day.month - 1 for day in dates}
    last = as_of.year * 12 + as_of.month - 1 - months
    anchors = {anchor for month in touched for anchor in range(month - months + 1, month + months + 1)}
    return {date(anchor // 12, anchor % 12 + 1, 1) for anchor in anchors if 12 <= anchor <= last}


def changed_dates(before: Mapping[str, str], now: Mapping[str, str]) -> dict[str, set[date]]:
    """Dates of lake files that are new, gone or hold other rows, by feed; reference tables have no date."""
    days = {feed: days - {paths.ZERO_DATE} for feed, days in _differing(before, now).items()}
    return {feed: some for feed, some in days.items() if some}


def _differing(before: Mapping[str, str], now: Mapping[str, str]) -> dict[str, set[date]]:
    found: dict[str, set[date]] = {}
    for name in {*before, *now}:
        if before.get(name) != now.get(name):
            found.setdefault(_feed_of(name), set()).add(_date_of(name))
    return found


def windows_of(dates: Iterable[date], days: int) -> tuple[Window, ...]:
    """Windows that cover `dates` widened by `days` on both sides, merged where they touch.

    They may reach beyond what the lake holds: a log that begins in the middle of a call tells of the evening before.
    """
    merged: list[Window] = []
    for day in sorted(set(dates)):
        begin, end = day - timedelta(days=days), day + timedelta(days=days)
        if merged and begin <= merged[-1].last + timedelta(days=1):
            merged[-1] = Window(merged[-1].first, end)
        else:
            merged.append(Window(begin, end))
    return tuple(merged)


def plan_warehouse(root: Path, zone: str, forced: Window | None = None) -> WarehousePlan | None:
    """What to build so that the marts are what the lake gives; None while the lake holds no date at all.

    `zone` is the centre's. `forced` dates are rebuilt whether or not their files changed. A change of models, seeds or
    configuration rebuilds everything.
    """
    inputs = lake_inventory(root)
    dates = sorted({_date_of(name) for name in inputs} - {paths.ZERO_DATE})
    if not dates:
        return None
    first, last = dates[0], dates[-1]
    fingerprint = transform_fingerprint(inputs, spark.engine(root))
    released = last_release(root)
    unfinished = _unfinished(root)
    full = (
        released is None
        or released.transform_fingerprint != fingerprint
        or not paths.warehouse_path(root).exists()
        # a table that Spark was writing when it was killed is in the way of the next one of its name
        or (unfinished is not None and (unfinished["full_refresh"] or spark.engine(root) == spark.SPARK))
    )
    entities = entity_feeds()
    moved = {} if released is None else changed_dates(released.inputs, inputs)
    touched = {day for feed, days in moved.items() if feed not in entities for day in days}
    touched |= {date.fromisoformat(day) for day in unfinished["dates"]} if unfinished else set()
    partitions = {feed: days for feed, days in moved.items() if feed in entities}
    if forced is not None:
        touched |= {day for day in dates if forced.first <= day <= forced.last}
        for feed in entities:
            asked = {day for day in _dates_of(inputs, feed) if forced.first <= day <= forced.last}
            partitions[feed] = partitions.get(feed, set()) | asked
    as_of = known_until(last, last_landing(root), zone)
    passed: set[date] = set()  # on which something may have fallen due
    if released is not None and released.as_of != as_of:
        # What was open at the end of the former release goes on from there, however long no file came.
        touched.add(released.as_of.date())
        passed |= set(Window(released.as_of.date(), as_of.date()).dates())
    if released is not None and _state_of_feeds(released.inputs) != _state_of_feeds(inputs):
        # A feed became stale, or fresh again: kpi_availability says so, whatever the lake holds.
        touched.add(last)
    days = late_window_days()
    if full:
        # events and what they move; of records that live on all dates, as later changes of them make these too
        begin_on = min(first - timedelta(days=days), earliest_date(root, zone) or first)
        whole = Window(begin_on, last + timedelta(days=days))
        return WarehousePlan((whole,), True, as_of, inputs, fingerprint)
    known = partitions.get(_KNOWN, set())
    windows = windows_of(touched | served_as(root, zone, _KNOWN, known), days)
    bought = changes(root, zone, {_BOUGHT: partitions.get(_BOUGHT, ())}).dates
    anchors = retention_anchors({*bought, *known, *(day for window in windows for day in window.dates())}, as_of)
    change = changes(root, zone, partitions) | Changes({}, frozenset(passed | decided_by(passed) | anchors))
    if unfinished:
        change |= _changes_of(unfinished)
    if not windows and (change or released is None or released.inputs != inputs):
        # No event moved: the least that makes what else is built of the lake.
        windows = (Window(last, last),)
    moved_feeds = None if released is None or unfinished or forced else frozenset(_differing(released.inputs, inputs))
    return WarehousePlan(windows, False, as_of, inputs, fingerprint, change, moved_feeds)


def known_until(last: date, landed: datetime | None, zone: str) -> datetime:
    """Local end of what the lake can know: of its last date, or of the last landing (UTC) while that date still runs.

    An agent who was ready when the files came at noon was not ready until midnight.
    """
    end = datetime.combine(last + timedelta(days=1), datetime.min.time())
    if landed is None:
        return end
    local = landed.replace(tzinfo=UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None, microsecond=0)
    return min(end, local)


def transform_fingerprint(inputs: Mapping[str, str], engine: str = spark.DUCKDB) -> str:
    """Hash of all that turns the lake into marts: models, macros, seeds, engine, and the configuration in the lake."""
    digest = hashlib.sha256(engine.encode() if engine != spark.DUCKDB else b"")
    for folder, patterns in (
        (paths.DBT_PROJECT, ("models/**/*.sql", "macros/**/*.sql", "dbt_project.yml")),
        (SEEDS, ("*.csv",)),
    ):
        for pattern in patterns:
            for file in sorted(folder.glob(pattern)):
                digest.update(file.relative_to(folder).as_posix().encode() + b"\0" + file.read_bytes() + b"\0")
    for name, content in sorted(inputs.items()):
        if name.startswith("lake/centre/") and not name.startswith(_UNREMARKABLE):
            digest.update(f"{name}\0{content}\0".encode())
    return digest.hexdigest()[:16]


def begin(root: Path, plan: WarehousePlan) -> None:
    """Note which dates the warehouse may hold in a state that no release knows, before dbt writes."""
    if plan.full_refresh:
        spark.start_afresh(root)
    # a full refresh that was cut off is followed by another one, which needs no list of dates
    dates = [] if plan.full_refresh else [day.isoformat() for window in plan.windows for day in window.dates()]
    before = _unfinished(root) or {"dates": [], "full_refresh": False}
    paths.put_json(
        _unfinished_path(root),
        {
            "dates": sorted({*before["dates"], *dates}),
            "full_refresh": plan.full_refresh or before["full_refresh"],
            **_told(plan.changes | _changes_of(before)),
        },
    )


def finish(root: Path) -> None:
    """Forget what `begin` noted: a release was made of it."""
    _unfinished_path(root).unlink(missing_ok=True)


def dbt_process(root: Path) -> DbtProcess:
    """dbt, ready for the arguments of a run on this data root."""
    return DbtProcess(manifest_path(root).with_name(PARSED), paths.DBT_PROJECT, os.environ | environment(root))


def build_arguments(plan: WarehousePlan, window: Window, nodes: Sequence[str]) -> list[str]:
    """dbt's arguments to build `nodes` for one window."""
    variables: dict[str, Any] = {
        "window_from": window.first.isoformat(),
        "window_to": window.last.isoformat(),
        "as_of": plan.as_of.strftime("%Y-%m-%d %H:%M:%S"),
    }
    if not plan.full_refresh:
        variables |= _told(plan.changes if window == plan.windows[-1] else Changes())
    chosen = ["--indirect-selection", "empty", "--select", " ".join(node.split(".")[2] for node in nodes)]
    arguments = ["build", "--vars", json.dumps(variables), *chosen]
    return [*arguments, "--full-refresh"] if plan.full_refresh else arguments


def nodes_to_build(manifest: Mapping[str, Any], plan: WarehousePlan, selected: Collection[str]) -> list[str]:
    """Unique ids of the models, seeds and tests that a run asking for `selected` builds, sorted.

    A test runs when all that it reads is selected: one that compares a rebuilt model with one that waits for a later
    run would fail for no reason. With all models selected, so are the tests that belong to none of them. Raises
    BlockedError when only a part is asked for and all must be made anew.
    """
    nodes = manifest["nodes"]
    # an ephemeral model is part of those that read it, and no asset
    models = {
        name
        for name, node in nodes.items()
        if node["resource_type"] in ("model", "seed") and node["config"].get("materialized") != "ephemeral"
    }
    tests = {name: set(node["depends_on"]["nodes"]) for name, node in nodes.items() if node["resource_type"] == "test"}
    chosen = models & set(selected)
    settled = set() if plan.full_refresh else settled_nodes(manifest, plan.moved)
    if plan.full_refresh and chosen and chosen != models:
        raise BlockedError(
            "models, seeds or configuration changed: a part of the models can't be built without the rest.",
            rule="full_refresh",
            todo="run the job with all its assets, or `callmart build`.",
        )
    wanted = tests.keys() & set(selected)
    if chosen:
        current = chosen | (settled & models)
        of_no_model = {name for name in tests if not nodes[name].get("attached_node")}
        wanted = {name for name in wanted | of_no_model if tests[name] <= current}
    return sorted((chosen | wanted) - settled)


def settled_nodes(manifest: Mapping[str, Any], moved: Collection[str] | None = None) -> set[str]:
    """Models, seeds and tests that a run which is no full refresh leaves as they are, by dbt's unique ids.

    These are the seeds; what is made of nothing but seeds, configuration and feeds that did not move (None: all may
    have moved); and a view whose text names no window, for it shows new rows by itself (unless a test judges these).
    Both engines' catalogues keep them from run to run.
    """
    nodes = {
        name: node for name, node in manifest["nodes"].items() if node["resource_type"] in ("model", "seed", "test")
    }
    parents = {name: [on for on in node["depends_on"].get("nodes", []) if on in nodes] for name, node in nodes.items()}
    judged = {on for name, node in nodes.items() if node["resource_type"] == "test" for on in parents[name]}
    windowed = {
        name
        for name, node in nodes.items()
        if _names_the_window(node, manifest)
        and (moved is None or node["config"].get("window_by") not in entity_feeds())
    }

    @cache
    def is_constant(name: str) -> bool:
        if nodes[name]["resource_type"] == "test":  # it reads a window of windowed models only
            return all(map(is_constant, parents[name]))
        feeds = feeds_read(nodes[name].get("raw_code", ""))
        unmoved = all(_is_configuration(feed) or (moved is not None and feed not in moved) for feed in feeds)
        return name not in windowed and unmoved and all(map(is_constant, parents[name]))

    def shows_new_rows_by_itself(name: str) -> bool:
        is_view = nodes[name]["config"].get("materialized") == "view"
        return is_view and name not in windowed and name not in judged

    return {name for name in nodes if is_constant(name) or shows_new_rows_by_itself(name)}


def environment(root: Path) -> dict[str, str]:
    """Environment in which dbt finds the lake and the warehouse of a data root, and the folder for what it says."""
    return {
        "CALLMART_LAKE": str(root / "lake"),
        "CALLMART_WAREHOUSE": str(paths.warehouse_path(root)),
        **spark.environment(root),
        "DBT_PROFILES_DIR": str(paths.DBT_PROJECT),
        "DBT_TARGET_PATH": str(run_target(root)),
        "DBT_LOG_PATH": str(root / "docs" / "dbt"),
        "DBT_LOG_FORMAT": "json",
        # Dagster keeps with the run what dbt tells it; dbt's own debug log would take a fifth of its time.
        "DBT_LOG_LEVEL_FILE": "none",
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "DO_NOT_TRACK": "1",
        "PYTHONUNBUFFERED": "1",
        "PYTHONPATH": os.pathsep.join([str(paths.PROJECT), *filter(None, [os.environ.get("PYTHONPATH")])]),
    }


def run_target(root: Path) -> Path:
    """Where dbt leaves the compiled SQL and the results of its last invocation."""
    return root / "docs" / "dbt" / "last_run"


def manifest_path(root: Path) -> Path:
    """dbt's manifest of the project as it is now; parsed on first use and after a change."""
    target = root / "docs" / "dbt" / "target"
    manifest = target / "manifest.json"
    stamp = target / "callmart.fingerprint"
    now = f"{_project_fingerprint()} {spark.engine(root)}"  # names of tables are those of an engine
    if manifest.exists() and (target / PARSED).exists() and stamp.exists() and stamp.read_text("utf-8") == now:
        return manifest
    target.mkdir(parents=True, exist_ok=True)
    stamp.unlink(missing_ok=True)  # a parse that is killed must not stand under the former one's stamp
    done = subprocess.run(
        [
            str(dbt_executable()),
            "--no-use-colors",
            "parse",
            "--profiles-dir",
            str(paths.DBT_PROJECT),
            "--target-path",
            str(target),
        ],
        cwd=paths.DBT_PROJECT,
        env=os.environ | environment(root) | {"DBT_LOG_FORMAT": "text"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise CallmartError(
            f"dbt can't read the project:\n{done.stdout[-3000:]}", file=paths.DBT_PROJECT.name, rule="dbt_parse",
            todo="run `dbt parse` in dbt_project/ and mend what it names.",
        )  # fmt: skip
    stamp.write_text(now, "utf-8")
    return manifest


def dbt_executable() -> Path:
    """The dbt of this environment, whatever the shell's PATH says."""
    return Path(sys.executable).with_name("dbt")


def published_marts(manifest: Mapping[str, Any]) -> list[MartSpec]:
    """What a release contains: models and seeds that say `meta.publish`, with their comments in both languages."""
    found = []
    for node in manifest["nodes"].values():
        meta = node.get("config", {}).get("meta") or {}
        if not meta.get("publish"):
            continue
        columns = {name: _comment(column) for name, column in node["columns"].items() if _comment(column)}
        found.append(MartSpec(node["name"], meta.get("zh", ""), node["description"], columns, node["schema"]))
    return sorted(found, key=lambda mart: mart.name)


def feeds_read(raw_code: str) -> Sequence[str]:
    """Feeds that a model's source code reads, in the form `lake('source', 'feed')`."""
    parts = raw_code.split("lake(")[1:]
    names = [part.partition(")")[0].replace("'", "").replace('"', "") for part in parts]
    return [".".join(piece.strip() for piece in name.split(",")) for name in names]


def _state_of_feeds(inputs: Mapping[str, str]) -> list[str]:
    return [content for name, content in inputs.items() if name.startswith(_CAPABILITY)]


def _is_configuration(feed: str) -> bool:
    """Whether a feed is part of the fingerprint, so that any change of it is a full refresh."""
    name = f"lake/{feed.replace('.', '/')}/"
    return name.startswith("lake/centre/") and not name.startswith(_UNREMARKABLE)


def _names_the_window(node: Mapping[str, Any], manifest: Mapping[str, Any]) -> bool:
    """Whether a node's SQL differs from window to window, by itself or by a macro that it calls."""
    macros, waiting = set(), list(node["depends_on"].get("macros", []))
    while waiting:
        name = waiting.pop()
        if name not in macros and name in manifest["macros"]:
            macros.add(name)
            waiting += manifest["macros"][name]["depends_on"]["macros"]
    texts = [node.get("raw_code", ""), *(manifest["macros"][name]["macro_sql"] for name in macros)]
    return any(variable in text for text in texts for variable in _WINDOW_VARIABLES)


def _comment(column: Mapping[str, Any]) -> str:
    zh = ((column.get("config") or {}).get("meta") or column.get("meta") or {}).get("zh", "")
    return " / ".join(text for text in (zh, column.get("description", "")) if text)


def _changes_of(said: Mapping[str, Any]) -> Changes:
    """What `_told` wrote."""
    partitions = {
        feed: frozenset(map(date.fromisoformat, days)) for feed, days in said.get("changed_partitions", {}).items()
    }
    return Changes(partitions, frozenset(map(date.fromisoformat, said.get("touched_dates", ()))))


def _told(change: Changes) -> dict[str, Any]:
    """Changes as dbt's variables of these names."""
    return {
        "changed_partitions": {feed: _iso(days) for feed, days in change.partitions.items()},
        "touched_dates": _iso(change.dates),
    }


def _iso(days: Iterable[date]) -> list[str]:
    return [day.isoformat() for day in sorted(days)]


def _dates_of(inputs: Iterable[str], feed: str) -> set[date]:
    return {_date_of(name) for name in inputs if _feed_of(name) == feed} - {paths.ZERO_DATE}


def _feed_of(name: str) -> str:
    _, source, feed, *_ = name.split("/")
    return f"{source}.{feed}"


def _date_of(name: str) -> date:
    return date.fromisoformat(Path(name).parent.name.removeprefix("dt="))


def _project_fingerprint() -> str:
    """Hash of all that dbt parses."""
    digest = hashlib.sha256()
    files = [paths.DBT_PROJECT / "dbt_project.yml", paths.DBT_PROJECT / "profiles.yml", *SEEDS.glob("*.*")]
    for folder in ("models", "macros", "tests"):
        files += (paths.DBT_PROJECT / folder).rglob("*.*")
    for file in sorted(files):
        digest.update(file.relative_to(paths.PROJECT).as_posix().encode() + file.read_bytes())
    return digest.hexdigest()


def _unfinished_path(root: Path) -> Path:
    return paths.warehouse_path(root).with_name("unfinished.json")


def _unfinished(root: Path) -> dict[str, Any] | None:
    path = _unfinished_path(root)
    found: dict[str, Any] | None = json.loads(path.read_text("utf-8")) if path.exists() else None
    return found
