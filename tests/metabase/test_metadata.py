"""What a column is told to be: by its name and type, and what the marts say of it."""

from __future__ import annotations

import pytest

from metabase.items import Item
from metabase.marts import Column, Table, Text, read_marts
from metabase.metadata import metadata


def column(name: str, kind: str = "varchar", pii: str | None = None, values: tuple[str, ...] = ()) -> Column:
    return Column(name, kind, Text("甲", "A"), True, pii, values)


def told(*columns: Column, unnamed: tuple[str, ...] = ()) -> dict[str, Item]:
    """The items of a mart's columns, by name; the mart refers to a table of teams and to one that is not published."""
    mart = Table(
        "fct_call",
        Text("通话", "Calls"),
        {one.name: one for one in columns},
        "call_id",
        {"team_id": ("dim_team", "team_id"), "site_id": ("dim_site", "site_id")},
    )
    team = Table("dim_team", Text("组", "Teams"), {"team_id": column("team_id")}, "team_id")
    marts = {mart.name: mart, team.name: team}
    items = metadata(marts, [], "en", unnamed)
    return {item.key.split(".")[1]: item for item in items if item.key.startswith("fct_call.")}


@pytest.mark.parametrize(
    ("one", "semantic_type"),
    [
        (column("call_id"), "type/PK"),
        (column("team_id"), "type/FK"),
        (column("site_id"), "type/Category"),
        (column("queue_id"), "type/Category"),
        (column("answer_rate", "double"), "type/Percentage"),
        (column("talk_s", "double"), "type/Duration"),
        (column("talk_s", "bigint"), None),
        (column("outcome", values=("answered", "missed")), "type/Category"),
        (column("note"), None),
        (column("calls", "bigint"), None),
    ],
)
def test_a_column_is_of_the_type_that_its_name_and_the_marts_say(one: Column, semantic_type: str | None) -> None:
    assert told(one)[one.name].body["semantic_type"] == semantic_type


def test_values_that_are_listed_are_offered_as_a_list() -> None:
    fields = told(column("outcome", values=("answered", "missed")), column("note"))
    assert fields["outcome"].body["has_field_values"] == "list" and "has_field_values" not in fields["note"].body


def test_personal_data_and_hashes_of_records_stay_out_of_tables_and_charts() -> None:
    fields = told(
        column("caller", pii="masked"), column("customer", pii="keyed_hash"), column("record_hash"), column("note")
    )
    shown = {name: item.body["visibility_type"] for name, item in fields.items()}
    assert shown == {
        "caller": "details-only",
        "customer": "details-only",
        "record_hash": "details-only",
        "note": "normal",
    }


def test_every_column_of_personal_data_of_the_marts_is_shown_with_its_record_alone() -> None:
    marts = read_marts()
    personal = {f"{mart.name}.{one.name}" for mart in marts.values() for one in mart.columns.values() if one.pii}
    fields = {item.key: item.body for item in metadata(marts, [], "zh") if item.kind == "field"}
    hidden = {key for key, body in fields.items() if body["visibility_type"] == "details-only"}
    assert "fct_contact.caller_masked" in personal
    assert personal == {key for key in hidden if not key.endswith(".record_hash")}
