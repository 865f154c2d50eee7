"""What must hold of asterisk.queue_log before it enters the lake.

Belongs here: rules about queue_log's own events and their parameters (see Asterisk's documentation of queue_log).
"""

from __future__ import annotations

from expectations.check import Check, NoRows, Text
from expectations.contracts import Contract
from expectations.feeds.common import (
    DAY_S,
    completeness_checks,
    contract_checks,
    flagged_value,
    out_of_range_checks,
    tolerance,
    unknown_event_checks,
)
from expectations.settings import FeedSettings

# Event -> the parameters that hold a duration, and how many of their units make a second.
_DURATIONS = {
    "CONNECT": (("data1", 1), ("data3", 1)),
    "COMPLETEAGENT": (("data1", 1), ("data2", 1)),
    "COMPLETECALLER": (("data1", 1), ("data2", 1)),
    "ABANDON": (("data3", 1),),
    "EXITEMPTY": (("data3", 1),),
    "EXITWITHTIMEOUT": (("data3", 1),),
    "EXITWITHKEY": (("data4", 1),),
    "TRANSFER": (("data3", 1), ("data4", 1)),
    "BLINDTRANSFER": (("data3", 1), ("data4", 1)),
    "RINGNOANSWER": (("data1", 1000),),
}
_LEAVES = "('CONNECT', 'ABANDON', 'EXITEMPTY', 'EXITWITHTIMEOUT', 'EXITWITHKEY')"


def suite(contract: Contract, settings: FeedSettings) -> list[Check]:
    """Checks of one run over candidate dates of the queue log."""
    return [
        *contract_checks(contract, settings),
        *completeness_checks(settings),
        *out_of_range_checks(_bad_durations(), _days_of_bad_durations(settings), settings),
        *unknown_event_checks(settings, "queue_log"),
        *_sequence_checks(tolerance(contract, settings), settings),
    ]


def _bad_durations() -> str:
    tests = " or ".join(
        f"(event = '{event}' and ({flagged_value(parameter)} or {parameter} <> '' "
        f"and coalesce(try_cast({parameter} as double), -1) not between 0 and {DAY_S * units}))"
        for event, parameters in _DURATIONS.items()
        for parameter, units in parameters
    )
    return f"select dt, source_file, source_line, event, data1, data2, data3, data4, flags from {{batch}} where {tests}"


def _days_of_bad_durations(settings: FeedSettings) -> str:
    events = ", ".join(f"'{event}'" for event in _DURATIONS)
    return f"""
        with bad as (select dt, count(*) as rows_out_of_range from ({_bad_durations()}) group by dt),
        timed as (select dt, count(*) as row_count from {{batch}} where event in ({events}) group by dt)
        select dt, row_count, rows_out_of_range from timed join bad using (dt)
        where row_count >= {settings.min_rows}
          and rows_out_of_range > {settings.unusable_block_share} * row_count"""


def _sequence_checks(tolerance_s: int, settings: FeedSettings) -> list[Check]:
    """Entering and leaving a queue belong together; a call over midnight has its other half in a neighbouring date."""
    return [
        Check(
            "answer_before_entry",
            "warning",
            Text(
                f"接通早于进入队列超过 {tolerance_s} 秒",
                f"a call leaves its queue more than {tolerance_s} s before it enters",
            ),
            Text("核对各节点的时钟", "compare the clocks of the nodes"),
            NoRows(f"""
                with entry as (
                    select call_id, queue_id, min(event_at) as first_entry
                    from neighbour where event = 'ENTERQUEUE' group by call_id, queue_id),
                departure as (
                    select dt, call_id, queue_id, min(event_at) as first_leaving
                    from {{batch}} where event in {_LEAVES} group by dt, call_id, queue_id)
                select dt, call_id, queue_id, first_entry, first_leaving
                from departure join entry using (call_id, queue_id)
                where epoch(first_leaving) < epoch(first_entry) - {tolerance_s}"""),
        ),
        Check(
            "leaving_without_entry",
            "warning",
            Text(
                f"超过 {settings.odd_warn_share:.0%} 的来电离开队列却没有进入记录",
                f"more than {settings.odd_warn_share:.0%} of the calls that leave a queue never entered it",
            ),
            Text(
                "日志开头可能缺失：检查轮转的文件是否都已送达", "the log's head may be missing: check the rotated files"
            ),
            _without("event in " + _LEAVES, "event = 'ENTERQUEUE'", settings),
        ),
        Check(
            "entry_without_leaving",
            "warning",
            Text(
                f"超过 {settings.odd_warn_share:.0%} 的来电进入队列却没有离开记录",
                f"more than {settings.odd_warn_share:.0%} of the calls that enter a queue never leave it",
            ),
            Text("日志末尾可能缺失：检查文件是否截断", "the log's tail may be missing: check whether the file is cut"),
            _without("event = 'ENTERQUEUE'", "event in " + _LEAVES, settings),
        ),
    ]


def _without(one: str, counterpart: str, settings: FeedSettings) -> NoRows:
    return NoRows(f"""
        with one as (select distinct dt, call_id, queue_id from {{batch}} where {one} and call_id is not null),
        other as (select distinct call_id, queue_id, true as found from neighbour where {counterpart})
        select dt, count(*) as calls, count(*) - count(found) as calls_without
        from one left join other using (call_id, queue_id) group by dt
        having count(*) >= {settings.min_rows} and count(*) - count(found) > {settings.odd_warn_share} * count(*)""")
