"""How values are written: the same number reads the same on the board, in `kpi` and in `explain`."""

from __future__ import annotations

import pytest

from orchestration.display import class_order, class_text, format_bound, format_change, format_target, format_value


@pytest.mark.parametrize(
    ("value", "unit", "en", "zh"),
    [
        (0.8, "rate", "80.0%", "80.0%"),
        (1.25, "quotient", "125.0%", "125.0%"),
        (12.25, "s", "12.2 s", "12.2 秒"),
        (59.96, "s", "1:00 min", "1:00 分"),
        (67.5, "s", "1:08 min", "1:08 分"),
        (3599.6, "s", "1:00 h", "1:00 小时"),
        (172_860.0, "s", "48:01 h", "48:01 小时"),
        (1576.0, "count", "1,576", "1,576"),
        (107.5, "count_per_day", "107.5/day", "107.5/天"),
        (7.0903, "CNY", "7.09", "7.09"),
        (None, "rate", "–", "–"),
        (float("nan"), "rate", "–", "–"),
    ],
)
def test_a_value_is_written_in_its_unit(value: float | None, unit: str, en: str, zh: str) -> None:
    assert (format_value(value, unit, "en"), format_value(value, unit, "zh")) == (en, zh)


@pytest.mark.parametrize(
    ("now", "before", "unit", "text"),
    [
        (0.8, 0.775, "rate", "+2.5 pp"),
        (0.8, 0.80004, "rate", "±0 pp"),
        (20.0, 23.2, "s", "−3.2 s"),
        (100.0, 10.0, "s", "+1:30 min"),
        (110.0, 100.0, "count", "+10.0%"),
        (5.0, 0.0, "count", "+5.0"),
        (0.0, 0.0, "count", "±0"),
    ],
)
def test_a_change_of_a_rate_is_in_points_and_of_a_count_in_per_cent(
    now: float, before: float, unit: str, text: str
) -> None:
    assert format_change(now, before, unit) == text


def test_a_target_is_written_as_a_condition() -> None:
    assert format_target("rate", ">=", 0.8, None, None) == "≥ 80%"
    assert format_target("s", "<=", 90, None, None, "zh") == "≤ 90 秒"
    assert format_target("rate", "band", None, 0.7, 0.8) == "70%–80%"
    assert format_target("count_per_day", "<", 80, None, None) == "< 80/day"
    assert format_target("rate", None, None, None, None) == ""


def test_a_bound_keeps_the_digits_that_it_has() -> None:
    assert format_bound(0.999, "rate") == "99.9%"


def test_classes_of_a_distribution_are_words_and_sort_by_their_bounds() -> None:
    names = ["gt_120", "gt_10_le_30", "le_10", "gt_60_le_120", "gt_30_le_60"]
    assert [class_text(name) for name in sorted(names, key=class_order)] == [
        "≤ 10 s",
        "10–30 s",
        "30–60 s",
        "60–120 s",
        "> 120 s",
    ]
    assert class_text("caller_hangup", "zh") == "客户挂断"
    assert class_text("anything_else") == "anything_else"
    assert sorted(["within_120", "within_30"], key=class_order) == ["within_30", "within_120"]
