"""What must hold of fct_shift and fct_agent_paid_day before they are released.

Belongs here: rules about rosters and paid time. Keys are dbt tests; what one row of a roster contradicts is a check of
its feed.
"""

from __future__ import annotations

from expectations.check import Text
from expectations.marts.common import DAY_S, LONGEST_DAY_S, MartSuite, breaks, no_phone_number, not_negative, warns

_SHIFT = ("agent_id", "shift_id", "partition_date")
_DAY = ("agent_id", "local_date")
_MEND_ROSTER = Text(
    "在排班系统中更正这些班次后重新导出；更正前其日期不计入 M065 与 M066 的付薪口径",
    "correct these shifts in the roster and export it again; until then their dates are left out of M065 `paid` and "
    "M066 `utilisation_paid`",
)

SHIFT_SUITE = MartSuite(
    "fct_shift",
    (
        not_negative(*_SHIFT),
        no_phone_number(*_SHIFT),
        breaks(
            "paid_of_a_day",
            "付薪时长超过一天，或班次没有时长却有付薪时长",
            "a shift is paid for more than a day, or paid though it does not end after it begins",
            f"""
            select {", ".join(_SHIFT)}, planned_s, paid_s from {{batch}}
            where paid_s > {DAY_S} or (paid_s is not null and planned_s is null)""",
        ),
        warns(
            "paid_not_known",
            "同一天公布的班次中，超过十分之一没有可信的付薪时长",
            "more than a tenth of the shifts that were published on a date have no paid seconds that can be believed",
            """
            select partition_date, count(*) as shifts, count(*) - count(paid_s) as not_known from {batch}
            group by partition_date having count(paid_s) > 0 and 10 * (count(*) - count(paid_s)) > count(*)""",
            _MEND_ROSTER,
        ),
    ),
    window="partition_date >= {since}",
)

DAY_SUITE = MartSuite(
    "fct_agent_paid_day",
    (
        not_negative(*_DAY),
        no_phone_number(*_DAY),
        breaks(
            "counted_identity",
            "计入标记与付薪时长、电话登录不符",
            "the mark of what counts contradicts paid time and log-ins",
            """
            select agent_id, local_date, paid_s, logged_in_s, is_of_telephone, is_counted from {batch}
            where is_counted <> (is_of_telephone and coalesce(paid_s, 0) > 0)
               or (logged_in_s > 0 and not is_of_telephone)""",
        ),
        breaks(
            "work_within_login",
            "通话超过工作时长，或工作时长超过登录时长",
            "talk exceeds handling and ready time, or that the time logged in",
            """
            select agent_id, local_date, logged_in_s, talk_state_s, handle_or_ready_s from {batch}
            where talk_state_s > handle_or_ready_s + 0.001 or handle_or_ready_s > logged_in_s + 0.001""",
        ),
        warns(
            "paid_beyond_the_day",
            "坐席一天的付薪时长超过一天，班次可能重复",
            "an agent is paid for longer on a date than the date lasts: shifts may be there twice",
            f"select agent_id, local_date, shift_count, paid_s from {{batch}} where paid_s > {LONGEST_DAY_S}",
            _MEND_ROSTER,
        ),
    ),
)
