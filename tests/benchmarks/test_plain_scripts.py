"""The opponents must do the same work: what the plain scripts make is what callmart makes."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from benchmarks import tasks
from benchmarks.parts.lake_to_marts import COMPARED
from benchmarks.stage import Stage
from expectations.contracts import contract
from orchestration.paths import warehouse_path

# callmart's own words and what it knows of its feeds, facts of feeds that the centre of the benchmarks has not, and
# transfers, which are put together from several logs
LEFT_OUT = {
    "kpi_measure_definition", "release", "rpt_feed_health", "fct_feed_day", "fct_feed_refusal", "fct_feed_drift",
    "dim_feed", "fct_link_fault", "fct_ticket", "fct_ticket_day", "fct_ticket_field", "fct_transfer",
    "fct_capture_check", "dim_customer",
    "bridge_customer_identity", "fct_ticket_event", "fct_contact_resolution", "fct_issue_thread", "kpi_fallback",
    "strategy_rule", "value_name",
    # boards say again what kpi_value says
    *("rpt_four_dimensions", "rpt_core_targets", "rpt_kpi_trend", "rpt_weakest_segment", "rpt_alarm", "kpi_official"),
    # offers, leads, orders, costs and interfaces: the benchmarks compare the telephone's marts
    "dim_issue", "dim_event", "fct_api_minute", "fct_order", "fct_lead", "fct_lead_day", "fct_invite",
    "fct_contact_sale_day", "fct_sales_month", "fct_retention", "fct_cost", "fct_handling_month", "fct_cost_month",
    *("fct_survey_answer", "fct_survey_invitation", "fct_interaction_sync", "fct_qa_evaluation", "fct_qa_section"),
    *("fct_audio_quality", "fct_compliance_check", "fct_recording", "fct_recording_day", "fct_contact_record"),
    # bridges say why marts differ, and tell of no call anything new
    *("rpt_bridge_queue", "rpt_bridge_queue_handling", "rpt_bridge_agent", "rpt_bridge_interval"),
    "rpt_bridge_agent_clock",
    # of menus, chats and ratings, which Asterisk's own logs do not tell
    *("fct_chat_turn", "fct_ivr_visit", "fct_agent_rating_month"),
    *("fct_query", "fct_shift", "fct_agent_paid_day"),
    *("fct_ticket_stage", "fct_ticket_return"),
    *("fct_action", "fct_action_day", "rpt_action_window", "rpt_action_review"),
    *("fct_complaint", "fct_complaint_day", "fct_agent_complaint_day"),
}  # fmt: skip
# what masking and judging rows add is not the plain COPY's business, and it counts lines over all files
NOT_PLAIN = {
    "caller_hash", "caller_masked", "caller_prefix", "caller_number_type", "customer_hash", "customer_masked",
    "customer_prefix", "customer_number_type", "flags", "source_file", "source_line", "ingested_at", "row_hash",
}  # fmt: skip


@pytest.fixture(scope="module")
def both(stage: Stage, tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """callmart's warehouse as `callmart`, the plain script's on the same lake as `other`."""
    centre = stage.warehouse()
    file = tmp_path_factory.mktemp("plain") / "plain.duckdb"
    tasks.run("plain_marts", lake=centre.root / "lake", warehouse=file)
    with duckdb.connect() as db:
        # under its own name, which its views use
        db.execute(f"attach '{warehouse_path(centre.root)}' as callmart (read_only)")
        db.execute(f"attach '{file}' as other (read_only)")
        yield db


def columns(db: duckdb.DuckDBPyConnection, table: str) -> list[tuple[str, str]]:
    return [(name, kind) for name, kind, *_ in db.execute(f"describe {table}").fetchall()]


def tables(db: duckdb.DuckDBPyConnection) -> list[str]:
    rows = db.execute("select table_name from duckdb_tables() where database_name = 'other' and schema_name = 'marts'")
    return sorted(name for (name,) in rows.fetchall())


def test_the_plain_script_makes_every_published_mart_but_those(both: duckdb.DuckDBPyConnection, stage: Stage) -> None:
    released = {path.stem for path in (stage.released().root / "published" / "default" / "current").glob("*.parquet")}
    assert released - set(tables(both)) == LEFT_OUT


def test_each_plain_table_has_the_columns_types_and_rows_of_the_mart(both: duckdb.DuckDBPyConnection) -> None:
    for table in tables(both):
        said = columns(both, f"callmart.marts.{table}")
        assert columns(both, f"other.marts.{table}") == said, table
        exact = ", ".join(name for name, kind in said if kind != "DOUBLE")
        doubles = [name for name, kind in said if kind == "DOUBLE"]
        # rows with one key meet in the order of their doubles; sums of doubles may differ in their last digits
        ordered = f"row_number() over (partition by {exact} order by {', '.join(doubles) or '1'})"
        compared = COMPARED if table == "kpi_value" else "true"
        sides = [
            f"(select *, row({exact}, {ordered}) as same from {side}.marts.{table} where {compared})"
            for side in ("callmart", "other")
        ]
        near = " and ".join(
            f"(mine.{name} is not distinct from theirs.{name} "
            f"or abs(mine.{name} - theirs.{name}) <= 1e-9 * greatest(1, abs(mine.{name})))"
            for name in doubles
        )
        found = both.execute(
            f"""select count(*), count(mine.same), count(theirs.same), count(*) filter (where {near or "true"})
            from {sides[0]} as mine full join {sides[1]} as theirs on mine.same = theirs.same"""
        ).fetchone()
        assert found is not None
        assert found[0] > 0 and len(set(found)) == 1, f"{table}: {found}"


def test_the_plain_copy_makes_the_columns_and_rows_of_the_lake(stage: Stage, tmp_path: Path) -> None:
    base = stage.base()
    done = tasks.run("plain_lake", source=base.source, root=tmp_path)
    assert done.answer["rows"] > 0
    with duckdb.connect() as db:
        for feed in ("queue_log", "cdr"):
            ours, other = (
                f"read_parquet('{root}/*/*.parquet', hive_partitioning = true)"
                for root in (base.root / "lake" / "asterisk" / feed, tmp_path / feed)
            )
            said = contract(f"asterisk.{feed}")
            names = [name for name, _ in columns(db, f"(from {other})")]
            assert sorted(names) == sorted([*said.duckdb_types(), "dt"])
            kept = ", ".join([name for name in said.duckdb_types() if name not in NOT_PLAIN] + ["dt"])
            # the bridge of a transfer may look like a telephone number, which callmart masks in any text
            kept = kept.replace("data2", "case when event <> 'ATTENDEDTRANSFER' then data2 end as data2")
            # callmart leaves repeated lines out; nothing else may differ
            for one, two in ((ours, other), (other, ours)):
                differing = db.execute(
                    f"select count(*) from (select {kept} from {one} except select {kept} from {two})"
                ).fetchone()
                assert differing == (0,), (feed, one)


def test_with_masking_off_the_lake_holds_the_numbers_themselves(stage: Stage) -> None:
    logs = stage.logs()
    shown = []
    for masked in (True, False):
        root = stage.scratch("masking")
        tasks.run("extract", config=logs.config, root=root, masked=masked)
        lake = f"read_parquet('{root}/lake/asterisk/queue_log/*/*.parquet')"
        shown.append(
            duckdb.execute(
                f"select count(*), min(length(caller_hash)), max(length(caller_hash)) from {lake}"
            ).fetchone()
        )
        shutil.rmtree(root)
    assert shown[0] is not None and shown[1] is not None
    assert shown[0][0] == shown[1][0]
    assert shown[0][1:] == (64, 64)
    assert shown[1][2] < 20
