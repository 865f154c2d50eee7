"""What must hold of fct_agent_state before it is released.

Belongs here: an agent's time is a partition of the time logged in. Value lists are dbt tests.
"""

from __future__ import annotations

from expectations.marts.common import MartSuite, agent_day, breaks, no_phone_number, not_negative, warns

_KEY = ("agent_id", "started_at", "local_date")

SUITE = MartSuite(
    "fct_agent_state",
    (
        not_negative(*_KEY),
        no_phone_number(*_KEY),
        agent_day("duration_s"),
        breaks(
            "duration_is_difference",
            "时长不等于结束减开始",
            "the duration is not the end minus the start",
            """
            select agent_id, local_date, state, started_at, ended_at, duration_s from {batch}
            where abs(epoch(ended_at) - epoch(started_at) - duration_s) > 0.001""",
        ),
        breaks(
            "no_overlap",
            "同一坐席的两个状态在时间上重叠",
            "two states of one agent overlap",
            """
            with followed as (
                select agent_id, local_date, state, started_at, ended_at,
                    lead(started_at) over (partition by agent_id order by started_at, ended_at) as next_started_at
                from {batch})
            select agent_id, local_date, state, started_at, ended_at, next_started_at from followed
            where epoch(next_started_at) < epoch(ended_at) - 0.001""",
        ),
        warns(
            "long_state",
            "一个状态持续超过 12 小时（可能忘记签出）",
            "a state lasts more than 12 hours (a log-out may be missing)",
            """
            select agent_id, local_date, state, started_at, duration_s from {batch}
            where duration_s > 43200""",
        ),
    ),
)
