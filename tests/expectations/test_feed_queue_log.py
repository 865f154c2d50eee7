"""The suite of asterisk.queue_log accepts a clean day and rejects one defect per check."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from expectations.catalogue import checks_of
from expectations.contracts import contract
from expectations.settings import FeedSettings
from expectations.validate import validate_candidates
from tests.expectations.feed_lake import FIRST_CANDIDATE, ZONE, Defect, FeedLake, Judged, judge

# 20 calls in each hour from 8 to 19 local time: enter, answered after 10 s, completed after 120 s.
CLEAN_DAY = """
    with call as (
        select i, '17' || (1000000 + i) || '.' || dayofyear(date '{day}') as call_id,
            timestamp '{day} 00:00:00' + to_seconds(8 * 3600 + i * 180) - interval 8 hour as entered
        from range(240) t(i)),
    line as (
        select *, 0 as step, entered as event_at, 'ENTERQUEUE' as event, null as data1, null as data2, null as data3
        from call
        union all
        select *, 1, entered + interval 10 second, 'CONNECT', '10', call_id, '4' from call
        union all
        select *, 2, entered + interval 130 second, 'COMPLETECALLER', '10', '120', '1' from call)
    select event_at, epoch(event_at)::bigint::varchar as event_at_raw, call_id, 'sales' as queue_id,
        case when step > 0 then 'PJSIP/1001' end as agent_raw, event, true as is_known_event, data1, data2, data3,
        null as data4, null as data5, case when step = 0 then md5(i::varchar) end as caller_hash,
        case when step = 0 then '139****5678' end as caller_masked, case when step = 0 then '139' end as caller_prefix,
        case when step = 0 then 'mobile' end as caller_number_type, null as flags,
        'object-{day}/log' as source_file, i * 3 + step as source_line, timestamp '{day} 23:00:00' as ingested_at,
        md5(call_id || event) as row_hash
    from line"""

_ONE = "(select min(rowid) from day)"
_SIX_IN_TEN = "source_line % 10 < 6"

DEFECTS = {
    "required_event_at": Defect([f"update day set event_at = null where rowid = {_ONE}"]),
    "required_event": Defect([f"update day set event = null where rowid = {_ONE}"]),
    "required_is_known_event": Defect([f"update day set is_known_event = null where rowid = {_ONE}"]),
    "required_source_file": Defect([f"update day set source_file = null where rowid = {_ONE}"]),
    "required_source_line": Defect([f"update day set source_line = null where rowid = {_ONE}"]),
    "required_ingested_at": Defect([f"update day set ingested_at = null where rowid = {_ONE}"]),
    "required_row_hash": Defect([f"update day set row_hash = null where rowid = {_ONE}"]),
    "domain_caller_number_type": Defect([f"update day set caller_number_type = 'satellite' where rowid = {_ONE}"]),
    "date_matches_event": Defect([f"update day set event_at = event_at - interval 1 day where rowid = {_ONE}"]),
    "ahead_of_landing": Defect([f"update day set ingested_at = event_at - interval 301 second where rowid = {_ONE}"]),
    "no_phone_number": Defect(["update day set data1 = 'SIP/13912345678' where source_line = 0"]),
    "volume_collapsed": Defect(["delete from day where source_line % 40 > 0"]),
    "volume_low": Defect(["delete from day where (source_line // 3) % 3 > 0"]),
    "volume_shrunk": Defect(lake_times=3),
    "hours_missing": Defect(["delete from day where source_line // 3 between 40 and 59"]),
    "dates_missing": Defect(skip_day_before=True),
    "late_rows": Defect(is_late=True),
    "flagged_share": Defect(["update day set flags = 'bad_duration' where source_line % 5 = 0"]),
    "refused_share": Defect(refused=12),
    "refused_most": Defect(refused=900),
    "duration_range": Defect(["update day set data2 = '90000' where event = 'COMPLETECALLER' and source_line < 9"]),
    "duration_unusable": Defect(["update day set data1 = 'PT10S' where event = 'CONNECT'"]),
    "unknown_events": Defect(["update day set is_known_event = false where source_line % 10 = 0"]),
    "unknown_events_most": Defect([f"update day set is_known_event = false where {_SIX_IN_TEN}"]),
    "answer_before_entry": Defect(
        ["update day set event_at = event_at - interval 13 second where event = 'CONNECT' and source_line < 30"]
    ),
    "leaving_without_entry": Defect(["delete from day where event = 'ENTERQUEUE' and source_line % 10 = 0"]),
    "entry_without_leaving": Defect(["delete from day where event = 'CONNECT' and source_line % 10 = 1"]),
}


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Judged:
    return judge(FeedLake(tmp_path_factory.mktemp("queue_log"), "asterisk.queue_log", CLEAN_DAY), DEFECTS)


def test_every_check_has_a_fixture_that_it_must_reject() -> None:
    assert set(DEFECTS) == {check.name for check in checks_of("asterisk.queue_log")}


@pytest.mark.parametrize("check", DEFECTS)
def test_check_rejects_its_defect(judged: Judged, check: str) -> None:
    judged.assert_rejected(check)


def test_clean_day_passes_every_check(judged: Judged) -> None:
    assert [result.name for result in judged.verdict.checks if judged.clean in result.failing_dates] == []


def test_only_dates_with_a_blocking_defect_are_blocked(judged: Judged) -> None:
    blocking = {check.name for check in checks_of("asterisk.queue_log") if check.blocking}
    assert set(judged.verdict.blocked_dates) == {judged.days[name] for name in blocking}


def test_sample_of_an_unmasked_number_does_not_show_it(judged: Judged) -> None:
    sample = judged.result("no_phone_number").sample[0]
    assert sample["column_name"] == "data1"
    assert sample["shown_value"] == "SIP/###########"


def test_refused_rows_are_named_by_file_and_rule_without_their_text(judged: Judged) -> None:
    sample = judged.result("refused_most").sample[0]
    assert sample["most_common_rule"] == "time_unreadable"
    assert sample["refused_rows"] == 900
    assert "13912345678" not in str(judged.verdict)


def test_call_over_midnight_finds_its_entry_in_the_lake(tmp_path: Path) -> None:
    """Of 20 calls of the day, all entered on the date before: they are no torn log."""
    lake = FeedLake(tmp_path, "asterisk.queue_log", CLEAN_DAY)
    day = FIRST_CANDIDATE
    keep_calls = "delete from day where source_line >= 60"
    candidate = lake.write("candidate", day, [keep_calls, "delete from day where event = 'ENTERQUEUE'"])
    entered_before = [
        keep_calls,
        "delete from day where event <> 'ENTERQUEUE'",
        f"update day set call_id = split_part(call_id, '.', 1) || '.' || dayofyear(date '{day}'), "
        + "event_at = timestamp '{day} 15:50:00'",
    ]
    history = [lake.write("lake", day - timedelta(days=1), entered_before)]

    def torn(lake_files: list[Path]) -> bool:
        verdict = validate_candidates(
            lake.feed,
            {day: candidate},
            lake_files,
            [],
            contract(lake.feed),
            FeedSettings(timezone=ZONE),
            tmp_path / "docs",
        )
        return any(result.name == "leaving_without_entry" and not result.passed for result in verdict.checks)

    assert torn([])
    assert not torn(history)
