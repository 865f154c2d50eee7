"""The lake: partitions put together from the live objects of a feed, audited outside, then published or held.

Here belongs: which dates must be rebuilt, how a partition is made, put in place or held, what the lake holds, and the
accounting of rows. Not here: typing, and the checks that decide between `publish` and `hold`.

A partition is a function of the typed rows of all live objects for its date. The Parquet file says what it was made of
(`fingerprint`) and what it holds (`content_hash`, lineage left out), so that nothing about the lake is remembered
elsewhere.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from expectations.contracts import Contract
from orchestration import paths
from orchestration.config import Config, Feed
from orchestration.errors import AccountingError, InputError
from orchestration.extract.engine import connect, json_row, parquet, read_meta, side_by_side, write_parquet
from orchestration.extract.expressions import literal, quote
from orchestration.extract.judging import REFUSED_COLUMNS
from orchestration.extract.typing import Typed, held_objects, live, type_feed, typed_path
from orchestration.progress import step, warn

_DUPLICATES = "duplicates.parquet"
REPORT = "report.json"


@dataclass(frozen=True)
class Candidate:
    """A partition that waits beside its place in the lake. `duplicates` rows were left out of `rows`;
    `is_same_content`: the lake already holds these rows, so that publishing changes only where they come from."""

    feed: str
    date: date
    path: Path
    rows: int
    duplicates: int
    content_hash: str
    fingerprint: str
    is_same_content: bool
    target: Path
    duplicates_path: Path
    duplicates_target: Path
    held_dir: Path


@dataclass
class Accounting:
    """Where the rows of a feed's live files are: in = loaded + held + refused + duplicates. `by_rule` counts the rows
    in quarantine by rule; `missing` are dates whose rows are neither in the lake nor held. `repaired` counts rows that
    had been refused: they are where the records are that were put in their place."""

    feed: str
    rows_in: int = 0
    loaded: int = 0
    held: int = 0
    refused: int = 0
    duplicates: int = 0
    by_rule: dict[str, int] = field(default_factory=dict)
    missing: list[date] = field(default_factory=list)
    repaired: int = 0

    def check(self) -> None:
        """Raise AccountingError unless every row that went in is somewhere."""
        out = self.loaded + self.held + self.refused + self.duplicates
        if self.rows_in != out:
            gone = f"; not built: {', '.join(day.isoformat() for day in self.missing[:5])}" if self.missing else ""
            raise AccountingError(
                f"{self.feed}: {self.rows_in} rows went in; {self.loaded} are loaded, {self.held} held, {self.refused} "
                f"refused, {self.duplicates} duplicates: {out}{gone}.",
                rule="accounting",
                todo="build the dates that are missing; if none is, report a defect of callmart.",
            )


@dataclass(frozen=True)
class _Plan:
    """What each partition of a feed is to be made of."""

    typed: tuple[Typed, ...]  # live objects in landing order
    moved: dict[str, list[tuple[str, int]]]  # date -> (object, line) of rows whose newer version has another date
    held: tuple[Typed, ...] = ()  # objects that would count, were they not held for their columns

    def parts(self, day: date) -> list[Typed]:
        """Live objects with rows of a date."""
        return [item for item in self.typed if day.isoformat() in item.dates]

    def days(self) -> set[date]:
        """Dates with rows."""
        return {date.fromisoformat(day) for item in self.typed for day in item.dates}

    def sealed(self) -> set[date]:
        """Dates whose partition can't be made again, as bytes of it were retired: it stays as it is."""
        return {
            date.fromisoformat(day) for item in self.typed if item.manifest.retired_at is not None for day in item.dates
        }


def partition_fingerprint(feed: Feed, parts: Sequence[Typed], moved: Sequence[tuple[str, int]] = ()) -> str:
    """Hash of what a partition is made of: its contract, the live objects with rows of its date in landing order, how
    they were typed, and the rows among them that a newer version under another date replaces."""
    said = [
        feed.contract.fingerprint(),
        _lake_code(),
        [(p.manifest.object_id, p.fingerprint) for p in parts],
        sorted(moved),
    ]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()[:16]


def touched_dates(feed: Feed, config: Config, root: Path) -> list[date]:
    """Dates whose partition is not what the live objects make, sorted; a date that lost all its rows is one of them.

    Types what is not typed yet, so it raises what `type_feed` raises. Warns of a log that is empty after rotation.
    Removes what a killed build left, so candidates made before the call are gone.
    """
    warnings: list[str] = []
    with connect(root) as db:
        plan = _plan(db, feed, config, root, warnings)
        wanted = {
            day: partition_fingerprint(feed, plan.parts(day), plan.moved.get(day.isoformat(), ()))
            for day in plan.days()
        }
        found = partition_meta(db, feed.name, root)
        _sweep(db, feed.name, root, found)
    for text in warnings:
        warn(text)
    for day in [*found, *held_dates(feed.name, root)]:
        wanted.setdefault(day, partition_fingerprint(feed, [], ()))
    sealed = plan.sealed()
    late = sorted(day for day in sealed if _late_rows(plan, day, found.get(day, {})))
    if late:
        dates = f"{late[0]} and {len(late) - 1} more dates" if late[1:] else f"{late[0]}"
        warn(f"{feed.name}: late rows of {dates} are kept out, as landing of them was retired (retention.landing_days)")
    return sorted(
        day for day, value in wanted.items() if day not in sealed and found.get(day, {}).get("fingerprint") != value
    )


def known_dates(feed: Feed, config: Config, root: Path) -> list[date]:
    """Dates for which a feed has rows in its live objects, or a partition in the lake or held, sorted."""
    with connect(root) as db:
        plan = _plan(db, feed, config, root)
        found = partition_meta(db, feed.name, root)
    return sorted({*plan.days(), *found, *held_dates(feed.name, root)} - plan.sealed())


def sealed_dates(feed: Feed, config: Config, root: Path) -> list[date]:
    """Dates of a feed that can't be made again, as bytes of them were retired, sorted."""
    with connect(root) as db:
        return sorted(_plan(db, feed, config, root).sealed())


def build_candidates(feed: Feed, config: Config, root: Path, dates: Iterable[date]) -> list[Candidate]:
    """Make the partitions of `dates` beside their places, each under a hidden name, sorted by date.

    Of rows with one natural key the latest version stays (version column, then landing order, then line); the others go
    to quarantine with the partition. The same rows give the same partition, however they are cut into files.
    """
    days = sorted(set(dates))
    with connect(root) as db:
        plan = _plan(db, feed, config, root)
        current = partition_meta(db, feed.name, root)
        with step(f"build {feed.name}") as progress:
            made = side_by_side(
                db, days, lambda connection, day: _build(connection, feed, root, plan, day, current.get(day, {}))
            )
            progress.rows = sum(candidate.rows for candidate in made)
            progress.note = f"{len(made)} dates"
    return made


def publish(candidate: Candidate) -> None:
    """Put a candidate in its place in the lake, its duplicates in quarantine, and forget that the date was held."""
    if candidate.duplicates:
        paths.put(candidate.duplicates_path, candidate.duplicates_target)
    else:
        candidate.duplicates_target.unlink(missing_ok=True)
    paths.put(candidate.path, candidate.target)
    shutil.rmtree(candidate.held_dir, ignore_errors=True)


def hold(candidate: Candidate, report: Mapping[str, Any]) -> Path:
    """Keep a candidate out of the lake: move it to held/ with the report of the checks. Returns its folder."""
    candidate.held_dir.mkdir(parents=True, exist_ok=True)
    paths.put_json(candidate.held_dir / REPORT, dict(report))
    held = candidate.held_dir / _DUPLICATES
    if candidate.duplicates:
        paths.put(candidate.duplicates_path, held)
    else:
        held.unlink(missing_ok=True)
    paths.put(candidate.path, candidate.held_dir / "part-0.parquet")
    return candidate.held_dir


def discard(candidates: Iterable[Candidate]) -> None:
    """Remove candidates that will be neither published nor held."""
    for candidate in candidates:
        candidate.path.unlink(missing_ok=True)
        candidate.duplicates_path.unlink(missing_ok=True)


def held_dates(feed: str, root: Path) -> list[date]:
    """Dates of a feed that are held, sorted."""
    return sorted(_day(path) for path in paths.held_dir(root, feed).glob("dt=*/part-0.parquet"))


def judged_dates(feed: Feed, config: Config, root: Path) -> list[date]:
    """Held dates whose rows are still the ones that the checks refused, sorted."""
    held = {day: paths.held_dir(root, feed.name, day) / "part-0.parquet" for day in held_dates(feed.name, root)}
    if not held:
        return []
    with connect(root) as db:
        plan = _plan(db, feed, config, root)
        known = read_meta(db, list(held.values()))
    wanted = {day: partition_fingerprint(feed, plan.parts(day), plan.moved.get(day.isoformat(), ())) for day in held}
    return sorted(day for day, file in held.items() if known.get(file, {}).get("fingerprint") == wanted[day])


def lake_inventory(root: Path) -> dict[str, str]:
    """Every file of the lake (path relative to the data root) -> hash of what it holds, lineage left out."""
    files = sorted(root.glob("lake/*/*/dt=*/part-0.parquet"))
    with connect(root) as db:
        found = read_meta(db, files)
    foreign = [file for file in files if file not in found]
    if foreign:
        raise InputError(
            "this file of the lake was not written by callmart.",
            file=foreign[0].relative_to(root),
            rule="foreign_file",
            todo="move it out of the data root; the lake is rebuilt from landing.",
        )
    return {file.relative_to(root).as_posix(): found[file]["content_hash"] for file in files}


def accounting(feed: Feed, config: Config, root: Path) -> Accounting:
    """Count where the rows of a feed's live files are. A row of a held date or file counts as held."""
    done = Accounting(feed.name)
    with connect(root) as db:
        plan = _plan(db, feed, config, root)
        lake = partition_meta(db, feed.name, root)
        waiting = held_meta(db, feed.name, root)
    rules: Counter[str] = Counter()
    for item in plan.typed:
        done.rows_in += item.rows_in
        done.refused += sum(item.refused.values())
        done.repaired += item.repaired
        rules.update(item.refused)
    for item in plan.held:
        done.rows_in += item.rows_in
        done.held += item.rows_in
    sealed = plan.sealed()
    for day in sorted(plan.days()):
        value = partition_fingerprint(feed, plan.parts(day), plan.moved.get(day.isoformat(), ()))
        if day in sealed and day in lake:
            meta = lake[day]
            done.loaded += meta["rows"]
            done.held += _late_rows(plan, day, meta)
        elif lake.get(day, {}).get("fingerprint") == value:
            meta = lake[day]
            done.loaded += meta["rows"]
        elif waiting.get(day, {}).get("fingerprint") == value:
            meta = waiting[day]
            done.held += meta["rows"]
        else:
            done.missing.append(day)
            continue
        done.duplicates += meta["duplicates"]
        if meta["duplicates"]:
            rules[duplicate_rule(feed.contract)] += meta["duplicates"]
    done.by_rule = dict(sorted(rules.items()))
    return done


def duplicate_rule(said: Contract) -> str:
    """Rule under which a row goes to quarantine because the partition holds it already."""
    return "duplicate_line" if said.natural_key == ("row_hash",) else "duplicate_record"


# --- putting a partition together ------------------------------------------------------------------------


def _late_rows(plan: _Plan, day: date, meta: Mapping[str, Any]) -> int:
    """Rows that came for a sealed date after it was sealed."""
    known = sum(item.dates[day.isoformat()] for item in plan.parts(day))
    return max(0, known - int(meta.get("rows", 0)) - int(meta.get("duplicates", 0)))


def _lake_code() -> str:
    return hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:16]


def _plan(
    db: duckdb.DuckDBPyConnection, feed: Feed, config: Config, root: Path, warnings: list[str] | None = None
) -> _Plan:
    landed = type_feed(feed, config, root)
    typed = tuple(live(feed, landed, [] if warnings is None else warnings))
    kept_out = held_objects(feed, landed)
    return _Plan(
        typed,
        _moved(db, feed, root, typed),
        tuple(item for item in landed if item.manifest.object_id in kept_out),
    )


def _moved(
    db: duckdb.DuckDBPyConnection, feed: Feed, root: Path, typed: Sequence[Typed]
) -> dict[str, list[tuple[str, int]]]:
    """Rows whose natural key has a newer version under another date: a corrected start must not count a call twice.

    A key that contains the whole row, or its time, can't move.
    """
    typed = [item for item in typed if item.rows and item.manifest.retired_at is None]
    if {"row_hash", feed.contract.event_time} & set(feed.contract.natural_key) or not typed:
        return {}
    keys = ", ".join(map(quote, feed.contract.natural_key))
    db.execute(
        f"""create or replace temp table versions as
        with candidate_keys as (
            select {keys} from ({_union(root, typed)}) group by {keys} having min(dt) <> max(dt))
        select object_id, source_line, dt,
            dt <> first(dt) over (partition by {keys} order by {_latest(feed.contract)}) as is_moved
        from ({_union(root, typed)}) semi join candidate_keys using ({keys})"""
    )
    found: dict[str, list[tuple[str, int]]] = {}
    for day, object_id, line in db.execute(
        "select dt::varchar, object_id, source_line from versions where is_moved order by all"
    ).fetchall():
        found.setdefault(day, []).append((object_id, line))
    db.execute("drop table versions")
    return found


def _union(root: Path, typed: Sequence[Typed], day: date | None = None) -> str:
    """Typed rows of objects, each with its object and landing order."""
    where = "" if day is None else f" where dt = date {literal(day.isoformat())}"
    return " union all by name ".join(
        f"select *, {literal(item.manifest.object_id)} as object_id, {item.manifest.seq} as seq "
        f"from {parquet([typed_path(root, item)])}{where}"
        for item in typed
        if item.rows and item.manifest.retired_at is None
    )


def _latest(said: Contract) -> str:
    """Which of the rows with one natural key stays. Of equal rows the first landed one, so that lineage stays put."""
    if said.natural_key == ("row_hash",):
        return "seq, source_line"
    version = f"{quote(said.version_column)} desc nulls last, " if said.version_column else ""
    return f"{version}seq desc, source_line desc"


def _build(
    db: duckdb.DuckDBPyConnection, feed: Feed, root: Path, plan: _Plan, day: date, current: dict[str, Any]
) -> Candidate:
    said = feed.contract
    parts, moved = plan.parts(day), plan.moved.get(day.isoformat(), [])
    target = paths.partition_path(root, feed.name, day)
    target.parent.mkdir(parents=True, exist_ok=True)
    quarantine = paths.make_private(paths.quarantine_dir(root, feed.name), root)
    duplicates_target = quarantine / paths.duplicates_path(root, feed.name, day).name
    columns = ", ".join(f"cast({quote(c.name)} as {c.type}) as {quote(c.name)}" for c in said.lake_columns)
    if parts:
        keys = ", ".join(map(quote, said.natural_key))
        gone = ", ".join(f"({literal(object_id)}, {line})" for object_id, line in moved)
        is_moved = f"(object_id, source_line) in ({gone})" if moved else "false"
        of_day = f"(select *, {is_moved} as is_moved from ({_union(root, parts, day)}))"
        # Nearly all rows have a key of their own: only the others are compared.
        db.execute(
            f"""create or replace temp table dropped as
            with repeated as (select {keys} from {of_day} group by {keys} having count(*) > 1)
            select object_id, source_line, kept_file, kept_line from (
                select object_id, source_line, row_number() over same = 1 and not is_moved as stays,
                    first(source_file) over same as kept_file, first(source_line) over same as kept_line
                from {of_day} where is_moved or ({keys}) in (from repeated)
                window same as (partition by {keys} order by is_moved, {_latest(said)}))
            where not stays"""
        )
        is_any = db.execute("select exists (from dropped)").fetchone() == (True,)
        compared = f"{of_day} left join dropped using (object_id, source_line)" if is_any else of_day
        stays = "kept_file is null" if is_any else "true"
        db.execute(f"create or replace temp view part as select *, {stays} as stays from {compared}")
    else:
        empty = ", ".join(f"cast(null as {c.type}) as {quote(c.name)}" for c in said.lake_columns)
        db.execute(f"create or replace temp view part as select {empty}, true as stays where false")
    counted = db.execute(
        f"""select count(*) filter (stays), count(*) filter (not stays),
            hex(sum(md5_number_upper(row_hash)) filter (stays)) || hex(sum(md5_number_lower(row_hash)) filter (stays)),
            count(flags) filter (stays), strftime(max({quote(said.event_time or "")}) filter (stays), '%Y-%m-%d %X.%f')
            from part"""
    ).fetchone()
    assert counted is not None
    rows, duplicates, content, flagged, last_event = counted
    meta = {
        "feed": feed.name,
        "contract": said.fingerprint(),
        "rows": rows,
        "duplicates": duplicates,
        "flagged": flagged,
        "last_event_at": last_event,
        "content_hash": content_hash(said, content),
        "fingerprint": partition_fingerprint(feed, parts, moved),
    }
    # By content, not by where it came from: the same rows give the same file order.
    order = ", ".join(dict.fromkeys(map(quote, (said.event_time or "", *said.natural_key, "row_hash"))))
    written = paths.hidden(target)
    write_parquet(db, f"select {columns} from part where stays order by {order}", written, meta)
    duplicates_written = paths.hidden(duplicates_target)
    duplicates_written.unlink(missing_ok=True)
    if duplicates:
        refused = {
            "column_name": literal(", ".join(said.natural_key)),
            "rule": literal(duplicate_rule(said)),
            "reason": "case when is_moved then 'a newer version of this row has another date' "
            "else 'the same row or key as line ' || kept_line || ' of ' || kept_file end",
            "raw": json_row(said.column_names),
        }
        fields = ", ".join(f"{refused.get(name, name)} as {name}" for name in REFUSED_COLUMNS)
        write_parquet(
            db, f"select {fields} from part where not stays order by source_file, source_line", duplicates_written, meta
        )
    return Candidate(
        feed=feed.name,
        date=day,
        path=written,
        rows=rows,
        duplicates=duplicates,
        content_hash=meta["content_hash"],
        fingerprint=meta["fingerprint"],
        is_same_content=current.get("content_hash") == meta["content_hash"],
        target=target,
        duplicates_path=duplicates_written,
        duplicates_target=duplicates_target,
        held_dir=paths.held_dir(root, feed.name, day),
    )


def content_hash(said: Contract, rows: str) -> str:
    """Hash of what a file of the lake holds, from a hash of its rows."""
    return hashlib.sha256(f"{said.fingerprint()} {rows}".encode()).hexdigest()[:32]


def _day(path: Path) -> date:
    return date.fromisoformat(path.parent.name.removeprefix("dt="))


def partition_meta(db: duckdb.DuckDBPyConnection, feed: str, root: Path) -> dict[date, dict[str, Any]]:
    """What each partition of a feed says of itself; a file that says nothing is there with nothing."""
    files = [path for path in paths.lake_dir(root, feed).glob("dt=*/part-0.parquet") if _day(path) != paths.ZERO_DATE]
    found = read_meta(db, files)
    return {_day(file): found.get(file, {}) for file in files}


def held_meta(db: duckdb.DuckDBPyConnection, feed: str, root: Path) -> dict[date, dict[str, Any]]:
    """What each held partition of a feed says of itself."""
    files = list(paths.held_dir(root, feed).glob("dt=*/part-0.parquet"))
    return {_day(file): meta for file, meta in read_meta(db, files).items()}


def _sweep(db: duckdb.DuckDBPyConnection, feed: str, root: Path, lake: Mapping[date, Mapping[str, Any]]) -> None:
    """Remove what a killed build left: files under hidden names, and held folders whose partition is in the lake by now
    or never came."""
    for folder in (paths.lake_dir(root, feed), paths.held_dir(root, feed), paths.quarantine_dir(root, feed)):
        for left in folder.rglob("_*.tmp"):
            left.unlink()
    waiting = [day / "part-0.parquet" for day in paths.held_dir(root, feed).glob("dt=*")]
    known = read_meta(db, waiting)
    for file in waiting:
        if file not in known or known[file]["fingerprint"] == lake.get(_day(file), {}).get("fingerprint"):
            shutil.rmtree(file.parent)
