"""The suite of canonical.contact accepts a clean day and rejects one defect per check."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from expectations.catalogue import checks_of
from expectations.contracts import contract
from expectations.settings import FeedSettings
from expectations.validate import validate_candidates
from tests.expectations.feed_lake import ZONE, Defect, FeedLake, Judged, judge

# 20 answered contacts in each hour from 8 to 19 local time: 5 s of menu, 10 s of waiting, 115 s of talk.
CLEAN_DAY = """
    with call as (
        select i, timestamp '{day} 00:00:00' + to_seconds(8 * 3600 + i * 180) - interval 8 hour as started_at
        from range(240) t(i))
    select 'AA-' || i || '-{day}' as contact_id, null as root_contact_id, null as telephony_call_id,
        'voice_400' as channel_id,
        'inbound' as direction, 'sales' as queue_id, 'a1' as agent_id, '4008001001' as dialled_number,
        null as customer_key, md5(i::varchar) as caller_hash, '139****5678' as caller_masked, '139' as caller_prefix,
        'mobile' as caller_number_type, null as region_code, started_at,
        strftime(started_at, '%Y-%m-%d %H:%M:%S') as started_at_raw, started_at as system_answered_at,
        started_at + interval 5 second as queue_entered_at, started_at + interval 15 second as queue_left_at,
        started_at + interval 15 second as agent_answered_at, started_at + interval 130 second as ended_at,
        5 as ivr_s, 10 as queue_wait_s, 4 as ring_s, 115 as talk_s, 0 as hold_s, 0 as consult_s, 20 as acw_s,
        130 as total_s, 'answered' as outcome, 'AGENT' as outcome_raw, 'caller' as hangup_side, null as hangup_cause,
        1 as priority, null as issue_id, null as disposition_code, null as line_id,
        null as campaign_id, null as line_of_business, 0 as transfer_count,
        null as declared_resolved, null as record_updated_at, false as is_invalid, null as flags,
        'object-{day}/log' as source_file, i as source_line, timestamp '{day} 23:00:00' as ingested_at,
        md5('{day}' || i) as row_hash
    from call"""

DEFECTS = {
    "required_contact_id": Defect(["update day set contact_id = null where source_line = 0"]),
    "required_started_at": Defect(["update day set started_at = null where source_line = 0"]),
    "required_outcome": Defect(["update day set outcome = null where source_line = 0"]),
    "required_source_file": Defect(["update day set source_file = null where source_line = 0"]),
    "required_source_line": Defect(["update day set source_line = null where source_line = 0"]),
    "required_ingested_at": Defect(["update day set ingested_at = null where source_line = 0"]),
    "required_row_hash": Defect(["update day set row_hash = null where source_line = 0"]),
    "domain_direction": Defect(["update day set direction = 'sideways' where source_line = 0"]),
    "domain_caller_number_type": Defect(["update day set caller_number_type = 'satellite' where source_line = 0"]),
    "domain_outcome": Defect(["update day set outcome = 'HANG' where source_line = 0"]),
    "domain_hangup_side": Defect(["update day set hangup_side = 'nobody' where source_line = 0"]),
    "date_matches_event": Defect(["update day set started_at = started_at - interval 1 day where source_line = 0"]),
    "ahead_of_landing": Defect(["update day set ingested_at = started_at - interval 301 second where source_line = 0"]),
    "no_phone_number": Defect(["update day set hangup_cause = 'to 013912345678' where source_line = 0"]),
    "unknown_customers": Defect(
        ["update day set caller_hash = null, customer_key = null where source_line % 3 > 0"],
    ),
    "volume_collapsed": Defect(["delete from day where source_line % 20 > 0"]),
    "volume_low": Defect(["delete from day where source_line % 3 > 0"]),
    "volume_shrunk": Defect(lake_times=3),
    "hours_missing": Defect(["delete from day where source_line between 40 and 59"]),
    "dates_missing": Defect(skip_day_before=True),
    "late_rows": Defect(is_late=True),
    "flagged_share": Defect(["update day set flags = 'phantom' where source_line % 5 = 0"]),
    "refused_share": Defect(refused=12),
    "refused_most": Defect(refused=300),
    "day_month_order": Defect(["update day set flags = 'bad_queue_id,day_month_doubtful' where source_line = 0"]),
    "duration_range": Defect(["update day set acw_s = 86401 where source_line = 0"]),
    "duration_unusable": Defect(["update day set acw_s = -acw_s"]),
    "time_order": Defect(["update day set queue_entered_at = started_at - interval 3 second where source_line = 0"]),
    "time_order_unusable": Defect(["update day set agent_answered_at = agent_answered_at - interval 8 hour"]),
    "answered_without_agent": Defect(["update day set agent_answered_at = null where source_line % 10 = 0"]),
    "unanswered_with_talk": Defect(["update day set outcome = 'abandoned_queue' where source_line = 0"]),
    "parts_exceed_total": Defect(["update day set total_s = 120 where source_line = 0"]),
    "invalid_most": Defect(["update day set is_invalid = true where source_line % 10 < 6"]),
}


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Judged:
    return judge(FeedLake(tmp_path_factory.mktemp("contact"), "canonical.contact", CLEAN_DAY), DEFECTS)


def test_every_check_has_a_fixture_that_it_must_reject() -> None:
    assert set(DEFECTS) == {check.name for check in checks_of("canonical.contact")}


@pytest.mark.parametrize("check", DEFECTS)
def test_check_rejects_its_defect(judged: Judged, check: str) -> None:
    judged.assert_rejected(check)


def test_clean_day_passes_every_check(judged: Judged) -> None:
    assert [result.name for result in judged.verdict.checks if judged.clean in result.failing_dates] == []


def test_only_dates_with_a_blocking_defect_are_blocked(judged: Judged) -> None:
    blocking = {check.name for check in checks_of("canonical.contact") if check.blocking}
    assert set(judged.verdict.blocked_dates) == {judged.days[name] for name in blocking}


def test_export_that_maps_only_the_required_columns_passes(tmp_path: Path) -> None:
    """A centre that has no queue, agent or durations in its export is not punished for columns it does not have."""
    lake = FeedLake(tmp_path, "canonical.contact", CLEAN_DAY)
    feed = contract("canonical.contact")
    unmapped = [
        column.name
        for column in feed.columns
        if not column.required and column.name not in ("direction", "record_updated_at")
    ]
    day = date(2026, 4, 6)
    path = lake.write("candidate", day, [f"update day set {', '.join(f'{name} = null' for name in unmapped)}"])
    verdict = validate_candidates(feed.feed, {day: path}, [], [], feed, FeedSettings(timezone=ZONE), tmp_path / "docs")
    assert [result.name for result in verdict.checks if not result.passed] == []
