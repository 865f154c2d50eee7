"""The SQL guide is read and filled without a word of it being lost."""

from __future__ import annotations

import re

import duckdb
import pytest

from orchestration.paths import PROJECT
from orchestration.sql_guide import GUIDE, filled, questions, result

MAKEFILE = (PROJECT / "Makefile").read_text("utf-8")

TEXT = """\
# Guide

### 1. How many?

多少？

```sql
select 2 as calls, 0.5 as rate;
```

A note.

### 2. And who?

```sql
select null as agent, true as is_busy
union all
select 'a|b', false;
```

| old |
| --- |
| 9 |

Another note.
"""


@pytest.fixture
def con() -> duckdb.DuckDBPyConnection:
    return duckdb.connect()


def test_results_are_written_below_their_queries_and_nothing_else_changes(con: duckdb.DuckDBPyConnection) -> None:
    told = filled(TEXT, con)
    assert "```\n\n| calls | rate |\n| --- | --- |\n| 2 | 0.5 |\n\nA note.\n" in told
    assert "| agent | is_busy |\n| --- | --- |\n|  | true |\n| a\\|b | false |\n\nAnother note.\n" in told
    assert "old" not in told and filled(told, con) == told
    words = [line for line in TEXT.splitlines() if line and not line.startswith("|")]
    assert [line for line in told.splitlines() if line and not line.startswith("|")] == words


def test_a_question_has_its_number_sql_and_stated_columns(con: duckdb.DuckDBPyConnection) -> None:
    first, second = questions(filled(TEXT, con))
    assert (first.number, first.title, first.columns) == (1, "How many?", ["calls", "rate"])
    assert second.sql.startswith("select null") and second.columns == ["agent", "is_busy"]


def test_the_guide_loses_no_query_to_its_form() -> None:
    text = GUIDE.read_text("utf-8")
    assert len(questions(text)) == text.count("```sql") == text.count("\n### ")
    assert all(question.result for question in questions(text))


def test_a_number_is_shown_without_noise(con: duckdb.DuckDBPyConnection) -> None:
    assert result(con, "select 0.1 + 0.2::double as x, 3.0::double as y, date '2026-03-02' as d") == (
        "| x | y | d |\n| --- | --- | --- |\n| 0.3 | 3 | 2026-03-02 |\n"
    )


def test_no_query_asks_the_clock_or_for_what_differs_from_build_to_build() -> None:
    for question in questions(GUIDE.read_text("utf-8")):
        for word in ("current_date", "now()", "today()", "created_at", "landed_at", "release_id", "lag_s"):
            assert word not in question.sql, question.title


def test_the_demo_centre_is_the_one_that_the_guide_names() -> None:
    (days, agents, seed) = re.findall(r"--days (\d+) --agents (\d+) --seed (\d+)", MAKEFILE.split("test-demo")[1])[0]
    assert f"`make demo` ({days} days, {agents} agents, seed {seed})" in GUIDE.read_text("utf-8")
