"""A Metabase that answers from memory: what the provisioner asks of a real one, as strictly as a real one.

Here belongs: state, order (nothing may name what does not exist), Metabase's own changes of what it is given, and
failures on request. Not here: queries, and anything that only its pages ask for. A real Metabase answers differently
where this one was misunderstood; docs/metabase.md says which script proves it.
"""

from __future__ import annotations

import copy
import json
import re
import uuid
from collections.abc import Callable, Mapping
from typing import Any

import httpx

from metabase.marts import Table

KEY = "mb_test"
ADMINISTRATORS = {"id": 2, "name": "Administrators"}
# What a request is kept of: anything else is dropped without a word, as Metabase does.
KEPT = {
    "collection": ("name", "description", "parent_id", "archived"),
    "card": (
        "name",
        "description",
        "type",
        "display",
        "dataset_query",
        "visualization_settings",
        "collection_id",
        "entity_id",
        "archived",
    ),
    "dashboard": ("name", "description", "collection_id", "parameters", "archived", "tabs", "dashcards"),
    "timeline": ("name", "description", "icon", "collection_id", "archived"),
    "timeline_event": (
        *("name", "description", "timestamp", "timezone", "time_matters", "icon", "timeline_id", "archived"),
    ),
    "alert": ("payload_type", "payload", "subscriptions", "handlers", "active"),
}
RIGHTS = ("no", "query-builder", "query-builder-and-native")
KINDS = {"timeline-event": "timeline_event", "notification": "alert"}


class Refusal(Exception):
    """An answer other than 200."""

    def __init__(self, status: int, said: str) -> None:
        self.status, self.said = status, said


class FakeMetabase:
    """`marts` are what a sync finds, `parts` what it finds in the database of another file. `fail` may answer a request
    in the server's place: it gets its number from 1, method and path, and gives a status, `before` or `after` (a
    time-out, with the request not done or done), or None.
    """

    def __init__(self, marts: Mapping[str, Table]) -> None:
        self.marts = marts
        self.parts: dict[str, Mapping[str, Table]] = {}
        self.things: dict[str, dict[int, dict[str, Any]]] = {kind: {} for kind in KEPT}
        self.databases: list[dict[str, Any]] = []
        self.tables: dict[int, dict[str, Any]] = {}
        self.fields: dict[int, dict[str, Any]] = {}
        self.groups: list[dict[str, Any]] = [{"id": 1, "name": "All Users"}, dict(ADMINISTRATORS)]
        self.data_graph: dict[str, Any] = {"revision": 0, "groups": {}}
        self.collection_graph: dict[str, Any] = {"revision": 0, "groups": {"1": {"root": "write"}}}
        # Questions without an answer: on dashboards or by themselves, and which.
        self.broken: set[tuple[bool, int]] = set()
        self.settings: dict[str, Any] = {}
        self.settings_of_environment: set[str] = set()
        self.setup_token: str | None = "one-time"
        self.keys = {KEY}
        self.named_keys: dict[int, tuple[str, str]] = {}
        self.log: list[tuple[str, str, Any]] = []
        self.fail: Callable[[int, str, str], int | str | None] = lambda number, method, path: None
        self._last = 10

    @property
    def transport(self) -> httpx.MockTransport:
        """For httpx."""
        return httpx.MockTransport(self._answer)

    def writes(self) -> list[tuple[str, str, Any]]:
        """Requests that may have changed something."""
        return [said for said in self.log if said[0] != "GET"]

    def named(self, kind: str, key: str) -> dict[str, Any]:
        """The object that carries this authored key."""
        (found,) = [row for row in self.things[kind].values() if f"[callmart {kind}/{key} " in row["description"]]
        return found

    def _answer(self, request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content) if request.content else None
        path, method = request.url.path, request.method
        self.log.append((method, path, body))
        failure = self.fail(len(self.log), method, path)
        if failure == "before":
            raise httpx.ReadTimeout("before", request=request)
        if isinstance(failure, int):
            return httpx.Response(failure, text="failed on request")
        open_paths = ("/api/session/properties", "/api/setup", "/api/session")
        has_session = "x-metabase-session" in request.headers
        if path not in open_paths and not has_session and request.headers.get("x-api-key") not in self.keys:
            return httpx.Response(401, text="Unauthenticated")
        try:
            said = self._route(method, path, copy.deepcopy(body), dict(request.url.params))
        except Refusal as refusal:
            return httpx.Response(refusal.status, text=refusal.said)
        if failure == "after":
            raise httpx.ReadTimeout("after", request=request)
        return httpx.Response(200, json=said)

    def _route(self, method: str, path: str, body: Any, query: dict[str, str]) -> Any:
        if found := re.fullmatch(
            r"/api/(collection|card|dashboard|timeline|timeline-event|notification)(?:/(\d+))?", path
        ):
            kind, number = KINDS.get(found[1], found[1]), found[2]
            if number is None:
                return self._list(kind, query) if method == "GET" else self._create(kind, body)
            if kind == "timeline" and query.get("include") == "events":
                return self._with_events(int(number), query)
            return self._one(kind, int(number)) if method == "GET" else self._change(kind, int(number), body)
        if found := re.fullmatch(r"/api(?:/dashboard/(\d+)/dashcard/(\d+))?/card/(\d+)/query", path):
            return self._ask(found[1], found[2], int(found[3]), body)
        if found := re.fullmatch(r"/api/field/(\d+)/dimension", path):
            return self._show(int(found[1]), body)
        if found := re.fullmatch(r"/api/(table|field)/(\d+)", path):
            if method == "GET":
                return self.fields[int(found[2])]
            return self._describe(found[1], int(found[2]), body)
        if path.startswith("/api/database"):
            return self._database(method, path, body)
        if path == "/api/permissions/group":
            return self.groups if method == "GET" else self._group(body)
        if path in ("/api/permissions/graph", "/api/collection/graph"):
            graph = self.data_graph if "permissions" in path else self.collection_graph
            return graph if method == "GET" else self._permit(graph, body)
        if path == "/api/session/properties":
            told = {"anon-tracking-enabled": self.settings.get("anon-tracking-enabled", True)}
            return told | {"setup-token": self.setup_token, "has-user-setup": self.setup_token is None}
        if path == "/api/setup":
            return self._setup(body)
        if path == "/api/session":
            return {"id": "session"}
        if found := re.fullmatch(r"/api/api-key(?:/(\d+)/regenerate)?", path):
            return self._key(method, body, found[1])
        if found := re.fullmatch(r"/api/setting/([\w-]+)", path):
            if found[1] in self.settings_of_environment:
                raise Refusal(500, "the environment says this setting")
            self.settings[found[1]] = body["value"]
            return None
        raise Refusal(404, f"no such path {path}")

    def _with_events(self, number: int, query: dict[str, str]) -> dict[str, Any]:
        every = query.get("archived") == "true"
        events = [row for row in self.things["timeline_event"].values() if row["timeline_id"] == number]
        return self._one("timeline", number) | {"events": [row for row in events if every or not row["archived"]]}

    def _list(self, kind: str, query: dict[str, str]) -> list[dict[str, Any]]:
        if kind == "timeline_event":
            raise Refusal(404, "events are listed with their timeline")
        if kind == "alert":
            every = query.get("include_inactive") == "true"
            return [row for row in self.things["alert"].values() if every or row["active"]]
        wants_archived = query.get("f") == "archived" or query.get("archived") == "true"
        rows = [row for row in self.things[kind].values() if bool(row.get("archived")) == wants_archived]
        if kind == "dashboard":  # a list tells nothing of what is on them
            rows = [{name: part for name, part in row.items() if name not in ("dashcards", "tabs")} for row in rows]
        root = [{"id": "root", "name": "Our analytics"}] if kind == "collection" and not wants_archived else []
        return [*root, *rows]

    def _create(self, kind: str, body: dict[str, Any]) -> dict[str, Any]:
        if kind == "alert":
            self._check_alert(body)
        elif not body.get("name"):
            raise Refusal(400, "name: value must be a non-blank string.")
        if kind == "card" and any(row.get("entity_id") == body["entity_id"] for row in self.things["card"].values()):
            raise Refusal(500, "duplicate key value violates unique constraint")
        number = self._next()
        self.things[kind][number] = {"id": number, "archived": False, "entity_id": uuid.uuid4().hex[:21]}
        if kind == "collection":  # each group may do with it what it may do with the one that it lies in
            for given in self.collection_graph["groups"].values():
                if right := given.get(str(body.get("parent_id") or "root")):
                    given[str(number)] = right
            self.collection_graph["revision"] += 1
        if kind == "dashboard":
            body = {name: part for name, part in body.items() if name not in ("tabs", "dashcards")}
            self.things[kind][number] |= {"tabs": [], "dashcards": [], "parameters": []}
        try:
            return self._change(kind, number, body)
        except Refusal:
            del self.things[kind][number]
            raise

    def _change(self, kind: str, number: int, body: dict[str, Any]) -> dict[str, Any]:
        row = self._one(kind, number)
        body = {name: part for name, part in body.items() if name in KEPT[kind]}
        if "collection_id" in body and body["collection_id"] is not None:
            self._one("collection", body["collection_id"])
        if "timeline_id" in body:
            self._one("timeline", body["timeline_id"])
        if kind == "timeline" and "archived" in body:  # its events go with it
            for event in self.things["timeline_event"].values():
                if event["timeline_id"] == number:
                    event["archived"] = body["archived"]
        if body.get("parent_id") is not None:
            self._one("collection", body["parent_id"])
        if "dataset_query" in body:
            self._check_query(body["dataset_query"])
            body["dataset_query"] = _with_ids(body["dataset_query"])
        if "dashcards" in body:
            self._check_dashcards(body)
        row.update(body)
        return row

    def _check_alert(self, body: dict[str, Any]) -> None:
        self._one("card", body["payload"]["card_id"])
        groups = {row["id"] for row in self.groups}
        for handler in body["handlers"]:
            for recipient in handler["recipients"]:
                if recipient["permissions_group_id"] not in groups:
                    raise Refusal(400, f"group {recipient['permissions_group_id']}")

    def _check_query(self, query: dict[str, Any]) -> None:
        if query["database"] not in [row["id"] for row in self.databases]:
            raise Refusal(404, f"database {query['database']}")
        for name, value in _parts(query):
            if name == "source-table" and value not in self.tables:
                raise Refusal(400, f"table {value}")
            if name == "field" and value not in self.fields:
                raise Refusal(400, f"field {value}")
            if name == "metric" and self.things["card"].get(value, {}).get("type") != "metric":
                raise Refusal(400, f"metric {value}")

    def _check_dashcards(self, body: dict[str, Any]) -> None:
        tabs = {tab["id"]: self._next() for tab in body.get("tabs", [])}
        body["tabs"] = [tab | {"id": tabs[tab["id"]]} for tab in body.get("tabs", [])]
        parameters = {said["id"] for said in body["parameters"]}
        for card in body["dashcards"]:
            card["id"] = self._next()
            if card["card_id"] is not None:
                self._one("card", card["card_id"])
            if "dashboard_tab_id" in card:
                card["dashboard_tab_id"] = tabs[card["dashboard_tab_id"]]
            for mapping in card["parameter_mappings"]:
                if mapping["parameter_id"] not in parameters or mapping["target"][1][1] not in self.fields:
                    raise Refusal(400, f"mapping {mapping}")
            if click := card["visualization_settings"].get("click_behavior"):
                self._one("dashboard", click["targetId"])

    def _ask(self, board: str | None, dashcard: str | None, card: int, body: dict[str, Any]) -> dict[str, Any]:
        """Filters that a question is not mapped to are refused; one that fails says so in its answer."""
        self._one("card", card)
        if board and dashcard:
            asked = self._one("dashboard", int(board))
            (placed,) = [row for row in asked["dashcards"] if row["id"] == int(dashcard) and row["card_id"] == card]
            mapped = {mapping["parameter_id"]: mapping["target"] for mapping in placed["parameter_mappings"]}
            for given in body["parameters"]:
                if mapped.get(given["id"]) != given["target"]:
                    raise Refusal(400, f"parameter {given}")
        if (board is not None, card) in self.broken:
            return {"status": "failed", "error": "Binder Error"}
        return {"status": "completed", "data": {"rows": []}}

    def _one(self, kind: str, number: int) -> dict[str, Any]:
        if number not in self.things[kind]:
            raise Refusal(404, f"no {kind} {number}")
        return self.things[kind][number]

    def _describe(self, kind: str, number: int, body: dict[str, Any]) -> dict[str, Any]:
        rows = self.tables if kind == "table" else self.fields
        if number not in rows:
            raise Refusal(404, f"no {kind} {number}")
        target = body.get("fk_target_field_id")
        if target is not None and target not in self.fields:
            raise Refusal(400, f"field {target}")
        was_key = rows[number].get("semantic_type") == "type/FK"
        is_shown = kind == "table" and rows[number]["visibility_type"] and body.get("visibility_type", "") is None
        rows[number].update({name: said for name, said in body.items() if name != "shows"})
        if is_shown:  # a table that is hidden no more is synced
            self._sync(rows[number]["db_id"], only=number)
        if was_key and rows[number]["semantic_type"] != "type/FK":
            rows[number]["dimensions"] = []
        return rows[number]

    def _show(self, number: int, body: dict[str, Any]) -> dict[str, Any]:
        if body["type"] == "external" and body["human_readable_field_id"] not in self.fields:
            raise Refusal(400, "Foreign key based remappings require a human readable field id")
        self.fields[number]["dimensions"] = [dict(body)]
        return body

    def _database(self, method: str, path: str, body: Any) -> Any:
        if path == "/api/database":
            if method == "GET":
                return {"data": self.databases, "total": len(self.databases)}
            row = {"id": self._next(), **body}
            self.databases.append(row)
            # each group may ask a new database as it may ask the one that it may ask least, SQL where it has none
            for group in self.groups:
                if group["id"] != ADMINISTRATORS["id"]:
                    known = self.data_graph["groups"].setdefault(str(group["id"]), {})
                    rights = [right.get("create-queries", "no") for right in known.values()]
                    least = min(rights, key=RIGHTS.index, default=RIGHTS[-1])
                    known[str(row["id"])] = {"view-data": "unrestricted", "create-queries": least}
            self._leave_out_the_least()
            return row
        number = int(path.split("/")[3])
        if path.endswith("/sync_schema"):
            self._sync(number)
            return {"status": "ok"}
        tables = [row for row in self.tables.values() if row["db_id"] == number]
        return {"id": number, "tables": [row | {"fields": self._fields_of(row["id"])} for row in tables]}

    def _fields_of(self, table: int) -> list[dict[str, Any]]:
        """As the whole database tells them, which leaves out what they show in their place."""
        rows = [row for row in self.fields.values() if row["table_id"] == table]
        return [{name: said for name, said in row.items() if name != "dimensions"} for row in rows]

    def _sync(self, database: int, only: int | None = None) -> None:
        """Tables and columns that are new; columns of hidden tables are not looked at."""
        (said,) = [row for row in self.databases if row["id"] == database]
        marts = self.parts.get(said.get("details", {}).get("database_file"), self.marts)
        known = {row["name"]: row for row in self.tables.values() if row["db_id"] == database}
        for mart in marts.values():
            if mart.name not in known and only is None:
                number = self._next()
                comment = f"{mart.about.zh} / {mart.about.en}"
                known[mart.name] = _described(number, mart.name, comment) | {"schema": "marts", "db_id": database}
                self.tables[number] = known[mart.name]
            table = known.get(mart.name)
            if table and only in (None, table["id"]) and table["visibility_type"] is None:
                self._sync_columns(mart, table["id"])

    def _sync_columns(self, mart: Table, table: int) -> None:
        known = {row["name"] for row in self.fields.values() if row["table_id"] == table}
        for column in mart.columns.values():
            if column.name not in known:
                comment = f"{column.about.zh} / {column.about.en}"
                at = self._next()
                self.fields[at] = _described(at, column.name, comment) | {"table_id": table, "semantic_type": None}
                self.fields[at] |= {"fk_target_field_id": None, "visibility_type": "normal", "dimensions": []}

    def _group(self, body: dict[str, Any]) -> dict[str, Any]:
        row = {"id": self._next(), "name": body["name"]}
        self.groups.append(row)
        # a new group may ask nothing
        self.data_graph["groups"][str(row["id"])] = {
            str(database["id"]): {"view-data": "unrestricted"} for database in self.databases
        }
        return row

    def _permit(self, graph: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
        if body["revision"] != graph["revision"]:
            raise Refusal(409, "somebody else changed the graph")
        for group, given in body["groups"].items():
            graph["groups"].setdefault(group, {}).update(given)
        self._leave_out_the_least()
        graph["revision"] += 1
        return graph

    def _leave_out_the_least(self) -> None:
        for given in self.data_graph["groups"].values():
            for right in given.values():
                if right.get("create-queries") == "no":
                    del right["create-queries"]

    def _key(self, method: str, body: Any, number: str | None) -> Any:
        if method == "GET":
            return [{"id": at, "name": name} for at, (name, _) in self.named_keys.items()]
        if method == "PUT" and number:  # what it was before is worth nothing any more
            at, (name, former) = int(number), self.named_keys[int(number)]
            self.keys.discard(former)
        else:
            at, name = self._next(), body["name"]
            if name in [known for known, _ in self.named_keys.values()]:
                raise Refusal(400, "An API key with this name already exists.")
        key = f"mb_made_{self._next()}"
        self.keys.add(key)
        self.named_keys[at] = (name, key)
        return {"id": at, "unmasked_key": key}

    def _setup(self, body: dict[str, Any]) -> dict[str, Any]:
        if self.setup_token is None or body["token"] != self.setup_token:
            raise Refusal(403, "The /api/setup route can only be used to create the first user.")
        self.setup_token = None
        if "anon-tracking-enabled" not in self.settings_of_environment:
            self.settings["anon-tracking-enabled"] = True
        return {"id": "session"}

    def _next(self) -> int:
        self._last += 1
        return self._last


def _described(number: int, name: str, said: str) -> dict[str, Any]:
    return {
        "id": number,
        "name": name,
        "display_name": name,
        "description": said,
        "visibility_type": None,
        "points_of_interest": None,
    }


def _with_ids(value: Any) -> Any:
    """A query as Metabase keeps it: each clause with an id of its own."""
    if isinstance(value, list):
        parts = [_with_ids(part) for part in value]
        if len(parts) > 1 and isinstance(parts[0], str) and isinstance(parts[1], dict):
            parts[1] = {"lib/uuid": str(uuid.uuid4()), **parts[1]}
        return parts
    if isinstance(value, dict):
        return {name: _with_ids(part) for name, part in value.items()}
    return value


def _parts(value: Any) -> list[tuple[str, Any]]:
    """Names with their values, and clauses by their operator with their last argument, throughout."""
    found: list[tuple[str, Any]] = []
    if isinstance(value, dict):
        for name, part in value.items():
            found += [(name, part), *_parts(part)]
    if isinstance(value, list):
        if len(value) == 3 and isinstance(value[0], str) and isinstance(value[1], dict):
            found.append((value[0], value[2]))
        for part in value:
            found += _parts(part)
    return found
