"""What must hold of canonical.contact before it enters the lake.

Belongs here: rules about one flat export of contacts after its mapping. A column that a centre does not map is NULL
in every row, so no rule here may fail because of an unmapped column.
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
from expectations.feeds.known import unknown_share_checks
from expectations.settings import FeedSettings

_DURATIONS = ("ivr_s", "queue_wait_s", "ring_s", "talk_s", "hold_s", "consult_s", "acw_s", "total_s")
_STEPS = ("started_at", "system_answered_at", "queue_entered_at", "queue_left_at", "agent_answered_at", "ended_at")
_ORDER = (
    ("started_at", "system_answered_at"),
    ("started_at", "queue_entered_at"),
    ("started_at", "agent_answered_at"),
    ("started_at", "ended_at"),
    ("system_answered_at", "queue_entered_at"),
    ("queue_entered_at", "queue_left_at"),
    ("queue_entered_at", "agent_answered_at"),
    ("queue_left_at", "agent_answered_at"),
    ("queue_left_at", "ended_at"),
    ("agent_answered_at", "ended_at"),
)
_NOT_ANSWERED = "('abandoned_ivr', 'abandoned_queue', 'failed', 'blocked', 'no_answer', 'busy')"


def suite(contract: Contract, settings: FeedSettings) -> list[Check]:
    """Checks of one run over candidate dates of a contact export."""
    within = tolerance(contract, settings)
    return [
        *contract_checks(contract, settings),
        *completeness_checks(settings),
        *durations_checks(_DURATIONS, settings),
        *order_checks(_STEPS, within, settings, key="contact_id", pairs=_ORDER),
        *unknown_share_checks(contract, settings),
        *_meaning_checks(within, settings),
    ]


def _meaning_checks(tolerance_s: int, settings: FeedSettings) -> list[Check]:
    shown = "dt, source_file, source_line, contact_id, outcome"
    return [
        Check(
            "day_month_order",
            "blocking",
            Text(
                "同一文件中有些开始时间只有把日与月对调才读得通，因此这些两可的日期很可能读反了",
                "some starts of the file can only be read with day and month exchanged, so those that can be read "
                "either way were probably read wrongly",
            ),
            Text(
                "对照导出核实日月次序，修正 started_at 的映射格式（%d 与 %m）",
                "look at the order of day and month in the export, correct %d and %m in the mapping of started_at",
            ),
            NoRows(f"""
                select {shown}, started_at from {{batch}}
                where list_contains(string_split(coalesce(flags, ''), ','), 'day_month_doubtful')"""),
        ),
        Check(
            "answered_without_agent",
            "warning",
            Text(
                f"超过 {settings.odd_warn_share:.0%} 的已接通联系没有坐席应答时间，而导出含有该列",
                f"more than {settings.odd_warn_share:.0%} of answered contacts have no time of answer, "
                "though the export has it",
            ),
            Text("检查 agent_answered_at 与 outcome 的映射", "check the mapping of agent_answered_at and outcome"),
            NoRows(f"""
                with mapped as (select count(agent_answered_at) > 0 as has_column from {{batch}})
                select dt, count(*) as answered, count(*) - count(agent_answered_at) as without_time
                from {{batch}}, mapped where outcome = 'answered' and has_column group by dt
                having count(*) >= {settings.min_rows}
                   and count(*) - count(agent_answered_at) > {settings.odd_warn_share} * count(*)"""),
        ),
        Check(
            "unanswered_with_talk",
            "warning",
            Text("未接通的联系却有坐席应答或通话时长", "a contact that was not answered has an answer or talk"),
            Text("检查 outcome 的映射", "check the mapping of outcome"),
            NoRows(f"""
                select {shown}, agent_answered_at, talk_s from {{batch}}
                where outcome in {_NOT_ANSWERED} and (agent_answered_at is not null or talk_s > {tolerance_s})"""),
        ),
        Check(
            "parts_exceed_total",
            "warning",
            Text(
                f"各段时长之和比总时长多出 {tolerance_s} 秒以上",
                f"the parts of a contact last more than {tolerance_s} s longer than the whole",
            ),
            Text(
                "检查各时长是否互相包含（例如等待已含振铃）",
                "check whether parts contain each other (a wait that holds the ring)",
            ),
            NoRows(f"""
                select {shown}, ivr_s, queue_wait_s, talk_s, hold_s, total_s from {{batch}}
                where coalesce(ivr_s, 0) + coalesce(queue_wait_s, 0) + coalesce(talk_s, 0) + coalesce(hold_s, 0)
                    > total_s + {tolerance_s}"""),
        ),
        Check(
            "invalid_most",
            "warning",
            Text(
                "超过一半的联系被配置规则判为无效",
                "the configuration's rules call more than half of the contacts invalid",
            ),
            Text("检查配置中 action 为 invalid 的规则", "check the rules whose action is invalid"),
            NoRows(f"""
                select dt, count(*) as row_count, count(*) filter (where is_invalid) as invalid_rows
                from {{batch}} group by dt
                having count(*) >= {settings.min_rows} and count(*) filter (where is_invalid) > 0.5 * count(*)"""),
        ),
    ]
