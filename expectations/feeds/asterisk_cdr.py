"""What must hold of asterisk.cdr before it enters the lake.

Belongs here: rules about call detail records (Master.csv) alone; their relation to the queue log is a dbt test.
"""

from __future__ import annotations

from expectations.check import Check, NoRows, Text
from expectations.contracts import Contract
from expectations.feeds.common import (
    completeness_checks,
    contract_checks,
    durations_checks,
    order_checks,
    tolerance,
)
from expectations.settings import FeedSettings


def suite(contract: Contract, settings: FeedSettings) -> list[Check]:
    """Checks of one run over candidate dates of the call detail records."""
    within = tolerance(contract, settings)
    return [
        *contract_checks(contract, settings),
        *completeness_checks(settings),
        *durations_checks(("duration_s", "billsec_s"), settings),
        *order_checks(
            ("started_at", "answered_at", "ended_at"),
            within,
            settings,
            key="call_id",
            pairs=(("started_at", "answered_at"), ("answered_at", "ended_at"), ("started_at", "ended_at")),
        ),
        *_record_checks(within, settings),
    ]


def _record_checks(tolerance_s: int, settings: FeedSettings) -> list[Check]:
    times = "dt, source_file, source_line, call_id, started_at, answered_at, ended_at, duration_s, billsec_s"
    return [
        Check(
            "duration_disagrees",
            "warning",
            Text(
                f"时长与起止时间相差超过 {tolerance_s} 秒", f"duration and times disagree by more than {tolerance_s} s"
            ),
            Text("检查时间列的时区与夏令时", "check zone and daylight saving of the time columns"),
            NoRows(f"""
                select {times} from {{batch}}
                where abs(epoch(ended_at) - epoch(started_at) - duration_s) > {tolerance_s}
                   or billsec_s > duration_s + {tolerance_s}"""),
        ),
        Check(
            "answered_disagrees",
            "warning",
            Text("接通状态与接通时间不一致", "disposition and answer time contradict each other"),
            Text(
                "检查 disposition 列的映射；Asterisk 的 BUSY、FAILED 可在应答后出现",
                "check the columns' order; Asterisk may write BUSY or FAILED after an answer",
            ),
            NoRows(f"""
                select dt, source_file, source_line, call_id, disposition, answered_at from {{batch}}
                where (disposition = 'ANSWERED' and answered_at is null)
                   or (disposition = 'NO ANSWER' and answered_at is not null and billsec_s > {tolerance_s})"""),
        ),
        Check(
            "direction_other",
            "warning",
            Text(
                f"超过 {settings.odd_warn_share:.0%} 的话单方向为 other",
                f"the direction of more than {settings.odd_warn_share:.0%} of the records is other",
            ),
            Text(
                "修正配置中 cdr 的 direction 表达式，使其覆盖所有 context",
                "make the feed's direction expression cover all contexts",
            ),
            _share("direction = 'other'", "context", settings),
        ),
        Check(
            "disposition_other",
            "warning",
            Text(
                f"超过 {settings.odd_warn_share:.0%} 的话单结果为 OTHER",
                f"the disposition of more than {settings.odd_warn_share:.0%} of the records is OTHER",
            ),
            Text("检查 CSV 各列的次序", "check the order of the CSV's columns"),
            _share("disposition = 'OTHER'", "last_app", settings),
        ),
    ]


def _share(condition: str, context: str, settings: FeedSettings) -> NoRows:
    return NoRows(f"""
        select dt, count(*) as row_count, count(*) filter (where {condition}) as odd_rows,
            mode({context}) filter (where {condition}) as most_common_{context}
        from {{batch}} group by dt
        having count(*) >= {settings.min_rows}
           and count(*) filter (where {condition}) > {settings.odd_warn_share} * count(*)""")
