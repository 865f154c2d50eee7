"""How the texts of a column can be read as seconds.

Here belongs: the shapes that durations are written in and the SQL (DuckDB) that reads each. Not here: which duration
it is, and whether figures prove its unit (relations.py).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from statistics import median

from orchestration.init.columns import Column

_CLOCK = r"9+:99:99(\.9+)?"
_MINUTES = r"9+:99"
_NUMBER = r"-?9+(\.9+)?"
_NAMED = r"(9+(\.9+)?\s*(h|hr|hrs|hours?|m|min|mins|minutes?|s|sec|secs|seconds?)\s*)+"
_CHINESE = r"(9+\s*(小时|时|分钟|分|秒钟|秒)\s*)+"
# Where half of the calls would last longer in seconds, the numbers are taken as milliseconds, and it is said.
_IMPLAUSIBLE_S = 3 * 3600
_PER_UNIT = {"s": "", "ms": " / 1000", "min": " * 60", "day": " * 86400"}


@dataclass(frozen=True)
class Seconds:
    """A reading of a column in seconds: `sql` is a DOUBLE. `is_assumed`: nothing in the column shows the unit."""

    sql: str
    how: str
    is_assumed: bool = False


def seconds(column: Column, unit: str | None = None) -> Seconds | None:
    """How a column reads in seconds; None when most of its texts are no duration. `unit` overrules what it shows."""
    x = column.sql
    if not column.filled:
        return None
    if column.share(f"{_CLOCK}|{_NUMBER}") > 0.5 and column.share(_CLOCK) > 0:
        return Seconds(f"epoch(cast({x} as interval))", "HH:MM:SS")
    if column.share(_MINUTES) > 0.5:
        sql = f"60 * cast(split_part({x}, ':', 1) as double) + cast(split_part({x}, ':', 2) as double)"
        return Seconds(sql, "MM:SS", is_assumed=True)
    if column.share(f"(?i:{_NAMED})") > 0.5 and not column.share(_NUMBER) > 0.5:
        return Seconds(f"epoch(cast(lower({x}) as interval))", "1h 2m 3s")
    if column.share(_CHINESE) > 0.5:
        named = x
        for pattern, word in (("小时|时", "h "), ("分钟|分", "m "), ("秒钟|秒", "s ")):
            named = f"regexp_replace({named}, '{pattern}', '{word}')"
        return Seconds(f"epoch(cast({named} as interval))", "1时2分3秒")
    if column.share(_NUMBER) > 0.5:
        said = unit or column.header.unit
        if said is None and _are_day_fractions(column):
            return Seconds(f"round(cast({x} as double) * 86400)", "Excel day fraction")
        usual = said or ("ms" if _median(column) > _IMPLAUSIBLE_S else "s")
        return Seconds(f"cast({x} as double){_PER_UNIT[usual]}", usual, is_assumed=said is None)
    return None


def _median(column: Column) -> float:
    """The median of the numbers that are not zero; 0 without any."""
    numbers = [float(text) for text in column.texts if re.fullmatch(r"\d+(\.\d+)?", text) and float(text)]
    return median(numbers) if numbers else 0


def _are_day_fractions(column: Column) -> bool:
    """Whether the numbers are fractions of a day that stand for whole seconds, as Excel keeps times."""
    if column.is_whole or column.highest is None or column.highest >= 1:
        return False
    numbers = [float(text) for text in column.texts if text.replace(".", "", 1).replace("e-", "", 1).isdigit()]
    return bool(numbers) and all(abs(number * 86400 - round(number * 86400)) < 0.01 for number in numbers)
