"""The suite of asterisk.cdr accepts a clean day and rejects one defect per check."""

from __future__ import annotations

import pytest

from expectations.catalogue import checks_of
from tests.expectations.feed_lake import Defect, FeedLake, Judged, judge

# 20 answered calls in each hour from 8 to 19 local time; each rings 10 s and lasts 130 s.
CLEAN_DAY = """
    with call as (
        select i, timestamp '{day} 00:00:00' + to_seconds(8 * 3600 + i * 180) - interval 8 hour as started_at
        from range(240) t(i))
    select '17' || (1000000 + i) || '.' || dayofyear(date '{day}') as call_id, null as linked_id, i as sequence_no,
        'inbound' as direction, started_at, strftime(started_at, '%Y-%m-%d %H:%M:%S') as started_at_raw,
        started_at + interval 10 second as answered_at, started_at + interval 130 second as ended_at,
        130 as duration_s, 120 as billsec_s, 'ANSWERED' as disposition, 'from-trunk' as context, 'Queue' as last_app,
        'sales' as queue_id, 'PJSIP/trunk' as source_peer, 'PJSIP/1001' as destination_peer, null as source_extension,
        '4008001001' as dialled_number, md5(i::varchar) as customer_hash, '139****5678' as customer_masked,
        '139' as customer_prefix, 'mobile' as customer_number_type, null as account_code, null as campaign_id,
        null as flags,
        'object-{day}/log' as source_file, i as source_line, timestamp '{day} 23:00:00' as ingested_at,
        md5('{day}' || i) as row_hash
    from call"""

DEFECTS = {
    "required_direction": Defect(["update day set direction = null where source_line = 0"]),
    "required_started_at": Defect(["update day set started_at = null where source_line = 0"]),
    "required_source_file": Defect(["update day set source_file = null where source_line = 0"]),
    "required_source_line": Defect(["update day set source_line = null where source_line = 0"]),
    "required_ingested_at": Defect(["update day set ingested_at = null where source_line = 0"]),
    "required_row_hash": Defect(["update day set row_hash = null where source_line = 0"]),
    "domain_direction": Defect(["update day set direction = 'sideways' where source_line = 0"]),
    "domain_disposition": Defect(["update day set disposition = 'PERHAPS' where source_line = 0"]),
    "domain_customer_number_type": Defect(["update day set customer_number_type = 'satellite' where source_line = 0"]),
    "date_matches_event": Defect(["update day set started_at = started_at - interval 1 day where source_line = 0"]),
    "ahead_of_landing": Defect(["update day set ingested_at = started_at - interval 301 second where source_line = 0"]),
    "no_phone_number": Defect(["update day set account_code = '8613912345678' where source_line = 0"]),
    "volume_collapsed": Defect(["delete from day where source_line % 20 > 0"]),
    "volume_low": Defect(["delete from day where source_line % 3 > 0"]),
    "volume_shrunk": Defect(lake_times=3),
    "hours_missing": Defect(["delete from day where source_line between 40 and 59"]),
    "dates_missing": Defect(skip_day_before=True),
    "late_rows": Defect(is_late=True),
    "flagged_share": Defect(["update day set flags = 'bad_duration' where source_line % 5 = 0"]),
    "refused_share": Defect(refused=12),
    "refused_most": Defect(refused=300),
    "duration_range": Defect(["update day set duration_s = -1 where source_line = 0"]),
    "duration_unusable": Defect(["update day set billsec_s = billsec_s * 1000, duration_s = duration_s * 1000"]),
    "time_order": Defect(["update day set answered_at = started_at - interval 3 second where source_line = 0"]),
    "time_order_unusable": Defect(["update day set ended_at = ended_at - interval 8 hour"]),
    "duration_disagrees": Defect(["update day set duration_s = 133 where source_line = 0"]),
    "answered_disagrees": Defect(["update day set answered_at = null where source_line = 0"]),
    "direction_other": Defect(["update day set direction = 'other' where source_line % 10 = 0"]),
    "disposition_other": Defect(["update day set disposition = 'OTHER' where source_line % 10 = 0"]),
}


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Judged:
    return judge(FeedLake(tmp_path_factory.mktemp("cdr"), "asterisk.cdr", CLEAN_DAY), DEFECTS)


def test_every_check_has_a_fixture_that_it_must_reject() -> None:
    assert set(DEFECTS) == {check.name for check in checks_of("asterisk.cdr")}


@pytest.mark.parametrize("check", DEFECTS)
def test_check_rejects_its_defect(judged: Judged, check: str) -> None:
    judged.assert_rejected(check)


def test_clean_day_passes_every_check(judged: Judged) -> None:
    assert [result.name for result in judged.verdict.checks if judged.clean in result.failing_dates] == []


def test_only_dates_with_a_blocking_defect_are_blocked(judged: Judged) -> None:
    blocking = {check.name for check in checks_of("asterisk.cdr") if check.blocking}
    assert set(judged.verdict.blocked_dates) == {judged.days[name] for name in blocking}


def test_direction_check_names_the_context_that_the_expression_misses(judged: Judged) -> None:
    assert judged.result("direction_other").sample[0]["most_common_context"] == "from-trunk"
