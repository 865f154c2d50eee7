"""Claims about the contracts and their loader."""

from __future__ import annotations

import copy
import csv
import re
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from expectations.contracts import (
    LINEAGE,
    METRICS,
    NUMERIC,
    Contract,
    all_contracts,
    contract,
    links_of,
    load_contracts,
)

CANONICAL = (
    "action", "agent_state", "api_call", "api_call_minute", "audio_quality", "calendar_event", "chat_message",
    "complaint", "compliance_record", "contact", "cost", "customer", "customer_identity", "do_not_call",
    "feed_heartbeat", "interaction_sync", "invite", "ivr_step", "knowledge_use", "lead", "leg", "order",
    "qa_evaluation", "qa_evaluation_item", "query_log", "queue_offer", "queue_visit", "recording",
    "sentiment_alert", "shift", "survey_invitation", "survey_response", "ticket", "ticket_event", "ticket_field",
    "transfer",
)  # fmt: skip
FEEDS = ["asterisk.cdr", "asterisk.cel", "asterisk.queue_log", *(f"canonical.{name}" for name in CANONICAL)]
ENTITIES = (
    "action", "calendar_event", "complaint", "compliance_record", "contact", "cost", "customer", "customer_identity",
    "do_not_call", "interaction_sync", "lead", "order", "qa_evaluation", "qa_evaluation_item", "recording",
    "sentiment_alert", "shift", "ticket", "ticket_field",
)  # fmt: skip
# Metrics that no contract names yet, and the source that is missing.
NO_FEED_YET = {
    "M043": "line usage", "M044": "line status", "M045": "line status", "M161": "access log",
    "M163": "speech analysis", "M181": "staff records",
}  # fmt: skip


def test_every_feed_of_the_project_has_a_contract() -> None:
    found = all_contracts()
    assert [name for name, said in found.items() if not said.is_reference] == FEEDS
    assert {name for name, said in found.items() if said.is_reference} == {
        "centre.setting", "centre.queue", "centre.agent", "centre.number", "centre.official_variant",
        "centre.feed_capability", "centre.feed_state", "centre.feed_day", "centre.feed_refusal",
        "centre.feed_drift",
    }  # fmt: skip


@pytest.mark.parametrize("feed", FEEDS)
def test_feed_has_lineage_flags_key_and_time(feed: str) -> None:
    said = contract(feed)
    assert said.lake_columns[-len(LINEAGE) :] == LINEAGE
    assert "flags" in said.column_names
    assert said.event_time is not None and said.column(said.event_time).required
    assert said.natural_key


@pytest.mark.parametrize("feed", FEEDS)
def test_key_and_event_time_are_required_and_the_event_time_lies_in_the_past(feed: str) -> None:
    said = contract(feed)
    assert all(said.column(name).required for name in (*said.natural_key, said.event_time or ""))
    assert not said.column(said.event_time or "").planned


def test_what_changes_has_a_version_and_what_happens_once_has_none() -> None:
    found = {feed for feed in FEEDS if contract(feed).version_column}
    assert found == {f"canonical.{name}" for name in ENTITIES}


def test_contracts_name_known_metrics_and_together_all_that_a_feed_can_give() -> None:
    named = {metric for said in all_contracts().values() for metric in said.metrics}
    assert len(METRICS) == 183 and named <= set(METRICS)
    assert set(METRICS) - named == set(NO_FEED_YET)


def test_a_feed_names_every_metric_of_the_registry_for_which_it_is_enough() -> None:
    with (Path(__file__).parents[2] / "seeds" / "kpi_definition.csv").open(encoding="utf-8", newline="") as handle:
        needs = {(row["kpi_id"], row["needs"]) for row in csv.DictReader(handle)}
    lacking = {
        (feed, metric)
        for feed, said in all_contracts().items()
        for metric, need in needs
        if set(need.split(";")) <= set(said.capabilities()) and metric not in said.metrics
    }
    assert lacking == set()


def test_a_feed_provides_nothing_before_a_model_reads_it() -> None:
    models = (Path(__file__).parents[2] / "dbt_project" / "models").rglob("*.sql")
    # two models go across all feeds, for the checks of links
    across = ("stg_canonical__link", "stg_canonical__named")
    sql = "".join(path.read_text("utf-8") for path in models if path.stem not in across)
    for said in all_contracts().values():
        assert f"lake('{said.source}', '{said.name}')" in sql or said.capabilities() == (), said.feed


def test_every_column_that_names_a_record_of_another_feed_is_a_link() -> None:
    canonical = [said for said in all_contracts().values() if said.source == "canonical"]
    keys = {said.natural_key[0]: said.feed for said in canonical if len(said.natural_key) == 1}
    keys |= {"customer_key": "canonical.customer"}
    for own in ("api_call_id", "event_id", "transfer_id"):  # nothing names these
        del keys[own]
    missing = {
        f"{said.feed}.{column}"
        for said in canonical
        for column in said.column_names
        for key, feed in keys.items()
        if column.endswith(key) and column not in said.links and feed != said.feed
    }
    assert missing == set()
    wrong = {
        f"{said.feed}.{column} -> {named.feed}"
        for said, column, named in links_of(canonical)
        if not column.endswith(named.natural_key[0])
    }
    assert wrong == set()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"links": {"no_such": "canonical.contact"}}, "'no_such' is named but not defined"),
        ({"links": {}, "follows": "contact_id"}, "it follows 'contact_id', which no link says to name a contact"),
    ],
)
def test_a_link_that_says_nothing_is_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Contract.model_validate(contract("canonical.transfer").model_dump() | change)


def test_a_link_to_a_feed_without_contract_is_refused() -> None:
    lost = contract("canonical.transfer").model_copy(update={"links": {"contact_id": "canonical.call"}})
    with pytest.raises(ValueError, match=r"contact_id names records of canonical\.call, which has no contract"):
        links_of([lost])


def test_every_version_of_a_customer_stays() -> None:
    said = contract("canonical.customer")
    assert said.version_column in said.natural_key and said.event_time == said.version_column


def test_every_number_has_a_unit() -> None:
    for said in all_contracts().values():
        for column in said.lake_columns:
            assert (column.type in NUMERIC) == (column.measured_in is not None), f"{said.feed}: {column.name}"


def test_reference_feed_has_no_lineage() -> None:
    assert contract("centre.queue").lake_columns == contract("centre.queue").columns


@pytest.mark.parametrize("feed", sorted(all_contracts()))
def test_types_are_duckdb_types_and_descriptions_are_there(feed: str) -> None:
    types = contract(feed).duckdb_types()
    with duckdb.connect() as db:
        db.execute("create table t (" + ", ".join(f'"{name}" {kind}' for name, kind in types.items()) + ")")
        described = {row[0]: row[1] for row in db.execute("describe t").fetchall()}
    assert described == types


@pytest.mark.parametrize("feed", sorted(all_contracts()))
def test_everything_is_said_in_chinese_and_in_english(feed: str) -> None:
    said = contract(feed)
    pairs = [(column.zh, column.description) for column in said.lake_columns]
    pairs += [(item.zh, item.description) for item in said.inputs]
    for zh, en in [*pairs, (said.grain.zh, said.grain.en)]:
        assert re.search(r"[\u4e00-\u9fff]", zh) and zh.endswith("。"), zh
        assert re.search(r"[A-Za-z]", en) and en.endswith((".", "…")) and not re.search(r"[\u3000-\u9fff]", en), en


def test_no_column_of_the_lake_is_raw_personal_data() -> None:
    for said in all_contracts().values():
        raw = {item.name for item in said.inputs}
        assert not raw & {column.name for column in said.lake_columns}
        assert all(
            said.column(name).pii or name.endswith(("prefix", "number_type")) for i in said.inputs for name in i.fills
        )


def test_capabilities_are_of_the_feed_and_of_its_columns() -> None:
    said = contract("canonical.contact")
    assert "contact" in said.capabilities() and "contact_talk" in said.capabilities()
    assert said.column("talk_s").provides == "contact_talk"


def test_fingerprint_follows_the_schema_and_not_the_words() -> None:
    """A translation, or what only checks and readers want to know, must not retype the lake."""
    base = yaml.safe_load(GOOD)
    base["inputs"] = [
        {"name": "n", "type": "VARCHAR", "pii": "raw", "fills": ["id"], "zh": "号。", "description": "N."}
    ]
    words: dict[str, Any] = {"description": "Other words.", "zh": "别的话。"}

    def fingerprint(columns: dict[int, dict[str, Any]], **changes: Any) -> str:
        said = copy.deepcopy(base) | changes
        for index, changed in columns.items():
            said["columns"][index] |= changed
        return Contract.model_validate(said).fingerprint()

    other = {"zh": "别的话", "en": "Other words"}
    named = {"metrics": ["M007"], "provides": ["contact"], "steady": False, "ordered": [["at", "ends_at"]]}
    translated = [item | words for item in base["inputs"]]
    same = fingerprint({0: words | {"provides": "contact"}}, title=other, grain=other, inputs=translated, **named)
    assert same == fingerprint({})
    talk: dict[str, Any] = {"name": "talk"}
    assert fingerprint({3: talk | {"unit": "points"}}) == fingerprint({3: talk | {"unit": "count"}})
    changes: list[dict[int, dict[str, Any]]] = [
        {0: {"enum": ["a"]}}, {0: {"pii": "masked"}}, {0: {"default": "'a'"}}, {2: {"planned": True}},
        {2: {"required": True}}, {3: {"type": "BIGINT"}}, {3: {"name": "hold_s"}},
    ]  # fmt: skip
    found = [fingerprint(change) for change in changes]
    assert len({*found, fingerprint({})}) == len(changes) + 1


GOOD = """\
feed: a.b
title: {zh: 甲, en: A}
grain: {zh: 每件一行。, en: One row per thing.}
metrics: [M001-M003, M021]
natural_key: [id]
event_time: at
columns:
  - {name: id, type: VARCHAR, required: true, zh: 编号。, description: Id.}
  - {name: at, type: TIMESTAMP, required: true, zh: 时刻。, description: Time.}
  - {name: ends_at, type: TIMESTAMP, zh: 结束时刻。, description: End.}
  - {name: talk_s, type: DOUBLE, zh: 通话秒数。, description: Talk.}
"""


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("natural_key: [id]", "natural_key: [ident]", "'ident' is named but not defined"),
        ("event_time: at\n", "", "needs event_time"),
        ("name: at", "name: id", "occurs twice"),
        ("type: TIMESTAMP", "type: TIMESTAMPTZ", "type"),
        ("grain:", "grains:", "grains"),
        ("M001-M003, M021", "", "no metric needs this feed"),
        ("M001-M003", "M184", "'M184' is no metric id"),
        ("M001-M003", "M003-M001", "'M003-M001' is no metric id"),
        ("zh: 编号。, ", "", "zh"),
        ("VARCHAR, required: true", "VARCHAR", "id is of the key or the event time and must be required"),
        ("TIMESTAMP,", "TIMESTAMP, planned: true,", "not planned"),
        ("name: talk_s", "name: talk", "a number needs a unit"),
        ("DOUBLE,", "DOUBLE, unit: s,", "the name tells the unit already"),
        ("talk_s, type: DOUBLE", 'talk, unit: money, type: "DECIMAL(18,4)"', "money needs a column currency"),
        ("talk_s, type: DOUBLE", "talk, unit: money, type: DOUBLE", "money, and only money, is DECIMAL(18,4)"),
        ("columns:", "ordered: [[at, talk_s]]\ncolumns:", "can't be put in order"),
        ("columns:", "ordered: [[at, gone_at]]\ncolumns:", "'gone_at' is named but not defined"),
    ],
)
def test_contract_that_contradicts_itself_names_its_file(tmp_path: Path, old: str, new: str, words: str) -> None:
    (tmp_path / "a.yml").write_text(GOOD, "utf-8")
    assert list(load_contracts(tmp_path)) == ["a.b"]
    (tmp_path / "a.yml").write_text(GOOD.replace(old, new), "utf-8")
    with pytest.raises(ValueError, match=r"a\.yml") as caught:
        load_contracts(tmp_path)
    assert words in str(caught.value)


def test_feed_defined_twice_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.yml").write_text(GOOD, "utf-8")
    (tmp_path / "b.yml").write_text(GOOD, "utf-8")
    with pytest.raises(ValueError, match="defined twice"):
        load_contracts(tmp_path)
