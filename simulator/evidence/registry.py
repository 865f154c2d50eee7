"""Every metric that a worked case expects, with its name and how it is read.

Belongs here: the list. Does not belong here: how (`metrics`), what is expected (`scenarios`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from simulator.evidence.feeds import Feeds
from simulator.evidence.metrics import (
    agents,
    business,
    menu,
    resolution,
    retention,
    telephone,
    tickets,
    voice_of_customer,
)
from simulator.evidence.sample import Sample
from simulator.evidence.slices import Slice

Unit = Literal["share", "s", "points", "count", "hour", "x", "yuan"]


@dataclass(frozen=True, slots=True)
class Metric:
    """`lag_days`: how many dates after a change of its cause still show the old cause. `span_days`: how many dates an
    observation tells of, from its own on."""

    metric_id: str
    name_zh: str
    name_en: str
    unit: Unit
    measure: Callable[[Feeds, Slice], Sample]
    lag_days: int = 0
    span_days: int = 1


METRICS = {
    metric.metric_id: metric
    for metric in (
        Metric("M005", "各业务线呼叫量占比", "Share of contacts by topic", "share", telephone.topic_share),
        Metric("M010", "峰值呼叫时段", "Peak hour", "hour", telephone.peak_hour),
        Metric("M012", "事件日倍数", "Uplift of event days", "x", telephone.occasion_uplift),
        Metric("M018", "新客户来电占比", "Share of calls from new customers", "share", telephone.new_customers),
        Metric("M024", "平均等待时长", "Mean wait for an answer", "s", telephone.answer_wait),
        Metric("M030", "呼入接通率", "Inbound connect rate", "share", telephone.connect_rate),
        Metric("M034", "排队放弃率", "Abandonment in the queue", "share", telephone.queue_abandonment),
        Metric("M035", "排队 30 秒内放弃占比", "Abandons within 30 s", "share", telephone.early_abandonment),
        Metric("M036", "等待超 2 分钟挂断率", "Hang-ups after two minutes", "share", telephone.late_abandonment),
        Metric("M052", "IVR 转人工率", "From the menu to an agent", "share", menu.node_to_agent),
        Metric("M053", "IVR 放弃率", "Menu given up", "share", menu.menu_abandonment),
        Metric("M057", "因 IVR 复杂挂断占比", "Hang-ups for a complicated menu", "share", menu.complexity_hangups),
        Metric("M062", "平均通话时长", "Mean talk time", "s", agents.talk_time),
        Metric("M069", "日均接电量", "Calls taken an agent-day", "count", agents.calls_taken),
        Metric("M070", "坐席人均日处理量", "Contacts handled an agent-day", "count", agents.contacts_handled),
        Metric("M074", "小休总时长", "Breaks an agent-day", "s", agents.breaks),
        Metric("M076", "示忙时长占比", "Busy share", "share", agents.busy_share),
        Metric("M077", "手动操作时间占比", "Manual work", "share", agents.manual_share),
        Metric("M079", "每通客户信息查询次数", "Look-ups in a contact", "count", agents.lookups),
        Metric("M085", "工单完成率", "Ticket completion", "share", tickets.ticket_completion),
        Metric("M088", "跨部门流转时长", "Routing across departments", "s", tickets.routing_time),
        Metric("M089", "环节耗时占比", "Stage's share of routing", "share", tickets.stage_share),
        Metric("M091", "工单返工率", "Tickets sent back", "share", tickets.rework),
        Metric("M093", "一次办结率", "One-stop completion", "share", resolution.one_stop_completion),
        Metric("M096", "单次解决率", "Single-call resolution", "share", resolution.single_call_resolution),
        Metric("M098", "二次来电率", "Repeat rate within 7 days", "share", resolution.repeat_rate),
        Metric("M099", "客户重复咨询量", "Repeats a day", "count", resolution.repeats_per_day, lag_days=7),
        Metric("M101", "二次来电原因占比", "Reasons of repeats", "share", resolution.repeat_reason, lag_days=7),
        Metric("M102", "转接率（能力）", "Handed over for lack of ability", "share", agents.transfers_by_ability),
        Metric("M112", "客户满意度", "Satisfaction, of 100", "points", voice_of_customer.satisfaction),
        Metric("M113", "分场景满意度", "Satisfaction by scenario, of 100", "points", voice_of_customer.satisfaction),
        Metric("M119", "强负面情绪占比", "Strong negative emotion", "share", voice_of_customer.strong_emotion),
        Metric("M127", "投诉业务类型分布", "Complaints by type", "share", voice_of_customer.complaint_mix),
        Metric("M130", "投诉二次发生率", "Complaints that come again", "share", voice_of_customer.recurrence),
        Metric("M131", "投诉升级率", "Complaints escalated", "share", voice_of_customer.escalation),
        Metric("M133", "投诉群体差异", "Complaints by group", "share", voice_of_customer.complaint_mix),
        Metric("M137", "客户留存率（年度）", "Retention within a year", "share", retention.retention, span_days=365),
        Metric("M138", "邀约成功率", "Offers accepted", "share", business.offers_accepted),
        Metric("M146", "线索来源转化率", "Conversion by lead source", "share", business.leads_converted),
        Metric("M149", "产品成单率", "Close rate by product", "share", business.close_rate),
        Metric("M152", "月人力成本", "Labour cost a month", "yuan", business.labour_cost),
        Metric("M177", "来电接通率", "Calls that the lines connect", "share", telephone.line_connected),
        Metric("M180", "人员规模", "Agents in the roster", "count", business.headcount),
    )
}
