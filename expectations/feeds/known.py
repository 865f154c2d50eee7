"""What a person knows of a feed and its contract can't say: values of one row that contradict each other, and rows that
tell the same thing again under another id. All are warnings, and somebody should look at the rows.

Belongs here: one entry per rule. Not here: what columns and their order alone tell (the contract).
"""

from __future__ import annotations

from dataclasses import dataclass

from expectations.check import Check, NoRows, Text
from expectations.contracts import Contract
from expectations.settings import FeedSettings

_MAPPING = Text(
    "检查这两列的映射；核对源系统中的这些记录",
    "check the mapping of these columns; look at the records in their source",
)


@dataclass(frozen=True)
class Contradiction:
    """Rows of a feed that can't be right. `when` is SQL over the feed's columns; it may name `{tolerance}` (seconds).
    `needs` is a column without which a centre that maps none would always break the rule."""

    name: str
    reason: Text
    when: str
    shown: tuple[str, ...]
    needs: str | None = None


def _lasts(duration: str, start: str, end: str) -> str:
    return f"abs({duration} - (epoch({end}) - epoch({start}))) > {{tolerance}}"


CONTRADICTIONS: dict[str, tuple[Contradiction, ...]] = {
    "canonical.ticket": (
        Contradiction(
            "solved_without_time",
            Text("已解决或归档的工单没有解决时间", "a ticket that is solved or archived has no time of its solution"),
            "status in ('solved', 'archived') and solved_at is null",
            ("ticket_id", "status", "archived_at"),
            needs="solved_at",
        ),
        Contradiction(
            "open_but_archived",
            Text("仍在处理的工单已有归档时间", "a ticket that is still open has a time of archiving"),
            "status in ('open', 'in_progress', 'waiting') and archived_at is not null",
            ("ticket_id", "status", "archived_at"),
        ),
    ),
    "canonical.order": (
        Contradiction(
            "paid_without_time",
            Text("已支付的订单没有支付时间", "an order that was paid has no time of payment"),
            "status = 'paid' and paid_at is null",
            ("order_id", "status"),
            needs="paid_at",
        ),
        Contradiction(
            "amount_below_zero",
            Text("订单金额为负", "an order has an amount below 0"),
            "amount < 0",
            ("order_id", "amount"),
        ),
    ),
    "canonical.recording": (
        Contradiction(
            "duration_is_not_the_span",
            Text("录音时长与起止时间不符", "a recording does not last from its start to its end"),
            _lasts("duration_s", "started_at", "ended_at"),
            ("recording_id", "duration_s", "started_at", "ended_at"),
        ),
    ),
    "canonical.agent_state": (
        Contradiction(
            "duration_is_not_the_span",
            Text("状态时长与起止时间不符", "a state does not last from its start to its end"),
            _lasts("duration_s", "started_at", "ended_at"),
            ("agent_id", "state", "duration_s", "started_at", "ended_at"),
        ),
    ),
    "canonical.queue_visit": (
        Contradiction(
            "wait_is_not_the_span",
            Text("等待时长与进出队列时间不符", "a wait is not the time from entering the queue to leaving it"),
            _lasts("wait_s", "entered_at", "left_at"),
            ("contact_id", "queue_id", "wait_s", "entered_at", "left_at"),
        ),
    ),
    "canonical.api_call": (
        Contradiction(
            "success_with_error",
            Text("成功的接口调用带有错误类别", "a call that succeeded has a class of failure"),
            "is_success and error_class is not null",
            ("api_call_id", "endpoint_id", "error_class"),
        ),
    ),
    "canonical.complaint": (
        Contradiction(
            "repeats_itself",
            Text("投诉以自身为前次投诉", "a complaint is its own earlier complaint"),
            "parent_complaint_id = complaint_id",
            ("complaint_id",),
        ),
    ),
    "canonical.transfer": (
        Contradiction(
            "to_the_same_agent",
            Text("坐席转接给自己", "an agent transferred to the same agent"),
            "from_agent_id = to_agent_id",
            ("transfer_id", "contact_id", "from_agent_id"),
        ),
    ),
    "canonical.chat_message": (
        Contradiction(
            "agent_without_name",
            Text("坐席消息没有坐席编号", "an agent's message names no agent"),
            "sender_type = 'agent' and agent_id is null",
            ("contact_id", "message_id"),
            needs="agent_id",
        ),
    ),
    "canonical.feed_heartbeat": (
        Contradiction(
            "received_more_than_expected",
            Text("实收记录多于应收", "more records came than should have come"),
            "received_count > expected_count",
            ("device_id", "expected_count", "received_count"),
        ),
    ),
    "canonical.shift": (
        Contradiction(
            "paid_beyond_the_shift",
            Text("班次的付薪时长超过计划时长一小时以上", "a shift is paid for an hour more than it is planned to last"),
            # the night on which clocks go forward is an hour shorter than it is paid for
            "paid_s > epoch(planned_end_at) - epoch(planned_start_at) + 3600",
            ("agent_id", "shift_id", "planned_start_at", "planned_end_at", "paid_s"),
            needs="paid_s",
        ),
    ),
    "canonical.query_log": (
        Contradiction(
            "text_as_hash",
            Text("查询的哈希含空格，疑为查询文本", "the hash of a query holds a space, as its text would"),
            "query_hash like '% %'",
            ("tool_name", "query_id"),
        ),
    ),
}


@dataclass(frozen=True)
class Repetition:
    """Rows of a feed that are alike in `alike` and differ in their id `shown[0]` are one thing told again: all but the
    first by `shown[-1]`. Rows of a date and of the dates beside it are compared; one whose `about` is NULL is like
    none."""

    name: str
    reason: Text
    action: Text
    about: str
    alike: tuple[str, ...]
    shown: tuple[str, ...]


_ASKED_AGAIN = Text(
    "在问卷平台上查明为何重发；统计时只算第一次",
    "find out on the survey platform why it was sent again; only the first counts",
)
REPETITIONS: dict[str, Repetition] = {
    "canonical.survey_invitation": Repetition(
        "survey_sent_twice",
        Text(
            "同一联系、工单、坐席、场景的邀评发了不止一次",
            "a survey of the same contact, ticket, agent and scenario was sent more than once",
        ),
        _ASKED_AGAIN,
        "coalesce(contact_id, ticket_id)",
        ("contact_id", "ticket_id", "agent_id", "scenario"),
        ("survey_id", "contact_id", "agent_id", "scenario", "sent_at"),
    ),
    "canonical.survey_response": Repetition(
        "survey_answered_twice",
        Text(
            "同一联系、坐席、场景的同一题目答了不止一次",
            "a question about the same contact, agent and scenario was answered more than once",
        ),
        _ASKED_AGAIN,
        "contact_id",
        ("contact_id", "agent_id", "scenario", "question_id"),
        ("survey_id", "contact_id", "agent_id", "question_id", "responded_at"),
    ),
}


def known_checks(said: Contract, tolerance_s: int) -> list[Check]:
    """The checks of a feed that are known here."""
    contradictions = [_check(rule, tolerance_s) for rule in CONTRADICTIONS.get(said.feed, ())]
    repetition = REPETITIONS.get(said.feed)
    return contradictions if repetition is None else [*contradictions, _repeated(repetition)]


def unknown_share_checks(said: Contract, settings: FeedSettings) -> list[Check]:
    """For a feed that says whom its rows are about: most rows say so, when any does."""
    named = [column.name for column in said.columns if column.pii == "keyed_hash" and not column.required]
    if not named:
        return []
    known = f"coalesce({', '.join(named)})" if len(named) > 1 else named[0]
    return [
        Check(
            "unknown_customers",
            "warning",
            Text(
                f"超过 {settings.unknown_warn_share:.0%} 的行不知客户或号码，而该数据源含有此信息",
                f"more than {settings.unknown_warn_share:.0%} of the rows say neither customer nor number, though the "
                "feed does",
            ),
            Text("检查客户编号或号码的映射与源系统的登记情况", "check the mapping of customer and number, and how the "
                 "source records them"),
            NoRows(f"""
                with told as (select count({known}) > 0 as is_told from {{batch}})
                select dt, count(*) as row_count, count(*) - count({known}) as unknown_rows
                from {{batch}}, told where is_told group by dt
                having count(*) >= {settings.min_rows}
                   and count(*) - count({known}) > {settings.unknown_warn_share} * count(*)"""),
        )
    ]  # fmt: skip


def _check(rule: Contradiction, tolerance_s: int) -> Check:
    shown = ", ".join(("dt", "source_file", "source_line", *rule.shown))
    told = f"with told as (select count({rule.needs}) > 0 as is_told from {{batch}}) " if rule.needs else ""
    relation = "{batch}, told" if rule.needs else "{batch}"
    condition = rule.when.format(tolerance=tolerance_s) + (" and is_told" if rule.needs else "")
    return Check(
        rule.name, "warning", rule.reason, _MAPPING, NoRows(f"{told}select {shown} from {relation} where {condition}")
    )


def _repeated(rule: Repetition) -> Check:
    alike, (first, *_, last) = ", ".join(rule.alike), rule.shown
    return Check(
        rule.name,
        "warning",
        rule.reason,
        rule.action,
        NoRows(f"""
            with told as (
                select dt, source_file, source_line, {", ".join(rule.shown)},
                    row_number() over (partition by {alike} order by {last}, {first}) as told_no
                from neighbour where {rule.about} is not null)
            select * from told where told_no > 1 and dt in (select distinct dt from {{batch}})"""),
    )
