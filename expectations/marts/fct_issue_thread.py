"""What must hold of fct_issue_thread before it is released.

Belongs here: what one thread says of itself, and threads that no customer can have. That each contact is in one thread,
and that threads lie apart, are dbt tests.
"""

from __future__ import annotations

from expectations.check import Text
from expectations.marts.common import MartSuite, breaks, no_phone_number, not_negative, warns

_KEY = ("thread_id", "local_date")
_MANY = 50

SUITE = MartSuite(
    "fct_issue_thread",
    (
        not_negative(*_KEY),
        no_phone_number(*_KEY),
        breaks(
            "first_repeats_none",
            "线程没有联络，或首次联络也算作重复",
            "a thread has no contact, or its first one counts as a repeat",
            """
            select thread_id, local_date, contact_count, repeat_count from {batch}
            where contact_count < 1 or repeat_count >= contact_count""",
        ),
        breaks(
            "ends_of_the_chain",
            "线程编号不是首次联络，或单次联络的线程首末不同",
            "a thread is not called by its first contact, or its two ends do not fit the number of its contacts",
            """
            select thread_id, local_date, first_contact_id, last_contact_id, contact_count from {batch}
            where thread_id <> first_contact_id or (first_contact_id = last_contact_id) <> (contact_count = 1)""",
        ),
        breaks(
            "span_is_difference",
            "跨度不等于首次开始到最晚结束的秒数",
            "the span is not the time from the first start to the latest end",
            """
            select thread_id, local_date, started_at, ended_at, span_s from {batch}
            where abs(span_s - epoch(ended_at - started_at)) > 0.001""",
        ),
        warns(
            "many_contacts",
            f"一条线程含 {_MANY} 次以上联络：客户编号可能是占位值",
            f"a thread has {_MANY} contacts or more: its customer id may stand for many people",
            f"""
            select thread_id, local_date, customer_key, issue_id, contact_count from {{batch}}
            where contact_count >= {_MANY}""",
            Text(
                "查看这些联络在 CRM 中的客户编号；占位编号应在数据源映射中置空",
                "look up the customer of these contacts in the CRM; map an id that stands for nobody to NULL",
            ),
        ),
    ),
    # made whole by each build, which can change threads of any date
    window="true",
)
