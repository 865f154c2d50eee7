"""What must hold of fct_queue_interval before it is released.

Belongs here: identities between the additive measures of an interval. That the intervals add up to the visits is a
reconciliation, which is a dbt test.
"""

from __future__ import annotations

from expectations.marts.common import MartSuite, breaks, no_phone_number, not_negative, quarter_hours

_KEY = ("interval_start", "local_date", "queue_id", "channel_id", "direction")
_SHOWN = ", ".join(_KEY)
_BUCKETS = ("le_10", "gt_10_le_30", "gt_30_le_60", "gt_60_le_120", "gt_120")
_PARTS = (
    ("answered_in_target", "answered"),
    ("abandoned_in_target", "abandoned"),
    ("short_abandoned_in_target", "short_abandoned"),
    ("flowed_out_in_target", "flowed_out"),
    ("callback_in_target", "flowed_out_in_target"),
    ("answered_with_wait", "answered"),
    ("answered_with_ring", "answered"),
    ("answered_wait_s", "queue_wait_s"),
    ("queue_wait_max_s", "queue_wait_s"),
    ("talk_max_s", "talk_s"),
    ("talk_min_s", "talk_max_s"),
    ("ring_attempts_unanswered", "ring_attempts"),
    ("ring_attempts_with_ring", "ring_attempts"),
    ("talk_s + hold_s + acw_s", "handle_s"),
    ("legs_with_talk", "handled_legs"),
    ("handle_with_talk_s", "handle_s"),
    ("talk_s", "handle_with_talk_s"),
)
_TOO_LARGE = " or ".join(f"{part} > {whole} + 0.001" for part, whole in _PARTS)

SUITE = MartSuite(
    "fct_queue_interval",
    (
        not_negative(*_KEY),
        no_phone_number(*_KEY),
        quarter_hours("queue_id"),
        breaks(
            "offered_identity",
            "提供数 = 接通 + 放弃 + 短放弃 + 溢出 + 仍在等待 不成立",
            "offered = answered + abandoned + short-abandoned + flowed out + still waiting does not hold",
            f"""
            select {_SHOWN}, offered, answered, abandoned, short_abandoned, flowed_out, still_waiting from {{batch}}
            where offered <> answered + abandoned + short_abandoned + flowed_out + still_waiting""",
        ),
        breaks(
            "wait_buckets",
            "各等待档之和不等于离开队列的次数",
            "the wait buckets do not add up to the visits that left",
            f"""
            select {_SHOWN}, left_with_wait, abandoned, short_abandoned from {{batch}}
            where {" + ".join(f"left_{bucket}" for bucket in _BUCKETS)} <> left_with_wait
               or {" + ".join(f"abandoned_{bucket}" for bucket in _BUCKETS)} > abandoned + short_abandoned
               or {" or ".join(f"abandoned_{bucket} > left_{bucket}" for bucket in _BUCKETS)}""",
        ),
        breaks(
            "part_exceeds_whole",
            "部分大于整体（例如 20 秒内接通多于接通）",
            "a part is larger than its whole (answered in target above answered, a maximum above its sum)",
            f"""
            select {_SHOWN}, offered, answered, answered_in_target, answered_wait_s, queue_wait_s, talk_s, handle_s
            from {{batch}} where {_TOO_LARGE}""",
        ),
    ),
)
