"""What readers of a release may rely on: no error, no half mart, no lost comment, whatever happens to the builder."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.errors import CallmartError
from orchestration.paths import PROJECT
from orchestration.release import (
    MartSpec,
    Release,
    ensure_catalogue,
    last_release,
    mart_hashes,
    no_hook,
    publish_release,
)

ROWS = 2_000
FIRST = datetime(2026, 3, 3, 1, 0)
CALLS = MartSpec("fct_call", "呼叫事实", "One row per call", {"batch": "批次 / Batch", "call_id": "呼叫 / Call"})
OLD = MartSpec("dim_old", "旧", "Dropped by the next release")
NEW = MartSpec("dim_new", "新", "Added by the next release")
AGENTS = MartSpec("dim_agent", "坐席", "One row per agent", {"batch": "批次 / Batch"})


class Killed(BaseException):
    """Stands for the end of the process: no code of the project may catch it."""


def make_warehouse(path: Path, batch: int, *, agent_columns: str = "range as agent_id", rows: int = ROWS) -> None:
    path.unlink(missing_ok=True)
    with duckdb.connect(str(path)) as con:
        con.execute("create schema marts")
        con.execute(
            f"create table marts.fct_call as select {batch} as batch, range as call_id, 'q' || range % 3 as queue, "
            f"cast(range as double) / 7 as wait_s, timestamp '2026-03-02' as started_at from range({rows})"
        )
        con.execute(f"create table marts.dim_old as select {batch} as batch")
        con.execute(f"create table marts.dim_new as select {batch} as batch")
        con.execute(f"create table marts.dim_agent as select {batch} as batch, {agent_columns} from range(50)")


def publish(
    root: Path,
    warehouse: Path,
    number: int,
    *,
    marts: tuple[MartSpec, ...] = (CALLS, AGENTS),
    keep: int = 3,
    stale: dict[str, list[date]] | None = None,
    created_at: datetime | None = None,
    on_step: Callable[[str], None] = no_hook,
) -> Release:
    return publish_release(
        warehouse,
        marts,
        root,
        release_id=f"r{number:03d}",
        created_at=created_at or FIRST + timedelta(hours=number),
        as_of=datetime(2026, 3, 3),
        window=(date(2026, 3, 2), date(2026, 3, 2)),
        inputs={"lake/asterisk/cdr/dt=2026-03-02/part-0.parquet": f"hash{number}"},
        transform_fingerprint="models-1",
        stale=stale or {},
        keep=keep,
        on_step=on_step,
    )


def ask(root: Path, sql: str) -> list[tuple[Any, ...]]:
    catalogue = root / "published" / "default" / "callmart.duckdb"
    with duckdb.connect(str(catalogue), read_only=True) as con:
        return con.execute(sql).fetchall()


def leftovers(root: Path) -> list[str]:
    return sorted(path.name for path in (root / "published").rglob("_*.tmp*"))


def test_a_release_has_every_row_of_every_mart_and_says_what_it_was_made_from(tmp_path: Path) -> None:
    make_warehouse(tmp_path / "w.duckdb", 1)
    assert last_release(tmp_path) is None
    release = publish(tmp_path, tmp_path / "w.duckdb", 1)

    assert ask(tmp_path, "select count(*), sum(call_id) from marts.fct_call") == [(ROWS, ROWS * (ROWS - 1) // 2)]
    manifest = last_release(tmp_path)
    assert manifest == release.manifest
    assert manifest is not None
    assert {name: facts.rows for name, facts in manifest.marts.items()} == {
        "fct_call": ROWS,
        "dim_agent": 50,
        "release": 1,
    }
    assert manifest.inputs == {"lake/asterisk/cdr/dt=2026-03-02/part-0.parquet": "hash1"}
    assert (manifest.window_from, manifest.window_to) == (date(2026, 3, 2), date(2026, 3, 2))


@pytest.mark.parametrize("zone", [UTC, timezone(timedelta(hours=8))])
def test_the_time_of_a_release_is_stored_as_plain_utc_whatever_zone_it_came_in(tmp_path: Path, zone: timezone) -> None:
    make_warehouse(tmp_path / "w.duckdb", 1, rows=10)
    made = datetime(2026, 4, 1, 1, 30, tzinfo=UTC).astimezone(zone)
    publish(tmp_path, tmp_path / "w.duckdb", 1, created_at=made)
    assert ask(tmp_path, "select created_at from marts.release") == [(datetime(2026, 4, 1, 1, 30),)]
    publish(tmp_path, tmp_path / "w.duckdb", 2)  # and ages of both kinds compare


def test_one_parquet_file_per_mart_and_nothing_else_beside_the_manifest(tmp_path: Path) -> None:
    make_warehouse(tmp_path / "w.duckdb", 1)
    release = publish(tmp_path, tmp_path / "w.duckdb", 1)
    assert sorted(path.name for path in release.path.iterdir()) == [
        "dim_agent.parquet",
        "fct_call.parquet",
        "manifest.json",
        "release.parquet",
    ]


def test_the_release_mart_has_one_row_per_stale_feed_or_one_without(tmp_path: Path) -> None:
    make_warehouse(tmp_path / "w.duckdb", 1)
    rows = "select release_id, as_of, stale_feed, stale_dates from marts.release order by stale_feed"
    as_of = datetime(2026, 3, 3)
    publish(tmp_path, tmp_path / "w.duckdb", 1)
    assert ask(tmp_path, rows) == [("r001", as_of, None, None)]
    publish(tmp_path, tmp_path / "w.duckdb", 2, stale={"b.y": [date(2026, 3, 2), date(2026, 3, 1)], "a.x": []})
    assert ask(tmp_path, rows) == [("r002", as_of, "a.x", ""), ("r002", as_of, "b.y", "2026-03-01,2026-03-02")]


def test_views_and_columns_carry_their_comments_in_both_languages(tmp_path: Path) -> None:
    make_warehouse(tmp_path / "w.duckdb", 1)
    publish(tmp_path, tmp_path / "w.duckdb", 1)
    assert ask(tmp_path, "select comment from duckdb_views() where view_name = 'fct_call'") == [
        ("呼叫事实 / One row per call",)
    ]
    assert ask(
        tmp_path,
        "select column_name, comment from duckdb_columns() where table_name = 'fct_call' and comment is not null",
    ) == [("batch", "批次 / Batch"), ("call_id", "呼叫 / Call")]


def test_the_catalogue_is_rebuilt_only_when_views_or_comments_change(tmp_path: Path) -> None:
    warehouse = tmp_path / "w.duckdb"
    make_warehouse(warehouse, 1)
    catalogue = tmp_path / "published" / "default" / "callmart.duckdb"
    assert publish(tmp_path, warehouse, 1).catalogue_rebuilt
    inode = catalogue.stat().st_ino
    make_warehouse(warehouse, 2)
    assert not publish(tmp_path, warehouse, 2).catalogue_rebuilt
    assert catalogue.stat().st_ino == inode

    renamed = MartSpec("fct_call", "呼叫", "One row per call", CALLS.columns)
    assert publish(tmp_path, warehouse, 3, marts=(renamed, AGENTS)).catalogue_rebuilt
    make_warehouse(warehouse, 4, agent_columns="range as agent_id, true as is_active")
    assert publish(tmp_path, warehouse, 4, marts=(renamed, AGENTS)).catalogue_rebuilt
    assert ask(tmp_path, "select count(*) from marts.dim_agent where is_active") == [(50,)]


def test_a_connection_that_is_older_than_a_change_of_columns_goes_on_working(tmp_path: Path) -> None:
    warehouse = tmp_path / "w.duckdb"
    make_warehouse(warehouse, 1, agent_columns="range as agent_id, 'a' as team")
    described = MartSpec("dim_agent", "坐席", "Agents", {"team": "班组 / Team"})
    release = publish(tmp_path, warehouse, 1, marts=(CALLS, described))
    with duckdb.connect(str(release.catalogue), read_only=True) as old:
        assert old.execute("select max(batch), max(team) from marts.dim_agent").fetchall() == [(1, "a")]
        make_warehouse(warehouse, 2, agent_columns="true as is_active, range as agent_id")
        publish(tmp_path, warehouse, 2)
        assert old.execute("select max(batch), max(agent_id) from marts.dim_agent").fetchall() == [(2, 49)]
        assert old.execute("select count(*) from marts.dim_agent where is_active").fetchall() == [(50,)]
        assert old.execute("select count(*) from duckdb_columns() where schema_name = 'marts'").fetchone() != (0,)


def test_content_hash_ignores_row_order_and_sees_every_other_change(tmp_path: Path) -> None:
    def hash_of(sql: str) -> str:
        folder = tmp_path / "one"
        folder.mkdir(exist_ok=True)
        duckdb.execute(f"copy ({sql}) to '{folder}/m.parquet' (format parquet)")
        return mart_hashes(folder)["m"]

    base = "select range as a, range + 1 as b, case when range > 3 then 'x' end as c from range(10)"
    same = {hash_of(base), hash_of(f"{base} order by a desc")}
    assert len(same) == 1
    changed = [
        f"{base} where range < 9",
        f"{base} union all ({base} limit 1)",
        f"{base} union all ({base})",
        f"select b as a, a as b, c from ({base})",
        f"select a, b, c as d from ({base})",
        f"select a, cast(b as integer) as b, c from ({base})",
        f"select a, b, coalesce(c, '') as c from ({base})",
        f"select a, if(a = 0, 2, if(a = 1, 1, b)) as b, c from ({base})",
    ]
    hashes = [hash_of(sql) for sql in changed]
    assert len({*hashes, *same}) == len(changed) + 1


def test_equal_rows_give_equal_bytes_whatever_their_order_in_the_warehouse(tmp_path: Path) -> None:
    warehouse = tmp_path / "w.duckdb"
    make_warehouse(warehouse, 1)
    first = publish(tmp_path, warehouse, 1)
    with duckdb.connect(str(warehouse)) as con:
        con.execute("create table marts.turned as from marts.fct_call order by call_id desc")
        con.execute("drop table marts.fct_call")
        con.execute("alter table marts.turned rename to fct_call")
    second = publish(tmp_path, warehouse, 2)
    assert (first.path / "fct_call.parquet").read_bytes() == (second.path / "fct_call.parquet").read_bytes()
    assert first.manifest.marts["fct_call"] == second.manifest.marts["fct_call"]


@pytest.mark.parametrize(
    "expression",
    [
        "'a'::enum('a', 'b')",
        "interval 1 day",
        "[1]",
        "[1]::integer[1]",
        "{'a': 1}",
        "map {'a': 1}",
        "1::hugeint",
        "sum(range) over ()",
        "timestamptz '2026-03-02'",
    ],
)
def test_a_type_that_readers_lose_is_a_defect_and_leaves_the_served_release(tmp_path: Path, expression: str) -> None:
    warehouse = tmp_path / "w.duckdb"
    make_warehouse(warehouse, 1)
    publish(tmp_path, warehouse, 1)
    make_warehouse(warehouse, 2, agent_columns=f"{expression} as odd")
    with pytest.raises(CallmartError, match=r"marts\.dim_agent\.odd: type") as caught:
        publish(tmp_path, warehouse, 2)
    assert caught.value.exit_code == 70
    assert ask(tmp_path, "select distinct batch from marts.dim_agent") == [(1,)]


def test_a_comment_on_a_column_that_is_not_there_is_a_defect(tmp_path: Path) -> None:
    make_warehouse(tmp_path / "w.duckdb", 1)
    wrong = MartSpec("dim_agent", "坐席", "Agents", {"agent_nr": "坐席 / Agent"})
    with pytest.raises(CallmartError, match="agent_nr"):
        publish(tmp_path, tmp_path / "w.duckdb", 1, marts=(wrong,))


def test_a_mart_that_was_not_built_is_a_defect(tmp_path: Path) -> None:
    make_warehouse(tmp_path / "w.duckdb", 1)
    with pytest.raises(CallmartError, match="not in the warehouse"):
        publish(tmp_path, tmp_path / "w.duckdb", 1, marts=(CALLS, MartSpec("fct_none", "无", "None")))


def test_a_served_release_is_never_written_again(tmp_path: Path) -> None:
    make_warehouse(tmp_path / "w.duckdb", 1)
    publish(tmp_path, tmp_path / "w.duckdb", 1)
    with pytest.raises(CallmartError, match="never changes"):
        publish(tmp_path, tmp_path / "w.duckdb", 1)


@pytest.mark.parametrize(
    ("keep", "left"), [(3, ["r003", "r004", "r005"]), (1, ["r004", "r005"]), (0, ["r004", "r005"])]
)
def test_retention_keeps_the_newest_and_never_fewer_than_two(tmp_path: Path, keep: int, left: list[str]) -> None:
    make_warehouse(tmp_path / "w.duckdb", 1, rows=10)
    for number in range(1, 6):
        publish(tmp_path, tmp_path / "w.duckdb", number, keep=keep)
    assert sorted(path.name for path in (tmp_path / "published/default/releases").iterdir()) == left


def test_retention_goes_by_the_order_of_publishing_when_the_clock_has_gone_back(tmp_path: Path) -> None:
    make_warehouse(tmp_path / "w.duckdb", 1, rows=10)
    for number, left in ((6, ["r006"]), (7, ["r006", "r007"]), (1, ["r001", "r007"]), (2, ["r001", "r002"])):
        publish(tmp_path, tmp_path / "w.duckdb", number, keep=2)
        assert sorted(path.name for path in (tmp_path / "published/default/releases").iterdir()) == left
        assert ask(tmp_path, "select release_id from marts.release") == [(f"r{number:03}",)]


def test_releases_that_were_never_served_do_not_push_out_the_one_that_was(tmp_path: Path) -> None:
    make_warehouse(tmp_path / "w.duckdb", 1, rows=10)

    def stop(step: str) -> None:
        if step == "renamed":
            raise Killed

    publish(tmp_path, tmp_path / "w.duckdb", 1, keep=2)
    for number in (2, 3):
        with pytest.raises(Killed):
            publish(tmp_path, tmp_path / "w.duckdb", number, keep=2, on_step=stop)
    for number, left in ((4, ["r001", "r003", "r004"]), (5, ["r004", "r005"])):
        publish(tmp_path, tmp_path / "w.duckdb", number, keep=2)
        assert sorted(path.name for path in (tmp_path / "published/default/releases").iterdir()) == left


def test_a_data_root_that_moved_serves_from_its_new_place_after_one_call(tmp_path: Path) -> None:
    make_warehouse(tmp_path / "w.duckdb", 1)
    (tmp_path / "old").mkdir()
    publish(tmp_path / "old", tmp_path / "w.duckdb", 1)
    (tmp_path / "old").rename(tmp_path / "new")
    assert ensure_catalogue(tmp_path / "new")
    assert ask(tmp_path / "new", "select count(*) from marts.fct_call") == [(ROWS,)]
    assert not ensure_catalogue(tmp_path / "new")


BEFORE, AFTER = (CALLS, AGENTS, OLD), (CALLS, AGENTS, NEW)


def change(root: Path, warehouse: Path, on_step: Callable[[str], None]) -> None:
    """A release, then one that renames a column, drops a mart and adds one: the kind with most steps."""
    root.mkdir()
    make_warehouse(warehouse, 1)
    publish(root, warehouse, 1, marts=BEFORE)
    make_warehouse(warehouse, 2, agent_columns="range as employee_no")
    publish(root, warehouse, 2, marts=AFTER, on_step=on_step)


def served(root: Path) -> int:
    """The release that readers see, after every view of the catalogue answered and all were of that release."""
    views = ask(root, "select view_name from duckdb_views() where schema_name = 'marts' and view_name != 'release'")
    batches = {row[0] for (view,) in views for row in ask(root, f"select distinct batch from marts.{view}")}
    ((release_id,),) = ask(root, "select release_id from marts.release")
    assert batches == {int(release_id[1:])}, f"{release_id} has rows of {batches}"
    column, mart = ("agent_id", "dim_old") if batches == {1} else ("employee_no", "dim_new")
    assert ask(root, f"select count({column}) from marts.dim_agent") == [(50,)]
    assert (mart,) in views
    return int(release_id[1:])


def test_a_kill_after_any_step_leaves_one_whole_release_and_the_next_run_heals(tmp_path: Path) -> None:
    steps: list[str] = []
    change(tmp_path / "whole", tmp_path / "whole.duckdb", steps.append)
    assert {"copied", "renamed", "stand-in: catalogue replaced", "swapped", "catalogue replaced", "retired"} <= set(
        steps
    )
    seen = []
    for index, last in enumerate(steps):
        root, warehouse = tmp_path / f"kill{index}", tmp_path / f"kill{index}.duckdb"

        def die(step: str, last: str = last) -> None:
            if step == last:
                raise Killed

        with pytest.raises(Killed):
            change(root, warehouse, die)
        seen.append(served(root))

        ensure_catalogue(root)
        manifest = last_release(root)
        assert manifest is not None
        assert f"r{served(root):03d}" == manifest.release_id, last

        make_warehouse(warehouse, 3, agent_columns="range as employee_no")
        publish(root, warehouse, 3, marts=AFTER)
        assert served(root) == 3
        assert leftovers(root) == [], last
    assert seen == sorted(seen) and set(seen) == {1, 2}


def test_a_stand_in_left_by_a_kill_is_not_taken_for_the_catalogue_it_replaced(tmp_path: Path) -> None:
    warehouse = tmp_path / "w.duckdb"
    make_warehouse(warehouse, 1)
    publish(tmp_path, warehouse, 1)

    def die(step: str) -> None:
        if step == "stand-in: catalogue replaced":
            raise Killed

    make_warehouse(warehouse, 2, agent_columns="range as employee_no")
    with pytest.raises(Killed):
        publish(tmp_path, warehouse, 2, on_step=die)
    make_warehouse(warehouse, 3)  # the change was taken back: the views of release 1 are wanted again
    publish(tmp_path, warehouse, 3)
    assert ask(tmp_path, "select release_id from marts.release") == [("r003",)]


LIMITED = """
import resource, sys
from pathlib import Path
from tests.orchestration.test_release import AFTER, publish
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]),) * 2)
publish(Path(sys.argv[1]), Path(sys.argv[1]) / "w.duckdb", 2, marts=AFTER)
"""


@pytest.mark.parametrize(
    ("limit", "written"), [(1_000, "_r002.tmp/fct_call.parquet"), (30_000, "_callmart.duckdb.tmp")]
)
def test_a_full_disk_is_named_and_leaves_the_served_release(tmp_path: Path, limit: int, written: str) -> None:
    """A limit on the size of files stands for the full disk: the system refuses a write in the middle of a file."""
    make_warehouse(tmp_path / "w.duckdb", 1)
    publish(tmp_path, tmp_path / "w.duckdb", 1, marts=BEFORE)
    make_warehouse(tmp_path / "w.duckdb", 2)
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(tmp_path), str(limit)],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("orchestration.errors.InputError: ") and "File too large" in last and written in last, last
    assert "[rule storage]" in last and "the last release goes on serving" in last
    assert ask(tmp_path, "select distinct batch from marts.fct_call") == [(1,)]
    publish(tmp_path, tmp_path / "w.duckdb", 2, marts=AFTER)
    assert ask(tmp_path, "select distinct batch from marts.fct_call") == [(2,)] and leftovers(tmp_path) == []


def test_at_no_instant_is_there_no_current_release(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    warehouse = tmp_path / "w.duckdb"
    make_warehouse(warehouse, 1, rows=10)
    publish(tmp_path, warehouse, 1)
    current = tmp_path / "published/default/current"
    seen = []
    replace = os.replace

    def watched(source: Path, target: Path) -> None:
        if Path(target) == current:
            seen.append(os.readlink(current))
        replace(source, target)
        assert (current / "manifest.json").exists()

    monkeypatch.setattr(os, "replace", watched)
    publish(tmp_path, warehouse, 2)
    assert seen == ["releases/r001"]


KILLED = """
import os, signal, sys
sys.path[:0] = [sys.argv[1], sys.argv[2]]
from pathlib import Path
from test_release import publish
publish(Path(sys.argv[3]), Path(sys.argv[4]), 2,
        on_step=lambda step: os.kill(os.getpid(), signal.SIGKILL) if step == "copied fct_call" else None)
"""


def test_a_process_killed_while_it_copies_is_swept_by_the_next(tmp_path: Path) -> None:
    warehouse = tmp_path / "w.duckdb"
    make_warehouse(warehouse, 1)
    publish(tmp_path, warehouse, 1)
    here = Path(__file__).resolve()
    arguments = [str(here.parents[2]), str(here.parent), str(tmp_path), str(warehouse)]
    ended = subprocess.run([sys.executable, "-c", KILLED, *arguments], check=False)
    assert ended.returncode == -signal.SIGKILL
    assert leftovers(tmp_path) == ["_r002.tmp"]
    assert ask(tmp_path, "select release_id from marts.release") == [("r001",)]
    publish(tmp_path, warehouse, 2)
    assert leftovers(tmp_path) == []
    assert ask(tmp_path, "select release_id from marts.release") == [("r002",)]


READER = """
import json, sys, time
from pathlib import Path
import duckdb
catalogue, stop, ready, rows = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4])
facts = {"queries": 0, "errors": [], "half": [], "pairs": 0, "two_releases": 0, "batches": set()}
held = duckdb.connect(catalogue, read_only=True)
while not stop.exists():
    fresh = duckdb.connect(catalogue, read_only=True) if facts["queries"] % 10 == 0 else None
    con = fresh or held
    try:
        seen = con.execute("select count(*), min(batch), max(batch), sum(call_id) from marts.fct_call").fetchone()
        if seen[0] != rows or seen[1] != seen[2] or seen[3] != rows * (rows - 1) // 2:
            facts["half"].append(seen)
        facts["batches"].add(seen[1])
        pair = con.execute("select (select max(batch) from marts.fct_call), (select min(batch) from marts.dim_agent)")
        a, b = pair.fetchone()
        facts["pairs"] += 1
        facts["two_releases"] += a != b
        facts["queries"] += 2
    except Exception as error:
        facts["errors"].append(repr(error))
    if fresh:
        fresh.close()
    ready.touch()
print(json.dumps({**facts, "batches": len(facts["batches"])}))
"""


def test_a_reader_through_twenty_releases_meets_no_error_and_no_half_mart(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    warehouse = tmp_path / "w.duckdb"
    make_warehouse(warehouse, 0)
    catalogue = publish(tmp_path, warehouse, 0, keep=2).catalogue
    stop, ready = tmp_path / "stop", tmp_path / "ready"
    arguments = [str(catalogue), str(stop), str(ready), str(ROWS)]
    reader = subprocess.Popen([sys.executable, "-c", READER, *arguments], stdout=subprocess.PIPE, text=True)
    try:
        while not ready.exists():
            assert reader.poll() is None, "the reader ended before it read"
            time.sleep(0.01)
        for number in range(1, 21):
            make_warehouse(warehouse, number)
            publish(tmp_path, warehouse, number, keep=2)
    finally:
        stop.touch()
        output, _ = reader.communicate(timeout=60)
    facts = json.loads(output)
    share = facts["two_releases"] / facts["pairs"]
    record_property("two_release_share", share)
    print(f"{facts['pairs']} queries over two marts, {facts['two_releases']} saw two releases ({share:.3%})")
    assert facts["errors"] == []
    assert facts["half"] == []
    assert facts["batches"] >= 10, "the reader slept through the releases"


def test_the_link_to_the_current_release_is_relative_so_that_the_folder_can_be_mounted_elsewhere(
    tmp_path: Path,
) -> None:
    make_warehouse(tmp_path / "w.duckdb", 1)
    publish(tmp_path, tmp_path / "w.duckdb", 1)
    assert os.readlink(tmp_path / "published/default/current") == "releases/r001"
