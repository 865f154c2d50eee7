"""What Metabase logs becomes who asked what, without the text of a query.

Here belongs: the mapping of `examples/metabase`. Not here: its view (tests/servers), what counts (dbt unit tests).
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from orchestration import paths
from tests.orchestration.extract_kit import Kit

EXAMPLE = paths.PROJECT / "examples" / "metabase"
COLUMNS = "id, started_at, executor_id, context, query_hash, card_id, table_name, result_rows"
# what the view gives -> (user, run by, saved query, tables, exported)
RUNS = (
    ((1, 7, "ad-hoc", None, ""), ("7", "person", None, None, False)),
    ((2, 7, "question", 12, "marts.fct_contact"), ("7", "person", "12", "marts.fct_contact", False)),
    ((3, 7, "xlsx-download", 12, ""), ("7", "person", "12", None, True)),
    ((4, None, "public-question", 12, ""), (None, "link", "12", None, False)),
    ((5, None, "embedded-csv-download", 12, ""), (None, "link", "12", None, True)),
    ((6, 8, "dashboard-subscription", 12, ""), ("8", "schedule", "12", None, True)),
    ((7, None, "cache-refresh", 12, ""), (None, "system", "12", None, False)),
    ((8, None, "transform", None, ""), (None, "other", None, None, False)),
)


def test_each_run_of_metabase_is_one_of_a_person_a_schedule_a_link_or_the_tool(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("METABASE_DB_URL", "sqlite:metabase.db")
    with sqlite3.connect(tmp_path / "metabase.db") as db:
        db.execute(
            "create table query_log (id integer, started_at text, executor_id integer, context text, query_hash text, "
            "card_id integer, table_name text, result_rows integer)"
        )
        for (number, user, context, card, table), _ in RUNS:
            run = (number, "2026-03-02T01:00:00+00:00", user, context, "9f86d081", card, table, 3)
            db.execute(f"insert into query_log ({COLUMNS}) values (?, ?, ?, ?, ?, ?, ?, ?)", run)
    text = (EXAMPLE / "callmart.yaml").read_text("utf-8").replace("callmart.query_log", "query_log")
    rows = Kit(tmp_path, "canonical.query_log").configure(text).typed()
    names = ("user_id", "run_by", "saved_query_id", "table_names", "is_exported")
    found = {row["query_id"]: tuple(row[name] for name in names) for row in rows}
    assert found == {str(run[0]): said for run, said in RUNS}
    assert {(row["tool_name"], row["query_hash"], row["row_count"], row["flags"]) for row in rows} == {
        ("metabase", "9f86d081", 3, None)
    }
    assert {row["executed_at"].isoformat() for row in rows} == {"2026-03-02T01:00:00"}


def test_the_view_names_no_text_of_a_query_or_an_error() -> None:
    view = (EXAMPLE / "query_log.sql").read_text("utf-8").partition("create view")[2].partition(";")[0]
    assert not any(name in view for name in ("error", "dataset_query", "json_query", "public.query "))
