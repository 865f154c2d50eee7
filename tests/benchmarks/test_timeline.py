"""Reading a build's progress and dbt's record."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.child import Line, Measured
from benchmarks.timeline import (
    AUDIT_FEEDS,
    AUDIT_MARTS,
    BETWEEN,
    BUILD,
    DBT,
    END,
    LAND,
    PARTS,
    PREPARE,
    RELEASE,
    START,
    Node,
    dbt_run,
    imports,
    parts,
    without_release,
)

TOLD = (
    (3.5, "type asterisk.cdr: 44,407 rows in 0.4 s (3 files)"),
    (3.6, "land asterisk.cdr: 0.6 s (3 files, 3 new, 3 dates to build)"),
    (4.0, "land asterisk.queue_log: 0.4 s (3 files, 3 new, 3 dates to build)"),
    (5.0, "warning: the file is empty"),
    (6.0, "build asterisk.cdr: 10 rows in 0.5 s (1 dates)"),
    (7.0, "audit asterisk.cdr: 10 rows in 1.0 s (27 checks, 0 dates held)"),
    (12.0, "dbt 2026-03-02 to 2026-03-05: 4.0 s (69 models and seeds, 207 tests)"),
    (14.0, "dbt 2026-02-01 to 2026-02-17: 1.0 s (69 models and seeds, 207 tests)"),
    (15.0, "audit marts: 1.0 s (69 checks)"),
    (16.5, "release: 379,154 rows in 1.5 s (20 marts, 20261122T062646811-fc2bc028)"),
    (17.0, "run 2026-03-02 to 2026-03-04: 12.0 s"),
)


def told(lines: tuple[tuple[float, str], ...], wall: float = 18.0) -> Measured:
    return Measured(wall, 1.0, 1, 0, "", tuple(Line(at, text) for at, text in lines))


def test_the_parts_of_a_build_add_up_to_its_wall_time() -> None:
    found = parts(told(TOLD))
    assert {part: round(value, 6) for part, value in found.items()} == {
        START: 3.0, LAND: 1.0, PREPARE: 1.0, BUILD: 0.5, AUDIT_FEEDS: 1.0, DBT: 5.0, AUDIT_MARTS: 1.0, RELEASE: 1.5,
        BETWEEN: 3.0, END: 1.0,
    }  # fmt: skip
    assert tuple(found) == PARTS
    assert sum(found.values()) == pytest.approx(18.0)
    assert without_release(told(TOLD)) == pytest.approx(16.5)


def test_a_build_without_a_run_is_not_taken_for_a_fast_one() -> None:
    with pytest.raises(ValueError, match="nothing new"):
        parts(told((*TOLD[:3], (4.5, "nothing new; still serving"))))


def test_imports_are_added_up_by_package() -> None:
    lines = (
        (0.1, "import time: self [us] | cumulative | imported package"),
        (0.2, "import time:       500 |        500 |   dagster._core.events"),
        (0.3, "import time:      1500 |       2000 | dagster"),
        (0.4, "import time:    300000 |     300000 | scipy.stats"),
    )
    assert imports(told(lines)) == {"scipy": pytest.approx(0.3), "dagster": pytest.approx(0.002)}


def test_dbts_record_gives_its_nodes_and_the_span_of_their_work(tmp_path: Path) -> None:
    def node(name: str, begin: str, end: str, seconds: float) -> dict[str, object]:
        timing = [
            {"name": "execute", "started_at": f"2026-03-02T10:00:{begin}Z", "completed_at": f"2026-03-02T10:00:{end}Z"}
        ]
        return {"unique_id": name, "execution_time": seconds, "timing": timing}

    skipped: dict[str, object] = {"unique_id": "test.callmart.unique_a.1f", "execution_time": 0.0, "timing": []}
    nodes = [
        node("seed.callmart.region", "00.500000", "01.000000", 0.5),
        node("model.callmart.a", "01.000000", "05.000000", 4.0),
        skipped,
    ]
    file = tmp_path / "run_results.json"
    file.write_text(json.dumps({"results": nodes}), "utf-8")
    found = dbt_run(file)
    assert found.span == pytest.approx(4.5)
    assert found.nodes[1:] == (Node("a", "model", 4.0), Node("unique_a", "test", 0.0))
    assert found.of("seed", "model") == pytest.approx(4.5)
