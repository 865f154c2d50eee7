"""What customers say: surveys, complaints, and the emotions that systems heard.

Belongs here: M112, M113, M119, M127, M130, M131, M133. Does not belong here: the tickets of complaints (`tickets`).
"""

from __future__ import annotations

from simulator.evidence.feeds import Feeds
from simulator.evidence.sample import Sample, mean, share
from simulator.evidence.slices import Slice

RECURS_WITHIN_DAYS = 30
ESCALATES_WITHIN_DAYS = 7
STRONG_LEVEL = 3


def satisfaction(feeds: Feeds, where: Slice) -> Sample:
    """M112 and M113: mean score of satisfaction on a scale of 0 to 100, of contacts about a topic."""
    rows = feeds.rows(
        """
        select cast(sent_at as date), 100 * (score - lowest) / (highest - lowest)
        from answer join crm.service_record on record_no = contact_id join issue_tree on issue_id = issue_code
        where kind = '满意度' and score is not null and ($topic is null or topic = $topic)
        """,
        {"topic": where.get("topic")},
    )
    return mean(rows)


def strong_emotion(feeds: Feeds, where: Slice) -> Sample:
    """M119: handled contacts about a topic in which a strong negative emotion was heard."""
    rows = feeds.rows(
        """
        select cast(end_time as date),
            exists (from alert where contact_id = record_no and alert_level = $strong)
        from crm.service_record join issue_tree on issue_id = issue_code
        where direction = 'IN' and ($topic is null or topic = $topic)
        """,
        {"topic": where.get("topic"), "strong": STRONG_LEVEL},
    )
    return share(rows)


def complaint_mix(feeds: Feeds, where: Slice) -> Sample:
    """M127 and M133: complaints of a type among all, or among those of customers of an age band."""
    rows = feeds.rows(
        """
        with customer as (select distinct member_no, age_band from crm.member_history)
        select cast(opened_at as date), complaint_type = $complaint_type
        from complaint left join customer on member_no = customer_id
        where $age_band is null or age_band = $age_band
        """,
        {"complaint_type": where.get("complaint_type"), "age_band": where.get("age_band")},
    )
    return share(rows)


def recurrence(feeds: Feeds, where: Slice) -> Sample:
    """M130: closed complaints of known customers after which the same customer complained of the same type again within
    30 days; by the date of closing, once the 30 days are over."""
    rows = feeds.rows(
        f"""
        select cast(closed_at as date), exists (
            from complaint as later
            where later.customer_id = closed.customer_id and later.complaint_type = closed.complaint_type
              and later.opened_at > closed.closed_at
              and later.opened_at <= closed.closed_at + interval {RECURS_WITHIN_DAYS} days
        )
        from complaint as closed
        where closed_at is not null and customer_id is not null and cast(closed_at as date) < $known
          and ($complaint_type is null or complaint_type = $complaint_type)
        """,
        {"complaint_type": where.get("complaint_type"), "known": feeds.known_for(RECURS_WITHIN_DAYS + 1)},
    )
    return share(rows)


def escalation(feeds: Feeds, _: Slice) -> Sample:
    """M131: complaints that were escalated, by the date on which they were opened."""
    rows = feeds.rows(
        "select cast(opened_at as date), escalated_at is not null from complaint "
        "where cast(opened_at as date) < $known",
        {"known": feeds.known_for(ESCALATES_WITHIN_DAYS)},
    )
    return share(rows)
