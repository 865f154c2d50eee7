"""Who may ask which connection, once there are scopes: the people of a scope its own, and everybody else none.

Belongs here: rights of groups on callmart's connections and collections. Not here: content (provision.py), and who is
in a group, which people decide.

Metabase adds up the rights of all groups that somebody is in, and everybody is in All Users. So that group may ask no
connection of callmart and see no collection of it, and these rights are put back at each run: others would open the
whole centre to the people of every scope.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from metabase.client import Client
from metabase.marker import marker_of
from metabase.provision import ENGINE, Change

UNSEEN = "none"
EVERYBODY = "All Users"
NONE, BUILDER, SQL = "no", "query-builder", "query-builder-and-native"
_SAID = {NONE: "no questions on {}", BUILDER: "questions on {}, no SQL", SQL: "questions and SQL on {}"}
_DATA, _COLLECTIONS = "/api/permissions/graph", "/api/collection/graph"


@dataclass(frozen=True)
class Scoped:
    """A connection for the people of one scope, and the group of them, both of this name."""

    name: str
    native_sql: bool


class Rights:
    """Of the connection `whole` and those of the scopes."""

    def __init__(self, client: Client, whole: str, scopes: Sequence[Scoped]) -> None:
        self.client, self.whole, self.scopes = client, whole, scopes

    def plan(self) -> list[Change]:
        """What apply would do now; nothing is written."""
        return [change for change, _ in self._differences()] + list(self._orphans())

    def apply(self) -> list[Change]:
        """Makes it so. Connections must be there; MetabaseError when a right is refused, for then it is not closed."""
        known = self._groups()
        for scope in self.scopes:
            if scope.name not in known:
                self.client.create("/api/permissions/group", {"name": scope.name}, partial(self._group, scope.name))
        done = [Change("create", "group", s.name, s.name) for s in self.scopes if s.name not in known]
        for change, write in self._differences():
            path, group, given = write
            self.client.permit(path, {group: given})
            done.append(change)
        return done + list(self._orphans())

    def _differences(self) -> list[tuple[Change, tuple[str, str, dict[str, Any]]]]:
        groups, databases = self._groups(), self._databases()
        data = self.client.get(_DATA)["groups"]
        found: list[tuple[Change, tuple[str, str, dict[str, Any]]]] = []
        for name in (EVERYBODY, *(scope.name for scope in self.scopes)):
            number = str(groups.get(name, ""))
            if not number:
                found.append((Change("create", "group", name, name), (_DATA, "", {})))
            for database, wanted in self._wanted(name).items():
                at = str(databases.get(database, ""))
                # Metabase leaves out what is not given.
                if data.get(number, {}).get(at, {}).get("create-queries", NONE) != wanted:
                    given = {at: {"view-data": "unrestricted", "create-queries": wanted}}
                    said = Change("update", "group", name, _SAID[wanted].format(database))
                    found.append((said, (_DATA, number, given)))
        return found + self._open_collections(str(groups[EVERYBODY]))

    def _wanted(self, group: str) -> dict[str, str]:
        wanted = dict.fromkeys([self.whole, *(scope.name for scope in self.scopes)], NONE)
        return wanted | {s.name: SQL if s.native_sql else BUILDER for s in self.scopes if s.name == group}

    def _open_collections(self, everybody: str) -> list[tuple[Change, tuple[str, str, dict[str, Any]]]]:
        """Collections of callmart that everybody may see: their questions are asked of the whole centre."""
        given = self.client.get(_COLLECTIONS)["groups"].get(everybody, {})
        rows = [row for row in self.client.get("/api/collection") if isinstance(row["id"], int)]
        ours = {str(row["id"]): row["name"] for row in rows if (mark := marker_of(row)) and mark.kind == "collection"}
        return [
            (Change("update", "group", EVERYBODY, f"no collection {name}"), (_COLLECTIONS, everybody, {number: UNSEEN}))
            for number, name in ours.items()
            if given.get(number, UNSEEN) != UNSEEN
        ]

    def _orphans(self) -> Iterator[Change]:
        wanted = {self.whole, *(scope.name for scope in self.scopes)}
        for name in self._databases():
            if name.startswith(f"{self.whole} ") and name not in wanted:
                why = "no scope of that name is declared: delete the connection and its group"
                yield Change("kept", "database", name, name, why)

    def _group(self, name: str) -> int | None:
        return self._groups().get(name)

    def _groups(self) -> Mapping[str, int]:
        return {row["name"]: row["id"] for row in self.client.get("/api/permissions/group")}

    def _databases(self) -> Mapping[str, int]:
        said = self.client.get("/api/database")
        rows = said["data"] if isinstance(said, dict) else said
        return {row["name"]: row["id"] for row in rows if row["engine"] == ENGINE}
