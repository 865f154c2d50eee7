"""`callmart init` proposes a configuration that reads the export as a person would, and never guesses.

Here belongs: exports of strangers, from the file to rows that the real adapter types. The three in `exports/` are made
up. Not here: how a configured file is read (test_typing.py, test_tables.py).
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import shutil
import sys
import zipfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rich.console import Console

from expectations.contracts import contract
from orchestration import cli
from orchestration.config import load_config
from orchestration.errors import InputError
from orchestration.init import sample as sampling
from orchestration.init import synonyms as words
from orchestration.init.capabilities import available
from orchestration.init.columns import columns_of
from orchestration.init.durations import seconds
from orchestration.init.initialise import Initialised, initialise, proposed
from orchestration.init.instants import Order, readings
from orchestration.init.moments import Proof
from orchestration.init.proposal import Proposal
from orchestration.init.report import report
from orchestration.init.sample import Sample, open_sample
from tests.orchestration.extract_kit import Kit, column

EXPORTS = Path(__file__).with_name("exports")
FEED = "canonical.contact"
HOURS = timedelta(hours=8)  # Shanghai is ahead of UTC
HEAD = "call id,start time,end time,status"


def init(folder: Path, name: str, content: str | bytes, order: Order = "", **options: Any) -> Initialised:
    """A written configuration for an export of that content."""
    (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)
    return initialise(folder / name, folder / "callmart.yaml", order=order, **options)


def rows_of(folder: Path) -> list[dict[str, Any]]:
    """What the written configuration makes of the export, by the code that builds."""
    return Kit(folder, FEED).typed()


@dataclass
class Looked:
    """What is proposed for an export, nothing written."""

    sample: Sample
    proposal: Proposal
    proof: Proof

    @property
    def open_lines(self) -> list[str]:
        return [name for name, found in self.proposal.lines.items() if len(found.sql) != 1]

    def values(self, target: str) -> list[Any]:
        """A line of the mapping on the rows of the export; instants are local."""
        (sql,) = self.proposal.lines[target].sql
        kind = "timestamp" if target.endswith("_at") else "varchar" if target == "outcome" else "double"
        return [value for (value,) in self.sample.db.execute(f"select cast({sql} as {kind}) from raw").fetchall()]


@contextmanager
def look(folder: Path, content: str | bytes, order: Order = "", name: str = "a.csv") -> Iterator[Looked]:
    (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)
    with open_sample(folder / name) as sample:
        proposal, proof, _ = proposed(sample, "Asia/Shanghai", order)
        yield Looked(sample, proposal, proof)


def told(done: Initialised | Looked) -> str:
    """All notes, in English."""
    notes = [note.en for found in done.proposal.lines.values() for note in found.notes]
    return "\n".join([*notes, *(f"{c.name}: {why.en}" for c, why in done.proposal.unused)])


def picked(row: dict[str, Any], expected: dict[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in expected}


# --- the three exports ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> tuple[Path, Initialised]:
    """An export alone in its folder, with the configuration that init writes beside it."""
    folder = tmp_path_factory.mktemp("export")
    shutil.copy(EXPORTS / request.param, folder)
    zone = "Europe/London" if request.param == "desk_en.xlsx" else "Asia/Shanghai"
    return folder, initialise(folder / request.param, folder / "callmart.yaml", zone=zone)


@pytest.mark.parametrize("copied", ["cloud_zh.csv"], indirect=True)
def test_a_chinese_report_with_title_and_total_lines_is_read_whole(copied: tuple[Path, Initialised]) -> None:
    folder, done = copied
    config = load_config(done.out)
    feed = config.feed(FEED)
    assert (feed.encoding, feed.csv.skip, feed.csv.delimiter) == ("gb18030", 2, ",")
    assert config.numbers[0].number == "4008001001" and len(config.numbers) == 1
    rows = rows_of(folder)
    assert [row["contact_id"] for row in rows] == [f"CC20260305{number:04}" for number in range(1, 41)]
    assert set(column(rows, "flags")) == {None}
    assert Counter(column(rows, "outcome")) == {
        "answered": 32, "abandoned_queue": 4, "abandoned_ivr": 2, "flow_out": 1, "no_answer": 1
    }  # fmt: skip
    assert Counter(column(rows, "direction")) == {"inbound": 36, "outbound": 4}
    # the report's own total line says 02:10:13 of talk
    assert sum(column(rows, "talk_s")) == 2 * 3600 + 10 * 60 + 13 and sum(column(rows, "hold_s")) == 7 * 15
    first = {
        "queue_id": "售后服务组", "agent_id": "8001", "hangup_side": "caller", "caller_masked": "156****5908",
        "dialled_number": "4008001001", "started_at": datetime(2026, 3, 5, 9, 3, 5) - HOURS,
        "queue_entered_at": datetime(2026, 3, 5, 9, 3, 5) - HOURS,
        "agent_answered_at": datetime(2026, 3, 5, 9, 3, 10) - HOURS,
        "ended_at": datetime(2026, 3, 5, 9, 7, 27) - HOURS,
        "queue_wait_s": 5, "ring_s": 3, "talk_s": 242, "hold_s": 15, "acw_s": 9,
    }  # fmt: skip
    assert picked(rows[0], first) == first  # a wait of 2 s and a ring of 3 s: 5 s from entry to answer
    left, menu, out = rows[4], rows[7], rows[19]
    assert (left["outcome"], left["queue_wait_s"], left["agent_id"], left["agent_answered_at"]) == (
        "abandoned_queue", 8, None, None
    )  # fmt: skip
    assert (menu["outcome"], menu["queue_entered_at"], menu["queue_id"]) == ("abandoned_ivr", None, None)
    assert (out["outcome"], out["queue_entered_at"], out["dialled_number"]) == ("no_answer", None, None)
    refused = Kit(folder, FEED).refused()
    assert [(row["source_line"], row["rule"]) for row in refused] == [(44, "total_line")]


@pytest.mark.parametrize("copied", ["desk_en.xlsx"], indirect=True)
def test_a_workbook_with_dates_and_times_in_cells_of_their_own_is_read_whole(
    copied: tuple[Path, Initialised],
) -> None:
    folder, done = copied
    assert done.frame.form == {"sheet": "Calls"}
    rows = rows_of(folder)
    assert len(rows) == 45 and set(column(rows, "flags")) == {None}
    assert Counter(column(rows, "outcome")) == {"answered": 40, "abandoned_queue": 5}
    sums = [sum(column(rows, name)) for name in ("queue_wait_s", "talk_s", "hold_s", "acw_s")]
    assert sums == [1629, 12532, 220, 1965]
    # 26 February is winter in London, where local time is UTC
    second = {
        "contact_id": "D-0002", "started_at": datetime(2026, 2, 26, 9, 26, 54), "queue_id": "Sales", "agent_id": "A3",
        "queue_wait_s": 9, "talk_s": 322, "hold_s": 20, "acw_s": 29, "hangup_side": "agent", "declared_resolved": True,
        "ended_at": datetime(2026, 2, 26, 9, 26, 54) + timedelta(seconds=9 + 322 + 20), "outcome": "answered",
    }  # fmt: skip
    assert picked(rows[1], second) == second
    ninth = {"outcome": "abandoned_queue", "queue_id": "Billing", "agent_id": None, "queue_wait_s": 20,
             "started_at": datetime(2026, 2, 26, 11, 3, 5), "declared_resolved": None}  # fmt: skip
    assert picked(rows[8], ninth) == ninth
    assert "the parts follow one another" in told(done)


@pytest.mark.parametrize("copied", ["events.jsonl"], indirect=True)
def test_events_with_epochs_nested_members_and_chinese_values_are_read_whole(
    copied: tuple[Path, Initialised],
) -> None:
    folder, done = copied
    rows = rows_of(folder)
    assert len(rows) == 36 and set(column(rows, "flags")) == {None}
    assert Counter(column(rows, "outcome")) == {"answered": 30, "abandoned_queue": 6}
    assert sum(column(rows, "talk_s")) == 5275 and sum(column(rows, "queue_wait_s")) == pytest.approx(830)
    first = {
        "contact_id": "e001", "started_at": datetime(2026, 3, 4, 1, 4, 51, 344000), "queue_id": "热线组",
        "agent_answered_at": datetime(2026, 3, 4, 1, 5, 23, 344000), "agent_id": "2002", "hangup_side": "agent",
        "ended_at": datetime(2026, 3, 4, 1, 7, 37, 344000), "queue_wait_s": 32, "ring_s": 4, "talk_s": 134,
        "declared_resolved": True, "caller_masked": "138****3814", "direction": "inbound",
    }  # fmt: skip
    assert picked(rows[0], first) == first
    outbound = [row["contact_id"] for row in rows if row["direction"] == "outbound"]
    assert outbound == ["e005", "e017", "e029"]
    assert [row["contact_id"] for row in rows if row["queue_entered_at"] is None] == outbound
    assert "queue.vip: Its header is not known." in told(done)


@pytest.mark.parametrize("copied", sorted(file.name for file in EXPORTS.iterdir()), indirect=True)
def test_every_column_is_used_or_told_and_the_trial_is_what_a_build_does(copied: tuple[Path, Initialised]) -> None:
    folder, done = copied
    used = {name for found in done.proposal.lines.values() for name in found.by}
    unused = {found.name for found, _ in done.proposal.unused}
    rule = {"序号"} if done.proposal.rules else set()
    assert used | unused == {found.name for found in done.columns} and not (used & unused) - rule
    rows, trial = rows_of(folder), done.trial
    assert trial is not None and (trial.rows, trial.outcomes) == (len(rows), Counter(column(rows, "outcome")))
    assert trial.rows_in == trial.rows + sum(trial.refused.values())
    text = done.out.read_text("utf-8")
    assert not any(name in text for name in ("张敏", "Jane Doe", "赵磊"))  # names of people


# --- day and month -------------------------------------------------------------------------------------------


def dated(*starts: str) -> str:
    return f"{HEAD}\n" + "".join(f"c{number},{start},,answered\n" for number, start in enumerate(starts))


EITHER = dated("03/02/2026 10:00", "05/02/2026 11:00", "12/02/2026 12:00")


@pytest.mark.parametrize(
    ("starts", "first"),
    [
        (("03/02/2026 10:00", "13/02/2026 10:00"), datetime(2026, 2, 3, 10)),
        (("03/04/2026 10:00", "02/13/2026 10:00"), datetime(2026, 3, 4, 10)),
        (("3.2.26 10:00", "28.2.26 10:00"), datetime(2026, 2, 3, 10)),
    ],
)
def test_one_row_that_can_be_read_in_one_order_only_proves_it(
    tmp_path: Path, starts: tuple[str, ...], first: datetime
) -> None:
    with look(tmp_path, dated(*starts)) as looked:
        assert looked.values("started_at")[0] == first
        assert looked.proof.by is not None and looked.proof.by.en.endswith(": 1.")


def test_an_order_that_every_row_leaves_open_is_not_chosen_and_the_build_refuses(tmp_path: Path) -> None:
    done = init(tmp_path, "a.csv", EITHER)
    assert [found.target for found in done.open_lines] == ["started_at"] and done.trial is None
    text = done.out.read_text("utf-8")
    assert "%d/%m/%Y %H:%M" in text and "%m/%d/%Y %H:%M" in text
    with pytest.raises(InputError, match="started_at is still to be decided: day first or month first") as caught:
        load_config(done.out)
    assert caught.value.exit_code == 2 and caught.value.line == text[: text.index(": TODO")].count("\n") + 1
    # a person keeps one of the two lines
    lines = text.splitlines()
    kept = next(lines[at + 1].strip(" #") for at, said in enumerate(lines) if said.endswith("day first:"))
    done.out.write_text(text.replace("started_at: TODO day first or month first", kept), "utf-8")
    assert rows_of(tmp_path)[0]["started_at"] == datetime(2026, 2, 3, 2)


@pytest.mark.parametrize(("order", "month"), [("day_first", 2), ("month_first", 3)])
def test_an_open_order_is_decided_by_who_knows_it(tmp_path: Path, order: Order, month: int) -> None:
    with look(tmp_path, EITHER, order) as looked:
        assert looked.open_lines == [] and looked.values("started_at")[0].month == month


def test_an_order_that_the_data_contradict_is_refused(tmp_path: Path) -> None:
    contradicted = dated("03/02/2026 10:00", "13/02/2026 10:00")
    with pytest.raises(InputError, match="can't be read month first"), look(tmp_path, contradicted, "month_first"):
        pass


def test_rows_that_contradict_each_other_leave_the_order_open(tmp_path: Path) -> None:
    with look(tmp_path, dated("13/02/2026 10:00", "02/13/2026 10:00", "03/02/2026 10:00")) as looked:
        assert looked.open_lines == ["started_at"]


def test_a_column_that_leaves_the_order_open_follows_one_that_proves_it(tmp_path: Path) -> None:
    text = f"{HEAD}\nc1,03/02/2026 23:59,04/02/2026 00:01,answered\nc2,12/02/2026 23:59,13/02/2026 00:01,answered\n"
    with look(tmp_path, text) as looked:
        assert looked.values("started_at") == [datetime(2026, 2, 3, 23, 59), datetime(2026, 2, 12, 23, 59)]


@pytest.mark.parametrize(
    "sql",
    [
        "strptime(start, ['%d/%m/%Y', '%m/%d/%Y'])",
        "coalesce(try_strptime(start, '%d/%m/%Y'), try_strptime(start, '%m/%d/%Y'))",
        "ifnull(try(strptime(start, '%-d/%-m/%Y %H:%M')), strptime(start, '%m/%d/%Y %H:%M'))",
        "case when try_strptime(start, '%m/%d/%Y') is null then strptime(start, '%d/%m/%Y') "
        "else strptime(start, '%m/%d/%Y') end",
    ],
)
def test_a_mapping_that_tries_both_orders_is_refused_as_a_guess(contact: Kit, sql: str) -> None:
    text = (contact.base / "callmart.yaml").read_text("utf-8")
    contact.configure(text.replace("started_at: start", f"started_at: {json.dumps(sql)}"))
    with pytest.raises(InputError, match="would be a guess"):
        _ = contact.config


def test_an_order_that_another_column_decides_is_no_guess(contact: Kit) -> None:
    sql = "case when phone = 'US' then strptime(start, '%m/%d/%Y') else strptime(start, '%d/%m/%Y') end"
    text = (contact.base / "callmart.yaml").read_text("utf-8")
    contact.configure(text.replace("started_at: start", f"started_at: {json.dumps(sql)}"))
    contact.write(
        "a.csv", "id,start,outcome,phone,talk,updated\nr,02/03/2026,answered,,1,\ns,03/02/2026,answered,US,1,\n"
    )
    assert {row["started_at"] for row in contact.typed()} == {datetime(2026, 3, 1, 16)}


# --- times and durations -------------------------------------------------------------------------------------

MOMENTS = st.datetimes(min_value=datetime(2001, 1, 1), max_value=datetime(2037, 12, 31)).map(
    lambda moment: moment.replace(microsecond=0)
)
WRITTEN = {
    "iso": lambda m: f"{m:%Y-%m-%d %H:%M:%S}",
    "iso_t_offset": lambda m: f"{m:%Y-%m-%dT%H:%M:%S}.000+08:00",
    "slashes": lambda m: f"{m.year}/{m.month}/{m.day} {m.hour}:{m:%M:%S}",
    "chinese": lambda m: f"{m.year}年{m.month}月{m.day}日 {m.hour}时{m:%M}分{m:%S}秒",
    "chinese_half": lambda m: f"{m.year}/{m.month}/{m.day} {'上午' if m.hour < 12 else '下午'}{m:%I:%M:%S}",
    "compact": lambda m: f"{m:%Y%m%d%H%M%S}",
    "english": lambda m: f"{m:%d %b %Y %H:%M:%S}",
    "half": lambda m: f"{m.year}-{m.month}-{m.day} {m:%I:%M:%S %p}",
    "day_first": lambda m: f"{m.day}/{m.month}/{m.year} {m:%H:%M:%S}",
    "month_first": lambda m: f"{m:%m-%d-%y %I:%M:%S %p}",
    "epoch_s": lambda m: str(int((m - datetime(1970, 1, 1) - HOURS).total_seconds())),
    "epoch_ms": lambda m: str(int((m - datetime(1970, 1, 1) - HOURS).total_seconds() * 1000)),
    "excel": lambda m: str((m - datetime(1899, 12, 30)) / timedelta(days=1)),
}


@pytest.mark.parametrize("form", WRITTEN)
@settings(max_examples=3, deadline=None)
@given(moments=st.lists(MOMENTS, min_size=3, max_size=12, unique=True))
def test_a_moment_is_read_back_as_it_was_written(form: str, moments: list[datetime]) -> None:
    with duckdb.connect() as db:
        db.execute("set timezone = 'Asia/Shanghai'")
        db.execute("create table raw (start varchar)")
        db.execute("insert into raw select unnest(?)", [[WRITTEN[form](moment) for moment in moments]])
        (found,) = columns_of(db, ["start"], False)
        reading = readings(found)
        order: Order = "" if "" in reading else "day_first" if form == "day_first" else "month_first"
        sql = reading[order].of(found.sql).typed
        assert [m for (m,) in db.execute(f"select cast({sql} as timestamp) from raw").fetchall()] == moments


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["0:00:05", "01:02:03", "26:00:00"], [5, 3723, 93600]),
        (["00:05", "75:20"], [5, 4520]),
        (["3分20秒", "1小时2分3秒", "45秒", "2分钟"], [200, 3723, 45, 120]),
        (["1m 20s", "2h 0m 1s", "20s"], [80, 7201, 20]),
        (["12", "7.5"], [12, 7.5]),
        (["60000", "0", "125000"], [60, 0, 125]),
        ([str(200 / 86400), str(61 / 86400)], [200, 61]),
        (["soon", "later"], None),
    ],
)
def test_a_duration_is_seconds_however_it_is_written(texts: list[str], expected: list[float] | None) -> None:
    with duckdb.connect() as db:
        db.execute("create table raw (talk varchar)")
        db.executemany("insert into raw values (?)", [[text] for text in texts])
        (found,) = columns_of(db, ["talk"], False)
        said = seconds(found)
        if expected is None or said is None:
            assert said is None and expected is None
            return
        assert [value for (value,) in db.execute(f"select {said.sql} from raw").fetchall()] == expected


def test_an_end_that_is_only_a_time_of_day_before_the_start_is_the_next_days(tmp_path: Path) -> None:
    head = "call id,date,start time,end time,answered\n"
    rows = "c1,2026-03-05,23:59:00,00:01:30,yes\nc2,2026-03-05,10:00:00,10:01:00,yes\n"
    with look(tmp_path, head + rows) as looked:
        assert looked.values("ended_at") == [datetime(2026, 3, 6, 0, 1, 30), datetime(2026, 3, 5, 10, 1)]


def calls(*cells: str, head: str) -> str:
    return (
        head + "\n" + "".join(f"c{number},2026-03-05 10:{number:02}:00,{cell}\n" for number, cell in enumerate(cells))
    )


def test_an_end_is_worked_out_from_start_and_duration(tmp_path: Path) -> None:
    with look(tmp_path, calls("90,yes", "30,yes", head="call id,start time,total duration (s),answered")) as looked:
        assert looked.values("ended_at")[0] == datetime(2026, 3, 5, 10, 1, 30)
        assert "start plus duration" in told(looked)


def test_a_duration_that_is_the_time_since_the_answer_is_talk(tmp_path: Path) -> None:
    cells = [f"2026-03-05 10:{n:02}:10,2026-03-05 10:{n:02}:50,40,answered" for n in range(6)]
    head = "call id,start time,answer time,end time,duration,status"
    with look(tmp_path, calls(*cells, head=head)) as looked:
        assert "total_s" not in looked.proposal.lines and set(looked.values("talk_s")) == {40}


def test_numbers_that_would_be_longer_than_the_calls_are_milliseconds(tmp_path: Path) -> None:
    cells = [f"2026-03-05 10:{n:02}:50,40000,answered" for n in range(6)]
    with look(tmp_path, calls(*cells, head="call id,start time,end time,talk time,status")) as looked:
        assert set(looked.values("talk_s")) == {40}


def test_talk_that_holds_the_hold_is_told_apart(tmp_path: Path) -> None:
    cells = [f"2026-03-05 10:{n:02}:00,2026-03-05 10:{n:02}:50,50,{n},answered" for n in range(6)]
    head = "call id,start time,answer time,end time,talk time,hold time,status"
    with look(tmp_path, calls(*cells, head=head)) as looked:
        assert looked.values("talk_s") == [50, 49, 48, 47, 46, 45]


def test_a_hold_that_is_always_zero_takes_nothing_off_the_talk(tmp_path: Path) -> None:
    cells = [f"2026-03-05 10:{n:02}:00,2026-03-05 10:{n:02}:50,50,0,answered" for n in range(6)]
    head = "call id,start time,answer time,end time,talk time,hold time,status"
    with look(tmp_path, calls(*cells, head=head)) as looked:
        assert "hold" not in looked.proposal.lines["talk_s"].sql[0]


def test_rows_that_contradict_a_relation_are_counted(tmp_path: Path) -> None:
    cells = [f"2026-03-05 10:{n:02}:50,{50 if n else 9},answered" for n in range(10)]
    with look(tmp_path, calls(*cells, head="call id,start time,end time,total time,status")) as looked:
        relation = next(found for found in looked.proposal.relations if found.parts == ("total_s",))
        assert (relation.rows, relation.disagree, relation.holds) == (10, 1, True)


# --- words ---------------------------------------------------------------------------------------------------


def test_unknown_words_are_told_and_their_rows_refused_not_guessed(tmp_path: Path) -> None:
    cells = ["2026-03-05 10:30:00,已接听"] * 4 + ["2026-03-05 10:30:00,莫名其妙"]
    done = init(tmp_path, "a.csv", calls(*cells, head="流水号,开始时间,结束时间,状态"))
    assert "莫名其妙 (1)" in told(done)
    assert [row["rule"] for row in Kit(tmp_path, FEED).refused()] == ["missing_meaning"]


def test_the_calling_party_of_an_outbound_call_is_the_agent(tmp_path: Path) -> None:
    cells = [f"2026-03-05 10:30:00,已接,{way},{side}" for way in ("呼入", "呼出") for side in ("主叫", "被叫")]
    init(tmp_path, "a.csv", calls(*cells, head="流水号,开始时间,结束时间,状态,呼叫类型,挂机方"))
    assert column(rows_of(tmp_path), "hangup_side") == ["caller", "agent", "agent", "caller"]


def test_an_answer_that_no_column_has_is_worked_out_where_the_parts_add_up(tmp_path: Path) -> None:
    cells = [f"2026-03-05 10:{n:02}:50,10,{40 if n else 0},{'answered' if n else 'abandoned'}" for n in range(7)]
    with look(tmp_path, calls(*cells, head="call id,start time,end time,queue wait,talk time,status")) as looked:
        assert looked.values("agent_answered_at")[:2] == [None, datetime(2026, 3, 5, 10, 1, 10)]
        assert "the figures prove that they add up" in told(looked)


def test_a_time_of_day_without_a_date_is_told(tmp_path: Path) -> None:
    text = "call id,start time,end time,status\nc1,1773100000,10:00:00,answered\nc2,1773100100,10:01:00,answered\n"
    with look(tmp_path, text) as looked:
        assert "ended_at" not in looked.proposal.lines and "end time: It is a time of day" in told(looked)


def test_a_row_that_says_neither_yes_nor_no_has_no_outcome(tmp_path: Path) -> None:
    cells = [f"2026-03-05 10:30:00,{word}" for word in ("是", "否", "")]
    with look(tmp_path, calls(*cells, head="流水号,开始时间,结束时间,是否接听")) as looked:
        assert looked.values("outcome") == ["answered", "abandoned_queue", None]
    cells = [f"2026-03-05 10:30:00,{word}" for word in ("Y", "Y", "")]
    with look(tmp_path, calls(*cells, head="id,start time,end time,answered")) as looked:
        assert looked.values("outcome") == ["answered", "answered", "abandoned_queue"]
        assert "What is blank is taken as not answered" in told(looked)


def test_texts_that_spreadsheets_guard_are_bared(tmp_path: Path) -> None:
    text = 'call id,caller,start time,status\n"=""0012""",\'13800138000,2026-03-05 09:03:00,answered\t\n'
    init(tmp_path, "a.csv", text)
    (row,) = rows_of(tmp_path)
    assert (row["contact_id"], row["caller_number_type"], row["outcome"]) == ("0012", "mobile", "answered")


def test_what_the_export_does_not_tell_is_open(tmp_path: Path) -> None:
    done = init(tmp_path, "a.csv", "call id,caller\nc1,13800138000\nc2,13800138001\n")
    assert {found.target for found in done.open_lines} == {"started_at", "outcome"}
    with pytest.raises(InputError, match="outcome is still to be decided"):
        load_config(done.out)


def test_an_export_without_ids_gets_one_of_its_own_columns(tmp_path: Path) -> None:
    text = "start time,caller,answered\n2026-03-05 10:00:00,1,yes\n2026-03-05 10:00:00,2,no\n"
    with look(tmp_path, text) as looked:
        assert "no id of a call" in told(looked) and looked.proposal.lines["contact_id"].sql[0].startswith("md5(")


@pytest.mark.parametrize(("lines", "expected"), [(2, 2), (40, 0)])
def test_a_number_is_the_centres_own_only_where_few_take_nearly_all_calls(
    tmp_path: Path, lines: int, expected: int
) -> None:
    text = "call id,callee,start time,answered\n" + "".join(
        f"c{n},021-612345{n % lines:02},2026-03-05 10:00:00,yes\n" for n in range(60)
    )
    with look(tmp_path, text) as looked:
        assert len(looked.proposal.numbers) == expected


def test_ids_that_come_twice_are_told(tmp_path: Path) -> None:
    with look(tmp_path, dated("2026-03-05 10:00:00") + "c0,2026-03-05 10:05:00,,answered\n") as looked:
        assert "1 rows repeat an id" in told(looked)


def test_ratings_are_a_survey_that_is_written_and_not_switched_on(tmp_path: Path) -> None:
    shutil.copy(EXPORTS / "cloud_zh.csv", tmp_path)
    done = initialise(tmp_path / "cloud_zh.csv", tmp_path / "callmart.yaml")
    assert "15 of 40 rows have a rating" in told(done) and len(load_config(done.out).feeds) == 1
    text = done.out.read_text("utf-8")
    begin = text.index("      # survey_response:")
    done.out.write_text(text[:begin] + text[begin:].replace("      # ", "      "), "utf-8")
    kit = Kit(tmp_path, "canonical.survey_response")
    rows = kit.typed()
    assert len(rows) == 15 and rows[0]["score"] == 4 and rows[0]["contact_id"] == "CC202603050001"


def test_no_header_or_word_stands_twice_and_every_target_exists() -> None:
    said = yaml.safe_load(words.FILE.read_text("utf-8"))
    known = words.parse(said)
    names = {column.name for column in contract(FEED).columns} | {item.name for item in contract(FEED).inputs}
    filled = {name for item in contract(FEED).inputs for name in item.fills} | {"flags", "is_invalid"}
    assert set(said["columns"]) <= names - filled
    targets = {target for meanings in known.meanings.values() for target in meanings}
    assert targets <= set(said["columns"]) | set(said["parts"])
    for name, values in said["words"].items():
        if name in names:
            assert set(values) <= {*(contract(FEED).column(name).enum or ()), "unanswered", "calling", "called"}


@pytest.mark.parametrize(
    ("at", "extra", "problem"),
    [
        (("columns", "talk_s"), "Call_ID", "the header 'Call_ID' stands twice"),
        (("parts", "date"), "开始时间", "the header '开始时间' stands twice"),
        (("words", "outcome", "busy"), "未接", "the word '未接' stands twice in outcome"),
    ],
)
def test_a_word_that_stands_twice_is_noticed(at: tuple[str, ...], extra: str, problem: str) -> None:
    said = yaml.safe_load(words.FILE.read_text("utf-8"))
    place = said
    for key in at:
        place = place[key]
    place.append(extra)
    with pytest.raises(ValueError, match=problem):
        words.parse(said)


def test_headers_are_known_whatever_their_case_width_and_unit() -> None:
    known = words.synonyms()
    for text, meaning, unit in (
        ("通话时长（秒）", "talk_s", "s"), ("talkTimeMs", "talk_s", "ms"), ("Ｔａｌｋ＿Ｔｉｍｅ", "talk_s", None),
        ("Hold Time [min]", "hold_s", "min"), ("wrap-up (sec)", "acw_s", "s"), (" 主叫 号码 ", "caller_number", None),
    ):  # fmt: skip
        header = known.header(text)
        assert (known.meanings[header.key], header.unit) == ((meaning,), unit), text


def test_kpis_that_the_mapping_gives_and_those_that_lack_something() -> None:
    few, more = available(FEED, ["contact_id"]), available(FEED, ["contact_id", "queue_id", "talk_s"])
    assert set(few.kpis) < set(more.kpis) and "M021" in more.kpis and "M021" not in few.kpis
    assert "M021" in few.lacking["queue_visit"][2] and few.lacking["queue_visit"][1] == ("queue_id",)


# --- files ---------------------------------------------------------------------------------------------------

PLAIN = dated(*["2026-03-05 10:00:00"] * 3)


def zipped(name: str, content: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(name, content)
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv.gz", gzip.compress(PLAIN.encode(), mtime=0)),
        ("a.zip", zipped("a.csv", PLAIN.encode("utf-8-sig"))),
        ("semicolons.csv", PLAIN.replace(",", ";").encode()),
        ("tabs.txt", ("sep=\t\n\n" + PLAIN.replace(",", "\t")).encode("gb18030")),
        ("quoted.csv", PLAIN.replace("answered", '"answered"').replace("c1", '"c1\nagain"').encode()),
        ("export.log", b'{"call id": "c", "start time": "2026-03-05T10:00:00Z", "status": "answered"}\n' * 3),
    ],
)
def test_packing_and_dialect_are_found_and_written_down(tmp_path: Path, name: str, content: bytes) -> None:
    trial = init(tmp_path, name, content).trial
    assert trial is not None and (trial.rows_in, trial.outcomes) == (3, {"answered": 3})


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("a.csv", "", "no line of the file looks like a header"),
        ("a.csv", "1,2,3\n4,5,6\n", "no line of the file looks like a header"),
        ("a.csv", HEAD + "\n", "the file has no rows"),
        ("a.csv", PLAIN.encode("utf-16"), "UTF-16"),
        ("a.xls", b"\xd0\xcf\x11\xe0" + bytes(600), "old kind"),
        ("a.xls", b"<html><table><tr><td>1</td></tr></table></html>", "page"),
        ("a.xlsx", b"PK\x03\x04 and then nothing", "can't be read"),
        ("a.csv.gz", gzip.compress(PLAIN.encode(), mtime=0)[:-9], "can't be read"),
        ("a.zip", zipped("a.csv", PLAIN.encode())[:-9], "can't be read"),
        ("a.json", json.dumps([{"call id": "c1"}]), "one JSON array"),
    ],
)
def test_a_file_that_is_no_table_is_told_with_the_way_out(
    tmp_path: Path, name: str, content: str | bytes, problem: str
) -> None:
    with pytest.raises(InputError, match=problem) as caught, look(tmp_path, content, name=name):
        pass
    assert caught.value.todo and caught.value.file


def test_of_a_long_export_the_beginning_is_looked_at_and_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sampling, "MOST_BYTES", 400)
    done = init(tmp_path, "a.csv", dated(*["2026-03-05 10:00:00"] * 50))
    assert done.frame.is_cut and 5 < done.frame.rows < 50 and done.trial is not None and not done.trial.refused
    assert f"from {done.frame.rows} rows of a.csv" in done.out.read_text("utf-8") and len(rows_of(tmp_path)) == 50


def test_later_places_of_a_long_export_prove_what_its_beginning_leaves_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sampling, "MOST_BYTES", 800)
    days = [f"{day:02}/02/2026 10:00" for day in [*range(1, 29), 1] for _ in range(3)]
    with look(tmp_path, dated(*days)) as looked:
        assert looked.sample.is_cut and looked.proof.orders == ("day_first",)


def test_of_a_long_sheet_the_first_rows_are_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sampling, "MOST_ROWS", 10)
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(HEAD.split(","))
    for number in range(30):
        sheet.append([f"c{number}", datetime(2026, 3, 5, 10), datetime(2026, 3, 5, 10, 1), "answered"])
    book.save(tmp_path / "a.xlsx")
    done = initialise(tmp_path / "a.xlsx", tmp_path / "callmart.yaml")
    assert (done.frame.is_cut, done.frame.rows) == (True, 10) and len(rows_of(tmp_path)) == 30


CELLS = st.one_of(
    st.text(max_size=8),
    st.sampled_from(
        ["2026-03-05 10:00:00", "03/04/2026 10:00", "00:03:20", "12", "0.5", "是", "已接", "呼出", "-", "合计"]
    ),
)
HEADERS = st.sampled_from(
    [header for item in ("columns", "parts") for names in yaml.safe_load(words.FILE.read_text("utf-8"))[item].values()
     for header in names[:2]]
)  # fmt: skip


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_whatever_an_export_holds_a_configuration_is_written_or_the_error_says_why(
    tmp_path: Path, data: st.DataObject
) -> None:
    headers = data.draw(st.lists(HEADERS, min_size=3, max_size=8, unique=True)) + data.draw(st.lists(CELLS, max_size=1))
    table = [headers, *data.draw(st.lists(st.lists(CELLS, min_size=len(headers), max_size=len(headers)), max_size=8))]
    out = io.StringIO(newline="")
    csv.writer(out).writerows(table)
    try:
        done = init(tmp_path, "a.csv", out.getvalue().encode("utf-8", "replace"), force=True)
    except InputError as error:
        assert error.todo
        return
    if done.open_lines:
        with pytest.raises(InputError, match="is still to be decided"):
            load_config(done.out)
    else:
        assert load_config(done.out).feeds.keys() == {FEED}
    Console(file=io.StringIO()).print(report(done))


# --- the command ---------------------------------------------------------------------------------------------


def callmart(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[Any, str]:
    """Exit code and everything that the command says."""
    monkeypatch.setattr(sys, "argv", ["callmart", *arguments])
    with pytest.raises(SystemExit) as caught:
        cli.main()
    said = capsys.readouterr()
    return caught.value.code, said.out + said.err


def test_the_command_says_what_it_did_and_no_personal_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("CALLMART_HASH_KEY")
    shutil.copy(EXPORTS / "cloud_zh.csv", tmp_path)
    out = tmp_path / "callmart.yaml"
    code, said = callmart(monkeypatch, capsys, "init", str(tmp_path / "cloud_zh.csv"), "--out", str(out))
    assert code == 0 and "40 of 41 rows can be loaded" in said and "refused by total_line: 1" in said
    assert "callmart build --config" in said and "满意度" in said
    original = (EXPORTS / "cloud_zh.csv").read_bytes().decode("gb18030")
    numbers = [record.split(",")[3] for record in original.splitlines()[3:43]]
    assert not any(number in said or number in out.read_text("utf-8") for number in numbers if number[0] == "1")
    assert "张敏" not in said


def test_a_trial_that_refuses_most_rows_says_what_a_build_would_do(tmp_path: Path) -> None:
    done = init(tmp_path, "a.csv", dated(*["2090-03-05 10:00:00"] * 2, "2026-03-05 10:00:00"))
    assert done.trial is not None and done.trial.refused == {"future_event": 2}
    out = io.StringIO()
    Console(file=out, width=120).print(report(done))
    assert "refused by future_event: 2" in out.getvalue() and "a build hold their dates" in out.getvalue()


def test_a_file_that_is_there_stays_unless_it_may_be_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.csv").write_text(PLAIN)
    out = tmp_path / "callmart.yaml"
    out.write_text("mine")
    arguments = ["init", str(tmp_path / "a.csv"), "--out", str(out)]
    code, said = callmart(monkeypatch, capsys, *arguments)
    assert code == 2 and "[rule exists]" in said and out.read_text() == "mine"
    assert callmart(monkeypatch, capsys, *arguments, "--force")[0] == 0 and out.read_text() != "mine"


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (("--timezone", "Shanghai"), "did you mean Asia/Shanghai"),
        (("--day-first", "--month-first"), "exclude each other"),
        ((), "still to be decided: started_at"),
    ],
)
def test_what_is_wrong_or_open_ends_with_2(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    more: tuple[str, ...],
    words: str,
) -> None:
    (tmp_path / "a.csv").write_text(EITHER)
    out = tmp_path / "callmart.yaml"
    code, said = callmart(monkeypatch, capsys, "init", str(tmp_path / "a.csv"), "--out", str(out), *more)
    assert code == 2 and words in said and out.exists() == (more == ())
