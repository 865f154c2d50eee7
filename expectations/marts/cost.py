"""What must hold of the cost ledger and of what is shared out of it before it is released.

Belongs here: rules about entries and shares. That the shares are the whole ledger is a dbt test.
"""

from __future__ import annotations

from expectations.check import Text
from expectations.marts.common import MartSuite, breaks, no_phone_number, not_negative, warns

_MONTHS = "local_date >= date_trunc('month', {since})"

SUITE = MartSuite(
    "fct_cost",
    (
        no_phone_number("cost_id", "month"),
        warns(
            "other_currency",
            "入账币种与中心不同，金额未计入",
            "an entry is in another currency than the centre's: it is left out",
            "select cost_id, month, currency, amount from {batch} where own_amount is null",
            Text("在数据源映射中换算为中心的币种", "convert it in the mapping of the feed"),
        ),
        warns(
            "labour_is_booked",
            "已入账的月份没有人力成本",
            "a month is booked without any labour: a part of the ledger is missing",
            """
            select month, sum(own_amount) as booked from {batch}
            group by month having coalesce(sum(own_amount) filter (where cost_type = 'labour'), 0) <= 0""",
            Text("确认当月台账是否入齐", "see whether the ledger of the month is complete"),
        ),
    ),
    window="month >= date_trunc('month', {since})",
)

HANDLING_SUITE = MartSuite(
    "fct_handling_month",
    (
        not_negative("local_date", "channel_id", "queue_id"),
        no_phone_number("local_date", "channel_id", "queue_id"),
        breaks(
            "heads_within_seats",
            "人数超过席位日：每位坐席每月至少占用一个席位日",
            "more heads than days of seats: an agent of a month takes a seat on one date at least",
            """
            select local_date, sum(heads) as heads, sum(seat_days) as seat_days from {batch}
            group by local_date having sum(heads) > sum(seat_days) + 0.000001""",
        ),
    ),
    window=_MONTHS,
)

MONTH_SUITE = MartSuite(
    "fct_cost_month",
    (
        no_phone_number("local_date", "channel_id", "queue_id"),
        breaks(
            "parts_of_cost",
            "各科目之和不等于全部成本",
            "the types of cost do not add up to the whole",
            """
            select * from {batch} where abs(labour_cost + technology_cost + telecom_cost + facility_cost
            + management_cost + other_cost - total_cost) > 0.01""",
        ),
    ),
    window=_MONTHS,
)
