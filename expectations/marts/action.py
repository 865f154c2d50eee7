"""What must hold of improvement actions and their review before they are released.

Belongs here: rules about the register of actions. Keys, value lists and sums over several facts are dbt tests.
"""

from __future__ import annotations

from expectations.check import Text
from expectations.marts.common import MartSuite, breaks, no_phone_number, warns

_CORRECT = Text(
    "在台账中更正该措施（`callmart actions` 列出各措施），下次构建即生效",
    "correct the action in the register (`callmart actions` lists them); the next build takes it",
)

SUITE = MartSuite(
    "fct_action",
    (
        no_phone_number("action_id", "partition_date"),
        warns(
            "levels_range",
            "影响或难度不在 1 至 5 之间",
            "impact or difficulty is not between 1 and 5",
            """
            select action_id, partition_date, impact_level, difficulty_level from {batch}
            where impact_level not between 1 and 5 or difficulty_level not between 1 and 5""",
            _CORRECT,
        ),
        warns(
            "due_before_created",
            "截止早于立项",
            "an action is due before it was decided",
            "select action_id, partition_date, created_at, due_at from {batch} where due_at < created_at",
            _CORRECT,
        ),
        warns(
            "done_without_date",
            "状态为已完成、已达标或未达标，但没有有效的完成时间",
            "an action is said to be done or reviewed and has no time of completion after its decision",
            """
            select action_id, partition_date, status, done_at from {batch}
            where status in ('done', 'verified', 'missed') and local_done_at is null""",
            _CORRECT,
        ),
        warns(
            "verdict_against_values",
            "复盘结论与台账数值不一致",
            "the verdict of the review contradicts the values of the register",
            """
            select action_id, partition_date, status, target_value, reviewed_value from {batch}
            where is_verified <> is_stated_reached""",
            _CORRECT,
        ),
    ),
    window="partition_date >= {since}",
)

DAY_SUITE = MartSuite(
    "fct_action_day",
    (
        no_phone_number("local_date", "action_id"),
        breaks(
            "parts_within_whole",
            "按期完成、达标等计数超过其总数，或得分不在 0 至 25 之间",
            "more actions are in time, verified or reached than could be, or a score is not between 0 and 25",
            """
            select * from {batch}
            where done_in_time_count > due_count or verified_count > judged_count
               or stated_reached_count > stated_count or least(ease_score, literal_score) < 0
               or greatest(ease_score, literal_score) > 25""",
        ),
    ),
)

WINDOW_SUITE = MartSuite(
    "rpt_action_window",
    (
        no_phone_number("action_id", "first_date"),
        breaks(
            "value_of_full_windows",
            "不完整的窗口有值，或窗口首末日颠倒",
            "a window that is not full has a value, or it ends before it begins",
            """
            select * from {batch}
            where (value is not null and not is_full) or (is_full and not is_over) or last_date < first_date""",
        ),
    ),
    # windows move with the end of what is known
    window="true",
)

REVIEW_SUITE = MartSuite(
    "rpt_action_review",
    (
        no_phone_number("action_id", "local_created_date"),
        warns(
            "unknown_metric",
            "措施所写指标未定义，无法实测",
            "an action names a KPI that is not defined, so nothing can be measured",
            """
            select action_id, metric_id, local_created_date from {batch}
            where not is_metric_known""",
            _CORRECT,
        ),
        warns(
            "unknown_department",
            "责任部门未见于任何工单",
            "no ticket names the department of an action",
            """
            select action_id, department_id, local_created_date from {batch}
            where not is_department_known""",
            _CORRECT,
        ),
        breaks(
            "overdue_days",
            "逾期而逾期天数不为正，或未到期而有逾期天数",
            "an action is overdue by no day, or not due and late",
            """
            select action_id, local_created_date, local_due_at, overdue_days from {batch}
            where (is_overdue and overdue_days < 1) or overdue_days < 0
               or (local_due_at is null and overdue_days > 0)""",
        ),
    ),
    window="true",
)
