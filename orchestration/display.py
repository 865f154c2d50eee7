"""How a number of the registry is written for people, in Chinese and English: one place for board, `kpi`, `explain`.

Belongs here: units, signs, targets as text. Does not belong here: any calculation of a KPI, any layout.
"""

from __future__ import annotations

import math
import re
from typing import Literal

Lang = Literal["zh", "en"]

NO_VALUE = "–"
_SECOND = {"zh": "秒", "en": "s"}
_MINUTE = {"zh": "分", "en": "min"}
_HOUR = {"zh": "小时", "en": "h"}
_POINTS = {"zh": "百分点", "en": "pp"}
# A quotient is a rate that may exceed 1: more orders than customers.
_PER_CENT = ("rate", "quotient", "rate_difference")
_PER_DAY = {"zh": "/天", "en": "/day"}
# Classes of the registry's distributions that aren't a range of seconds, and outcomes of a contact.
_CLASSES = {
    "answered": {"zh": "接起", "en": "answered"},
    "abandoned_queue": {"zh": "排队放弃", "en": "abandoned in queue"},
    "short_abandon": {"zh": "短时放弃", "en": "short abandon"},
    "flow_out": {"zh": "溢出", "en": "flow-out"},
    "waiting": {"zh": "仍在等待", "en": "still waiting"},
    "abandoned_ivr": {"zh": "菜单内挂断", "en": "hung up in the menu"},
    "self_served": {"zh": "自助完成", "en": "self-served"},
    "no_answer": {"zh": "无人接听", "en": "no answer"},
    "busy": {"zh": "占线", "en": "busy"},
    "blocked": {"zh": "受阻", "en": "blocked"},
    "failed": {"zh": "失败", "en": "failed"},
    "caller_hangup": {"zh": "客户挂断", "en": "caller hung up"},
    "not_connected": {"zh": "未接通", "en": "not connected"},
    "completed": {"zh": "服务结束", "en": "completed"},
}


def class_text(name: str, lang: Lang = "en") -> str:
    """The class of a distribution in words: `gt_10_le_30` is `10–30 s`; an unknown one stays as it is."""
    if name in _CLASSES:
        return _CLASSES[name][lang]
    second = _SECOND[lang]
    if found := re.fullmatch(r"(?:le|within)_(\d+)", name):
        return f"≤ {found[1]} {second}"
    if found := re.fullmatch(r"gt_(\d+)_le_(\d+)", name):
        return f"{found[1]}–{found[2]} {second}"
    if found := re.fullmatch(r"gt_(\d+)", name):
        return f"> {found[1]} {second}"
    return name


def class_order(name: str) -> tuple[float, str]:
    """Sorts ranges by their bounds (`le_10` before `gt_10_le_30`), and anything else by name."""
    found = re.match(r"(le|within|gt)_(\d+)", name)
    return (int(found[2]) + (0.5 if found[1] == "gt" else 0), name) if found else (0, name)


def format_value(value: float | None, unit: str, lang: Lang = "en") -> str:
    """A value in its unit: a rate as per cent, a difference of rates in points, seconds as `12.3 s`, `1:07 min` or
    `8:32 h`, a count with separators."""
    if value is None or math.isnan(value):
        return NO_VALUE
    if unit in _PER_CENT:
        return f"{value * 100:.1f}%"
    if unit == "rate_difference":
        return _signed(value * 100, f" {_POINTS[lang]}")
    if unit == "s":
        return _seconds(value, lang)
    if unit == "count_per_day":
        return f"{value:,.1f}{_PER_DAY[lang]}"
    if unit == "count":
        return f"{value:,.0f}"
    return f"{value:,.2f}"


def format_bound(value: float, unit: str, lang: Lang = "en") -> str:
    """A target or limit: the same units without the decimals that say nothing (`80%`, `90 s`, `120/day`)."""
    if unit in _PER_CENT:
        return f"{round(value * 100, 2):g}%"
    if unit == "rate_difference":
        return f"{round(value * 100, 2):g} {_POINTS[lang]}"
    if unit == "s":
        return f"{value:g} {_SECOND[lang]}" if value < 600 else _seconds(value, lang)
    if unit == "count_per_day":
        return f"{value:g}{_PER_DAY[lang]}"
    return f"{value:,g}"


def format_change(now: float, before: float, unit: str, lang: Lang = "en") -> str:
    """The change from `before` to `now`: rates in percentage points, seconds in seconds, counts in per cent."""
    if unit in _PER_CENT:
        return _signed((now - before) * 100, f" {_POINTS[lang]}")
    if unit == "s":
        return (
            _signed(now - before, f" {_SECOND[lang]}")
            if abs(now - before) < 60
            else _signed_seconds(now - before, lang)
        )
    if before == 0:
        return _signed(now - before, "")
    return _signed((now - before) / before * 100, "%")


def format_target(
    unit: str,
    operator: str | None,
    target: float | None,
    lower: float | None,
    upper: float | None,
    lang: Lang = "en",
) -> str:
    """A target as a condition: `≥ 80%`, `≤ 90 s`, `70%–80%`; empty without one."""
    if lower is not None and upper is not None:
        return f"{format_bound(lower, unit, lang)}–{format_bound(upper, unit, lang)}"
    if target is None:
        return ""
    sign = {">=": "≥", "<=": "≤", ">": ">", "<": "<", "=": "="}.get(operator or "", operator or "")
    return f"{sign} {format_bound(target, unit, lang)}".strip()


def _seconds(value: float, lang: Lang) -> str:
    if round(abs(value), 1) < 60:
        return f"{value:.1f} {_SECOND[lang]}"
    whole = round(abs(value))
    sign = "-" if value < 0 else ""
    if whole < 3600:
        return f"{sign}{whole // 60}:{whole % 60:02d} {_MINUTE[lang]}"
    minutes = round(whole / 60)
    return f"{sign}{minutes // 60:,}:{minutes % 60:02d} {_HOUR[lang]}"


def _signed_seconds(value: float, lang: Lang) -> str:
    text = _seconds(abs(value), lang)
    return f"+{text}" if value > 0 else f"−{text}"


def _signed(value: float, suffix: str) -> str:
    shown = round(value, 1)
    if shown == 0:
        return f"±0{suffix}"
    return f"{'+' if shown > 0 else '−'}{abs(shown):,.1f}{suffix}"
