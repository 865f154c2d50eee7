"""What must hold of the facts of offers, leads, orders and retention before they are released.

Belongs here: rules about what is sold and who comes back. Keys, value lists and sums over several facts are dbt tests.
"""

from __future__ import annotations

from expectations.check import Text
from expectations.marts.common import MartSuite, breaks, no_phone_number, not_negative, warns

_CONVERT = Text(
    "在数据源映射中换算为中心的币种；在此之前订单计数而金额不计",
    "convert it in the mapping of the feed; until then the order counts and its amount does not",
)

ORDER_SUITE = MartSuite(
    "fct_order",
    (
        no_phone_number("order_id", "partition_date"),
        breaks(
            "money_of_paid_orders",
            "未付款的订单有收入，或净额超过总额",
            "an order that is not paid brings money, or its net amount exceeds the gross one",
            """
            select order_id, partition_date, paid_at, refunded_at, gross_amount, net_amount from {batch}
            where (paid_at is null and coalesce(gross_amount, net_amount) is not null)
               or (refunded_at is not null and net_amount <> 0)
               or (gross_amount is null) <> (net_amount is null) or (gross_amount > 0 and net_amount > gross_amount)""",
        ),
        warns(
            "other_currency",
            "已付款订单的币种与中心不同，金额未计入",
            "a paid order is in another currency than the centre's: its amount is left out",
            """
            select order_id, partition_date, currency, amount from {batch}
            where paid_at is not null and amount is not null and gross_amount is null""",
            _CONVERT,
        ),
        warns(
            "paid_before_created",
            "付款早于下单，或退款早于付款",
            "an order is paid before it was placed, or refunded before it was paid",
            """
            select order_id, partition_date, created_at, paid_at, refunded_at from {batch}
            where paid_at < created_at - interval 2 second or refunded_at < paid_at - interval 2 second""",
        ),
    ),
    window="partition_date >= {since}",
)

LEAD_DAY_SUITE = MartSuite(
    "fct_lead_day",
    (
        not_negative("local_date", "lead_source", "owner_agent_id"),
        no_phone_number("local_date", "lead_source", "owner_agent_id"),
        breaks(
            "conversion_within_leads",
            "转化数超过转化期已满的线索，或后者超过新增线索",
            "more leads are converted than decided, or more decided than came up",
            """
            select local_date, lead_source, owner_agent_id, created_count, decided_count, converted_count from {batch}
            where converted_count > decided_count or decided_count > created_count""",
        ),
    ),
)

INVITE_SUITE = MartSuite(
    "fct_invite",
    (
        no_phone_number("invite_id", "local_date"),
        warns(
            "unknown_contact",
            "当日超过 5% 的邀约找不到所属联络",
            "the contact of more than 5 % of a date's offers is not known",
            """
            select local_date, count(said_contact_id) as named, count(contact_id) as found from {batch}
            group by local_date having count(said_contact_id) >= 20
            and count(contact_id) < 0.95 * count(said_contact_id)""",
        ),
    ),
)

CONTACT_SALE_SUITE = MartSuite(
    "fct_contact_sale_day",
    (
        not_negative("local_date", "channel_id", "agent_id"),
        no_phone_number("local_date", "channel_id", "agent_id"),
        breaks(
            "sold_within_served",
            "成单的服务联络超过服务联络，或服务联络超过处理的联络",
            "more service contacts sold something than there were, or more were of service than were handled",
            """
            select * from {batch} where service_count > handled_count or service_offered_count > service_count
            or service_sold_count > service_count or service_offered_sold_count > service_offered_count
            or service_offered_sold_count > service_sold_count""",
        ),
    ),
)

RETENTION_SUITE = MartSuite(
    "fct_retention",
    (
        not_negative("local_date", "tier"),
        no_phone_number("local_date", "tier"),
        breaks(
            "returned_within_cohort",
            "回归的客户超过原有客户",
            "more customers came back than there were",
            """
            select * from {batch} where served_bought_count > served_active_count
            or served_active_count > served_count or buyer_bought_count > buyer_count""",
        ),
    ),
    # a late record changes months of a year ago
    window="true",
)
