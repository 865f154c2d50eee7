"""What must hold of fct_contact before it is released.

Belongs here: rules about single contacts and their days. Keys and value lists are dbt tests.
"""

from __future__ import annotations

from expectations.marts.common import MartSuite, breaks, duration_range, no_phone_number, not_negative, warns

_KEY = ("contact_id", "local_date")
_DURATIONS = (
    "ivr_s", "queue_wait_s", "response_s", "queue_response_s", "ring_s", "talk_s", "hold_s", "consult_s", "acw_s",
    "total_s",
)  # fmt: skip
_TOLERANCE_S = 2

SUITE = MartSuite(
    "fct_contact",
    (
        not_negative(*_KEY),
        duration_range(_DURATIONS, _KEY),
        no_phone_number(*_KEY),
        breaks(
            "offered_identity",
            "提供数 = 接通 + 放弃 + 短放弃 + 溢出 + 仍在等待 不成立",
            "offered = answered + abandoned + short-abandoned + flowed out + still waiting does not hold",
            """
            select contact_id, local_date, outcome, queue_visit_count from {batch}
            where is_offered
              and outcome not in ('answered', 'abandoned_queue', 'short_abandon', 'flow_out', 'waiting')""",
        ),
        breaks(
            "answered_by_agent",
            "坐席已应答，但结果不是已接通",
            "an agent answered, yet the outcome is not answered",
            """
            select contact_id, local_date, outcome, first_agent_at from {batch}
            where first_agent_at is not null and outcome not in ('answered', 'invalid')""",
        ),
        breaks(
            "short_abandon_limit",
            "短放弃与等待时长不符",
            "short abandons and abandons do not part at the queue's limit",
            """
            select contact_id, local_date, outcome, queue_wait_s, short_abandon_s from {batch}
            where (outcome = 'short_abandon' and queue_wait_s >= short_abandon_s)
               or (outcome = 'abandoned_queue' and queue_wait_s < short_abandon_s)""",
        ),
        warns(
            "time_order",
            f"时间先后颠倒超过 {_TOLERANCE_S} 秒",
            f"steps are out of order by more than {_TOLERANCE_S} s",
            f"""
            select contact_id, local_date, started_at, first_queue_at, first_agent_at, ended_at from {{batch}}
            where epoch(started_at) > epoch(first_queue_at) + {_TOLERANCE_S}
               or epoch(first_queue_at) > epoch(first_agent_at) + {_TOLERANCE_S}
               or epoch(first_agent_at) > epoch(ended_at) + {_TOLERANCE_S}
               or epoch(started_at) > epoch(ended_at) + {_TOLERANCE_S}""",
        ),
        warns(
            "wait_exceeds_total",
            "等待时长超过联系总时长",
            "the wait is longer than the contact",
            f"""
            select contact_id, local_date, queue_wait_s, total_s from {{batch}}
            where queue_wait_s > total_s + {_TOLERANCE_S}""",
        ),
        warns(
            "anomalous_share",
            "当日超过 20% 的已接通联系时长异常",
            "more than 20 % of the answered contacts of a date are anomalous",
            """
            select local_date, count(*) as answered, count(*) filter (where is_anomalous) as anomalous
            from {batch} where outcome = 'answered' group by local_date
            having count(*) >= 20 and count(*) filter (where is_anomalous) > 0.2 * count(*)""",
        ),
    ),
)
