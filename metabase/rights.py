"""What everybody may do with callmart's connections and content: ask and read, and with scopes nothing at all.

Belongs here: rights of groups on callmart's connections and collections. Not here: content (provision.py), and who is
in a group, which people decide.

Metabase adds up the rights of all groups that somebody is in, and everybody is in All Users. As long as there is no
scope, that group may write no SQL and change no collection of callmart; less than that is people's choice. With scopes,
it may ask no connection and see no collection of callmart, and the group of a scope its own connection alone. These
rights are put back at each run: others would open the whole centre to the people of every scope. What other groups may
do is people's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from metabase.client import Client
from metabase.marker import marker_of
from metabase.provision import BUILDER, ENGINE, EVERYBODY, NONE, READ, SQL, UNSEEN, WRITE, Change, asking

_RISING = (UNSEEN, READ, WRITE)
_SAID = {NONE: "no questions on {}", BUILDER: "questions on {}, no SQL", SQL: "questions and SQL on {}"}
_DATA, _COLLECTIONS = "/api/permissions/graph", "/api/collection/graph"


@dataclass(frozen=True)
class Scoped:
    """A connection for the people of one scope, and the group of them, both of this name."""

    name: str
    native_sql: bool


class Rights:
    """Of the connection `whole` and those of the scopes; there may be none."""

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
                given = data.get(number, {}).get(at, {}).get("create-queries", NONE)
                if given != wanted if self.scopes else given == SQL:
                    said = Change("update", "group", name, _SAID[wanted].format(database))
                    found.append((said, (_DATA, number, {at: asking(wanted)})))
        return found + self._open_collections(groups)

    def _wanted(self, group: str) -> dict[str, str]:
        """The right on each connection; without scopes, the most that it may be."""
        if not self.scopes:
            return {self.whole: BUILDER}
        wanted = dict.fromkeys([self.whole, *(scope.name for scope in self.scopes)], NONE)
        return wanted | {s.name: SQL if s.native_sql else BUILDER for s in self.scopes if s.name == group}

    def _open_collections(self, groups: Mapping[str, int]) -> list[tuple[Change, tuple[str, str, dict[str, Any]]]]:
        """Collections of callmart that everybody may change or, with scopes, that everybody or the people of a scope
        may see: their questions are asked of the whole centre."""
        most = UNSEEN if self.scopes else READ
        given = self.client.get(_COLLECTIONS)["groups"]
        rows = [row for row in self.client.get("/api/collection") if isinstance(row["id"], int)]
        ours = {str(row["id"]): row["name"] for row in rows if (mark := marker_of(row)) and mark.kind == "collection"}
        found: list[tuple[Change, tuple[str, str, dict[str, Any]]]] = []
        for group in (EVERYBODY, *(scope.name for scope in self.scopes)):
            number = str(groups.get(group, ""))
            for collection, name in ours.items():
                if _RISING.index(given.get(number, {}).get(collection, UNSEEN)) > _RISING.index(most):
                    said = f"no collection {name}" if self.scopes else f"collection {name} to read only"
                    write = (_COLLECTIONS, number, {collection: most})
                    found.append((Change("update", "group", group, said), write))
        return found

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
