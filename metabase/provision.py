"""Plan and apply: what differs between the authored items and a running Metabase, and making it equal.

Belongs here: the order of requests and whose object is whose. Not here: single requests (client.py), first set-up
(setup.py).

An object belongs to callmart as long as it carries its marker and looks as callmart left it. One that people changed or
put into the trash is left alone for good; one without a marker is theirs. Nothing is ever deleted: what callmart made
and no longer authors stays, and is told. Whatever interrupts, the next run goes on: an object is finished only when its
marker says so, and what may have been made is looked for before it is made again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, Literal

from metabase.client import Client
from metabase.errors import MetabaseError, UnknownError
from metabase.formula import Ref
from metabase.items import Item, fingerprint, resolve
from metabase.marker import Marker, marker_of, shown
from metabase.metadata import COMPARED as METADATA

Action = Literal["create", "update", "finish", "same", "kept", "failed"]
ENGINE = "duckdb"
EVERYBODY = "All Users"
ADMINISTRATORS = "Administrators"
# Rights on a collection, from least to most.
UNSEEN, READ, WRITE = "none", "read", "write"
# And on a connection.
NONE, BUILDER, SQL = "no", "query-builder", "query-builder-and-native"
# A sync says nothing of its end: it is taken for ended when so many looks in a row found nothing new.
_LOOKS, _BETWEEN_LOOKS_S, _QUIET_LOOKS = 60, 10.0, 3
_OURS = "names"
_PATHS = {
    "collection": "/api/collection",
    "timeline": "/api/timeline",
    "timeline_event": "/api/timeline-event",
    "card": "/api/card",
    "dashboard": "/api/dashboard",
}
_ALERTS = "/api/notification"
# Of these a list tells everything.
_TOLD_WHOLE = ("timeline", "timeline_event")


@dataclass(frozen=True)
class Change:
    """What is to be done, or was done, with an item; `why` of those that are left alone or failed."""

    action: Action
    kind: str
    key: str
    name: str
    why: str = ""


@dataclass(frozen=True)
class Access:
    """A group of people by its name, and the collections that it may read or change."""

    name: str
    sees: Sequence[str]
    edits: Sequence[str]


@dataclass
class State:
    """What a Metabase has: objects with a marker, by kind and key, and the tables and fields of the database."""

    database: int | None
    is_synced: bool = False  # whether what is missing was looked for
    found: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)

    def number(self, ref: Ref) -> int:
        """KeyError when there is none yet, or it lies in the trash."""
        if ref.kind == "database":
            if self.database is None:
                raise KeyError(ref)
            return self.database
        there = self.found[ref.kind, ref.key]
        if there.get("archived"):
            raise KeyError(ref)
        return int(there["id"])


class Provisioner:
    """`items` in an order in which only dashboards refer to what comes later; `name` and `file` are those of the
    database, which everybody may ask without SQL when it `is_open`, and whose content everybody then may read."""

    def __init__(
        self,
        client: Client,
        items: Sequence[Item],
        groups: Sequence[Access],
        name: str,
        file: str,
        schema: str = "marts",
        is_open: bool = True,
    ) -> None:
        self.client, self.items, self.groups = client, items, groups
        self.name, self.file, self.schema, self.is_open = name, file, schema, is_open
        self.has_content = any(item.kind in _PATHS for item in items)  # a scope's connection has metadata alone

    def plan(self) -> list[Change]:
        """What apply would do now; nothing is written. MetabaseError, as of apply, when the connection of that name
        reads another file: content and marks of two centres would overwrite each other."""
        state = self._state()
        self._read_names(state)
        changes = [] if state.database else [Change("create", "database", self.name, self.name)]
        changes += [self._verdict(item, state) for item in self.items]
        changes += [
            Change("create", "group", group.name, group.name) for group in self.groups if self._lacks(group, state)
        ]
        return [*changes, *self._withdrawn(state)]

    def apply(self) -> list[Change]:
        """Makes it so. What is refused is told and the rest is done; UnknownError when Metabase is out of reach."""
        done = []
        if self._database() is None:
            self._connect()
            done.append(Change("create", "database", self.name, self.name))
        state = self._state()
        self._sync(state)
        self._read_names(state)
        boards = [item for item in self.items if item.kind == "dashboard"]
        done += [self._carry_out(item, state) for item in self.items if item.kind not in ("dashboard", "alert")]
        missing = {item.key for item in boards if ("dashboard", item.key) not in state.found}
        for item in boards:
            if item.key in missing:
                self._try(item, partial(self._begin, item, state))
        for item in boards:
            change = self._carry_out(item, state)
            is_new = item.key in missing and change.action == "finish"
            done.append(replace(change, action="create") if is_new else change)
        done += [self._grant(group, state) for group in self.groups if self._lacks(group, state)]
        # Last: they write to groups.
        done += [self._carry_out(item, state) for item in self.items if item.kind == "alert"]
        return [*done, *self._withdrawn(state)]

    def _carry_out(self, item: Item, state: State) -> Change:
        verdict = self._verdict(item, state)
        if verdict.action not in ("create", "update", "finish"):
            return verdict
        return self._try(item, partial(self._write, item, state)) or verdict

    def _verdict(self, item: Item, state: State) -> Change:
        def change(action: Action, why: str = "") -> Change:
            return Change(action, item.kind, item.key, item.name, why)

        there = state.found.get((item.kind, item.key))
        if item.kind in ("table", "field"):
            return change(*self._metadata_verdict(item, there, state))
        if there is None and self._is_in_trash(item, state):
            return change("kept", "people put what it belongs to into the trash")
        if there is None:
            return change("create")
        if item.kind == "alert":
            return change("same")
        if there.get("archived"):
            return change("kept", "people put it into the trash")
        marker = marker_of(there)
        if marker is None:
            return change("kept", "people took callmart's mark away")
        if marker.seen is None:
            return change("finish")
        if marker.seen != shown(item.kind, there):
            return change("kept", "people changed it")
        return change("same" if marker.wanted == item.wanted else "update")

    def _withdrawn(self, state: State) -> Iterator[Change]:
        """What callmart made and no longer authors. It is never put away: nothing tells whether people's own boards,
        questions and alerts stand on it."""
        authored = {(item.kind, item.key) for item in self.items}
        for (kind, key), there in state.found.items():
            if kind not in _PATHS or (kind, key) in authored or there.get("archived"):
                continue
            marker, day = marker_of(there), f" of {there['timestamp'][:10]}" if kind == "timeline_event" else ""
            is_changed = marker is not None and marker.seen not in (None, shown(kind, there))
            changed = ", which people changed" if is_changed else ""
            gone = f'callmart no longer has "{there["name"]}"{day}{changed}'
            todo = "put it into the trash yourself if nobody uses it"
            yield Change("kept", kind, key, there["name"], f"{gone}: {todo}")

    def _is_in_trash(self, item: Item, state: State) -> bool:
        """Whether the timeline of an event, or the question of an alert, lies there."""
        of = {"timeline_event": ("timeline_id",), "alert": ("payload", "card_id")}.get(item.kind)
        if of is None:
            return False
        ref: Any = item.body
        for name in of:
            ref = ref[name]
        return bool(state.found.get((ref.kind, ref.key), {}).get("archived"))

    def _metadata_verdict(self, item: Item, there: dict[str, Any] | None, state: State) -> tuple[Action, str]:
        if there is None:
            table = state.found.get(("table", item.key.split(".")[0]))
            if table and table.get("visibility_type") and not _is_hidden_by_callmart(table):
                return "kept", "people hid its table, and Metabase reads no columns of hidden ones"
            return ("failed", "Metabase does not know it: sync the database") if state.is_synced else ("create", "")
        try:
            body, ours = self._resolved(item, state), self._names(item, state)
        except KeyError as missing:
            return "failed", f"{missing.args[0][1]} is not there"
        mark, now = there.get("points_of_interest"), _metadata_shown(there, ours)
        if mark is None:
            theirs = there.get("description") not in (None, "", item.synced) or now.get("shows", _OURS) != _OURS
            return ("kept", "people described it") if theirs else ("update", "")
        # What shows names was perhaps set by a run that was interrupted before it wrote the mark.
        unfinished = {name: said for name, said in now.items() if (name, said) != ("shows", _OURS)}
        if mark not in (_metadata_mark(now), _metadata_mark(unfinished)):
            return "kept", "people changed it"
        is_same = now == _metadata_shown(body, ours) and _dimension(there) == body.get("shows")
        return ("same" if is_same and mark == _metadata_mark(now) else "update"), ""

    def _names(self, item: Item, state: State) -> set[int]:
        """Numbers of the fields that the field may show in callmart's name, one for each language."""
        if "shows" not in item.body:
            return set()
        stem = item.body["shows"].key.rpartition("_")[0]
        return {state.number(Ref("field", f"{stem}_{language}")) for language in ("zh", "en")}

    def _write(self, item: Item, state: State) -> None:
        body = self._resolved(item, state)
        if item.kind in ("table", "field"):
            mark = _metadata_mark(_metadata_shown(body, self._names(item, state)))
            path, shows = f"/api/{item.kind}/{state.number(Ref(item.kind, item.key))}", body.pop("shows", None)
            if shows is not None:
                names = {"type": "external", "name": body["display_name"], "human_readable_field_id": shows}
                self.client.post(f"{path}/dimension", names, is_repeatable=True)
            self.client.put(path, body | {"points_of_interest": mark})
            return
        if item.kind == "alert":
            # It has no description to carry a mark: it is made once, and then belongs to people.
            self.client.create(_ALERTS, body, lambda: self._alert_on(body["payload"]["card_id"]))
            return
        begun = Marker(item.kind, item.key, item.wanted, None)
        body["description"] = begun.on(item.body["description"])
        number = self._number(item, state)
        if number is None:
            number = self.client.create(_PATHS[item.kind], body, lambda: self._find(item.kind, item.key))
            state.found[item.kind, item.key] = {"id": number}
            if item.kind == "collection" and body.get("parent_id") is None:
                # Those that will lie in it begin with its rights; everybody may change a new one at first.
                given = {str(number): READ if self.is_open else UNSEEN}
                self.client.permit("/api/collection/graph", {str(self._group(EVERYBODY)): given})
        else:
            self.client.put(f"{_PATHS[item.kind]}/{number}", body)
        self._finish(item, number)

    def _finish(self, item: Item, number: int) -> None:
        """Writes down what Metabase shows, now that everything is there."""
        path = f"{_PATHS[item.kind]}/{number}"
        marker = Marker(item.kind, item.key, item.wanted, shown(item.kind, self.client.get(path)))
        self.client.put(path, {"description": marker.on(item.body["description"])})

    def _begin(self, item: Item, state: State) -> None:
        """An empty dashboard, so that others can lead to it."""
        body = self._resolved(
            Item(item.kind, item.key, item.name, {"collection_id": item.body["collection_id"]}), state
        )
        marker = Marker(item.kind, item.key, item.wanted, None)
        body |= {"name": item.name, "description": marker.on(item.body["description"])}
        number = self.client.create(_PATHS["dashboard"], body, lambda: self._find("dashboard", item.key))
        # As one that was begun before: it will be finished.
        state.found["dashboard", item.key] = {"id": number, "description": body["description"]}

    def _try(self, item: Item, write: Callable[[], None]) -> Change | None:
        """None when it went well. A server that stays out of reach ends the run; a refusal does not."""
        try:
            write()
        except KeyError as missing:
            ref = missing.args[0]
            kind, key = (ref.kind, ref.key) if isinstance(ref, Ref) else ref
            return Change("failed", item.kind, item.key, item.name, f"{kind} {key} is not there")
        except UnknownError:
            raise
        except MetabaseError as error:
            return Change("failed", item.kind, item.key, item.name, error.problem)
        return None

    def _state(self) -> State:
        state = State(self._database())
        if state.database is not None:
            self._read_fields(state)
        if not self.has_content:
            return state
        ids = {item.body.get("entity_id"): item.key for item in self.items if item.kind == "card"}
        for kind, path in _PATHS.items():
            for described in self._list(kind):
                marker = marker_of(described)
                key = marker.key if marker and marker.kind == kind else ids.get(described.get("entity_id"))
                if key is None:
                    continue
                known = state.found.get((kind, key))
                # A copy that people made carries the marker, too; the original has the lower number.
                if known is None or described["id"] < known["id"]:
                    state.found[kind, key] = described
            for (of, key), described in list(state.found.items()):
                if of == kind and kind not in _TOLD_WHOLE and not described.get("archived"):
                    state.found[of, key] = self.client.get(f"{path}/{described['id']}")
        if any(item.kind == "alert" for item in self.items):
            self._read_alerts(state)
        return state

    def _read_alerts(self, state: State) -> None:
        """The groups that alerts write to, and alerts: any on its question stands for one, active or not, whoever made
        it."""
        for row in self.client.get("/api/permissions/group"):
            state.found["group", row["name"]] = row
        known = {row["payload"]["card_id"]: row for row in self._alerts()}
        for item in self.items:
            if item.kind == "alert":
                ref = item.body["payload"]["card_id"]
                card = state.found.get((ref.kind, ref.key), {}).get("id")
                if card in known:
                    state.found["alert", item.key] = known[card]

    def _alerts(self) -> list[dict[str, Any]]:
        rows = self.client.get(_ALERTS, payload_type="notification/card", include_inactive="true")
        return sorted(rows, key=lambda row: -int(row["id"]))

    def _alert_on(self, card: int) -> int | None:
        return min((row["id"] for row in self._alerts() if row["payload"]["card_id"] == card), default=None)

    def _list(self, kind: str) -> Iterable[dict[str, Any]]:
        path = _PATHS[kind]
        if kind == "collection":
            yield from (row for row in self.client.get(path) if isinstance(row["id"], int))
            yield from (row | {"archived": True} for row in self.client.get(path, archived="true"))
        elif kind == "timeline":
            yield from (*self.client.get(path), *self.client.get(path, archived="true"))
        elif kind == "timeline_event":
            for timeline in list(self._list("timeline")):
                said = self.client.get(f"{_PATHS['timeline']}/{timeline['id']}", include="events", archived="true")
                yield from said["events"]
        else:
            yield from self.client.get(path, f="all")
            yield from (row | {"archived": True} for row in self.client.get(path, f="archived"))

    def _find(self, kind: str, key: str) -> int | None:
        numbers = [
            row["id"] for row in self._list(kind) if (mark := marker_of(row)) and (mark.kind, mark.key) == (kind, key)
        ]
        return min(numbers, default=None)

    def _number(self, item: Item, state: State) -> int | None:
        known = state.found.get((item.kind, item.key))
        return None if known is None else int(known["id"])

    def _resolved(self, item: Item, state: State) -> dict[str, Any]:
        body: dict[str, Any] = resolve(item.body, state.number)
        return body

    def _database(self) -> int | None:
        said = self.client.get("/api/database")
        rows = said["data"] if isinstance(said, dict) else said
        found = next((row for row in rows if (row["name"], row["engine"]) == (self.name, ENGINE)), None)
        if found is None:
            return None
        file = (found.get("details") or {}).get("database_file")
        # Of a moved or linked folder the same file has two names.
        if file and Path(file).resolve() != Path(self.file).resolve():
            raise MetabaseError(
                f"the connection {self.name} of this Metabase reads {file}, not {self.file}.",
                where="GET /api/database",
                todo="give each centre a Metabase of its own; if this one moved, change the file of the connection in "
                "Metabase's settings.",
            )
        return int(found["id"])

    def _connect(self) -> None:
        """Connects the released catalogue, read-only, and lets nobody but administrators write SQL on it: SQL of DuckDB
        reads any file that Metabase can read. Other groups begin with what Metabase thinks fit, up to SQL."""
        details = {"database_file": self.file, "read_only": True}
        body = {"name": self.name, "engine": ENGINE, "details": details, "is_full_sync": True}
        number = self.client.create("/api/database", body, self._database)
        others = {row["name"]: row["id"] for row in self.client.get("/api/permissions/group")}
        everybody, _ = others.pop(EVERYBODY), others.pop(ADMINISTRATORS, None)
        rights = {everybody: BUILDER if self.is_open else NONE} | dict.fromkeys(others.values(), NONE)
        given = {str(group): {str(number): asking(right)} for group, right in rights.items()}
        self.client.permit("/api/permissions/graph", given)

    def _sync(self, state: State) -> None:
        """Has Metabase read the catalogue when it lacks a table or field, and waits while it finds more."""
        wanted = {(item.kind, item.key) for item in self.items if item.kind in ("table", "field")}
        state.is_synced = True
        if wanted <= state.found.keys():
            return
        for table in sorted({key.split(".")[0] for _, key in wanted - state.found.keys()}):
            self._show(state.found.get(("table", table)))
        self.client.post(f"/api/database/{state.database}/sync_schema", {}, is_repeatable=True)
        known = quiet = 0
        for _ in range(_LOOKS):
            self._read_fields(state)
            found = len(wanted & state.found.keys())
            quiet = quiet + 1 if found == known else 0
            if found == len(wanted) or (found and quiet == _QUIET_LOOKS):
                return
            known = found
            self.client.pause(_BETWEEN_LOOKS_S)

    def _show(self, table: dict[str, Any] | None) -> None:
        """Shows a table that callmart hid, or Metabase would not look for its new columns. The mark says that this is
        callmart's, so that the table is hidden again as any that differs, by the next run if this one ends here."""
        if table is not None and _is_hidden_by_callmart(table):
            mark = _metadata_mark(_metadata_shown(table | {"visibility_type": None}))
            self.client.put(f"/api/table/{table['id']}", {"visibility_type": None, "points_of_interest": mark})

    def _read_fields(self, state: State) -> None:
        said = self.client.get(f"/api/database/{state.database}/metadata", include_hidden="true")
        for table in said["tables"]:
            if table["schema"] == self.schema:
                state.found["table", table["name"]] = table
                for column in table.get("fields", []):
                    state.found["field", f"{table['name']}.{column['name']}"] = column

    def _read_names(self, state: State) -> None:
        """What each field shows in its place, where callmart has something to show: the whole database tells no such
        thing of its fields, a single one does."""
        for item in self.items:
            there = state.found.get((item.kind, item.key))
            if "shows" in item.body and there is not None:
                there["dimensions"] = self.client.get(f"/api/field/{there['id']}")["dimensions"]

    def _lacks(self, group: Access, state: State) -> bool:
        """Whether the group is missing, or was made and given nothing yet."""
        number = self._group(group.name)
        if number is None:
            return True
        given = self.client.get("/api/collection/graph")["groups"].get(str(number), {})
        ours = {str(there["id"]) for (kind, _), there in state.found.items() if kind == "collection"}
        return not any(right != "none" for key, right in given.items() if key in ours)

    def _group(self, name: str) -> int | None:
        return next((row["id"] for row in self.client.get("/api/permissions/group") if row["name"] == name), None)

    def _grant(self, group: Access, state: State) -> Change:
        number = self._group(group.name)
        if number is None:
            number = self.client.create("/api/permissions/group", {"name": group.name}, lambda: self._group(group.name))
        state.found["group", group.name] = {"id": number}
        if state.database is not None:
            given = {str(number): {str(state.database): asking(BUILDER)}}
            self.client.permit("/api/permissions/graph", given)
        rights = dict.fromkeys(group.sees, READ) | dict.fromkeys(group.edits, WRITE)
        known = {key: right for key, right in rights.items() if ("collection", key) in state.found}
        seen = {str(state.found["collection", key]["id"]): right for key, right in known.items()}
        # Last: a group that sees a collection is finished.
        self.client.permit("/api/collection/graph", {str(number): seen})
        return Change("create", "group", group.name, group.name)


def asking(queries: str) -> dict[str, str]:
    """The rights on a connection with which all rows are seen, and `queries` may be built."""
    return {"view-data": "unrestricted", "create-queries": queries}


def speak(client: Client, locale: str) -> None:
    """Sets the language of Metabase's own pages, for everybody who has not chosen one."""
    client.put("/api/setting/site-locale", {"value": locale})


def _metadata_shown(described: dict[str, Any], ours: Collection[int] = ()) -> dict[str, Any]:
    """What people see of a table or field; of the field that it shows in its place whether that is one of `ours`."""
    told = {name: described.get(name) for name in METADATA}
    shows = described["shows"] if "shows" in described else _dimension(described)
    return told if shows is None else told | {"shows": _OURS if shows in ours else shows}


def _dimension(described: dict[str, Any]) -> int | str | None:
    """The number of the field whose values are shown in its place, or `internal` for names that people typed."""
    said = described.get("dimensions") or []
    first = said if isinstance(said, dict) else next(iter(said), {})
    return first.get("human_readable_field_id") or first.get("type")


def _is_hidden_by_callmart(table: dict[str, Any]) -> bool:
    mark = table.get("points_of_interest")
    return bool(table.get("visibility_type")) and mark == _metadata_mark(_metadata_shown(table))


def _metadata_mark(shown_now: dict[str, Any]) -> str:
    return f"callmart {fingerprint(shown_now)}"
