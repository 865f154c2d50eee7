"""What everybody and the people of a scope may do with callmart's connections and collections."""

from __future__ import annotations

import pytest

from metabase.client import Client
from metabase.formula import Ref
from metabase.items import Item
from metabase.provision import Access, Change, Provisioner
from metabase.rights import Rights, Scoped
from tests.metabase.conftest import FILE
from tests.metabase.fake import KEY, FakeMetabase

EVERYBODY, TEAM = "All Users", "callmart team_a"
BUILDER, SQL = "query-builder", "query-builder-and-native"
COLLECTIONS = [
    Item("collection", "callmart", "KPIs", {"name": "KPIs", "description": "", "parent_id": None}),
    Item(
        "collection",
        "boards",
        "Boards",
        {"name": "Boards", "description": "", "parent_id": Ref("collection", "callmart")},
    ),
]


class Place:
    """A Metabase with groups of people's own, of which one may write SQL and change every collection."""

    def __init__(self) -> None:
        self.server = FakeMetabase({})
        self.client = Client("http://metabase", KEY, transport=self.server.transport, sleep=lambda seconds: None)
        self.theirs = self.server._group({"name": "Finance"})["id"]
        self.server.collection_graph["groups"][str(self.theirs)] = {"root": "write"}

    def steps(self, *scopes: str) -> list[Provisioner | Rights]:
        """The whole centre, its scopes, and the rights."""
        readers = [Access("callmart readers", ["callmart", "boards"], [])]
        whole = Provisioner(self.client, COLLECTIONS, readers, "callmart", FILE, is_open=not scopes)
        parts = [Provisioner(self.client, [], [], name, f"/{name}.duckdb", is_open=False) for name in scopes]
        return [whole, *parts, Rights(self.client, "callmart", [Scoped(name, native_sql=False) for name in scopes])]

    def plan(self, *scopes: str) -> list[Change]:
        return told(change for step in self.steps(*scopes) for change in step.plan())

    def apply(self, *scopes: str) -> list[Change]:
        return told(change for step in self.steps(*scopes) for change in step.apply())

    def asks(self, group: str, name: str = "callmart") -> str:
        """What a group may ask of a connection."""
        (database,) = [row["id"] for row in self.server.databases if row["name"] == name]
        given = self.server.data_graph["groups"].get(self.number(group), {})
        return str(given.get(str(database), {}).get("create-queries", "no"))

    def opens(self, group: str) -> set[str]:
        """What a group may do with callmart's collections."""
        given = self.server.collection_graph["groups"].get(self.number(group), {})
        return {given.get(str(self.collection(item.key)), "none") for item in COLLECTIONS}

    def number(self, group: str) -> str:
        (found,) = [row["id"] for row in self.server.groups if row["name"] == group]
        return str(found)

    def collection(self, key: str) -> int:
        return int(self.server.named("collection", key)["id"])


def told(changes: object) -> list[Change]:
    return [change for change in changes if change.action != "same"]  # type: ignore[attr-defined]


@pytest.fixture
def place() -> Place:
    return Place()


def test_without_scopes_everybody_reads_and_asks_and_changes_nothing(place: Place) -> None:
    planned = place.plan()
    assert [(change.kind, change.key) for change in place.apply()] == [(change.kind, change.key) for change in planned]
    assert (place.asks(EVERYBODY), place.opens(EVERYBODY)) == (BUILDER, {"read"})
    assert place.server.collection_graph["groups"]["1"]["root"] == "write", "people's own content is theirs"
    written = len(place.server.writes())
    assert place.plan() == place.apply() == []
    assert len(place.server.writes()) == written


def test_a_group_that_may_write_sql_elsewhere_may_not_on_a_new_connection(place: Place) -> None:
    place.server._database("POST", "/api/database", {"name": "theirs", "engine": "postgres"})
    place.server.data_graph["groups"][str(place.theirs)] = {
        str(place.server.databases[0]["id"]): {"view-data": "unrestricted", "create-queries": SQL}
    }
    place.apply()
    assert (place.asks("Finance"), place.asks("Finance", "theirs")) == ("no", SQL)


def test_content_that_everybody_could_change_before_is_closed_and_said(place: Place) -> None:
    place.apply()
    boards, database = str(place.collection("boards")), str(place.server.databases[0]["id"])
    place.server.collection_graph["groups"]["1"][boards] = "write"
    place.server.data_graph["groups"]["1"][database]["create-queries"] = SQL
    names = ["questions on callmart, no SQL", "collection Boards to read only"]
    assert [change.name for change in place.plan()] == names
    assert [change.name for change in place.apply()] == names
    assert (place.asks(EVERYBODY), place.opens(EVERYBODY)) == (BUILDER, {"read"})
    assert place.plan() == []


def test_less_for_everybody_and_anything_for_other_groups_is_peoples_choice(place: Place) -> None:
    place.apply()
    boards, database = str(place.collection("boards")), str(place.server.databases[0]["id"])
    place.server.collection_graph["groups"]["1"][boards] = "none"
    del place.server.data_graph["groups"]["1"][database]["create-queries"]
    place.server.collection_graph["groups"][str(place.theirs)][boards] = "write"
    place.server.data_graph["groups"][str(place.theirs)][database]["create-queries"] = SQL
    assert place.plan() == place.apply() == []
    assert (place.asks(EVERYBODY), place.opens(EVERYBODY)) == ("no", {"read", "none"})
    assert (place.asks("Finance"), place.opens("Finance")) == (SQL, {"write"})


def test_the_people_of_a_scope_see_nothing_of_the_whole_centre(place: Place) -> None:
    """Also where they were given it: through a group that Metabase copied rights from, or by hand."""
    place.server._group({"name": TEAM})
    place.server.collection_graph["groups"][place.number(TEAM)] = {"root": "read"}
    place.apply()
    assert place.opens(TEAM) == {"read"}
    place.apply(TEAM)
    for group in (EVERYBODY, TEAM):
        assert (place.asks(group), place.opens(group)) == ("no", {"none"})
    assert place.asks(TEAM, TEAM) == BUILDER and place.asks(EVERYBODY, TEAM) == "no"
    assert place.asks("callmart readers") == BUILDER and place.opens("callmart readers") == {"read"}
    assert place.plan(TEAM) == place.apply(TEAM) == []

    place.server.collection_graph["groups"][place.number(TEAM)][str(place.collection("boards"))] = "read"
    (planned,) = place.plan(TEAM)
    assert (planned.key, planned.name) == (TEAM, "no collection Boards")
    place.apply(TEAM)
    assert place.opens(TEAM) == {"none"}


def test_after_the_last_scope_everybody_stays_outside_until_people_open_it(place: Place) -> None:
    place.apply(TEAM)
    (orphan,) = place.apply()
    assert (orphan.action, orphan.key) == ("kept", TEAM)
    assert (place.asks(EVERYBODY), place.opens(EVERYBODY)) == ("no", {"none"})
