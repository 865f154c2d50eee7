"""What is told of a contact days after it: dates built alone give what a build of all dates gives.

Here belongs: surveys, quality, recordings, chats and the menu, whose records bear on other dates than their own. Not
here: calls and agents (test_window.py), and values (unit tests).
"""

from __future__ import annotations

import json
import shutil
from collections import defaultdict
from datetime import date, datetime, timedelta
from typing import Any

import duckdb
import pytest

from expectations.contracts import contract
from tests.dbt_project.warehouse import Warehouse

FACTS = (
    "fct_survey_answer", "fct_survey_invitation", "fct_interaction_sync", "fct_qa_evaluation", "fct_qa_section",
    "fct_audio_quality", "fct_compliance_check", "fct_recording", "fct_recording_day", "fct_contact_record",
    "fct_agent_rating_month", "fct_chat_turn", "fct_ivr_visit",
)  # fmt: skip
FEEDS = (
    "survey_invitation", "survey_response", "interaction_sync", "qa_evaluation", "qa_evaluation_item", "audio_quality",
    "compliance_record", "recording", "chat_message", "ivr_step",
)  # fmt: skip
STAGING = tuple(f"stg_canonical__{feed}" for feed in FEEDS)  # views that name the lake
SELECTED = (
    *STAGING,
    "intermediate.experience",
    "intermediate.quality",
    "intermediate.chat",
    "intermediate.menu",
    *FACTS,
)
CALL_DATE = date(2026, 3, 2)  # of the calls of the worked examples
LATE = date(2026, 3, 8)  # whose files come when everything else was built
LONG_AGO = date(2026, 2, 20)  # one of whose recordings is deleted then
DELETED_ON = date(2026, 3, 25)
BASES = tuple(date(2026, 2, 18) + timedelta(days=number) for number in range(31))
SHANGHAI = timedelta(hours=8)

Rows = dict[str, list[dict[str, Any]]]


def told_of(base: date, rows: Rows) -> None:
    """What is told of a contact of one date: late and repeated answers, later versions, halves around midnight."""
    noon = datetime(base.year, base.month, base.day, 12) - SHANGHAI
    call = "c1" if base == CALL_DATE else f"x{base:%m%d}"

    def tell(feed: str, at: datetime, **row: Any) -> None:
        hashed = f"{feed}{at}{sorted(row.items())}"
        rows[f"canonical.{feed}"].append(row | {"dt": (at + SHANGHAI).date(), "row_hash": hashed})

    for days in (0, 3, 7, 8, 9):
        survey, at = f"S{base:%m%d}{days}", noon + timedelta(days=days)
        tell("survey_invitation", noon, survey_id=survey, sent_at=noon, agent_id="A1", scenario="enquiry")
        score = {"question_kind": "csat", "score": 4.0, "scale_min": 1.0, "scale_max": 5.0, "contact_id": call}
        tell("survey_response", at, survey_id=survey, question_id="q", responded_at=at, **score)
        if days == 3:
            tell("survey_invitation", at, survey_id=survey, sent_at=at, agent_id="A2", scenario="complaint")
            at += timedelta(days=6)
            tell("survey_response", at, survey_id=survey, question_id="q", responded_at=at, **score | {"score": 1.0})
    for place, (days, sender) in enumerate(
        ((0, "customer"), (0, "agent"), (3, "customer"), (7, "agent"), (7, "customer"), (8, "agent"))
    ):
        at = noon + timedelta(days=days, seconds=-place)
        said = {"message_id": str(place), "sender_type": sender, "agent_id": "A1" if sender == "agent" else None}
        tell("chat_message", at, contact_id=f"h{base:%m%d}", sent_at=at, **said)
    for number in (1, 2):
        at = noon + timedelta(hours=8 * number)
        tell("ivr_step", at, contact_id=f"h{base:%m%d}", step_no=number, node_id="welcome", entered_at=at, left_at=at)
    for days in (0, 6):
        at = noon + timedelta(days=days)
        about = {"evaluation_id": f"Q{base:%m%d}", "evaluated_at": at, "record_updated_at": at}
        found = {"score": 4.0 + days, "score_max": 10.0}
        who = {"agent_id": "A1", "evaluator_type": "human", "sampled_by": "random", "recording_id": "R"}
        tell("qa_evaluation", at, **about, **found, **who)
        item = {"item_id": "i", "section": "compliance", "is_applicable": True}
        tell("qa_evaluation_item", at, **about, **found, **item)
        met = {"requirement_id": "identity", "is_present": days > 0}
        tell("compliance_record", at, contact_id=call, checked_at=at, **met)
        pair = {"from_channel_id": "voice_400", "to_channel_id": "im_app", "expected_field_count": 5}
        tell("interaction_sync", at, contact_id=call, synced_at=at, synced_field_count=3 + days // 6, **pair)
    tell("recording", noon, recording_id=f"R{base:%m%d}", contact_id=call, started_at=noon)
    for seconds, mos in ((-30, 4.2), (30, 3.2)):
        at = noon + timedelta(hours=12, seconds=seconds)
        tell("audio_quality", at, contact_id=call, measured_at=at, agent_id="A1", line_id="l", mos=mos)


def write(warehouse: Warehouse, rows: Rows) -> None:
    """Each feed's partitions, in one statement a feed."""
    for feed, some in rows.items():
        said = contract(feed)
        types = said.duckdb_types() | {"dt": "DATE"}
        folder = warehouse.lake / said.source / said.name
        with duckdb.connect() as con:
            con.execute(f"create table t ({', '.join(f'{name} {kind}' for name, kind in types.items())})")
            names = list(types)
            told = {"source_file": "test", "source_line": 1, "ingested_at": datetime(2026, 1, 1)}
            con.executemany(
                f"insert into t values ({', '.join('?' * len(names))})",
                [[(told | row).get(name) for name in names] for row in some],
            )
            con.execute(
                f"copy t to '{folder}' (format parquet, partition_by (dt), filename_pattern 'part-{{i}}', "
                "overwrite_or_ignore)"
            )


@pytest.fixture(scope="module")
def both(
    examples_warehouse: Warehouse, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Warehouse, Warehouse, Warehouse]:
    """All built but for the late files; these built alone; all built at once."""
    root = tmp_path_factory.mktemp("experience")
    rows: Rows = defaultdict(list)
    for base in BASES:
        told_of(base, rows)
    before = examples_warehouse.copy(root / "before")
    # a chat of each date; contacts are not built here
    before.execute(
        "insert into marts.fct_contact select contact.* replace ("
        "'canonical:h' || strftime(noon, '%m%d') as contact_id, 'canonical' as source_system, 'im' as medium, "
        "'im_app' as channel_id, noon::date as local_date, noon - interval 8 hour as started_at, "
        "noon - interval 8 hour as counted_at) from marts.fct_contact as contact, "
        f"range(timestamp '{BASES[0]} 12:00', timestamp '{BASES[-1]} 13:00', interval 1 day) as dates (noon) "
        "where contact_id = 'asterisk:c1'"
    )
    write(before, {feed: [row for row in some if row["dt"] != LATE] for feed, some in rows.items()})
    variables: dict[str, Any] = {"as_of": "2026-03-30 00:00:00"}
    before.dbt("run", "--full-refresh", "--vars", json.dumps(variables), "--select", *SELECTED)

    alone = before.copy(root / "alone")
    write(alone, {feed: [row for row in some if row["dt"] == LATE] for feed, some in rows.items()})
    deletion = {"deleted_at": datetime(2026, 3, 25, 4), "deletion_reason": "error", "row_hash": "deleted"}
    recorded = [row | deletion for row in rows["canonical.recording"] if row["dt"] == LONG_AGO]
    write(alone, {"canonical.recording": recorded})
    at_once = before.copy(root / "at_once")
    shutil.rmtree(at_once.lake)
    shutil.copytree(alone.lake, at_once.lake)

    late_window = timedelta(days=8)
    variables |= {
        "window_from": str(LATE - late_window),
        "window_to": str(LATE + late_window),
        "touched_dates": [str(LONG_AGO), str(LATE), str(DELETED_ON)],
        "changed_partitions": {"canonical.recording": [str(LONG_AGO), str(LATE)]},
    }
    alone.dbt("run", "--vars", json.dumps(variables), "--select", *SELECTED)
    variables = {"as_of": "2026-03-30 00:00:00"}
    at_once.dbt("run", "--full-refresh", "--vars", json.dumps(variables), "--select", *SELECTED)
    return before, alone, at_once


def contents(warehouse: Warehouse, fact: str) -> list[tuple[Any, ...]]:
    return sorted(warehouse.rows(f"select * from marts.{fact}"), key=repr)


@pytest.mark.parametrize("fact", FACTS)
def test_late_files_and_a_late_deletion_built_alone_equal_a_build_of_all_dates(
    both: tuple[Warehouse, Warehouse, Warehouse], fact: str
) -> None:
    before, alone, at_once = both
    assert contents(alone, fact) == contents(at_once, fact)
    assert contents(before, fact) != contents(at_once, fact)


def test_an_answer_in_the_late_file_counts_for_the_date_of_its_invitation(
    both: tuple[Warehouse, Warehouse, Warehouse],
) -> None:
    sql = "select local_date, is_answered from marts.fct_survey_invitation where survey_id = 'S03017'"
    assert both[0].rows(sql) == [(date(2026, 3, 1), False)]
    assert both[1].rows(sql) == [(date(2026, 3, 1), True)]
