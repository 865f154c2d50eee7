"""What must hold of fct_queue_visit and fct_queue_offer before they are released.

Belongs here: rules about single visits and ring attempts. Keys and value lists are dbt tests.
"""

from __future__ import annotations

from expectations.marts.common import MartSuite, breaks, duration_range, no_phone_number, not_negative, warns

_KEY = ("queue_visit_id", "local_date")
_OFFER = ("queue_offer_id", "local_date")
_TOLERANCE_S = 2

SUITE = MartSuite(
    "fct_queue_visit",
    (
        not_negative(*_KEY),
        duration_range(("wait_s", "ring_s", "talk_s", "hold_s", "acw_s"), _KEY),
        no_phone_number(*_KEY),
        breaks(
            "short_abandon_limit",
            "短放弃标记与等待时长或离开方式不符",
            "the mark of a short abandon contradicts the wait or the exit",
            """
            select queue_visit_id, local_date, exit_kind, wait_s, short_abandon_s, is_short_abandon from {batch}
            where (is_short_abandon and (exit_kind <> 'abandoned' or wait_s >= short_abandon_s))
               or (not is_short_abandon and exit_kind = 'abandoned' and wait_s < short_abandon_s)""",
        ),
        breaks(
            "one_class",
            "一次排队同属几类结果，或不属于任何一类",
            "a visit is of several classes (answered, abandoned, flowed out, waiting) or of none",
            """
            select queue_visit_id, local_date, exit_kind, is_flow_out from {batch}
            where is_flow_out is null or is_flow_out = (exit_kind in ('answered', 'abandoned', 'waiting'))""",
        ),
        warns(
            "time_order",
            f"离开或应答早于进入超过 {_TOLERANCE_S} 秒",
            f"a visit is left or answered more than {_TOLERANCE_S} s before it begins",
            f"""
            select queue_visit_id, local_date, entered_at, answered_at, left_at, ended_at from {{batch}}
            where epoch(entered_at) > epoch(left_at) + {_TOLERANCE_S}
               or epoch(entered_at) > epoch(answered_at) + {_TOLERANCE_S}
               or epoch(answered_at) > epoch(ended_at) + {_TOLERANCE_S}""",
        ),
        warns(
            "ring_exceeds_wait",
            "振铃时长超过等待时长（振铃是等待的一部分）",
            "the ring lasts longer than the wait it is part of",
            f"""
            select queue_visit_id, local_date, ring_s, wait_s from {{batch}}
            where exit_kind = 'answered' and ring_s > wait_s + {_TOLERANCE_S}""",
        ),
        warns(
            "waiting_for_days",
            "一天以前进入的来电仍显示在等待",
            "a call that entered more than a day before the last one still waits",
            """
            select queue_visit_id, local_date, entered_at from {batch}
            where exit_kind = 'waiting' and entered_at < (select max(entered_at) from {mart}) - interval 1 day""",
        ),
        warns(
            "reconstructed_share",
            "当日超过 5% 的排队没有进入记录",
            "the entries of more than 5 % of a date's visits had to be reconstructed",
            """
            select local_date, count(*) as visits, count(*) filter (where is_entry_reconstructed) as reconstructed
            from {batch} group by local_date
            having count(*) >= 20 and count(*) filter (where is_entry_reconstructed) > 0.05 * count(*)""",
        ),
    ),
)

OFFER_SUITE = MartSuite(
    "fct_queue_offer",
    (not_negative(*_OFFER), duration_range(("ring_s",), _OFFER), no_phone_number(*_OFFER)),
)
