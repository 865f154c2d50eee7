"""What must hold of answers to surveys, invitations to them and hand-overs between channels before they are released.

Belongs here: rules about single records and about a date's records. Keys and value lists are dbt tests.
"""

from __future__ import annotations

from expectations.marts.common import MartSuite, breaks, no_phone_number, not_negative, warns

_ANSWER = ("survey_id", "question_id", "local_date")
_INVITATION = ("survey_id", "local_date")
_HAND_OVER = ("contact_id", "channel_pair", "local_date")
_FEW = 30

ANSWER_SUITE = MartSuite(
    "fct_survey_answer",
    (
        not_negative(*_ANSWER),
        no_phone_number(*_ANSWER),
        breaks(
            "score_range",
            "评分超出量表，或换算后超出 0 至 100 分",
            "a score lies outside of its scale, or its points outside of 0 to 100",
            """
            select survey_id, question_id, local_date, score, scale_min, scale_max, score_points from {batch}
            where not score between scale_min and scale_max or not score_points between 0 and 100""",
        ),
        breaks(
            "rating_identity",
            "计为满意度评分的答卷没有评分，或为重复作答",
            "an answer counts as a rating without a score, or for the second time",
            """
            select survey_id, question_id, local_date, score, is_answered_again from {batch}
            where is_rating and (score is null or score_points is null or is_answered_again)""",
        ),
        warns(
            "one_score",
            f"当日 {_FEW} 个以上满意度评分全部相同",
            f"all of {_FEW} or more ratings of a date are the same",
            f"""
            select local_date, count(*) as ratings, min(score_points) as score_points from {{batch}}
            where is_rating group by local_date
            having count(*) >= {_FEW} and min(score_points) = max(score_points)""",
        ),
    ),
)

INVITATION_SUITE = MartSuite(
    "fct_survey_invitation",
    (
        not_negative(*_INVITATION),
        no_phone_number(*_INVITATION),
        breaks(
            "answered_identity",
            "是否作答与作答时刻不符",
            "the mark of an answer contradicts its instant",
            "select survey_id, local_date, answered_at, is_answered from {batch} "
            "where is_answered = (answered_at is null)",
        ),
        warns(
            "sent_again_share",
            "当日超过 5% 的邀请为重复发出",
            "more than 5 % of a date's invitations were sent again",
            f"""
            select local_date, count(*) as invitations, count(*) filter (where is_sent_again) as sent_again
            from {{batch}} group by local_date
            having count(*) >= {_FEW} and count(*) filter (where is_sent_again) > 0.05 * count(*)""",
        ),
    ),
)

HAND_OVER_SUITE = MartSuite(
    "fct_interaction_sync",
    (
        not_negative(*_HAND_OVER),
        no_phone_number(*_HAND_OVER),
        breaks(
            "points_range",
            "连贯性得分超过 10 分",
            "a hand-over has more than 10 points",
            "select contact_id, channel_pair, local_date, continuity_points from {batch} where continuity_points > 10",
        ),
    ),
)

AGENT_RATING_SUITE = MartSuite(
    "fct_agent_rating_month",
    (
        not_negative("agent_id", "local_date"),
        no_phone_number("agent_id", "local_date"),
        breaks(
            "top_within_ratings",
            "最高两档的评分数超过评分数",
            "an agent has more top ratings than ratings",
            "select agent_id, local_date, rating_count, top_count from {batch} where top_count > rating_count",
        ),
    ),
    window="local_date >= date_trunc('month', {since})",
)
