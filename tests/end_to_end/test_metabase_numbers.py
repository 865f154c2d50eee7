"""What Metabase would show of a release is what the release says."""

from __future__ import annotations

from dataclasses import replace

import duckdb
import pytest

from metabase.marts import read_marts
from metabase.registry import read_official, with_official
from metabase.render import render
from tests.end_to_end.centre import Centre
from tests.metabase import naive
from tests.metabase.compared import (
    decided_later,
    differences,
    of_boards,
    released_sources,
    unavailable,
)
from tests.metabase.mbql_sql import Query
from tests.metabase.naive import answers


def test_every_saved_metric_gives_the_released_value(built: Centre) -> None:
    compared, found = differences(built.served / "callmart.duckdb", released_sources(built.served / "callmart.duckdb"))
    assert found == []
    assert compared > 100


def test_every_figure_of_a_board_gives_the_released_values_of_its_own_grouping(built: Centre) -> None:
    """Period by period, and member by member where it is grouped by queue, agent, hour or the like."""
    file = built.served / "callmart.duckdb"
    sources = released_sources(file)
    counts, found = of_boards(file, sources)
    assert found == []
    assert sum(counts.values()) > 1000
    empty = {key for key, count in counts.items() if not count} - decided_later(sources)
    lacking = unavailable(file)
    assert {key for key in empty if key.split()[1][:4] not in lacking} == set()


def test_every_metric_by_queue_visit_gives_the_released_values_of_each_queue(built: Centre) -> None:
    file = built.served / "callmart.duckdb"
    sources = released_sources(file)
    visits = {key: said for key, said in naive.by_members(sources).items() if key.endswith("@queue")}
    assert {f"{kpi_id}@queue" for kpi_id in ("M021", "M026", "M030", "M032", "M033", "M034", "M063")} <= visits.keys()
    for key, (given, released) in answers(file, sources, visits).items():
        assert given and naive.differences(given, released) == [], key


def test_a_metric_that_counts_other_rows_is_noticed(built: Centre) -> None:
    sources = released_sources(built.served / "callmart.duckdb")
    answered = [
        replace(measure, row_filter="outcome = 'answered'") if measure.family == "contact" else measure
        for measure in sources.measures
    ]
    wrong = replace(sources, measures=answered)
    _, found = differences(built.served / "callmart.duckdb", wrong)
    assert any(text.startswith("M001 ") for text in found)
    _, found = of_boards(built.served / "callmart.duckdb", wrong)
    assert any(text.startswith("calls_and_queues__service_level ") for text in found)
    given, released = answers(built.served / "callmart.duckdb", wrong)["service level by month"]
    assert naive.differences(given, released)


def test_a_metric_follows_the_variant_that_the_centre_made_official(built: Centre) -> None:
    """Also one of another fact, and then its questions stay with the variant that their fact knows, and say so."""
    file = built.served / "callmart.duckdb"
    sources = released_sources(file)
    assert read_official(file) == {kpi.kpi_id: kpi.variant for kpi in sources.kpis.values() if kpi.is_default}
    chosen = {"M021": "icmi", "M061": "agent", "M033": "total_inbound"}
    theirs = replace(sources, kpis=with_official(sources.kpis, chosen))
    compared, found = differences(file, theirs)
    assert found == [] and compared > 100
    cards, defaults = ({item.key: item for item in render(one, "en")} for one in (theirs, sources))
    assert len(cards) >= len(defaults)
    for key in ("metric_m021", "metric_m061", "calls_and_queues__service_level", "agents__workload"):
        assert str(cards[key].body) != str(defaults[key].body), key
    assert "Formula 1" in cards["metric_m021"].body["description"]


@pytest.mark.parametrize("board", ["four_dimensions", "core_targets"])
def test_each_row_of_a_board_stands_in_the_table_of_its_unit(built: Centre, board: str) -> None:
    cards = {item.key: item.body for item in render(released_sources(built.served / "callmart.duckdb"), "en")}
    shown = {}
    with duckdb.connect(str(built.served / "callmart.duckdb"), read_only=True) as con:
        for name in ("board", "amounts"):
            asked = Query(cards[f"{board}__{name}"]).sql()
            shown[name] = con.execute(f"select kpi_id, unit from ({asked})").fetchall()
        whole = con.execute(f"select kpi_id, unit from marts.rpt_{board}").fetchall()
    assert sorted(shown["board"] + shown["amounts"], key=str) == sorted(whole, key=str)
    assert {unit for _, unit in shown["board"]} <= {"rate", "rate_difference"} and shown["amounts"]
    settings = cards[f"{board}__board"]["visualization_settings"]["column_settings"]
    assert settings['["name","value"]']["number_style"] == "percent"


def test_every_card_runs_on_a_release(built: Centre) -> None:
    sources = released_sources(built.served / "callmart.duckdb")
    with duckdb.connect(str(built.served / "callmart.duckdb"), read_only=True) as con:
        for language in ("zh", "en"):
            cards = {item.key: item for item in render(sources, language) if item.kind == "card"}
            for key, item in cards.items():
                con.execute(Query(item.body).sql()).fetchall()
                assert key
            assert len(cards) > 150


def test_a_release_has_every_table_and_field_that_metabase_is_told_of(built: Centre) -> None:
    rows = built.rows("select table_name, column_name from duckdb_columns() where schema_name = 'marts'")
    released = set(rows)
    told = {(table.name, column) for table in read_marts().values() for column in table.columns}
    assert told - released == set()
    assert {table for table, _ in released} - {table for table, _ in told} == {"release"}


def test_the_question_of_an_alert_has_rows_while_its_trigger_fires_and_only_then(built: Centre) -> None:
    sources = released_sources(built.served / "callmart.duckdb")
    assert sources.rules
    shown: set[tuple[object, ...]] = set()
    with duckdb.connect(str(built.served / "callmart.duckdb"), read_only=True) as con:
        fired = set(con.execute("select kpi_id, period_start, member from marts.rpt_alarm").fetchall())
        for item in render(sources, "en"):
            if item.kind == "card" and item.key.startswith("alert_"):
                rows = con.execute(f"select kpi_id, period_start, member from ({Query(item.body).sql()})").fetchall()
                assert not shown & set(rows)
                shown |= set(rows)
    assert fired and shown == fired
