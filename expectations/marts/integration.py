"""What must hold of fct_api_minute before it is released.

Belongs here: rules about minutes of interfaces. Keys and value lists are dbt tests.
"""

from __future__ import annotations

from expectations.marts.common import MartSuite, breaks, no_phone_number, not_negative, warns

_KEY = ("endpoint_id", "minute_at", "local_date")

SUITE = MartSuite(
    "fct_api_minute",
    (
        not_negative(*_KEY),
        no_phone_number(*_KEY),
        breaks(
            "failures_within_calls",
            "失败次数超过调用次数",
            "more calls failed than were made",
            """
            select endpoint_id, minute_at, local_date, call_count, failure_count from {batch}
            where failure_count > call_count""",
        ),
        warns(
            "whole_minute",
            "时刻不是整分钟",
            "an instant is no whole minute",
            """
            select endpoint_id, minute_at, local_date from {batch}
            where minute_at <> date_trunc('minute', minute_at)""",
        ),
    ),
)
