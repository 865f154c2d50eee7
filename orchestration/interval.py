"""How far a share of a few records can be trusted.

Belongs here: the interval of a share that board and `explain` show. Does not belong here: any KPI formula (the
registry).
"""

from __future__ import annotations

import math

Z_95 = 1.959963984540054  # 97.5 per cent of the normal distribution lie below

Interval = tuple[float, float]


def wilson_95(successes: float, n: float) -> Interval:
    """Both ends of the 95 per cent Wilson interval of `successes` out of `n`, as fractions of 1; `n` is above 0."""
    share, square = successes / n, Z_95 * Z_95
    middle = share + square / (2 * n)
    half = Z_95 * math.sqrt(share * (1 - share) / n + square / (4 * n * n))
    low, high = (middle - half) / (1 + square / n), (middle + half) / (1 + square / n)
    # where none or all succeeded an end is 0 or 1 but for rounding
    return 0.0 if successes == 0 else low, 1.0 if successes == n else high


def interval_of(unit: str, numerator: float | None, denominator: float | None, n: int | None) -> Interval | None:
    """The interval of a rate that is a share of its `n` records; None for every other value.

    A rate of seconds, or one whose denominator is not its records, has no successes to count.
    """
    if unit != "rate" or numerator is None or not denominator or n is None or denominator != n:
        return None
    if not 0 <= numerator <= denominator or numerator != int(numerator):
        return None
    return wilson_95(numerator, denominator)
