"""Claims about the contracts and their loader."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from expectations.contracts import LINEAGE, Contract, all_contracts, contract, load_contracts

FEEDS = ["asterisk.cdr", "asterisk.queue_log", "canonical.contact"]


def test_every_feed_of_the_project_has_a_contract() -> None:
    found = all_contracts()
    assert [name for name, said in found.items() if not said.is_reference] == FEEDS
    assert {name for name, said in found.items() if said.is_reference} == {
        "centre.setting", "centre.queue", "centre.agent", "centre.number", "centre.official_variant",
        "centre.feed_capability",
    }  # fmt: skip


@pytest.mark.parametrize("feed", FEEDS)
def test_feed_has_lineage_flags_key_and_time(feed: str) -> None:
    said = contract(feed)
    assert said.lake_columns[-len(LINEAGE) :] == LINEAGE
    assert "flags" in said.column_names
    assert said.event_time is not None and said.column(said.event_time).required
    assert said.natural_key


def test_reference_feed_has_no_lineage() -> None:
    assert contract("centre.queue").lake_columns == contract("centre.queue").columns


@pytest.mark.parametrize("feed", sorted(all_contracts()))
def test_types_are_duckdb_types_and_descriptions_are_there(feed: str) -> None:
    types = contract(feed).duckdb_types()
    with duckdb.connect() as db:
        db.execute("create table t (" + ", ".join(f'"{name}" {kind}' for name, kind in types.items()) + ")")
        described = {row[0]: row[1] for row in db.execute("describe t").fetchall()}
    assert described == types
    assert all(column.description for column in contract(feed).columns)


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
    said = contract("asterisk.cdr")
    data = said.model_dump(mode="json")
    data["columns"][0]["description"] = "Other words."
    assert Contract.model_validate(data).fingerprint() == said.fingerprint()
    data["columns"][0]["type"] = "BIGINT"
    assert Contract.model_validate(data).fingerprint() != said.fingerprint()


GOOD = """\
feed: a.b
title: {zh: 甲, en: A}
grain: One row per thing.
natural_key: [id]
event_time: at
columns:
  - {name: id, type: VARCHAR, required: true, description: Id.}
  - {name: at, type: TIMESTAMP, required: true, description: Time.}
"""


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("natural_key: [id]", "natural_key: [ident]", "'ident' is named but not defined"),
        ("event_time: at\n", "", "needs event_time"),
        ("name: at", "name: id", "occurs twice"),
        ("type: TIMESTAMP", "type: TIMESTAMPTZ", "type"),
        ("grain:", "grains:", "grains"),
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
