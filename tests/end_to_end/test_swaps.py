"""Cards of Metabase and queries of the SQL guide, asked by a reader while releases are swapped under it.

Belongs here: what people ask. How a swap works, and what a kill leaves of it, is tests/orchestration/test_release.py's.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb

from metabase.render import render
from orchestration.paths import warehouse_path
from orchestration.release import last_release, publish_release
from orchestration.sql_guide import GUIDE, questions
from orchestration.warehouse import manifest_path, published_marts
from tests.end_to_end.centre import Centre
from tests.metabase.compared import released_sources
from tests.metabase.mbql_sql import Query

BOARDS = ("four_dimensions", "calls_and_queues", "one_kpi")
SWAPS = 5

READER = """
import json, sys
from pathlib import Path
import duckdb
catalogue, asked, stop, ready = sys.argv[1], json.loads(Path(sys.argv[2]).read_text()), *map(Path, sys.argv[3:5])
facts = {"asked": 0, "rounds": 0, "releases": set(), "errors": {}, "other": {}}
held = duckdb.connect(catalogue, read_only=True)
while not (stop.exists() and facts["rounds"]):
    con = duckdb.connect(catalogue, read_only=True) if facts["rounds"] % 2 else held
    for name, (sql, rows) in asked.items():
        try:
            found = len(con.execute(sql).fetchall())
            if found != rows:
                facts["other"][name] = [rows, found]
            facts["releases"].add(con.execute("select release_id from marts.release").fetchone()[0])
        except Exception as error:
            facts["errors"][name] = repr(error)
        facts["asked"] += 1
        ready.touch()
    facts["rounds"] += 1
    if con is not held:
        con.close()
print(json.dumps({**facts, "releases": len(facts["releases"])}))
"""


def asked_of(catalogue: Path) -> dict[str, tuple[str, int]]:
    """SQL of cards and of the guide by name, with the number of rows that it gives at rest."""
    cards = [item for item in render(released_sources(catalogue), "en") if item.kind == "card"]
    sql = {item.key: Query(item.body).sql() for item in cards if item.key.split("__")[0] in BOARDS}
    sql |= {f"guide {one.number}": one.sql for one in questions(GUIDE.read_text("utf-8"))}
    with duckdb.connect(str(catalogue), read_only=True) as con:
        return {name: (text, len(con.execute(text).fetchall())) for name, text in sql.items()}


def release_again(data: Path, number: int) -> None:
    """The same marts as a further release."""
    former = last_release(data)
    assert former is not None
    publish_release(
        warehouse_path(data),
        published_marts(json.loads(manifest_path(data).read_text("utf-8"))),
        data,
        release_id=f"{former.release_id[:8]}T9{number:08}-swapped0",
        created_at=former.created_at + timedelta(hours=1),
        as_of=former.as_of,
        window=None,
        inputs=former.inputs,
        transform_fingerprint=former.transform_fingerprint,
        stale={},
        keep=2,
    )


@contextmanager
def reader(folder: Path, catalogue: Path, asked: dict[str, tuple[str, int]]) -> Iterator[Callable[[], dict[str, Any]]]:
    """A process that asks all in turn, until the function that is given here stops it and gives what it saw."""
    questions_file, stop, ready = folder / "asked.json", folder / "stop", folder / "ready"
    questions_file.write_text(json.dumps(asked), "utf-8")
    arguments = [str(catalogue), str(questions_file), str(stop), str(ready)]
    process = subprocess.Popen([sys.executable, "-c", READER, *arguments], stdout=subprocess.PIPE, text=True)

    def end() -> dict[str, Any]:
        stop.touch()
        output, _ = process.communicate(timeout=300)
        said: dict[str, Any] = json.loads(output)
        return said

    try:
        while not ready.exists():
            assert process.poll() is None, "the reader ended before it read"
            time.sleep(0.01)
        yield end
    finally:
        if process.poll() is None:
            process.kill()


def test_cards_and_queries_of_the_guide_meet_no_error_and_no_half_mart_while_releases_are_swapped(
    copy: Callable[[], Centre], tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    centre = copy()
    catalogue = centre.served / "callmart.duckdb"
    release_again(centre.data, 0)  # the copy's catalogue still looks at the folder that it was copied from
    asked = asked_of(catalogue)
    assert len([name for name in asked if name.startswith("guide ")]) > 10 and len(asked) > 40
    with reader(tmp_path, catalogue, asked) as end:
        for number in range(1, SWAPS + 1):
            release_again(centre.data, number)
        facts = end()
    record_property("asked", facts["asked"])
    assert facts["errors"] == {} and facts["other"] == {}
    assert facts["asked"] >= len(asked) and facts["releases"] >= 2, "the reader slept through the releases"
