"""What must hold of fct_agent_interval, fct_agent_day and fct_agent_leg before they are released.

Belongs here: identities between an agent's seconds, and between seconds and conversations.
"""

from __future__ import annotations

from expectations.check import Text
from expectations.marts.common import (
    LONGEST_DAY_S,
    MartSuite,
    agent_day,
    breaks,
    duration_range,
    no_phone_number,
    not_negative,
    quarter_hours,
    warns,
)

_KEY = ("interval_start", "local_date", "agent_id")
_DAY = ("agent_id", "local_date")
_LEG = ("leg_id", "local_date")
_STATES = " + ".join(f"{state}_state_s" for state in ("ready", "ringing", "talk", "acw", "break", "busy"))

SUITE = MartSuite(
    "fct_agent_interval",
    (
        not_negative(*_KEY),
        no_phone_number(*_KEY),
        quarter_hours("agent_id"),
        agent_day("logged_in_s"),
        breaks(
            "interval_seconds",
            "一刻钟内的登录时长超过 900 秒",
            "an agent is logged in for more than 900 s of a quarter of an hour",
            "select agent_id, local_date, interval_start, logged_in_s from {batch} where logged_in_s > 900.001",
        ),
        breaks(
            "states_identity",
            "各状态时长之和不等于登录时长",
            "the states do not add up to the time logged in",
            f"""
            select agent_id, local_date, interval_start, logged_in_s, {_STATES} as states_s from {{batch}}
            where abs({_STATES} - logged_in_s) > 0.001""",
        ),
        breaks(
            "part_exceeds_whole",
            "部分大于整体（例如通话时长大于处理时长）",
            "a part is larger than its whole (talk above handling, a maximum above its sum)",
            """
            select agent_id, local_date, interval_start, handled_legs, talk_s, acw_s, handle_s, talk_max_s, talk_min_s
            from {batch}
            where talk_s + acw_s > handle_s + 0.001 or talk_max_s > talk_s + 0.001 or talk_min_s > talk_max_s
               or handled_inbound_legs + handled_outbound_legs > handled_legs""",
        ),
        warns(
            "talk_agreement",
            "坐席状态中的通话时长与通话记录相差超过 2%",
            "talk in the agents' states and in the conversations differ by more than 2 % on a date",
            # conversations belong to the interval in which they ended: a few around midnight may differ
            """
            select local_date, sum(talk_state_s) as talk_in_states_s, sum(talk_s) as talk_in_legs_s from {batch}
            group by local_date
            having sum(talk_state_s) > 0
               and abs(sum(talk_state_s) - sum(talk_s)) > greatest(600, 0.02 * sum(talk_state_s))""",
            Text("检查坐席签入签出与通话记录是否都完整", "check whether log-ins, pauses and calls are all in the logs"),
        ),
    ),
)

DAY_SUITE = MartSuite(
    "fct_agent_day",
    (
        not_negative(*_DAY),
        no_phone_number(*_DAY),
        breaks(
            "day_seconds",
            "一天的登录、小休与示忙时长不合理",
            "break and busy exceed the time logged in, or that exceeds the day",
            f"""
            select agent_id, local_date, logged_in_s, offline_s, break_s, busy_s from {{batch}}
            where break_s + busy_s > logged_in_s + 0.001 or logged_in_s + offline_s > {LONGEST_DAY_S}""",
        ),
    ),
)

LEG_SUITE = MartSuite(
    "fct_agent_leg",
    (
        not_negative(*_LEG),
        duration_range(("ring_s", "talk_s", "hold_s", "consult_s", "acw_s"), _LEG),
        no_phone_number(*_LEG),
        breaks(
            "handle_identity",
            "处理时长不等于通话 + 保持 + 咨询 + 话后处理",
            "handling is not talk + hold + consultation + after-call work",
            """
            select leg_id, local_date, talk_s, hold_s, consult_s, acw_s, handle_s from {batch}
            where abs(coalesce(talk_s, 0) + coalesce(hold_s, 0) + coalesce(consult_s, 0) + coalesce(acw_s, 0)
                - handle_s) > 0.001""",
        ),
    ),
)
