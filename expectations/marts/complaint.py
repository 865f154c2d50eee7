"""What must hold of complaints before they are released.

Belongs here: rules about complaints. Keys, value lists and sums over several facts are dbt tests.
"""

from __future__ import annotations

from expectations.marts.common import MartSuite, breaks, no_phone_number, not_negative, warns

SUITE = MartSuite(
    "fct_complaint",
    (
        no_phone_number("complaint_id", "partition_date"),
        breaks(
            "time_to_close",
            "未办结而有处理时长，或工作时间多于自然时间",
            "a complaint that is open took time to close, or more office hours than time",
            """
            select complaint_id, partition_date, is_closed, handling_s, handling_business_s from {batch}
            where (handling_s is not null) <> is_closed or handling_s < 0 or handling_business_s > handling_s""",
        ),
        warns(
            "time_order",
            "办结或升级早于受理，未计入",
            "a complaint is closed or escalated before it was received, which counts as neither",
            """
            select complaint_id, partition_date, opened_at, escalated_at, closed_at from {batch}
            where closed_at < opened_at - interval 2 second or escalated_at < opened_at - interval 2 second""",
        ),
        warns(
            "about_nothing",
            "当日超过一半的坐席投诉没有写明被投诉的联络",
            "more than half of a date's complaints about agents name no contact, so they count for nobody",
            """
            select partition_date, count(about_agent_id) as about_agents,
                count(case when about_agent_id is not null then about_contact_id end) as about_contacts
            from {batch} group by partition_date
            having count(about_agent_id) >= 5
            and 2 * count(case when about_agent_id is not null then about_contact_id end) < count(about_agent_id)""",
        ),
    ),
    window="partition_date >= {since}",
)

DAY_SUITE = MartSuite(
    "fct_complaint_day",
    (
        not_negative("local_date", "channel_id", "complaint_type"),
        no_phone_number("local_date", "channel_id", "complaint_type"),
        breaks(
            "parts_within_whole",
            "办结、升级、再次发生等计数超过其总数",
            "more complaints are closed, escalated or came again than could be",
            """
            select * from {batch}
            where greatest(opened_closed_count, opened_escalated_count, opened_again_count) > opened_count
               or decided_count > closed_count or recurred_count > decided_count""",
        ),
    ),
)

AGENT_SUITE = MartSuite(
    "fct_agent_complaint_day",
    (
        not_negative("local_date", "agent_id"),
        no_phone_number("local_date", "agent_id"),
        warns(
            "many_complaints",
            "当日针对某坐席的投诉达到 5 件且超过其联络的一半",
            "5 complaints or more are about an agent's contacts of a date, and more than half as many as these",
            "select * from {batch} where complaint_count >= 5 and 2 * complaint_count > handled_count",
        ),
    ),
)
