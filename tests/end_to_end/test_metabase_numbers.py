"""What Metabase would show of a release is what the release says."""

from __future__ import annotations

from dataclasses import replace

import duckdb

from metabase.content import read_content
from metabase.marts import read_marts
from metabase.registry import read_kpis, read_measures
from metabase.render import Sources, read_remedies, render
from tests.end_to_end.centre import Centre
from tests.metabase.compared import differences
from tests.metabase.mbql_sql import Query


def sources_of(centre: Centre) -> Sources:
    measures = read_measures(centre.served / "callmart.duckdb")
    return Sources(read_content(), read_kpis(), measures, read_marts(), read_remedies())


def test_every_saved_metric_gives_the_released_value(built: Centre) -> None:
    compared, found = differences(built.served / "callmart.duckdb", sources_of(built))
    assert found == []
    assert compared > 100


def test_a_metric_that_counts_other_rows_is_noticed(built: Centre) -> None:
    sources = sources_of(built)
    all_media = [
        replace(measure, row_filter="direction = 'inbound'") if measure.family == "contact" else measure
        for measure in sources.measures
    ]
    _, found = differences(built.served / "callmart.duckdb", replace(sources, measures=all_media))
    assert any(text.startswith("M001 ") for text in found)


def test_every_card_runs_on_a_release(built: Centre) -> None:
    sources = sources_of(built)
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
