"""The suite that follows from a contract accepts a clean day and rejects one defect per check, for each such feed."""

from __future__ import annotations

import itertools

import pytest

from expectations.catalogue import checks_of, feeds
from expectations.contracts import Column, Contract, contract
from expectations.feeds.known import CONTRADICTIONS, REPETITIONS
from tests.expectations.feed_lake import Defect, FeedLake, Judged, judge

WRITTEN = ("asterisk.cdr", "asterisk.cel", "asterisk.queue_log", "canonical.contact")
DERIVED = [feed for feed in feeds() if feed not in WRITTEN]
# A row that each rule of known.py must reject; the clean day has a value in every column.
KNOWN = {
    "solved_without_time": "status = 'solved', solved_at = null",
    "open_but_archived": "status = 'waiting'",
    "paid_without_time": "status = 'paid', paid_at = null",
    "amount_below_zero": "amount = -1",
    "duration_is_not_the_span": "duration_s = 3600",
    "wait_is_not_the_span": "wait_s = 3600",
    "success_with_error": "is_success = true, error_class = 'timeout'",
    "repeats_itself": "parent_complaint_id = complaint_id",
    "to_the_same_agent": "to_agent_id = from_agent_id",
    "agent_without_name": "sender_type = 'agent', agent_id = null",
    "received_more_than_expected": "received_count = expected_count + 1",
    "text_as_hash": "query_hash = 'select 1'",
    "paid_beyond_the_shift": "paid_s = 7200",
}
# Values of a clean day that contradict no others.
CLEAN = {
    "duration_s": "60",
    "wait_s": "60",
    "error_class": "null",
    "parent_complaint_id": "null",
    "to_agent_id": "null",
}
BAD = {"s": 86_401, "ms": 86_400_001, "rate": 1.5, "count": -1}
FIRST_ROW = " where source_line = 0"


def clean_day(said: Contract) -> str:
    """Ten rows in each hour from 8 to 11 local time, six minutes apart; what is ordered lies a minute or one apart."""
    place: dict[str, int] = {column.name: 0 for column in said.columns}
    for _ in said.columns:  # as many rounds as the longest chain of chains could need
        for chain in said.ordered:
            for early, late in itertools.pairwise(chain):
                place[late] = max(place[late], place[early] + 1)
    began = place[said.event_time or ""]

    def value(column: Column) -> str:
        if column.type == "TIMESTAMP":
            return f"began + to_minutes({place[column.name] - began})"
        if column.name == "flags":
            return "null"
        if column.measured_in:
            return "0.5" if column.measured_in == "rate" else str(1 + place[column.name])
        if column.type in ("DATE", "BOOLEAN"):
            return {"DATE": "date '{day}'", "BOOLEAN": "true"}[column.type]
        if column.enum:
            return f"'{column.enum[0]}'"
        return "'AA-' || i || '-{day}'"

    values = {column.name: value(column) for column in said.columns}
    if said.feed == "canonical.ticket":
        values["status"] = "'archived'"
    values |= {name: CLEAN[name] for name in values.keys() & CLEAN.keys()}
    columns = ", ".join(f"{sql} as {name}" for name, sql in values.items())
    return f"""
        with event as (
            select i, timestamp '{{day}} 00:00:00' + to_hours(i // 10) + to_minutes(6 * (i % 10)) as began
            from range(40) t(i))
        select {columns}, 'object-{{day}}/log' as source_file, i as source_line,
            timestamp '{{day}} 23:00:00' as ingested_at, md5('{{day}}' || i) as row_hash
        from event"""


def defects(said: Contract) -> dict[str, Defect]:
    """One defect for each check that the contract calls for."""
    event = said.event_time
    found = {
        "date_matches_event": Defect([f"update day set {event} = {event} - interval 1 day" + FIRST_ROW]),
        "ahead_of_landing": Defect([f"update day set ingested_at = {event} - interval 301 second" + FIRST_ROW]),
        "no_phone_number": Defect(["update day set flags = 'to 013912345678'" + FIRST_ROW]),
        "volume_shrunk": Defect(lake_times=3),
        "flagged_share": Defect(["update day set flags = 'phantom' where source_line % 5 = 0"]),
        "refused_share": Defect(refused=12),
        "refused_most": Defect(refused=300),
    }
    for column in said.lake_columns:
        if column.required:
            found[f"required_{column.name}"] = Defect([f"update day set {column.name} = null" + FIRST_ROW])
        if column.enum:
            found[f"domain_{column.name}"] = Defect([f"update day set {column.name} = 'nonsense'" + FIRST_ROW])
        if column in said.columns and column.measured_in in BAD:
            kind = "duration" if column.measured_in in ("s", "ms") else "number"
            wrong = f"update day set {column.name} = {BAD[column.measured_in]}"
            found |= {f"{kind}_range": Defect([wrong + FIRST_ROW]), f"{kind}_unusable": Defect([wrong])}
    if said.steady:
        found |= {
            "volume_collapsed": Defect(["delete from day where source_line % 20 > 0"]),
            "volume_low": Defect(["delete from day where source_line % 3 > 0"]),
            "hours_missing": Defect(["delete from day where source_line between 10 and 19"]),
            "dates_missing": Defect(skip_day_before=True),
            "late_rows": Defect(is_late=True),
        }
    found |= {
        rule.name: Defect([f"update day set {KNOWN[rule.name]}" + FIRST_ROW])
        for rule in CONTRADICTIONS.get(said.feed, ())
    }
    if again := REPETITIONS.get(said.feed):
        as_first = ", ".join(f"{name} = (select {name} from day{FIRST_ROW})" for name in again.alike)
        found[again.name] = Defect([f"update day set {as_first} where source_line = 1"])
    named = [column.name for column in said.columns if column.pii == "keyed_hash" and not column.required]
    if named:
        emptied = ", ".join(f"{name} = null" for name in named)
        found["unknown_customers"] = Defect([f"update day set {emptied} where source_line % 3 > 0"])
    for chain in said.ordered:
        early, late = chain[:2]
        if said.column(early).type == "TIMESTAMP":
            wrong = f"update day set {late} = {early} - interval 3 second"
            if late == event:
                wrong = f"update day set {early} = {late} + interval 3 second"
            found |= {"time_order": Defect([wrong + FIRST_ROW]), "time_order_unusable": Defect([wrong])}
        else:
            wrong = f"update day set {early} = {late} + 1"
            found |= {"value_order": Defect([wrong + FIRST_ROW]), "value_order_unusable": Defect([wrong])}
    return found


@pytest.fixture(scope="module")
def judged(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Contract, Judged]:
    said = contract(request.param)
    return said, judge(FeedLake(tmp_path_factory.mktemp(said.name), said.feed, clean_day(said)), defects(said))


@pytest.mark.parametrize("feed", DERIVED)
def test_every_check_has_a_defect_that_it_must_reject(feed: str) -> None:
    assert set(defects(contract(feed))) == {check.name for check in checks_of(feed)}


@pytest.mark.parametrize("judged", DERIVED, indirect=True)
def test_a_clean_day_passes_and_each_defect_is_rejected(judged: tuple[Contract, Judged]) -> None:
    said, found = judged
    assert [result.name for result in found.verdict.checks if found.clean in result.failing_dates] == []
    for check in defects(said):
        found.assert_rejected(check)
    blocking = {check.name for check in checks_of(said.feed) if check.blocking}
    assert set(found.verdict.blocked_dates) == {found.days[name] for name in blocking}
