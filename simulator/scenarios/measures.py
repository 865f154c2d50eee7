"""What the centre does about its problems, as it stands in its register of actions.

Belongs here: one measure as data, and the ordinary ones that change nothing. Does not belong here: the measures of the
worked cases (`s0` to `s4`), when they are written down (`business.actions`).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Measure:
    """One measure: `baseline`, `target` and `reached` are values of `metric_id`, `reached` the one found at review.

    `impact` and `difficulty`: 1 to 5, 5 the greatest. `after_days`: days from the instant at which its scenario is
    switched to the day on which it is done. `follows`: the missed measure that it takes up again. `is_higher_better`:
    on which side of the target it is reached.
    """

    key: str
    problem_zh: str
    measure_zh: str
    measure_en: str
    department_id: str
    metric_id: str
    impact: int
    difficulty: int
    baseline: float
    target: float
    reached: float
    is_higher_better: bool = True
    after_days: int = 0
    follows: str | None = None

    @property
    def is_reached(self) -> bool:
        """Whether the review finds the target reached."""
        return self.reached >= self.target if self.is_higher_better else self.reached <= self.target


# measures of every year's routine; none of them moves anything, which a review must find as well
ORDINARY = (
    Measure(
        "knowledge_base", "会员权益口径不统一，客户反复追问", "更新会员权益知识库并组织全员考核",
        "Rewrite the knowledge base on member benefits and test everybody on it",
        "membership", "M093", 3, 2, 0.84, 0.87, 0.845,
    ),
    Measure(
        "listening", "新人通话录音抽检偏低", "班组长每周旁听新人通话 5 通并当日反馈",
        "Team leaders listen to five calls of each newcomer a week",
        "service", "M107", 2, 2, 86.0, 90.0, 88.5,
    ),
    Measure(
        "refund_text", "退款到账时间解释不清", "退款话术增加到账时间与查询路径",
        "Tell when a refund arrives and where to see it", "finance", "M098", 3, 1, 0.17, 0.15, 0.168, False,
    ),
    Measure(
        "morning_call", "晨会信息传达不到位", "晨会改为 10 分钟要点播报并留存纪要",
        "Ten-minute morning meeting with minutes", "service", "M112", 1, 1, 0.89, 0.91, 0.891,
    ),
    Measure(
        "delivery_news", "配送延误客户集中进线", "延误超过 24 小时主动短信告知",
        "Send a text message when a delivery is over 24 hours late",
        "logistics", "M099", 4, 3, 320.0, 260.0, 318.0, False,
    ),
)  # fmt: skip
