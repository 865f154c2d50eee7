"""Business with customers, and what the centre costs: the CRM's sales tables, the ledger, the roster.

Belongs here: M138, M146, M149, M152, M180. Does not belong here: retention over years (`retention`).
"""

from __future__ import annotations

from simulator.evidence.feeds import Feeds
from simulator.evidence.sample import Sample, mean, share
from simulator.evidence.slices import Slice

LEAD_WINDOW_DAYS = 30


def offers_accepted(feeds: Feeds, where: Slice) -> Sample:
    """M138: offers that were accepted at once; those of service contacts belong to no campaign (`none`)."""
    rows = feeds.rows(
        """
        select cast(offer_time as date), coalesce(accept_flag, 'N') = 'Y' from crm.sales_invite
        where $campaign is null or coalesce(campaign_no, 'none') = $campaign
        """,
        {"campaign": where.get("campaign")},
    )
    return share(rows)


def leads_converted(feeds: Feeds, where: Slice) -> Sample:
    """M146: leads of a source with a paid order within 30 days; by their creation, once the 30 days are over."""
    rows = feeds.rows(
        f"""
        select cast(create_time as date), exists (
            from crm.sales_order as sold
            where sold.lead_no = lead.lead_no and sold.pay_time < lead.create_time + interval {LEAD_WINDOW_DAYS} days
        )
        from crm.sales_lead as lead
        where source_code = $lead_source and cast(create_time as date) >= $first and cast(create_time as date) < $known
        """,
        {
            "lead_source": where.get("lead_source"),
            "first": feeds.first_day,
            "known": feeds.known_for(LEAD_WINDOW_DAYS),
        },
    )
    return share(rows)


def close_rate(feeds: Feeds, where: Slice) -> Sample:
    """M149: customers who were offered a product and paid for it in the same month, by the month's first offer."""
    rows = feeds.rows(
        """
        with offer as (
            select coalesce(member_no, record_no) as customer, record_no, cast(offer_time as date) as day
            from crm.sales_invite join crm.service_record using (record_no)
            where product_code = $product_id
        )
        select min(day), bool_or(sold.order_no is not null)
        from offer left join crm.sales_order as sold
            on sold.record_no = offer.record_no and sold.product_code = $product_id and sold.pay_time is not null
        group by customer, date_trunc('month', day)
        """,
        {"product_id": where.get("product_id")},
    )
    return share(rows)


def labour_cost(feeds: Feeds, where: Slice) -> Sample:
    """M152: what the ledger books of a type of cost, a month, by the date on which it is booked; savings are the
    difference of two such levels."""
    rows = feeds.rows(
        "select cast(min(booked_at) as date), sum(cast(amount as double)) from cost where cost_type = $cost_type "
        "group by month",
        {"cost_type": where.get("cost_type")},
    )
    return mean(rows)


def headcount(feeds: Feeds, _: Slice) -> Sample:
    """M180: agents with a shift in the roster, a week; the first and the last week may be cut and are left out."""
    rows = feeds.rows(
        """
        with week as (
            select date_trunc('week', cast(shift_date as date)) as week, count(distinct agent_id) as agents,
                count(distinct shift_date) as days
            from shift group by week
        )
        select cast(week as date), agents from week where days = 7
        """
    )
    return mean(rows)
