"""What must hold of turns of chats and of visits to the telephone menu before they are released.

Belongs here: rules about one chat or one contact. Keys and value lists are dbt tests.
"""

from __future__ import annotations

from expectations.marts.common import MartSuite, breaks, duration_range, no_phone_number, not_negative

_TURN = ("contact_id", "turn_no", "local_date")
_VISIT = ("said_contact_id", "step_no", "local_date")

CHAT_SUITE = MartSuite(
    "fct_chat_turn",
    (
        not_negative(*_TURN),
        no_phone_number(*_TURN),
        breaks(
            "turns_in_a_row",
            "同一会话的轮次序号不连续，或某轮在上一轮得到回复之前开始",
            "turns of a chat are not numbered in a row, or one begins before the one before was answered",
            """
            select contact_id, turn_no, local_date, asked_at, answered_at from (
                select *, row_number() over chat as place, lag(answered_at) over chat as answered_before
                from {batch} window chat as (partition by contact_id order by turn_no)
            ) where turn_no <> place or (turn_no > 1 and (answered_before is null or answered_before > asked_at))""",
        ),
    ),
)

MENU_SUITE = MartSuite(
    "fct_ivr_visit",
    (
        not_negative(*_VISIT),
        no_phone_number(*_VISIT),
        duration_range(("visit_s", "contact_menu_s"), _VISIT),
        breaks(
            "counted_once",
            "某联络没有恰好一次首次节点访问",
            "a contact does not have exactly one first visit",
            """
            select contact_id, min(local_date) as local_date, count(*) filter (where is_first_of_contact) as firsts
            from {batch} group by contact_id having count(*) filter (where is_first_of_contact) <> 1""",
        ),
        breaks(
            "menu_time_identity",
            "联络的菜单停留时长不等于各节点停留时长之和",
            "the time of a contact in the menu is not that of its visits",
            """
            select contact_id, min(local_date) as local_date, max(contact_menu_s) as contact_menu_s,
                sum(visit_s) as visits_s
            from {batch} group by contact_id having abs(max(contact_menu_s) - sum(visit_s)) > 0.001""",
        ),
        breaks(
            "self_served_without_queue",
            "自助办结的联络进入过队列",
            "a contact that was done in the menu entered a queue",
            """
            select said_contact_id, step_no, local_date from {batch}
            where is_contact_self_served and is_contact_queued""",
        ),
    ),
)
