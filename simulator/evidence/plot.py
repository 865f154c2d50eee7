"""A case as a picture: for each metric the planted level, and above it what the raw files show over time.

Belongs here: how it is drawn. Does not belong here: what is drawn (`study`), the text around it (`page`).

The bytes of a picture are a function of the study: no time, no ids.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Any

import altair as alt
import vl_convert

from simulator.evidence.registry import Unit
from simulator.evidence.study import Panel, Study

WIDTH, HEIGHT = 640, 120
LONG_DAYS = 300
PLANTED, OBSERVED = "埋入 Planted (± 容差 tolerance)", "观测 Observed (95 %)"
_COLOURS = {PLANTED: "#c2570c", OBSERVED: "#0b6e63"}
_FONT = "system-ui, 'PingFang SC', 'Microsoft YaHei', 'Noto Sans CJK SC', sans-serif"
_FORMATS: dict[Unit, str] = {
    "share": ".0%", "s": ",.0f", "points": ".0f", "count": "~g", "hour": ".0f", "x": ".1f", "yuan": ",.0f",
}  # fmt: skip
_UNITS: dict[Unit, str] = {
    "share": "", "s": "秒 s", "points": "分 points", "count": "", "hour": "点 h", "x": "倍 ×", "yuan": "元 CNY",
}  # fmt: skip
_CLIP, _LONG_NUMBER = re.compile(r"\bclip\d+\b"), re.compile(r"\d+\.\d{3,}")
_REPEATED = re.compile(r' (?:role|aria-[a-z]+|font-family)="[^"]*"')
_LEGEND = alt.Legend(
    title=None, orient="top", symbolType="stroke", symbolOpacity=1, symbolStrokeWidth=3, labelLimit=400
)
_CONFIG = {
    "font": _FONT,
    "background": "white",
    "view": {"stroke": None},
    "axis": {"domainColor": "#9aa5a3", "gridColor": "#e6eae9", "tickColor": "#9aa5a3", "labelColor": "#4a5553"},
    "title": {"anchor": "start", "fontSize": 13, "fontWeight": 600, "subtitleColor": "#4a5553", "offset": 8},
}


def svg_of(study: Study) -> str:
    """The picture of a study, as SVG text."""
    charts = [_panel(panel, study, is_first=number == 0) for number, panel in enumerate(study.panels)]
    title = alt.Title(
        f"{study.case.scenario_id} {study.case.name_zh}", subtitle=study.case.name_en, fontSize=16, offset=16
    )
    chart = (
        alt.vconcat(*charts, spacing=22, title=title)
        .resolve_scale(x="independent", y="independent")
        .configure(**_CONFIG)
    )
    drawn: str = vl_convert.vegalite_to_svg(chart.to_json(indent=None), vl_version="6.4")
    return _tidied(drawn) + "\n"


def _tidied(drawn: str) -> str:
    """The same picture without what depends on pictures drawn before it, without digits that nobody sees, without
    roles of its parts, as the page's text tells what it shows, and with its font named once."""
    clips = {name: f"clip{number}" for number, name in enumerate(dict.fromkeys(_CLIP.findall(drawn)))}
    renamed = _CLIP.sub(lambda found: clips[found[0]], _REPEATED.sub("", drawn))
    renamed = renamed.replace("<svg ", f'<svg font-family="{_FONT}" ', 1)
    return _LONG_NUMBER.sub(lambda found: f"{float(found[0]):.2f}".rstrip("0").rstrip("."), renamed)


def _panel(panel: Panel, study: Study, *, is_first: bool) -> alt.LayerChart | alt.FacetChart:
    ends = panel.first, panel.end
    x = alt.Scale(domain=[_moment(day) for day in ends], type="utc")
    low, high = _limits(panel)
    y = alt.Y(
        "value:Q",
        scale=alt.Scale(domain=[low, high], nice=True, zero=False, clamp=True),
        axis=alt.Axis(format=_FORMATS[panel.unit], title=_UNITS[panel.unit] or None, tickCount=4),
    )
    axis = alt.Axis(
        format="%Y-%m" if (panel.end - panel.first).days > LONG_DAYS else "%m-%d",
        title=None,
        labelOverlap=True,
        tickCount=8,
    )
    legend = _LEGEND if is_first else None
    colour = alt.Color("what:N", scale=alt.Scale(domain=[*_COLOURS], range=[*_COLOURS.values()]), legend=legend)
    steps, observed = _planted(panel), list(_observed(panel, ends))
    made: list[alt.Chart] = [
        alt.Chart(alt.InlineData(values=steps))
        .mark_rect(opacity=0.16, clip=True)
        .encode(x=alt.X("begins:T", scale=x, axis=axis), x2="ends:T", y=alt.Y("low:Q"), y2="high:Q", color=colour),
        alt.Chart(alt.InlineData(values=steps))
        .mark_rule(strokeWidth=2, clip=True)
        .encode(x=alt.X("begins:T", scale=x, axis=axis), x2="ends:T", y=y, color=colour),
        *_observations(observed, alt.X("at:T", scale=x, axis=axis), y, colour, is_line=_reach(panel) == 1),
        alt.Chart(alt.InlineData(values=[{"at": _moment(day)} for day in _measures(study)]))
        .mark_rule(color="#4a5553", strokeDash=[4, 3])
        .encode(x=alt.X("at:T", scale=x, axis=axis)),
    ]
    reach = _reach(panel)
    bucket = "每日 daily" if reach == 1 else f"每 {reach} 天 per {reach} days"
    title = alt.Title(
        f"{panel.metric.metric_id} {panel.metric.name_zh} · {panel.metric.name_en}",
        subtitle=" · ".join(part for part in (panel.label, bucket) if part),
        frame="group",
    )
    return alt.layer(*made, width=WIDTH, height=HEIGHT, title=title)


def _observations(
    observed: list[dict[str, Any]], x: alt.X, y: alt.Y, colour: alt.Color, *, is_line: bool
) -> Iterator[alt.Chart]:
    """Days as a line in a band, longer buckets as points with their intervals."""
    chart = alt.Chart(alt.InlineData(values=observed))
    interval = {"x": x, "y": alt.Y("low:Q"), "y2": "high:Q", "color": colour}
    if is_line:
        yield chart.mark_area(opacity=0.18, clip=True).encode(**interval)
        yield chart.mark_line(strokeWidth=1.5, clip=True).encode(x=x, y=y, color=colour)
    else:
        yield chart.mark_rule(strokeWidth=1.5, opacity=0.6, clip=True).encode(**interval)
        yield chart.mark_point(filled=True, size=45, opacity=1, clip=True).encode(x=x, y=y, color=colour)


def _planted(panel: Panel) -> list[dict[str, Any]]:
    return [
        {
            "what": PLANTED,
            "begins": _moment(step.first),
            "ends": _moment(step.end),
            "value": _short(step.level),
            "low": _short(step.level - step.tolerance),
            "high": _short(step.level + step.tolerance),
        }
        for step in panel.steps
    ]


def _observed(panel: Panel, ends: tuple[date, date]) -> Iterator[dict[str, Any]]:
    """Each bucket at its middle; the first and the last one may be cut."""
    for begins, estimate in panel.observed.items():
        first, end = max(begins, ends[0]), min(begins + timedelta(days=_reach(panel)), ends[1])
        middle = (first.toordinal() + end.toordinal()) / 2
        moment = f"{date.fromordinal(int(middle))}T{'12' if middle % 1 else '00'}:00:00Z"
        yield {
            "what": OBSERVED,
            "at": moment,
            "value": _short(estimate.value),
            "low": _short(estimate.low),
            "high": _short(estimate.high),
        }


def _reach(panel: Panel) -> int:
    """How many dates a point tells of."""
    return max(panel.bucket_days, panel.metric.span_days)


def _limits(panel: Panel) -> tuple[float, float]:
    """What the axis must show: all levels with their tolerance, all values, and intervals as far as they are usual."""
    values = [it.value for it in panel.observed.values()]
    for step in panel.steps:
        values += [step.level - step.tolerance, step.level + step.tolerance]
    halves = sorted((it.high - it.low) / 2 for it in panel.observed.values() if math.isfinite(it.high))
    margin = halves[len(halves) // 2] if halves else 0.0
    low, high = min(values, default=0.0) - margin / 2, max(values, default=1.0) + margin / 2
    if panel.unit == "share":
        return max(0.0, low), min(1.0, high)
    return max(0.0, low), high


def _measures(study: Study) -> Sequence[date]:
    """The dates on which measures begin to work; of a case without a measure that of its switch."""
    days = {study.size.switch + timedelta(days=measure.after_days) for measure in study.case.measures}
    return sorted(days) or [study.size.switch]


def _moment(day: date) -> str:
    return f"{day}T00:00:00Z"


def _short(number: float) -> float | None:
    """What a picture can show of a number; None of one that is not finite."""
    return float(f"{number:.5g}") if math.isfinite(number) else None
