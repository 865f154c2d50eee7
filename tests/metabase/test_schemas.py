"""Every body that is written, against the JSON Schemas that Metabase's own command line prints.

`make test-metabase` installs that program, @metabase/cli, into the folder that METABASE_CLI names; it is under the AGPL
and no part of callmart, so that nothing else needs it.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from metabase.client import Client
from metabase.items import Item
from metabase.provision import Provisioner, speak
from metabase.render import Sources
from metabase.setup import set_up
from orchestration.metabase_command import groups_of
from tests.metabase.conftest import FILE
from tests.metabase.fake import KEY, FakeMetabase

CLI = Path(os.environ.get("METABASE_CLI", "")) / "node_modules" / ".bin" / "mb"

COMMANDS = {
    ("POST", "/api/collection"): "collection create",
    ("POST", "/api/card"): "card create",
    ("PUT", "/api/card/"): "card update",
    ("POST", "/api/dashboard"): "dashboard create",
    ("PUT", "/api/dashboard/"): "dashboard update",
    ("POST", "/api/timeline"): "timeline create",
    ("PUT", "/api/timeline/"): "timeline update",
    ("POST", "/api/timeline-event"): "timeline-event create",
    ("PUT", "/api/timeline-event/"): "timeline-event update",
    ("POST", "/api/notification"): "alert create",
    ("PUT", "/api/table/"): "table update",
    ("PUT", "/api/field/"): "field update",
    ("POST", "/api/setup"): "setup",
}
# Metabase knows these all the same: how a card of a dashboard looks, and its tab.
UNLISTED = {("PUT", "/api/dashboard/"): {"dashcards.visualization_settings", "dashcards.dashboard_tab_id"}}
# The program has no command for these, so it prints no schema of theirs.
WITHOUT_SCHEMA = {
    ("PUT", "/api/collection/"),
    ("POST", "/api/field/dimension"),
    ("POST", "/api/database"),
    ("POST", "/api/database/sync_schema"),
    ("PUT", "/api/permissions/graph"),
    ("PUT", "/api/collection/graph"),
    ("POST", "/api/permissions/group"),
    ("POST", "/api/api-key"),
    ("PUT", "/api/setting/site-locale"),
    ("PUT", "/api/setting/anon-tracking-enabled"),
}


@cache
def printed(*arguments: str) -> Any:
    """What the program prints, which asks no server."""
    assert CLI.exists(), "run `make test-metabase`, which installs @metabase/cli"
    return json.loads(subprocess.run([str(CLI), *arguments], capture_output=True, text=True, check=True).stdout)


@cache
def body_schema(command: str) -> Draft202012Validator:
    return Draft202012Validator(printed(*command.split(), "--help", "--json")["inputSchema"])


@cache
def query_schema() -> Draft202012Validator:
    said = printed("query", "--print-schema")
    known = {
        name: DRAFT202012.create_resource(schema)
        for name, schema in (said["defs"] | {"query.yaml": said["schema"]}).items()
    }
    return Draft202012Validator(said["schema"], registry=Registry().with_resources(known.items()))


def unlisted(schema: Any, value: Any, at: str = "") -> set[str]:
    """Names in a body that its schema does not list, where it lists any: Metabase drops them without a word."""
    found: set[str] = set()
    if not isinstance(schema, dict):
        return found
    if "anyOf" in schema:
        fitting = [option for option in schema["anyOf"] if Draft202012Validator(option).is_valid(value)]
        found |= min((unlisted(option, value, at) for option in fitting), key=len, default=set())
    if isinstance(value, dict) and (listed := schema.get("properties")):
        found |= {f"{at}{name}" for name in value.keys() - listed.keys()}
        for name in value.keys() & listed.keys():
            found |= unlisted(listed[name], value[name], f"{at}{name}.")
    if isinstance(value, list) and "items" in schema:
        for part in value:
            found |= unlisted(schema["items"], part, at)
    return found


def kind_of(method: str, path: str) -> tuple[str, str]:
    return method, re.sub(r"/\d+(?=/|$)", "/" if path.rstrip("0123456789") != path else "", path)


@pytest.fixture(scope="module", params=["zh", "en"])
def written(request: pytest.FixtureRequest, sources: Sources, items: dict[str, list[Item]]) -> FakeMetabase:
    """A Metabase after its set-up and all content in one language."""
    server = FakeMetabase(sources.marts)
    set_up(Client("http://metabase", None, transport=server.transport), "a@example.com", "secret", request.param)
    client = Client("http://metabase", KEY, transport=server.transport)
    provisioner = Provisioner(client, items[request.param], groups_of(sources), "callmart", FILE)
    assert not [change for change in provisioner.apply() if change.action == "failed"]
    speak(provisioner.client, "zh_CN")
    return server


def test_every_body_that_is_written_is_valid(written: FakeMetabase) -> None:
    kinds = set()
    for method, path, body in written.writes():
        kind = kind_of(method, path)
        kinds.add(kind)
        if kind in COMMANDS:
            errors = [error.message for error in body_schema(COMMANDS[kind]).iter_errors(body)]
            assert errors == [], (kind, body.get("name"), errors[:3])
            found = unlisted(body_schema(COMMANDS[kind]).schema, body)
            assert found <= UNLISTED.get(kind, set()), (kind, body.get("name"), found)
    assert kinds == COMMANDS.keys() | WITHOUT_SCHEMA


def test_every_query_is_valid_mbql(written: FakeMetabase) -> None:
    queries = [body["dataset_query"] for _, _, body in written.writes() if body and "dataset_query" in body]
    assert len(queries) > 150
    for query in queries:
        errors = [f"{error.json_path}: {error.message}"[:300] for error in query_schema().iter_errors(query)]
        assert errors == []


def test_only_a_question_can_be_given_an_id_that_lasts() -> None:
    makes = {path: command for (method, path), command in COMMANDS.items() if method == "POST"}
    takes = {path for path, command in makes.items() if "entity_id" in body_schema(command).schema["properties"]}
    assert takes == {"/api/card"}


def test_a_wrong_body_and_a_wrong_query_are_noticed(written: FakeMetabase) -> None:
    bodies = [body for method, path, body in written.writes() if (method, path) == ("POST", "/api/card")]
    wrong = bodies[0] | {"type": "kpi"}
    assert not body_schema("card create").is_valid(wrong)
    assert unlisted(body_schema("card create").schema, bodies[0] | {"colection_id": 3}) == {"colection_id"}
    board = next(body for _, _, body in written.writes() if body and body.get("dashcards"))
    misspelt = [card | {"size_z": 4} for card in board["dashcards"]]
    assert "dashcards.size_z" in unlisted(body_schema("dashboard update").schema, board | {"dashcards": misspelt})
    query = json.loads(json.dumps(bodies[0]["dataset_query"]))
    query["stages"][0]["aggregation"][0][1] = 5
    assert not query_schema().is_valid(query)
