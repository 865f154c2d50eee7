"""The interval of a share is Wilson's, and only a share of records has one."""

from __future__ import annotations

import pytest

from orchestration.interval import interval_of, wilson_95


# by what the formula solves: an end is a share from which the observed one lies 1.96 standard deviations away
@pytest.mark.parametrize(("successes", "n"), [(2, 3), (0, 10), (10, 10), (919, 1000), (1, 2)])
def test_each_end_is_as_far_from_the_share_as_chance_goes_in_95_of_100_cases(successes: int, n: int) -> None:
    for end in wilson_95(successes, n):
        if 0 < end < 1:
            assert abs(successes / n - end) == pytest.approx(1.959963984540054 * (end * (1 - end) / n) ** 0.5)


def test_two_of_three_of_decision_24() -> None:
    assert wilson_95(2, 3) == pytest.approx((0.207660, 0.938508), abs=5e-7)


def test_none_and_all_stay_within_zero_and_one() -> None:
    assert wilson_95(0, 10)[0] == 0 and 0.2 < wilson_95(0, 10)[1] < 0.3
    assert wilson_95(10, 10)[1] == 1 and 0.7 < wilson_95(10, 10)[0] < 0.8


@pytest.mark.parametrize(
    ("unit", "numerator", "denominator", "n"),
    [
        ("s", 2, 3, 3),
        ("rate", 2, 0, 0),
        ("rate", None, 3, 3),
        ("rate", 2, 3, None),
        ("rate", 3600.0, 7200.0, 4),
        ("rate", 4, 3, 3),
        ("rate", 1.5, 3, 3),
    ],
)
def test_what_is_no_share_of_its_records_has_no_interval(
    unit: str, numerator: float | None, denominator: float | None, n: int | None
) -> None:
    assert interval_of(unit, numerator, denominator, n) is None


def test_a_share_of_its_records_has_one() -> None:
    assert interval_of("rate", 2.0, 3.0, 3) == wilson_95(2, 3)
