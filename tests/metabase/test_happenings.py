"""Timelines and alerts: what is made of a release, and what people may do with it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from metabase.alerts import read_rules
from metabase.errors import MetabaseError
from metabase.items import Item
from metabase.marts import PROJECT, read_value_names
from metabase.provision import Change
from metabase.render import Sources, render
from metabase.timelines import read_events
from tests.metabase.conftest import Place, only, provisioner, tables_of
from tests.metabase.fake import FakeMetabase

SALE = "calendar.metrics.sale"


@pytest.fixture(scope="module")
def happenings(items: dict[str, list[Item]]) -> list[Item]:
    """All timelines with their events, and one alert."""
    events = [item.key for item in items["en"] if item.kind == "timeline_event"]
    wanted = [("timeline_event", key) for key in events]
    return only(items["en"], *wanted, ("alert", "slow_response"), ("collection", "boards"))


@pytest.fixture
def place(sources: Sources, happenings: list[Item]) -> Place:
    server = FakeMetabase({name: sources.marts[name] for name in tables_of(happenings)})
    return Place(server, provisioner(server, happenings))


def change_of(changes: list[Change], key: str) -> Change:
    (found,) = [change for change in changes if change.key == key]
    return found


def alert(place: Place) -> dict[str, Any]:
    (found,) = place.server.things["alert"].values()
    return found


def test_events_and_actions_of_a_release_are_told_in_both_languages(tmp_path: Path) -> None:
    file = tmp_path / "callmart.duckdb"
    with duckdb.connect(str(file)) as con:
        con.execute("create schema marts")
        con.execute(
            "create table marts.dim_event as select * from (values "
            "('e2', 'outage', null, date '2026-03-09', date '2026-03-09', 'Asia/Shanghai'), "
            "('e1', 'promotion', '大促', date '2026-03-03', date '2026-03-05', 'Asia/Shanghai')) "
            "as t (event_id, kind, event_name, local_start_date, local_end_date, timezone)"
        )
        con.execute(
            "create table marts.rpt_action_review as select * from (values "
            "('a1', '加人', '等待久', 'M024', '平均等待', 'Mean wait', date '2026-03-01', timestamp '2026-03-08'), "
            "('a2', '改菜单', null, 'X1', null, null, date '2026-03-02', null)) as t (action_id, measure, problem, "
            "metric_id, metric_name_zh, metric_name_en, local_created_date, local_done_at)"
        )
        con.execute(
            "create table marts.fct_action as "
            "select action_id, 'Asia/Shanghai' as timezone from marts.rpt_action_review"
        )
    sale, outage, done, begun = read_events(file, read_value_names())
    assert (sale.name.zh, sale.name.en, sale.about.en) == ("促销：大促", "Promotion: 大促", "2026-03-03 to 2026-03-05")
    assert (outage.name.zh, outage.name.en, outage.day) == ("故障", "Outage", date(2026, 3, 9))
    assert (done.name.en, done.day, done.about.zh) == ("Action done: 加人", date(2026, 3, 8), "等待久 · M024 平均等待")
    assert (begun.name.zh, begun.day, begun.about.en) == ("措施立项：改菜单", date(2026, 3, 2), "X1")


def test_a_release_of_before_there_were_events_is_told(tmp_path: Path) -> None:
    duckdb.connect(str(tmp_path / "old.duckdb")).close()
    with pytest.raises(MetabaseError, match="no calendar of events") as told:
        read_events(tmp_path / "old.duckdb", {})
    assert told.value.todo and "build once more" in told.value.todo


def test_every_event_stands_once_in_each_collection_of_its_timeline(place: Place) -> None:
    assert not [change for change in place.provisioner.apply() if change.action == "failed"]
    timelines = place.server.things["timeline"].values()
    assert len(timelines) == 4 and len({(row["collection_id"], row["icon"]) for row in timelines}) == 4
    assert len(place.server.things["timeline_event"]) == 4
    sale = place.server.named("timeline_event", SALE)
    assert (sale["timestamp"], sale["time_matters"], sale["timezone"]) == (
        *("2026-03-03T00:00:00Z", False, "Asia/Shanghai"),
    )
    assert {change.action for change in place.provisioner.plan()} == {"same"}


def test_an_event_that_moved_in_the_calendar_moves(place: Place, sources: Sources) -> None:
    place.provisioner.apply()
    moved = replace(sources, events=[replace(event, day=date(2026, 3, 4)) for event in sources.events])
    newer = {(item.kind, item.key): item for item in render(moved, "en")}
    place.saying([newer.get((item.kind, item.key), item) for item in place.provisioner.items]).provisioner.apply()
    assert place.server.named("timeline_event", SALE)["timestamp"].startswith("2026-03-04")


def test_an_event_that_left_the_calendar_stays_and_is_told(place: Place, sources: Sources) -> None:
    """Also the last of all events."""
    place.provisioner.apply()
    before = dict(place.server.named("timeline_event", SALE))
    for left in (sources.events[1:], []):
        kinds = {(item.kind, item.key) for item in render(replace(sources, events=left), "en")}
        kept = [
            item for item in place.provisioner.items if item.kind != "timeline_event" or (item.kind, item.key) in kinds
        ]
        fewer = place.saying(kept).provisioner
        for run in (fewer.plan, fewer.apply):
            told = change_of(run(), SALE)
            assert told.action == "kept" and 'no longer has "Promotion: sale" of 2026-03-03: put it' in told.why
        assert len([change for change in fewer.plan() if change.action == "kept"]) == 2 * (2 - len(left))
    assert place.server.named("timeline_event", SALE) == before
    place.server.named("timeline", "calendar.metrics")["archived"] = True
    place.server.named("timeline_event", SALE)["archived"] = True
    assert SALE not in {change.key for change in fewer.plan()}


@pytest.mark.parametrize("theirs", [{"name": "Our sale"}, {"timestamp": "2026-03-05T00:00:00Z"}, {"archived": True}])
def test_an_event_that_people_changed_is_left_alone(place: Place, theirs: dict[str, Any]) -> None:
    place.provisioner.apply()
    event = place.server.named("timeline_event", SALE)
    event.update(theirs)
    before = dict(event)
    assert change_of(place.provisioner.apply(), SALE).action == "kept"
    assert event == before and len(place.server.things["timeline_event"]) == 4


def test_an_event_of_people_is_never_written(place: Place) -> None:
    place.provisioner.apply()
    timeline = place.server.named("timeline", "calendar.metrics")["id"]
    said = {"name": "Party", "description": None, "timestamp": "2026-03-03T00:00:00Z", "timeline_id": timeline}
    party = place.server._create("timeline_event", said)
    written = len(place.server.writes())
    assert {change.action for change in place.provisioner.apply()} == {"same"}
    assert len(place.server.writes()) == written and party["name"] == "Party"


def test_a_timeline_in_the_trash_gets_no_new_events(place: Place) -> None:
    late = [item for item in place.provisioner.items if item.key != SALE]
    place.saying(late).provisioner.apply()
    place.server._change("timeline", place.server.named("timeline", "calendar.metrics")["id"], {"archived": True})
    done = place.provisioner.apply()
    assert (change_of(done, SALE).action, change_of(done, "calendar.metrics").action) == ("kept", "kept")


def test_an_alert_writes_to_the_group_of_the_role_that_answers_for_it(place: Place) -> None:
    assert not [change for change in place.provisioner.apply() if change.action == "failed"]
    made = alert(place)
    card = place.server.named("card", "alert_slow_response")
    assert made["payload"] == {"card_id": card["id"], "send_condition": "has_result", "send_once": False}
    (handler,) = made["handlers"]
    (recipient,) = handler["recipients"]
    (group,) = [row for row in place.server.groups if row["id"] == recipient["permissions_group_id"]]
    assert group["name"] == "callmart 运营经理 / operations manager"
    assert made["subscriptions"][0]["cron_schedule"] == "0 0 8 * * ? *"
    assert "Add agents" in card["description"] or "more agents" in card["description"]


def test_an_alert_is_made_once_and_then_belongs_to_people(place: Place) -> None:
    place.provisioner.apply()
    theirs = {"active": False, "subscriptions": [], "handlers": []}
    alert(place).update(theirs)
    written = len(place.server.writes())
    assert {change.action for change in place.provisioner.apply()} == {"same"}
    assert len(place.server.writes()) == written and alert(place).items() >= theirs.items()


def test_an_alert_whose_question_lies_in_the_trash_is_not_made_again(place: Place) -> None:
    place.provisioner.apply()
    place.server.named("card", "alert_slow_response")["archived"] = True
    place.server.things["alert"].clear()  # Metabase ends the alerts of a question in the trash
    assert change_of(place.provisioner.apply(), "slow_response").action == "kept"
    assert place.server.things["alert"] == {}


@pytest.mark.parametrize("failure", ["before", "after"])
def test_timelines_and_alerts_are_never_made_twice(place: Place, failure: str) -> None:
    """Every second request of theirs that creates times out."""
    paths = ("/api/timeline", "/api/timeline-event", "/api/notification")
    asked: list[int] = []

    def fails(number: int, method: str, path: str) -> str | None:
        if method == "POST" and path in paths:
            asked.append(number)
            return failure if len(asked) % 2 else None
        return None

    place.server.fail = fails
    done = place.provisioner.apply()
    assert len(asked) >= 9 and not [change for change in done if change.action == "failed"]
    counts = {kind: len(place.server.things[kind]) for kind in ("timeline", "timeline_event", "alert")}
    assert counts == {"timeline": 4, "timeline_event": 4, "alert": 1}
    place.server.fail = lambda number, method, path: None
    assert {change.action for change in place.provisioner.apply()} == {"same"}


def test_each_rule_with_a_trigger_has_an_alert_and_those_of_a_group_have_one_together() -> None:
    rules = {rule.key: rule for rule in read_rules()}
    assert rules["slow_response"].kpi_ids == ("M034", "M035") and "M034" not in rules
    assert rules["slow_response"].condition == "rule_group = 'slow_response'"
    assert rules["m022"].condition == "kpi_id = 'M022' and rule_group is null"
    assert rules["m140"].grains == {"month"} and rules["m093"].grains == {"day", "week"}
    assert (PROJECT / "seeds" / "strategy_rule.csv").read_text("utf-8").count("script_violation") == 1
    assert "script_violation" not in rules  # no trigger of that group holds


def test_a_rule_on_months_is_told_once_a_week(items: dict[str, list[Item]]) -> None:
    bodies = {item.key: item.body for item in items["en"] if item.kind == "alert"}
    schedules = {key: body["subscriptions"][0]["cron_schedule"] for key, body in bodies.items()}
    assert schedules["m140"] == "0 0 8 ? * MON *" and schedules["m093"] == schedules["m032"] == "0 0 8 * * ? *"
    assert len(bodies) == len(read_rules())
