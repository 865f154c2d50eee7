"""What must hold of tickets' stages and returns before they are released.

Belongs here: rules about one ticket. Keys and value lists are dbt tests.
"""

from __future__ import annotations

from expectations.marts.common import MartSuite, breaks, no_phone_number, not_negative, warns

_STAGE = ("ticket_id", "stage_no", "local_date")
_RETURN = ("ticket_id", "missing_field", "local_date")
_ACCEPTED_WITHIN_DAYS = 7  # of the newest ticket; tickets of a Friday wait for Monday, and a batch goes 8 days back

STAGE_SUITE = MartSuite(
    "fct_ticket_stage",
    (
        not_negative(*_STAGE),
        no_phone_number(*_STAGE),
        breaks(
            "two_clocks",
            "有时长而无起止时刻，或工作时间多于自然时间",
            "a stage has a duration without its instants, or more office hours than time",
            """
            select ticket_id, stage_no, local_date, waiting_s, waiting_business_s, handling_s, handling_business_s
            from {batch}
            where (waiting_s is null) <> (accepted_at is null) or (waiting_business_s is null) <> (accepted_at is null)
               or (handling_s is null) <> (left_at is null) or (handling_business_s is null) <> (left_at is null)
               or waiting_business_s > waiting_s or handling_business_s > handling_s""",
        ),
        breaks(
            "one_last_acceptance",
            "有签收的工单没有恰好一次最后签收，或其合计不等于各次之和",
            "an accepted ticket does not have exactly one last acceptance, or its sum is not that of its stages",
            """
            select ticket_id, min(local_date) as local_date, sum(waiting_s) as waiting_s,
                max(ticket_waiting_s) as ticket_waiting_s
            from {batch} group by ticket_id
            having count(*) filter (where is_last_accepted) <> least(count(accepted_at), 1)
                or abs(coalesce(max(ticket_waiting_s), 0) - coalesce(sum(waiting_s), 0)) > 0.001""",
        ),
        warns(
            "acceptances_untold",
            "一周前某日建立的工单有 20 次以上流转而无一签收：数据源可能没有签收记录",
            "20 hand-overs or more of a date's tickets, none accepted in a week: the source may tell of no acceptance",
            f"""
            select local_date, count(*) as hand_overs from {{batch}}
            where local_date <= (select max(local_date) from {{batch}}) - {_ACCEPTED_WITHIN_DAYS}
            group by local_date having count(*) >= 20 and count(accepted_at) = 0""",
        ),
    ),
)

RETURN_SUITE = MartSuite(
    "fct_ticket_return",
    (
        no_phone_number(*_RETURN),
        breaks(
            "returned_at_least_once",
            "退回次数少于一次",
            "a ticket is told as sent back, yet less than once",
            "select ticket_id, missing_field, local_date, returned_count from {batch} where returned_count < 1",
        ),
    ),
)
