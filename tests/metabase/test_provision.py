"""What plan and apply do to a Metabase: from nothing, again, after changes of people, after whatever interrupted."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from metabase.errors import MetabaseError, UnknownError
from metabase.items import Item
from metabase.marker import marker_of
from metabase.marts import read_marts
from metabase.metadata import metadata
from metabase.provision import Change
from tests.metabase.conftest import FILE, Place, only, provisioner, tables_of
from tests.metabase.fake import FakeMetabase


def actions(changes: list[Change]) -> set[str]:
    return {change.action for change in changes}


def of(changes: list[Change], key: str) -> Change:
    (found,) = [change for change in changes if change.key == key]
    return found


def test_a_plan_writes_nothing(place: Place, small: list[Item]) -> None:
    planned = place.provisioner.plan()
    assert place.server.writes() == []
    assert actions(planned) == {"create"}
    assert {item.key for item in small} < {change.key for change in planned}


def test_apply_makes_what_was_planned_and_a_second_one_nothing(place: Place) -> None:
    planned = {(change.kind, change.key) for change in place.provisioner.plan()}
    done = place.provisioner.apply()
    assert "failed" not in actions(done)
    assert {(change.kind, change.key) for change in done if change.action != "same"} == planned
    assert place.server.log.count(("POST", f"/api/database/{place.server.databases[0]['id']}/sync_schema", {})) == 1
    written = len(place.server.writes())
    assert actions(place.provisioner.plan()) == actions(place.provisioner.apply()) == {"same"}
    assert len(place.server.writes()) == written


def test_an_object_keeps_its_entity_id_in_every_metabase(place: Place, small: list[Item], sources: object) -> None:
    other = FakeMetabase(place.server.marts)
    other._last = 5000
    for at, server in ((place.provisioner, place.server), (provisioner(other, small), other)):
        at.apply()
        assert server.things["card"]
    first = {row["entity_id"] for row in place.server.things["card"].values()}
    assert first == {row["entity_id"] for row in other.things["card"].values()}
    assert all(len(said) == 21 for said in first) and not set(place.server.things["card"]) & set(other.things["card"])


def test_a_dashboard_leads_to_itself_and_to_one_that_comes_later(place: Place) -> None:
    place.provisioner.apply()
    boards = {key: place.server.named("dashboard", key) for key in ("four_dimensions", "one_kpi", "contacts")}

    def leads_to(key: str) -> set[int]:
        clicks = [card["visualization_settings"].get("click_behavior") for card in boards[key]["dashcards"]]
        return {click["targetId"] for click in clicks if click}

    assert boards["one_kpi"]["id"] in leads_to("four_dimensions")
    assert leads_to("contacts") == {boards["contacts"]["id"]}


@pytest.mark.parametrize(
    ("kind", "key", "change"),
    [
        ("card", "four_dimensions__board", {"display": "pie"}),
        ("card", "four_dimensions__board", {"name": "Ours"}),
        ("collection", "boards", {"name": "Our boards"}),
        ("dashboard", "four_dimensions", {"parameters": []}),
        ("dashboard", "four_dimensions", {"dashcards": []}),
    ],
)
def test_what_people_changed_is_left_alone(place: Place, small: list[Item], kind: str, key: str, change: dict) -> None:  # type: ignore[type-arg]
    place.provisioner.apply()
    theirs = place.server.named(kind, key)
    theirs.update(change)
    before = dict(theirs)
    newer = [renamed(item) if (item.kind, item.key) == (kind, key) else item for item in small]
    done = place.saying(newer).provisioner.apply()
    assert of(done, key).action == "kept" and "changed" in of(done, key).why
    assert theirs == before
    assert actions([said for said in done if said.key != key]) == {"same"}


def test_a_description_that_people_wrote_is_a_change_of_theirs(place: Place) -> None:
    place.provisioner.apply()
    card = place.server.named("card", "four_dimensions__board")
    card["description"] = "Mind the weekend. " + card["description"]
    assert of(place.provisioner.plan(), "four_dimensions__board").action == "kept"


def test_a_card_whose_mark_people_took_away_is_theirs(place: Place) -> None:
    place.provisioner.apply()
    card = place.server.named("card", "four_dimensions__board")
    card["description"], cards = "Ours now.", len(place.server.things["card"])
    done = place.provisioner.apply()
    assert of(done, "four_dimensions__board").action == "kept"
    assert card["description"] == "Ours now." and len(place.server.things["card"]) == cards


def test_what_people_put_into_the_trash_stays_there(place: Place) -> None:
    place.provisioner.apply()
    made = set(place.server.things["dashboard"])
    place.server.named("dashboard", "one_kpi")["archived"] = True
    assert of(place.provisioner.apply(), "one_kpi").action == "kept"
    assert set(place.server.things["dashboard"]) == made


@pytest.mark.parametrize(
    ("kind", "key"), [("card", "four_dimensions__board"), ("dashboard", "four_dimensions"), ("collection", "boards")]
)
def test_what_callmart_no_longer_has_stays_and_is_told_until_people_put_it_away(
    place: Place, small: list[Item], kind: str, key: str
) -> None:
    place.provisioner.apply()
    theirs = place.server.named(kind, key)
    before, written = dict(theirs), len(place.server.writes())
    fewer = place.saying(only_without(small, (kind, key))).provisioner
    for run in (fewer.plan, fewer.apply, fewer.apply):
        told = of(run(), key)
        assert told.action == "kept" and told.why == (
            f'callmart no longer has "{before["name"]}": put it into the trash yourself if nobody uses it'
        )
    assert theirs == before and len(place.server.writes()) == written

    theirs["name"] = "Ours"
    assert 'no longer has "Ours", which people changed: put it' in of(fewer.plan(), key).why
    theirs["archived"] = True
    assert key not in {change.key for change in fewer.plan()}


def test_a_copy_of_what_callmart_no_longer_has_is_not_told_once_the_original_is_in_the_trash(
    place: Place, small: list[Item]
) -> None:
    place.provisioner.apply()
    original = place.server.named("dashboard", "four_dimensions")
    place.server._create("dashboard", dict(original) | {"name": "copy"})
    fewer = place.saying(only_without(small, ("dashboard", "four_dimensions"))).provisioner
    (told,) = [change for change in fewer.plan() if change.action == "kept"]
    assert original["name"] in told.why
    original["archived"] = True
    assert actions(fewer.plan()) == {"same"}


def test_a_provisioner_of_metadata_alone_as_of_a_scope_says_nothing_of_content(place: Place, small: list[Item]) -> None:
    place.provisioner.apply()
    part = provisioner(place.server, [item for item in small if item.kind in ("table", "field")])
    part.groups = []
    assert actions(part.plan()) == {"same"}


def test_what_is_not_ours_is_never_written(place: Place) -> None:
    place.provisioner.apply()
    theirs = place.server._create("dashboard", {"name": "Four-dimension board (R13)", "description": "mine"})
    copied = place.server._create("dashboard", dict(place.server.named("dashboard", "one_kpi")) | {"name": "copy"})
    written = len(place.server.writes())
    assert actions(place.provisioner.apply()) == {"same"}
    assert len(place.server.writes()) == written
    assert theirs["description"] == "mine" and copied["name"] == "copy"


def test_new_content_reaches_what_nobody_changed(place: Place, small: list[Item]) -> None:
    place.provisioner.apply()
    newer = [renamed(item) if item.key == "four_dimensions__board" else item for item in small]
    after = place.saying(newer).provisioner
    assert Counter(change.action for change in after.plan())["update"] == 1
    after.apply()
    assert place.server.named("card", "four_dimensions__board")["name"] == "Renamed"
    assert actions(after.plan()) == {"same"}


def test_the_language_can_be_changed(place: Place, small: list[Item], items: dict[str, list[Item]]) -> None:
    place.provisioner.apply()
    keys = {(item.kind, item.key) for item in small}
    chinese = [item for item in items["zh"] if (item.kind, item.key) in keys]
    after = place.saying(chinese).provisioner
    assert "failed" not in actions(after.apply())
    assert place.server.named("dashboard", "four_dimensions")["name"].startswith("四维看板")
    assert actions(after.plan()) == {"same"}


@pytest.mark.parametrize("failure", ["before", "after", 503])
def test_every_request_may_fail_and_the_next_run_goes_on(place: Place, failure: str | int) -> None:
    """One request after the other ends the first run; what it left is finished, and nothing is there twice."""
    one = only(place.provisioner.items, ("dashboard", "one_kpi"))
    few = [item for item in one if item.key.split(".")[0] in ("rpt_kpi_trend", "one_kpi", "one_kpi__trend", "metrics")]
    few += [item for item in one if item.kind == "collection"]
    board = next(item for item in few if item.kind == "dashboard")
    few.sort(key=lambda item: ("field", "table", "collection", "card", "dashboard").index(item.kind))
    few[-1] = Item(board.kind, board.key, board.name, board.body | {"dashcards": board.body["dashcards"][:1]})
    collections = [item for item in few if item.kind == "collection"]
    for stop in range(1, 300):
        server = FakeMetabase(place.server.marts)
        server.fail = partial(failing_from, stop, failure)
        try:
            provisioner(server, few).apply()
        except UnknownError:
            server.fail = lambda number, method, path: None
            assert "failed" not in actions(provisioner(server, few).apply())
            assert actions(provisioner(server, few).plan()) == {"same"}
            assert {kind: len(rows) for kind, rows in server.things.items() if rows} == {
                **{"collection": len(collections), "card": 1, "dashboard": 1}
            }
            assert len(server.databases) == 1 and len(server.groups) == 3
        else:
            assert stop > 40
            return
    raise AssertionError("it never came to its end")


def test_a_short_failure_is_waited_for(place: Place) -> None:
    waited: list[float] = []
    dice = random.Random(1)
    place.server.fail = lambda number, method, path: 502 if dice.random() < 0.2 else None
    done = provisioner(place.server, list(place.provisioner.items), waited.append).apply()
    assert "failed" not in actions(done) and len(waited) > 10
    place.server.fail = lambda number, method, path: None
    assert actions(place.provisioner.plan()) == {"same"}


def test_a_refused_object_stops_what_needs_it_and_nothing_else(place: Place, small: list[Item]) -> None:
    broken = [
        Item(item.kind, item.key, item.name, item.body | {"name": ""}) if item.key == "one_kpi__trend" else item
        for item in small
    ]
    done = place.saying(broken).provisioner.apply()
    failed = {change.key: change.why for change in done if change.action == "failed"}
    assert set(failed) == {"one_kpi__trend", "one_kpi"}
    assert "400" in failed["one_kpi__trend"] and "one_kpi__trend" in failed["one_kpi"]
    assert "failed" not in actions(place.provisioner.apply())
    assert actions(place.provisioner.plan()) == {"same"}


def test_a_wrong_key_is_told_in_one_line(place: Place) -> None:
    place.server.keys.clear()
    with pytest.raises(MetabaseError, match="does not accept the key") as told:
        place.provisioner.plan()
    assert told.value.todo and "CALLMART_METABASE_KEY" in told.value.todo
    assert place.server.writes() == []


def test_metadata_that_people_wrote_is_left_alone(place: Place) -> None:
    place.provisioner.apply()
    field = next(row for row in place.server.fields.values() if row["name"] == "outcome")
    table = next(row for row in place.server.tables.values() if row["name"] == "fct_contact")
    field["display_name"], table["description"] = "Result", "Ask Li"
    done = place.provisioner.apply()
    assert {change.key for change in done if change.action == "kept"} == {"fct_contact", "fct_contact.outcome"}
    assert (field["display_name"], table["description"]) == ("Result", "Ask Li")


def test_a_description_that_was_there_before_callmart_is_left_alone(place: Place) -> None:
    place.server.databases.append({"id": 3, "name": "callmart", "engine": "duckdb"})
    place.server._sync(3)
    field = next(row for row in place.server.fields.values() if row["name"] == "outcome")
    field["description"] = "How it ended"
    done = place.provisioner.apply()
    assert [change.key for change in done if change.action == "kept"] == ["fct_contact.outcome"]
    assert field["points_of_interest"] is None


def test_names_that_people_show_in_place_of_values_are_left_alone(place: Place) -> None:
    place.provisioner.apply()
    fields = {row["name"]: row for row in place.server.fields.values() if row["name"] in ("outcome", "direction")}
    (ours,) = fields["outcome"]["dimensions"]
    assert place.server.fields[ours["human_readable_field_id"]]["name"] == "value_name_en"
    fields["outcome"]["dimensions"] = [{"type": "internal", "name": "Result", "human_readable_field_id": None}]
    fields["direction"]["dimensions"] = []
    done = place.provisioner.apply()
    kept = {change.key.split(".")[1] for change in done if change.action == "kept"}
    assert kept == {"outcome", "direction"} and fields["direction"]["dimensions"] == []
    assert fields["outcome"]["dimensions"][0]["name"] == "Result"


@pytest.mark.parametrize("failure", ["before", "after"])
def test_names_whose_setting_was_interrupted_are_set_by_the_next_run(
    place: Place, small: list[Item], items: dict[str, list[Item]], failure: str
) -> None:
    """In the first run and when the language changes, after the names and before the field's mark."""
    keys = {(item.kind, item.key) for item in small}
    for said in (small, [item for item in items["zh"] if (item.kind, item.key) in keys]):
        stopped = place.saying(said).provisioner
        place.server.fail = lambda number, method, path: failure if after_names(place.server) else None
        with pytest.raises(UnknownError):
            stopped.apply()
        place.server.fail = lambda number, method, path: None
        assert "kept" not in actions(stopped.apply())
        assert actions(stopped.plan()) == {"same"}
        place.server.log.clear()


def test_a_table_that_metabase_does_not_know_is_told(place: Place, small: list[Item]) -> None:
    known = tables_of(small)[1:]
    server = FakeMetabase({name: place.server.marts[name] for name in known})
    done = provisioner(server, list(small)).apply()
    lost = of(done, tables_of(small)[0])
    assert lost.action == "failed" and "sync" in lost.why


@pytest.mark.parametrize("stop", ["", "/api/table/", "/sync_schema"])
def test_columns_that_came_to_a_hidden_table_are_found_and_the_table_is_hidden_again(stop: str) -> None:
    """Metabase looks for no columns of hidden tables. Also when the run ends while the table is shown."""
    marts = {"rpt_core_targets": read_marts()["rpt_core_targets"]}
    (mart,) = marts.values()
    old = {mart.name: replace(mart, columns=dict(list(mart.columns.items())[:-1]))}
    server = FakeMetabase(old)
    assert "failed" not in actions(provisioner(server, metadata(old, {mart.name}, "en")).apply())
    (table,) = server.tables.values()
    assert table["visibility_type"] == "technical"

    server.marts = marts
    newer = provisioner(server, metadata(marts, {mart.name}, "en"))
    newer.groups = []
    assert [change.action for change in newer.plan() if change.action != "same"] == ["create"]
    if stop:
        server.fail = lambda number, method, path: "after" if method != "GET" and stop in path else None
        with pytest.raises(UnknownError):
            newer.apply()
        assert table["visibility_type"] is None
        server.fail = lambda number, method, path: None
    assert "failed" not in actions(newer.apply())
    assert table["visibility_type"] == "technical" and len(server.fields) == len(mart.columns)
    assert actions(newer.plan()) == {"same"}


def test_a_sync_that_takes_half_a_minute_is_waited_for() -> None:
    mart = read_marts()["fct_contact"]
    server = FakeMetabase({mart.name: replace(mart, columns=dict(list(mart.columns.items())[:-1]))})
    provisioner(server, metadata(server.marts, [], "en")).apply()
    waited: list[float] = []

    def sleep(seconds: float) -> None:
        waited.append(seconds)
        if sum(waited) == 30:
            server.marts = {mart.name: mart}
            server._sync(server.databases[0]["id"])

    assert "failed" not in actions(provisioner(server, metadata({mart.name: mart}, [], "en"), sleep).apply())
    assert len(server.fields) == len(mart.columns) and sum(waited) == 30


def test_a_table_that_people_hid_stays_hidden_and_its_new_columns_are_told() -> None:
    marts = {"fct_contact": read_marts()["fct_contact"]}
    (mart,) = marts.values()
    server = FakeMetabase({mart.name: replace(mart, columns=dict(list(mart.columns.items())[:-1]))})
    provisioner(server, metadata(server.marts, [], "en")).apply()
    (table,) = server.tables.values()
    table["visibility_type"] = "hidden"
    server.marts = marts
    done = provisioner(server, metadata(marts, [], "en")).apply()
    lost = of(done, f"{mart.name}.{list(mart.columns)[-1]}")
    assert (lost.action, table["visibility_type"]) == ("kept", "hidden") and "people hid its table" in lost.why


def test_groups_get_their_collections_once(place: Place) -> None:
    place.provisioner.apply()
    (group,) = [row for row in place.server.groups if row["name"] == "callmart readers"]
    boards = str(place.server.named("collection", "boards")["id"])
    given = place.server.collection_graph["groups"][str(group["id"])]
    assert given == {boards: "read"}
    given[boards] = "write"
    place.provisioner.apply()
    assert given == {boards: "write"}


def test_nobody_but_administrators_may_write_sql(place: Place) -> None:
    place.provisioner.apply()
    database = str(place.server.databases[0]["id"])
    rights = [given[database]["create-queries"] for given in place.server.data_graph["groups"].values()]
    assert len(rights) == 2 and set(rights) == {"query-builder"}


def test_a_second_centre_is_refused_and_nothing_is_written(place: Place) -> None:
    place.provisioner.apply()
    written = len(place.server.writes())
    place.provisioner.file = "/another/published/default/callmart.duckdb"
    for run in (place.provisioner.plan, place.provisioner.apply):
        with pytest.raises(MetabaseError, match=f"reads {FILE}, not /another") as told:
            run()
        assert told.value.todo and "a Metabase of its own" in told.value.todo
    assert len(place.server.writes()) == written


def test_a_centre_that_is_reached_by_a_link_is_the_same(place: Place, tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "link").symlink_to("there")
    place.provisioner.file = str(tmp_path / "there" / "callmart.duckdb")
    place.provisioner.apply()
    place.provisioner.file = str(tmp_path / "link" / ".." / "there" / "callmart.duckdb")
    assert actions(place.provisioner.plan()) == {"same"}


def test_an_unfinished_object_says_so(place: Place) -> None:
    place.provisioner.apply()
    markers = [marker_of(row) for rows in place.server.things.values() for row in rows.values()]
    assert all(marker and marker.seen for marker in markers)


def after_names(server: FakeMetabase) -> bool:
    """Whether a request follows one that set the names of a field."""
    return any(path.endswith("/dimension") for _, path, _ in server.log[:-1])


def failing_from(stop: int, failure: int | str, number: int, method: str, path: str) -> int | str | None:
    """From the `stop`th request on, every one fails."""
    return failure if number >= stop else None


def only_without(items: list[Item], lost: tuple[str, str]) -> list[Item]:
    """The items but one and those that refer to it, from one to the next."""
    gone: set[tuple[str, str]] = {lost}
    while True:
        kept = [item for item in items if (item.kind, item.key) not in gone]
        more = {(item.kind, item.key) for item in kept if any((ref.kind, ref.key) in gone for ref in item.refs())}
        if not more:
            return kept
        gone |= more


def renamed(item: Item) -> Item:
    """The same item with another name."""
    return Item(item.kind, item.key, "Renamed", item.body | {"name": "Renamed"})
