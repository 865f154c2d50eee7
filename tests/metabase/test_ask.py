"""What smoke.sh asks of a running Metabase: all of callmart's questions, wherever they stand."""

from __future__ import annotations

from typing import get_args

from metabase.ask import VALUES, answers
from metabase.content import Filter
from tests.metabase.conftest import Place


def test_every_question_is_asked_by_itself_and_on_its_dashboards_with_each_filter_set(place: Place) -> None:
    place.provisioner.apply()
    server, client = place.server, place.provisioner.client
    placed = [row for board in server.things["dashboard"].values() for row in board["dashcards"] if row["card_id"]]
    assert list(answers(client)) and [problem for _, problem in answers(client) if problem] == []
    asked = [(path, body) for _, path, body in server.log if path.endswith("/query")]
    assert len(asked) == 2 * (len(server.things["card"]) + len(placed))
    filters = [len(body["parameters"]) for path, body in asked if "/dashcard/" in path]
    assert sum(filters) == 2 * sum(len(row["parameter_mappings"]) for row in placed) > 0


def test_a_question_without_an_answer_is_told_with_where_it_stands(place: Place) -> None:
    place.provisioner.apply()
    board = place.server.named("dashboard", "four_dimensions")
    card = place.server.named("card", "four_dimensions__board")
    place.server.broken = {(True, card["id"])}
    failed = {name: problem for name, problem in answers(place.provisioner.client) if problem}
    assert failed == {f"{board['name']}: {card['name']}": "Binder Error"}
    place.server.broken = {(False, card["id"])}
    assert [name for name, problem in answers(place.provisioner.client) if problem] == [card["name"]]


def test_what_people_made_is_not_asked(place: Place) -> None:
    place.provisioner.apply()
    before = len(list(answers(place.provisioner.client)))
    place.provisioner.client.post("/api/card", {"name": "Ours", "entity_id": None})
    assert len(list(answers(place.provisioner.client))) == before


def test_there_is_a_value_for_each_type_of_filter() -> None:
    assert set(VALUES) == set(get_args(Filter.model_fields["type"].annotation))
