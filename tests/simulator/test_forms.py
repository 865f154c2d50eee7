"""Records leave the simulation in the forms of real systems, and arrive in the lake as they were."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import urllib.error
import urllib.request
import zipfile
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from expectations.contracts import all_contracts
from orchestration import paths
from orchestration.config import DEMO_HASH_KEY, HASH_KEY_VARIABLE, Config, load_config
from orchestration.extract import drift, lake
from orchestration.feeds import land_all
from simulator import SettingError, simulate
from simulator.books import Books, Written
from simulator.centre import Centre
from simulator.company import Company
from simulator.defect_kinds import DEFECTS, chosen
from simulator.events import Contact
from simulator.records import Record
from simulator.serve import DEMO_TOKEN, serving
from simulator.truth.around import Truth
from tests.simulator.record_drawer import FEEDS, draw

START = date(2026, 3, 2)
FIRST_DAY = (START - date(1970, 1, 1)).days
NOW = datetime(2026, 4, 1, tzinfo=UTC)
DAYS, PER_DAY = 2, 12
OF_EACH_SYSTEM = ("order", "ticket", "api_call_minute", "survey_response", "qa_evaluation", "ivr_step", "cost")


@dataclass(frozen=True)
class Built:
    """A simulation of drawn records and what callmart landed of it."""

    folder: Path
    records: list[Record]
    refused: dict[str, int] = field(default_factory=dict)

    @property
    def source(self) -> Path:
        return self.folder / "source"

    @property
    def root(self) -> Path:
        return self.folder / "data"

    @property
    def config(self) -> Config:
        return load_config(self.source / "callmart.yaml")

    @property
    def truth(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.source / "truth.json").read_text("utf-8"))
        return found

    def land(self, now: datetime = NOW) -> dict[str, list[date]]:
        """Land everything while the APIs answer; the dates to build of each feed."""
        with serving(self.source) as variables, environment(variables):
            return land_all(self.config, self.root, now)

    def publish(self, touched: dict[str, list[date]]) -> None:
        """Bring the dates into the lake, unaudited: drawn records mean nothing. Notes the refused rows of each feed."""
        config = self.config
        with environment({}):
            for name, days in touched.items():
                for candidate in lake.build_candidates(config.feed(name), config, self.root, days):
                    lake.publish(candidate)
                accounting = lake.accounting(config.feed(name), config, self.root)
                accounting.check()
                self.refused[name] = accounting.refused

    def lake(self, feed: str) -> list[dict[str, Any]]:
        """Rows of a feed in the lake."""
        files = sorted(paths.lake_dir(self.root, feed).glob("dt=2026*/part-0.parquet"))
        with duckdb.connect() as db:
            found = db.execute("select * from read_parquet(?)", [[str(file) for file in files]])
            names = [column[0] for column in found.description or []]
            return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


@contextmanager
def environment(variables: dict[str, str]) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {HASH_KEY_VARIABLE: DEMO_HASH_KEY, **variables}.items():
            patch.setenv(name, value)
        yield


class Indifferent(Truth):
    """Drawn records mean nothing, so nothing is counted."""

    def add(self, record: Record) -> None:
        pass


def company_of(records: list[Record]) -> type[Company]:
    """Systems that write these records, whatever happens."""

    class Drawn(Company):
        def begin(self, centre: Centre) -> None:
            assert isinstance(self._books, Books)
            self._books.truth = Indifferent(self._ends, lambda *_: "")
            self._put(records)

        def contact(self, contact: Contact) -> None:
            pass

        def record(self, record: Record) -> None:
            pass

        def close(self) -> Written:
            return self._finish()

    return Drawn


def simulated(
    folder: Path,
    feeds: tuple[str, ...] = FEEDS,
    seed: int = 5,
    days: int = DAYS,
    defects: tuple[str, ...] = (),
    per_day: int = PER_DAY,
) -> Built:
    """A centre whose systems wrote drawn records of these feeds; its telephones ring a little, too."""

    records = draw(seed, feeds, FIRST_DAY, days, per_day)
    simulate(folder / "source", days, 8, 3, START, calls_per_day=20, defects=defects, company=company_of(records))
    return Built(folder, records)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Every feed, in the lake."""
    made = simulated(tmp_path_factory.mktemp("forms"))
    made.publish(made.land())
    return made


def digests(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


# --- what arrives ---------------------------------------------------------------------------------------------------


def plain(feed: str, rows: Iterable[dict[str, Any]]) -> list[list[str]]:
    """Rows of a feed without what is hashed, comparable whether they come from records or from the lake."""
    contract = all_contracts()[feed]
    filled = {column for item in contract.inputs for column in item.fills} | {"flags", "is_invalid"}
    columns = [column for column in contract.columns if column.name not in filled]
    return sorted([_shown(row.get(column.name), column.type) for column in columns] for row in rows)


def _shown(value: Any, kind: str) -> str:
    if value is None:
        return ""
    if kind == "TIMESTAMP":
        return str(value if isinstance(value, datetime) else datetime.fromtimestamp(value, UTC).replace(tzinfo=None))
    return f"{float(value):.6f}" if isinstance(value, float | int | Decimal) and kind != "BOOLEAN" else str(value)


def latest(records: Iterable[Record]) -> dict[str, list[dict[str, Any]]]:
    """The last state of each thing that the records tell of, by feed."""
    states: dict[str, dict[tuple[Any, ...], dict[str, Any]]] = defaultdict(dict)
    for record in records:
        contract = all_contracts()[record.feed]
        inputs = {column: item.name for item in reversed(contract.inputs) for column in item.fills}
        key = tuple(record.row[inputs.get(column, column)] for column in contract.natural_key)
        states[record.feed][key] = record.row
    return {feed: list(rows.values()) for feed, rows in states.items()}


@pytest.mark.parametrize("feed", FEEDS)
def test_the_lake_has_the_last_state_of_every_record(built: Built, feed: str) -> None:
    expected = latest(built.records)[feed]
    found = built.lake(feed)
    assert len(found) == len(expected) >= DAYS * PER_DAY
    assert plain(feed, found) == plain(feed, expected)
    flags = {flag for row in found for flag in (row["flags"] or "").split(",") if flag}
    assert not {flag for flag in flags if flag.startswith(("bad_", "order_", "negative_"))}
    for item in all_contracts()[feed].inputs:
        for column in item.fills:
            if item.name in expected[0] and column.endswith(("_key", "_hash")):
                assert len({row[column] for row in found}) == len({row[item.name] for row in expected})


def test_records_that_are_written_after_the_end_stay_inside(tmp_path: Path) -> None:
    made = simulated(tmp_path, ("canonical.survey_invitation",))
    late = [record for record in made.records if record.at >= (FIRST_DAY + DAYS) * 86400 - 8 * 3600]
    assert made.truth["meta"]["records"] == {"canonical.survey_invitation": len(made.records) - len(late)}


# --- the same again -------------------------------------------------------------------------------------------------


def test_the_same_records_give_the_same_bytes(built: Built, tmp_path: Path) -> None:
    assert digests(simulated(tmp_path).source) == digests(built.source)


def test_the_same_simulation_again_brings_nothing_new(tmp_path: Path) -> None:
    feeds = tuple(f"canonical.{name}" for name in OF_EACH_SYSTEM)
    made = simulated(tmp_path, feeds)
    touched = made.land()
    assert all(touched[feed] for feed in feeds)
    made.publish(touched)
    assert not any(simulated(tmp_path, feeds).land(NOW + timedelta(hours=1)).values())


def test_a_workbook_has_no_clock(built: Built) -> None:
    (path,) = (built.source / "quality").glob("*.xlsx")
    with zipfile.ZipFile(path) as book:
        assert {item.date_time for item in book.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        properties = book.read("docProps/core.xml").decode()
    assert properties.count("2026-03-02T00:00:00Z") == 2


# --- the helpdesk's API ---------------------------------------------------------------------------------------------


def test_a_longer_simulation_is_read_on_from_where_the_last_look_ended(tmp_path: Path) -> None:
    feeds = ("canonical.ticket_event",)
    first = simulated(tmp_path, feeds)
    first.publish(first.land())
    longer = simulated(tmp_path, feeds, days=DAYS + 1)
    touched = longer.land(NOW + timedelta(hours=1))["canonical.ticket_event"]
    assert touched == [START + timedelta(days=DAYS)]
    longer.publish({"canonical.ticket_event": touched})
    assert len(longer.lake("canonical.ticket_event")) == len(longer.records)


def test_another_centre_in_the_same_folder_is_read_from_its_beginning(tmp_path: Path) -> None:
    feeds = ("canonical.ticket",)
    first = simulated(tmp_path, feeds)
    first.publish(first.land())
    other = simulated(tmp_path, feeds, seed=6)
    touched = other.land(NOW + timedelta(hours=1))["canonical.ticket"]
    assert touched == [START + timedelta(days=day) for day in range(DAYS)]


def test_nobody_reads_tickets_without_the_token(built: Built) -> None:
    with serving(built.source) as variables:
        address = f"{variables['CALLMART_SIMULATED_API']}/helpdesk/v1/tickets/changes?since=2026-03-02&limit=2"
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(address)
        with urllib.request.urlopen(
            urllib.request.Request(address, headers={"Authorization": f"Bearer {DEMO_TOKEN}"})
        ) as answer:
            found = json.load(answer)["data"]
    assert refused.value.code == 401
    assert len(found["tickets"]) == 2 and found["has_more"] is True


def test_the_server_ends_with_the_exit_code_of_its_command(built: Built) -> None:
    program = "import os, sys; sys.exit(7 if os.environ['CALLMART_SIMULATED_API'].startswith('http://') else 1)"
    command = [sys.executable, "-m", "simulator.serve", str(built.source), "--", sys.executable, "-c", program]
    assert subprocess.run(command, cwd=paths.PROJECT).returncode == 7


# --- defects on the way ---------------------------------------------------------------------------------------------


def test_without_defects_none_is_told(built: Built) -> None:
    assert built.truth["defects"] == []
    assert set(built.refused) > set(FEEDS) and not any(built.refused.values())


def test_each_defect_is_told_with_its_count_and_found(tmp_path: Path) -> None:
    names = chosen(DEFECTS, "file")
    feeds = tuple(sorted({feed for name in names for feed in DEFECTS[name].feeds}))
    made = simulated(tmp_path, feeds, defects=tuple(names))
    touched = made.land()
    made.publish(touched)
    told = {planted["defect"]: planted for planted in made.truth["defects"]}
    assert set(told) == names and {planted["date"] for planted in told.values()} == {"2026-03-03"}
    rows = {planted["feed"]: len(made.lake(planted["feed"])) for planted in told.values()}
    whole = {feed: len(states) for feed, states in latest(made.records).items()}
    lost = {name: whole[planted["feed"]] - rows[planted["feed"]] for name, planted in told.items()}
    assert lost["duplicate_file"] == lost["late_file"] == lost["wrong_zone"] == 0
    assert told["duplicate_file"]["file"] == "surveys/invitations-2026-03-03-copy.csv"
    assert told["late_file"]["file"] == "telephony/recordings-2026-03-05-late.csv.gz"
    for name in ("missing_hours", "renamed_column", "wrong_encoding", "broken_lines"):
        assert lost[name] == told[name]["rows"] > 0, name
    for name in ("wrong_encoding", "broken_lines"):
        assert made.refused[told[name]["feed"]] == told[name]["rows"]
    assert drift.held_files(made.root, "canonical.audio_quality")


def test_an_unknown_defect_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="broken_lines"):
        simulate(tmp_path / "out", 1, 8, 1, defects=("gremlins",))
    assert not (tmp_path / "out").exists()
