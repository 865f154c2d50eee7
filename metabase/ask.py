"""Every question of callmart, asked of a running Metabase as people ask it: by itself, and on its dashboards with each
filter set. docker/smoke.sh runs it.

Belongs here: whether each gives an answer. Not here: whether the answer is right (tests/metabase on a release).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

from metabase.client import Client
from metabase.errors import MetabaseError
from metabase.marker import marker_of

# A value by type of filter. What matters is that Metabase accepts the filter on the question, not what is left of it.
VALUES: dict[str, Any] = {
    "date/all-options": "past30days~",
    "string/=": ["none"],
    "string/ends-with": ["none"],
    "id": ["none"],
    "number/=": [0],
}


def answers(client: Client) -> Iterator[tuple[str, str | None]]:
    """Each question by its name, then each by its dashboard's and its own; with it why there is no answer, or None.
    MetabaseError when Metabase can't be reached or lists no questions."""
    names = {card["id"]: card["name"] for card in _ours(client, "card")}
    for number, name in names.items():
        yield name, _problem(client, f"/api/card/{number}/query", {})
    for board in _ours(client, "dashboard"):
        whole = client.get(f"/api/dashboard/{board['id']}")
        types = {said["id"]: said["type"] for said in whole["parameters"]}
        for placed in (row for row in whole["dashcards"] if row["card_id"] in names):
            path = f"/api/dashboard/{board['id']}/dashcard/{placed['id']}/card/{placed['card_id']}/query"
            given = [_filter(types, mapping) for mapping in placed["parameter_mappings"]]
            yield f"{board['name']}: {names[placed['card_id']]}", _problem(client, path, {"parameters": given})


def _ours(client: Client, kind: str) -> list[dict[str, Any]]:
    return [row for row in client.get(f"/api/{kind}", f="all") if marker_of(row)]


def _filter(types: dict[str, str], mapping: dict[str, Any]) -> dict[str, Any]:
    kind = types[mapping["parameter_id"]]
    return {"id": mapping["parameter_id"], "type": kind, "value": VALUES[kind], "target": mapping["target"]}


def _problem(client: Client, path: str, body: dict[str, Any]) -> str | None:
    try:
        said = client.post(path, body)
    except MetabaseError as error:
        return str(error)
    return None if said.get("status") == "completed" and not said.get("error") else str(said.get("error"))


if __name__ == "__main__":
    asked = list(answers(Client(os.environ["CALLMART_METABASE_URL"], os.environ["CALLMART_METABASE_KEY"])))
    failed = [f"{name}: {problem}" for name, problem in asked if problem]
    print(f"{len(asked)} questions asked, {len(failed)} failed", *failed, sep="\n")
    raise SystemExit(bool(failed) or not asked)
