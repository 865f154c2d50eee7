"""Any canonical feed comes from a flat file by what its contract says, on rows made from the contract.

Here belongs: what holds of every mapped feed. Not here: the contact export's own cases (test_typing.py), the contracts.
"""

from __future__ import annotations

import csv
import io
import itertools
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from expectations.contracts import Column, Contract, all_contracts, contract
from orchestration.errors import InputError
from tests.orchestration.extract_kit import CENTRE, Kit, read

FEEDS = [name for name, said in all_contracts().items() if said.source == "canonical"]
BEGAN = datetime(2026, 3, 5, 10, 0)  # in Shanghai
HOURS_TO_UTC = timedelta(hours=-8)
PHONE = "13800138000"


def mapped_names(said: Contract) -> list[str]:
    """Columns and inputs that a mapping may name."""
    filled = {name for item in said.inputs for name in item.fills}
    own = [c.name for c in said.columns if c.name not in filled and c.name not in ("flags", "is_invalid")]
    return [*own, *(item.name for item in said.inputs)]


def places(said: Contract) -> dict[str, int]:
    """Each column's place in what the contract puts in order, from 0."""
    place = {column.name: 0 for column in said.columns}
    for _ in said.columns:
        for chain in said.ordered:
            for early, late in itertools.pairwise(chain):
                place[late] = max(place[late], place[early] + 1)
    return place


def good_row(said: Contract) -> dict[str, str]:
    """A row of texts as an export writes them, all columns given; instants are local, a minute apart."""
    place = places(said)

    def text(column: Column) -> str:
        if column.type == "TIMESTAMP":
            return f"{BEGAN + timedelta(minutes=place[column.name]):%Y-%m-%d %H:%M:%S}"
        if column.measured_in:
            return "0.5" if column.measured_in == "rate" else str(1 + place[column.name])
        if column.type in ("DATE", "BOOLEAN"):
            return {"DATE": "2026-03-05", "BOOLEAN": "true"}[column.type]
        return column.enum[0].upper() if column.enum else f" {column.name} 1 "

    row = {column.name: text(column) for column in said.columns}
    row |= {item.name: PHONE if item.is_number else "C-1" for item in said.inputs}
    return {name: row[name] for name in mapped_names(said)}


def kit_of(said: Contract, folder: Path) -> Kit:
    mapping = "".join(f'          {name}: "{name}"\n' for name in mapped_names(said))
    feed = f"      {said.name}:\n        paths: ['*.csv']\n        mapping:\n{mapping}"
    return Kit(folder, said.feed).configure(CENTRE + "sources:\n  canonical:\n    feeds:\n" + feed)


def sheet(*rows: dict[str, str]) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, rows[0].keys())
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


@pytest.mark.parametrize("feed", FEEDS)
def test_a_row_as_an_export_writes_it_fills_every_column_and_leaves_no_raw_personal_data(
    feed: str, tmp_path: Path
) -> None:
    said = contract(feed)
    kit = kit_of(said, tmp_path)
    kit.write("a.csv", sheet(good_row(said)))
    (row,) = kit.typed()
    place = places(said)
    assert row["flags"] is None
    for column in said.columns:
        value = row[column.name]
        if column.name == "flags":
            continue
        assert value is not None, column.name
        if column.type == "TIMESTAMP":
            assert value == BEGAN + timedelta(minutes=place[column.name]) + HOURS_TO_UTC, column.name
        elif column.enum and column.name not in {name for item in said.inputs for name in item.fills}:
            assert value == column.enum[0]
    assert not any(value == PHONE or value == "C-1" for value in row.values())


@pytest.mark.parametrize("feed", FEEDS)
def test_a_value_that_is_none_of_its_kind_is_null_and_flagged_or_refuses_its_row(feed: str, tmp_path: Path) -> None:
    said = contract(feed)
    kit = kit_of(said, tmp_path)
    wrong = {
        column.name: "nonsense"
        for column in said.columns
        if column.name in mapped_names(said) and (column.type != "VARCHAR" or column.enum)
    }
    rows = {name: good_row(said) | {name: text} for name, text in wrong.items()}
    # each row has a key of its own, as far as texts are of the key
    for number, row in enumerate(rows.values()):
        row |= {name: f"{row[name]}{number}" for name in said.natural_key if name in row and name not in wrong}
    kit.write("a.csv", sheet(*rows.values()))
    by_line = {row["source_line"]: row for row in kit.typed()}
    refused = {row["source_line"]: row for row in kit.refused()}
    assert len(by_line) + len(refused) == len(rows)
    for line, name in enumerate(rows, 2):
        column = said.column(name)
        if line in refused:
            assert column.required and refused[line]["column_name"] == name, name
            continue
        value = "other" if column.enum and "other" in column.enum else None
        assert by_line[line][name] == value, name
        assert f"bad_{name}" in by_line[line]["flags"].split(","), name


@pytest.mark.parametrize("feed", FEEDS)
def test_what_must_not_run_backwards_is_flagged_and_kept(feed: str, tmp_path: Path) -> None:
    said = contract(feed)
    kit = kit_of(said, tmp_path)
    for number, chain in enumerate(said.ordered):
        early, late = chain[:2]
        if said.column(early).type != "TIMESTAMP" or late == said.event_time:
            continue
        row = good_row(said)
        row[late] = f"{BEGAN - timedelta(hours=1):%Y-%m-%d %H:%M:%S}"
        kit.write("a.csv", sheet(row))
        flags = {flag for found in kit.typed() for flag in str(found["flags"]).split(",")}
        assert f"order_{early}_{late}" in flags, (number, chain)


@pytest.mark.parametrize("feed", [name for name in FEEDS if contract(name).version_column])
def test_of_two_versions_of_a_record_the_later_one_stays_whatever_order_they_come_in(feed: str, tmp_path: Path) -> None:
    """Also where the version is the event time, so that the record moves to another date. A version that is of the key
    is a record of its own."""
    said = contract(feed)
    kit = kit_of(said, tmp_path)
    version = said.version_column or ""
    moment = datetime(2026, 3, 7, 10, 0)
    kit.write("a.csv", sheet(good_row(said) | {version: f"{moment:%Y-%m-%d %H:%M:%S}"}))
    kit.write("b.csv", sheet(good_row(said)))
    found = [row[version] for candidate in kit.refresh() for row in read(candidate.target)]
    assert moment + HOURS_TO_UTC in found
    assert len(found) == (2 if version in said.natural_key else 1)


def test_an_identity_that_is_a_number_has_the_hash_that_the_caller_has(tmp_path: Path) -> None:
    hashes = []
    for feed, column in (("canonical.customer_identity", "identity_hash"), ("canonical.contact", "caller_hash")):
        said = contract(feed)
        folder = tmp_path / said.name
        folder.mkdir()
        written = good_row(said) | {"identity_value": "ignored"}
        written |= {item.name: "+86 138-0013-8000" for item in said.inputs if item.is_number}
        kit = kit_of(said, folder)
        kit.write("a.csv", sheet(written))
        hashes += [row[column] for row in kit.typed()]
    assert len(hashes) == 2 and hashes[0] == hashes[1]


def test_a_rule_that_makes_rows_invalid_needs_a_feed_that_knows_invalid_rows(tmp_path: Path) -> None:
    kit = kit_of(contract("canonical.ticket"), tmp_path)
    text = (tmp_path / "callmart.yaml").read_text("utf-8")
    kit.configure(text + "        rules: [{name: test, when: ticket_id = 'x', action: invalid, reason: a test}]\n")
    with pytest.raises(InputError, match="can't be invalid"):
        _ = kit.config


@pytest.mark.parametrize(
    ("sql", "problem"),
    [
        ("cast(month as double)", "it gives DOUBLE, DATE is needed"),
        ("cast(month as timestamptz)", "it gives TIMESTAMP WITH TIME ZONE, DATE is needed"),
    ],
)
def test_a_date_is_not_made_of_what_names_no_local_date(tmp_path: Path, sql: str, problem: str) -> None:
    kit = kit_of(contract("canonical.cost"), tmp_path)
    text = (tmp_path / "callmart.yaml").read_text("utf-8")
    kit.configure(text.replace('month: "month"', f"month: {sql}"))
    kit.write("a.csv", sheet(good_row(contract("canonical.cost"))))
    with pytest.raises(InputError, match=problem):
        kit.type()


def test_money_may_be_negative_and_keeps_its_places(tmp_path: Path) -> None:
    said = contract("canonical.cost")
    kit = kit_of(said, tmp_path)
    kit.write("a.csv", sheet(good_row(said) | {"amount": "-1234567890.1234"}))
    (row,) = kit.typed()
    assert str(row["amount"]) == "-1234567890.1234" and row["flags"] is None
