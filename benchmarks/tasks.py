"""What is run and measured in a process of its own: `python -m benchmarks.tasks NAME JSON`.

Here belongs: one function a task, called with plain values, answering with plain values on standard output. Not here:
repeating, comparing.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

import duckdb

from benchmarks import child
from benchmarks.settings import dbt_default, environment
from orchestration.paths import PROJECT

if TYPE_CHECKING:
    from benchmarks.stage import Centre
    from orchestration.warehouse import WarehousePlan

SQL = Path(__file__).with_name("sql")
CALLMART = Path(sys.executable).with_name("callmart")
# Folders of models in the order in which they build on one another; the first stands for all below the marts.
LAYERS = ("intermediate", "core", "kpi", "report")
PLAN_OPERATORS = 3
_TOLD_OF_OPERATORS = ("Table", "Conditions", "Groups", "Function", "Order By")
_BUILT = ("model", "seed", "test")


@dataclass(frozen=True)
class Done:
    """A task's answer and what its process took."""

    answer: dict[str, Any]
    measured: child.Measured


def run(name: str, python: Path | str = sys.executable, **values: object) -> Done:
    """Run a task of this module in a process of its own, of another environment's Python when one is named. Raises
    ChildError when it fails."""
    said = json.dumps({key: str(value) if isinstance(value, Path) else value for key, value in values.items()})
    root = Path(str(values.get("root", PROJECT)))
    measured = child.run([str(python), "-m", "benchmarks.tasks", name, said], environment(root), PROJECT)
    return Done(json.loads(measured.out.splitlines()[-1]), measured)


def build(centre: Centre, import_times: bool = False) -> child.Measured:
    """`callmart build`, as a user calls it."""
    said = environment(centre.root) | ({"PYTHONPROFILEIMPORTTIME": "1"} if import_times else {})
    return child.run([str(CALLMART), "build", "--config", str(centre.config)], said, PROJECT)


@contextmanager
def key() -> Iterator[None]:
    """The demo's hash key in this process, for made-up numbers."""
    before = dict(os.environ)
    os.environ.update(environment(PROJECT))
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


class _Clock:
    """Seconds by name."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        begin = time.perf_counter()
        yield
        self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - begin


# --- CSV to lake -----------------------------------------------------------------------------------------


def extract(config: str, root: str, masked: bool = True) -> dict[str, Any]:
    """All feeds of a configuration from their files into the lake of an empty data root, without the audit."""
    from orchestration.config import load_config
    from orchestration.extract import lake
    from orchestration.extract.landing import land

    if not masked:
        _leave_numbers_as_they_are()
    loaded, place, clock = load_config(Path(config)), Path(root), _Clock()
    rows = 0
    for name, feed in loaded.feeds.items():
        with clock("land"):
            land(feed, place, datetime.now(UTC).replace(tzinfo=None))
        with clock(f"type {name}"):
            dates = lake.touched_dates(feed, loaded, place)
        with clock(f"build {name}"):
            candidates = lake.build_candidates(feed, loaded, place, dates)
        with clock("publish"):
            for candidate in candidates:
                lake.publish(candidate)
        rows += sum(candidate.rows for candidate in candidates)
    return {"seconds": clock.seconds, "rows": rows}


def refresh(config: str, root: str) -> dict[str, Any]:
    """The same with the audit, as a build does it; its progress tells the audit's time."""
    from orchestration.config import load_config
    from orchestration.extract.reference import ensure_zero_partitions
    from orchestration.feeds import refresh as refresh_feed

    loaded, place = load_config(Path(config)), Path(root)
    ensure_zero_partitions(place)
    moment = datetime.now(UTC).replace(tzinfo=None)
    for feed in loaded.feeds.values():
        refresh_feed(feed, loaded, place, date.min, date.max, moment)
    return {}


def _leave_numbers_as_they_are() -> None:
    from orchestration.extract import masking

    install = masking.install

    def install_nothing(db: duckdb.DuckDBPyConnection, *arguments: Any, **named: Any) -> None:
        install(db, *arguments, **named)
        for macro in (
            "keyed_hash(x) as x",
            "bare_number(x) as x",
            "norm_bare(x) as x",
            "number_type(x) as case when x is not null then 'mobile' end",
            "number_prefix(x, kind) as left(x, 3)",
            "mask_number(x) as x",
            "mask_text(x) as x",
            "agent_name(x) as x",
        ):
            db.execute("create or replace temp macro " + macro)

    masking.install = install_nothing


def plain_lake(source: str, root: str) -> dict[str, Any]:
    """The same files by one COPY a feed."""
    logs, out = Path(source) / "asterisk", Path(root)
    files = {"queue_logs": sorted(logs.glob("queue_log*")), "cdr_logs": sorted(logs.glob("cdr-csv/Master.csv*"))}
    clock = _Clock()
    with duckdb.connect() as db:
        db.execute("set timezone = 'UTC'")
        for name, found in files.items():
            db.execute(f"set variable {name} = ?", [[str(file) for file in found]])
        for name in ("queue_log", "cdr"):
            db.execute(f"set variable {name}_out = ?", [str(out / name)])
        rows = 0
        for statement in duckdb.extract_statements((SQL / "plain_lake.sql").read_text("utf-8")):
            with clock("copy"):
                rows += (db.execute(statement).fetchone() or (0,))[0]
    return {"seconds": clock.seconds, "rows": rows}


def plain_sources(root: str, file: str) -> dict[str, Any]:
    """Queue visits from a CSV file, or without one from the PostgreSQL database of the environment, by one COPY."""
    import importlib.resources

    clock = _Clock()
    with duckdb.connect() as db:
        db.execute("set timezone = 'UTC'")
        db.execute("set variable out = ?", [root])
        records = f"read_csv('{file}', header = true, all_varchar = true)"
        if not file:
            package = importlib.resources.files("duckdb_extension_postgres_scanner")
            db.execute(f"load '{package}/extensions/v{duckdb.__version__}/postgres_scanner.duckdb_extension'")
            db.execute(f"attach '{os.environ['CALLMART_BENCH_DATABASE']}' as source (type postgres, read_only)")
            records = "source.public.visits"
        db.execute(f"create temp view records as select * from {records}")
        with clock("copy"):
            rows = (db.execute((SQL / "plain_sources.sql").read_text("utf-8")).fetchone() or (0,))[0]
    return {"seconds": clock.seconds, "rows": rows}


# --- lake to marts ---------------------------------------------------------------------------------------


def marts(config: str, root: str, kind: str, engine: str = "duckdb") -> dict[str, Any]:
    """All models and seeds of the lake's marts into a new warehouse (`models`), those of one layer, or the tests of all
    (`tests`), by dbt as a build calls it. The first layer begins a new warehouse too."""
    from orchestration import paths, spark, warehouse

    os.environ[spark.CHOICE] = engine

    place, clock = Path(root), _Clock()
    file = paths.warehouse_path(place)
    if kind in ("models", LAYERS[0]):
        shutil.rmtree(file.parent, ignore_errors=True)
        file.parent.mkdir(parents=True)
        spark.start_afresh(place)
    plan = _plan(config, place)
    assert len(plan.windows) == 1
    manifest = json.loads(warehouse.manifest_path(place).read_text("utf-8"))
    layers = {name: _layer(node) for name, node in manifest["nodes"].items() if node["resource_type"] in _BUILT}
    nodes = [
        name
        for name in warehouse.nodes_to_build(manifest, plan, set(layers))
        if layers[name] == kind or (kind == "models" and layers[name] != "tests")
    ]
    with clock("dbt"), closing(warehouse.dbt_process(place)) as dbt:
        process = dbt.invoke(warehouse.build_arguments(plan, plan.windows[0], nodes))
        assert process.stdout is not None
        said = process.stdout.read().decode(errors="replace").splitlines()
        if process.wait() != 0:
            raise SystemExit("dbt failed:\n" + "\n".join(said[-20:]))
    return {
        "seconds": clock.seconds,
        "nodes": len(nodes),
        "results": str(warehouse.run_target(place) / "run_results.json"),
    }


def _layer(node: dict[str, Any]) -> str:
    """`tests` of a test, else one of `LAYERS`; the views of staging and the seeds are part of what reads them."""
    if node["resource_type"] == "test":
        return "tests"
    folders = Path(node["path"]).parts
    return folders[1] if folders[0] == "marts" else LAYERS[0]


def plans(root: str, models: list[str]) -> dict[str, Any]:
    """Of each model's query, run once more on the warehouse as it stands: seconds of all threads, and its operators by
    time: name, what it works on, seconds, rows that it gives."""
    from orchestration import paths, warehouse

    place, found = Path(root), {}
    compiled = {file.stem: file for file in (warehouse.run_target(place) / "compiled").rglob("models/**/*.sql")}
    with duckdb.connect(str(paths.warehouse_path(place)), read_only=True) as db:
        db.execute(f"set memory_limit = '{dbt_default('CALLMART_MEMORY')}'")
        db.execute(f"set threads = {int(dbt_default('CALLMART_THREADS'))}")
        db.execute(f"set temp_directory = '{paths.temp_dir(place)}'")
        for model in models:
            (told,) = db.execute("explain (analyze, format json) " + compiled[model].read_text("utf-8")).fetchall()
            operators = sorted(_operators(json.loads(told[1])), key=lambda each: -each["seconds"])
            found[model] = {
                "seconds": sum(each["seconds"] for each in operators),
                "operators": operators[:PLAN_OPERATORS],
            }
    return found


def _operators(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if "operator_name" in node:
        extra = {
            key: value if isinstance(value, str) else ", ".join(value) for key, value in node["extra_info"].items()
        }
        about = next(
            (extra[key] for key in ("Table", "Conditions", "Groups", "Function", "Order By") if key in extra), ""
        )
        yield {
            "name": node["operator_name"].strip(),
            "about": about if isinstance(about, str) else ", ".join(about),
            "seconds": node["operator_timing"],
            "rows": node["operator_cardinality"],
        }
    for child_node in node["children"]:
        yield from _operators(child_node)


def _plan(config: str, root: Path) -> WarehousePlan:
    from orchestration import warehouse
    from orchestration.config import load_config

    plan = warehouse.plan_warehouse(root, load_config(Path(config)).centre.timezone)
    assert plan is not None
    return plan


def plain_marts(lake: str, warehouse: str) -> dict[str, Any]:
    """The plain script on a lake, into a new DuckDB file, with dbt's threads and all the memory it wants."""
    clock = _Clock()
    with duckdb.connect(warehouse) as db:
        db.execute("set timezone = 'UTC'")
        db.execute("set preserve_insertion_order = false")
        db.execute(f"set threads = {os.environ.get('CALLMART_THREADS') or dbt_default('CALLMART_THREADS')}")
        db.execute("set variable lake = ?", [lake])
        db.execute("set variable seeds = ?", [str(PROJECT / "seeds")])
        for statement in duckdb.extract_statements((SQL / "plain_marts.sql").read_text("utf-8")):
            with clock("script"):
                db.execute(statement)
    return {"seconds": clock.seconds}


# --- release ---------------------------------------------------------------------------------------------


def release(config: str, root: str) -> dict[str, Any]:
    """Publish the marts of a built data root once more, board included."""
    from orchestration import warehouse
    from orchestration.board.html import write_board
    from orchestration.paths import warehouse_path
    from orchestration.release import publish_release

    place, clock = Path(root), _Clock()
    plan = _plan(config, place)
    marts = warehouse.published_marts(json.loads(warehouse.manifest_path(place).read_text("utf-8")))
    created, begin = datetime.now(UTC).replace(tzinfo=None), time.perf_counter()
    done: dict[str, float] = {}

    def on_step(name: str) -> None:
        done[name] = time.perf_counter() - begin

    made = publish_release(
        warehouse_path(place),
        marts,
        place,
        release_id=f"{created:%Y%m%dT%H%M%S%f}",
        created_at=created,
        as_of=plan.as_of,
        window=None,
        inputs=plan.inputs,
        transform_fingerprint=plan.transform_fingerprint,
        stale={},
        keep=2,
        on_step=on_step,
    )
    clock.seconds |= {
        "copying the marts": done["copied"],
        "hashing their content": done["manifest written"] - done["copied"],
        "putting in place": time.perf_counter() - begin - done["manifest written"],
    }
    with clock("board"):
        write_board(place, name={"zh": "示例", "en": "Example"})
    facts = made.manifest.marts.values()
    return {
        "seconds": clock.seconds,
        "rows": sum(mart.rows for mart in facts),
        "bytes": sum(mart.size_bytes for mart in facts),
        "marts": len(made.manifest.marts),
    }


def plain_release(root: str, out: str) -> dict[str, Any]:
    """A plain COPY of the same tables, one file each."""
    from orchestration import warehouse
    from orchestration.paths import warehouse_path

    place, clock = Path(root), _Clock()
    marts = warehouse.published_marts(json.loads(warehouse.manifest_path(place).read_text("utf-8")))
    rows = 0
    with duckdb.connect(str(warehouse_path(place)), read_only=True) as db:
        for mart in marts:
            file = Path(out) / f"{mart.name}.parquet"
            with clock("copy"):
                done = db.execute(
                    f"copy {mart.schema}.{mart.name} to '{file}' (format parquet, compression zstd)"
                ).fetchone()
            rows += (done or (0,))[0]
    return {"seconds": clock.seconds, "rows": rows}


# --- queries ---------------------------------------------------------------------------------------------


def named_queries() -> dict[str, str]:
    """The typical queries by the name in the comment line before each."""
    parts = (SQL / "queries.sql").read_text("utf-8").split("-- query: ")[1:]
    return {part.partition("\n")[0].strip(): part.partition("\n")[2] for part in parts}


def queries(catalogue: str, times: int) -> dict[str, Any]:
    """Each query so many times in turn, on a reader's connection; seconds of each run, and rows it gave."""
    found: dict[str, list[float]] = {name: [] for name in named_queries()}
    rows: dict[str, int] = {}
    with duckdb.connect(catalogue, read_only=True) as db:
        for _ in range(times):
            for name, sql in named_queries().items():
                begin = time.perf_counter()
                rows[name] = len(db.execute(sql).fetchall())
                found[name].append(time.perf_counter() - begin)
    return {"seconds": found, "rows": rows}


# --- the simulated centre ---------------------------------------------------------------------------------


def simulate_centre(out: str, days: int, agents: int, processes: int, is_whole: bool) -> dict[str, Any]:
    """A centre's files; contacts of all media, wall seconds, and processor seconds of all processes."""
    from simulator import simulate
    from simulator.company import Company

    begin, before = time.perf_counter(), os.times()
    made = simulate(Path(out), days, agents, 1, company=Company if is_whole else None, processes=processes)
    after, wall = os.times(), time.perf_counter() - begin
    return {
        "contacts": made.contacts + made.chats_and_mails,
        "seconds": wall,
        "cpu": sum(after[:4]) - sum(before[:4]),
    }


def extract_whole(config: str, root: str) -> dict[str, Any]:
    """`extract` of a centre whose feeds come from APIs too."""
    from simulator.serve import serving

    with serving(Path(config).parent) as variables:
        os.environ.update(variables)
        return extract(config, root)


def simulate_fast_calls(out: str, calls: int, days: int) -> dict[str, Any]:
    """Calls that stand alone, in a file a day or more."""
    from simulator.fast import simulate_fast

    begin, before = time.perf_counter(), time.process_time()
    simulate_fast(Path(out), calls, days, 1000, 1, date(2025, 3, 3))
    return {"seconds": time.perf_counter() - begin, "cpu": time.process_time() - before}


_SAMPLED_EVERY_S = 0.005
_PARTS_OF_SIMULATION = {
    "simulator/forms": "forms of the systems",
    "simulator/truth": "counting the truth",
    "simulator/aftermath": "tickets, surveys, quality, complaints",
    "simulator/business": "orders, leads, costs, interfaces",
    "simulator/crm.py": "the CRM, the menu, the chat system",
    "simulator/asterisk_files.py": "the telephone's logs",
}


def sample_simulation(out: str, days: int, agents: int) -> dict[str, Any]:
    """Shares of processor time by part: what is innermost on the stack each few milliseconds of it."""
    from simulator import simulate

    seen: Counter[str] = Counter()

    def look(_: int, frame: FrameType | None) -> None:
        while frame is not None:
            name = Path(frame.f_code.co_filename).as_posix()
            for place, part in _PARTS_OF_SIMULATION.items():
                if f"/{place}" in name:
                    seen[part] += 1
                    return
            frame = frame.f_back
        seen["the telephone centre and the rest"] += 1

    signal.signal(signal.SIGPROF, look)
    begin = time.process_time()
    signal.setitimer(signal.ITIMER_PROF, _SAMPLED_EVERY_S, _SAMPLED_EVERY_S)
    simulate(Path(out), days, agents, 1)
    signal.setitimer(signal.ITIMER_PROF, 0)
    total = seen.total() or 1
    return {"cpu": time.process_time() - begin, "shares": {part: n / total for part, n in seen.most_common()}}


TASKS = {
    task.__name__: task
    for task in (
        *(
            extract,
            extract_whole,
            refresh,
            plain_lake,
            plain_sources,
            marts,
            plans,
            plain_marts,
            release,
            plain_release,
        ),
        *(queries, simulate_centre, simulate_fast_calls, sample_simulation),
    )
}


if __name__ == "__main__":
    print(json.dumps(TASKS[sys.argv[1]](**json.loads(sys.argv[2]))), flush=True)
