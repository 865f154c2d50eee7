"""How the texts of a column can be read as moments, dates or times of day, and whether day or month stands first.

Here belongs: the shapes that moments are written in and the SQL (DuckDB) that reads each. Not here: which column is the
start (proposal.py). Whether 03/04 is in March or April is never chosen here: both readings go out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from orchestration.extract.expressions import literal
from orchestration.init.columns import Column

Kind = Literal["moment", "date", "clock"]
Order = Literal["", "day_first", "month_first", "year_first"]
_EPOCHS = {1: "s", 1000: "ms", 1_000_000: "µs"}
_EPOCH_S = (946_684_800, 4_102_444_800)  # the years 2000 to 2099
_SERIALS = (20_000, 80_000)  # Excel's days of the years 1954 to 2119
_RARE = 0.005
_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_LONG_MONTH = r"(?:January|February|March|April|June|July|August|September|October|November|December)"
_DATES: tuple[tuple[str, dict[Order, str]], ...] = (
    (r"9999([-/.])99?(?:\1)99?", {"": "%Y{0}%m{0}%d"}),
    (r"9999年99?月99?[日号]", {"": "%Y年%m月%d日"}),
    (r"99999999", {"": "%Y%m%d"}),
    (r"99?([-/. ])99?(?:\1)9999", {"day_first": "%d{0}%m{0}%Y", "month_first": "%m{0}%d{0}%Y"}),
    (
        r"99([-/.])99?(?:\1)99",
        {"day_first": "%d{0}%m{0}%y", "month_first": "%m{0}%d{0}%y", "year_first": "%y{0}%m{0}%d"},
    ),
    (r"9([-/.])99?(?:\1)99", {"day_first": "%d{0}%m{0}%y", "month_first": "%m{0}%d{0}%y"}),
    (rf"99?([-/ ]){_MONTH}(?:\1)9999", {"": "%d{0}%b{0}%Y"}),
    (rf"99?([-/ ]){_LONG_MONTH}(?:\1)9999", {"": "%d{0}%B{0}%Y"}),
    (rf"{_MONTH} 99?, 9999", {"": "%b %d, %Y"}),
    (rf"{_LONG_MONTH} 99?, 9999", {"": "%B %d, %Y"}),
)
_CLOCK = re.compile(
    r"(?P<before>(?:AM|PM|上午|下午)\s?)?"
    r"99?(?:(?P<colon>:)99(?P<second>:99)?(?P<fraction>\.9{1,9})?|时99分(?P<second_zh>99?秒)?)"
    r"(?P<after>\s?(?:AM|PM))?",
    re.IGNORECASE,
)
_OFFSET = re.compile(r"\s?(?:Z|[+-]99(?::?99)?)$")


@dataclass(frozen=True)
class Reading:
    """One way to read a column. In `typed` and `plain` the column's SQL stands for `{x}`: `typed` is a TIMESTAMP, a
    TIMESTAMPTZ when `is_absolute`, a DATE or a TIME; `plain` is what a mapping needs. `formats` of strptime, if any."""

    kind: Kind
    typed: str
    plain: str
    how: str
    formats: tuple[str, ...] = ()
    is_absolute: bool = False
    is_cast: bool = False

    def of(self, sql: str) -> Reading:
        """The reading of a certain column."""
        return Reading(
            self.kind, self.typed.replace("{x}", sql), self.plain.replace("{x}", sql), self.how, self.formats,
            self.is_absolute, self.is_cast,
        )  # fmt: skip


@dataclass(frozen=True)
class _Shape:
    kind: Kind
    formats: dict[Order, str]
    is_cast: bool
    is_absolute: bool
    is_chinese: bool


def readings(column: Column) -> dict[Order, Reading]:
    """How a column can be read as moments; several orders when its shapes leave open which figure is the day. Empty
    when most texts are none. A shape of a few texts in a thousand is left out: these texts are told as unreadable."""
    if not column.filled:
        return {}
    if column.are_numbers and (numeric := _numeric(column)):
        return {"": numeric}
    found: dict[str, tuple[_Shape, int]] = {}
    for text, count in column.shapes.items():
        if (shape := _shape(text)) is not None:
            found[repr(shape)] = (shape, count + found.get(repr(shape), (shape, 0))[1])
    return _combined(list(found.values()), column)


def _combined(shapes: list[tuple[_Shape, int]], column: Column) -> dict[Order, Reading]:
    total = column.shapes.total()
    usual = [shape for shape, count in shapes if count > _RARE * total]
    if not usual or sum(count for _, count in shapes) < 0.5 * total:
        return {}
    kinds = {shape.kind for shape in usual}
    kind: Kind = "moment" if "moment" in kinds else next(iter(kinds))
    if "clock" in kinds and len(kinds) > 1:
        return {}
    if all(shape.is_cast for shape in usual):
        return {"": _cast(kind, usual)}
    if any(shape.is_absolute for shape in usual):
        return {}
    undecided = [set(shape.formats) for shape in usual if "" not in shape.formats]
    orders: set[Order] = set.intersection(*undecided) if undecided else {""}
    found: dict[Order, Reading] = {}
    for order in sorted(orders):
        formats = list(dict.fromkeys(shape.formats.get(order, shape.formats.get("", "")) for shape in usual))
        x = "{x}"
        if any(shape.is_chinese for shape in usual):
            x = "replace(replace({x}, '上午', 'AM'), '下午', 'PM')"
        said = literal(formats[0]) if len(formats) == 1 else f"[{', '.join(map(literal, formats))}]"
        sql = f"strptime({x}, {said})"
        typed = {"moment": sql, "date": f"cast({sql} as date)", "clock": f"cast({sql} as time)"}[kind]
        found[order] = Reading(kind, typed, sql if kind == "moment" else typed, " | ".join(formats), tuple(formats))
    return found


def _cast(kind: Kind, usual: list[_Shape]) -> Reading:
    formats = tuple(dict.fromkeys(shape.formats[""] for shape in usual))
    if any(shape.is_absolute for shape in usual):
        if not all(shape.is_absolute for shape in usual):  # text by text, which only the mapping can
            return Reading(kind, "cast({x} as timestamptz)", "{x}", "ISO", is_absolute=True)
        return Reading(kind, "cast({x} as timestamptz)", "{x}", "ISO, UTC offset", is_absolute=True)
    type_of = {"moment": "timestamp", "date": "date", "clock": "time"}[kind]
    plain = "{x}" if kind == "moment" else f"cast({{x}} as {type_of})"
    return Reading(kind, f"cast({{x}} as {type_of})", plain, " | ".join(formats), formats, is_cast=True)


def _shape(text: str) -> _Shape | None:
    """What a text of that shape is; None when it is no moment."""
    if re.fullmatch("9{14}", text):
        return _Shape("moment", {"": "%Y%m%d%H%M%S"}, False, False, False)
    if whole := _CLOCK.fullmatch(text):
        form, plain, chinese = _clock(whole)
        return _Shape("clock", {"": form}, plain, False, chinese)
    for pattern, forms in _DATES:
        found = re.match(pattern, text)
        if not found:
            continue
        sign = found[1] if found.re.groups else ""
        rest = text[found.end() :]
        filled: dict[Order, str] = {order: form.format(sign) for order, form in forms.items()}
        is_iso = "%Y{0}%m{0}%d" in forms.values() and sign in "-/"
        if not rest:
            return _Shape("date", filled, is_iso, False, False)
        between = re.match(r"T|,?\s+|\s*(?=[上下])", rest)
        if between is None:
            continue
        said = rest[between.end() :]
        offset = _OFFSET.search(said)
        clock = _CLOCK.fullmatch(said[: offset.start()] if offset else said)
        if clock is None or (offset and not is_iso):
            continue
        form, plain, chinese = _clock(clock)
        whole_form: dict[Order, str] = {order: f"{date}{between[0]}{form}" for order, date in filled.items()}
        is_cast = is_iso and plain and between[0] in ("T", " ")
        return _Shape("moment", whole_form, is_cast, offset is not None, chinese) if is_cast or not offset else None
    return None


def _clock(found: re.Match[str]) -> tuple[str, bool, bool]:
    """The format of a time of day, whether a cast reads it too, and whether it says 上午 or 下午."""
    before, after = found["before"] or "", found["after"] or ""
    hour = "%I" if before or after else "%H"
    if found["colon"]:
        form = hour + ":%M" + (":%S" if found["second"] else "") + (".%f" if found["fraction"] else "")
    else:
        form = hour + "时%M分" + ("%S秒" if found["second_zh"] else "")
    half = re.sub(r"(?i)am|pm|上午|下午", "%p", before), re.sub(r"(?i)am|pm", "%p", after)
    plain = bool(found["colon"]) and hour == "%H"
    return half[0] + form + half[1], plain, "午" in before


def _numeric(column: Column) -> Reading | None:
    """Epochs and Excel's serial days."""
    low, high = column.lowest or 0, column.highest or 0
    for per_second, unit in _EPOCHS.items():
        if column.is_whole and _EPOCH_S[0] * per_second <= low and high < _EPOCH_S[1] * per_second:
            divided = "" if per_second == 1 else f" / {per_second}"
            sql = f"to_timestamp(cast({{x}} as double){divided})"
            return Reading("moment", sql, sql, f"epoch {unit}", is_absolute=True)
    if _SERIALS[0] <= low and high < _SERIALS[1]:
        days = "timestamp '1899-12-30' + to_seconds(round(cast({x} as double) * 86400))"
        if column.is_whole:
            return Reading("date", f"cast({days} as date)", f"cast({days} as date)", "Excel date")
        return Reading("moment", days, days, "Excel date and time")
    if low >= 0 and high < 1 and not column.is_whole:
        sql = "cast(timestamp '1899-12-30' + to_seconds(round(cast({x} as double) * 86400)) as time)"
        return Reading("clock", sql, sql, "Excel time")
    return None


def joined(date: Reading, clock: Reading, date_sql: str, clock_sql: str) -> Reading:
    """A moment from a date and a time of day that stand in two columns."""
    if date.formats and clock.formats and not (date.is_cast and clock.is_cast) and len(date.formats) == 1:
        both = tuple(f"{date.formats[0]} {form}" for form in clock.formats)
        said = literal(both[0]) if len(both) == 1 else f"[{', '.join(map(literal, both))}]"
        # a date cell of a workbook carries a midnight that is not said
        day = date_sql if date.kind == "date" else f"left({date_sql}, 10)"
        if "AM" not in clock.typed:
            sql = f"strptime({day} || ' ' || {clock_sql}, {said})"
            return Reading("moment", sql, sql, " | ".join(both), both)
    day = date.of(date_sql).typed
    if date.kind == "moment":
        day = f"cast({date_sql if date.is_cast else day} as date)"
    sql = f"{day} + {clock.of(clock_sql).typed}"
    return Reading("moment", sql, sql, f"{date.how.removesuffix(' %H:%M:%S')} + {clock.how}")


def is_midnight(column: Column) -> bool:
    """Whether a column of moments names nothing but dates, as date cells of a workbook do."""
    return bool(column.texts) and all(re.search(r"[T ]00:00(:00(\.0+)?)?$", text) for text in column.texts)
