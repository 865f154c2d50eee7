"""The KPI board as one page that needs nothing else: no network, no fonts, no library; Chinese and English in it.

Belongs here: the geometry of the small charts and the writing of the file. Does not belong here: what is shown
(data.py), markup and words (page.html.j2).
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from orchestration.board import words
from orchestration.board.data import Bar, Board, Tile, read_board
from orchestration.board.reports import Line
from orchestration.board.verdict import Lang, Text
from orchestration.display import NO_VALUE, format_value
from orchestration.kpi import period_text
from orchestration.paths import hidden, published_dir

WIDTH, HEIGHT, EDGE = 280.0, 56.0, 5.0
# Missed first: the page is opened to see what needs a person.
URGENCY = {"missed": 0, "near": 1}


@dataclass(frozen=True)
class Hit:
    """An invisible column of a chart that tells its value when pointed at."""

    x: float
    width: float
    title: str


@dataclass(frozen=True)
class Trend:
    """A line chart in the coordinates of its drawing, y downwards. A day without value breaks the line."""

    lines: list[str]
    dots: list[tuple[float, float]]
    last: tuple[float, float] | None
    bounds: list[float]
    band: tuple[float, float] | None
    hits: list[Hit]
    first: str
    last_label: str
    reach: Text  # lowest and highest value


@dataclass(frozen=True)
class Column:
    """One hour of a day profile, y downwards."""

    x: float
    y: float
    width: float
    height: float
    title: str


def write_board(root: Path, *, scope: str = "default", name: Text | None = None) -> Path:
    """Writes `published/<scope>/board.html` of the current release, in one step, and returns its path."""
    page = html_board(read_board(root, scope=scope, name=name))
    path = published_dir(root.absolute(), scope) / "board.html"
    draft = hidden(path)
    draft.write_text(page, encoding="utf-8")
    os.replace(draft, path)
    return path


def html_board(board: Board) -> str:
    """The page as text."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["count"] = lambda n: format_value(n, "count")
    attention = sorted(
        (tile for tile in board.tiles if tile.status in URGENCY),
        key=lambda tile: (URGENCY[tile.status], tile.definition.kpi_id),
    )
    return environment.get_template("page.html.j2").render(
        board=board,
        attention=attention,
        trend=trend,
        line_trend=line_trend,
        words=words,
        on_page={tile.definition.kpi_id for tile in board.tiles},
        hours=hours,
        bar_width=bar_width,
        bar_value=lambda bar, tile, lang="en": tile.shown_bar(bar, lang),
        period=lambda tile: period_text(tile.period_start, tile.grain) if tile.period_start else NO_VALUE,
        width=WIDTH,
        height=HEIGHT,
    )


def trend(tile: Tile) -> Trend | None:
    """The line of a tile's last weeks."""
    return _trend(tile.trend, tile.bounds, tile.definition.unit, tile.grain)


def line_trend(line: Line) -> Trend | None:
    """The line of a board's row."""
    return _trend(line.trend, line.bounds, line.unit, line.grain)


def _trend(
    points: list[tuple[datetime, float | None]], bounds: tuple[float, ...], unit: str, grain: str
) -> Trend | None:
    """Points as a line, with its target when that lies near enough not to flatten the line."""
    known = [value for _, value in points if value is not None]
    if len(known) < 2:
        return None
    low, high = min(known), max(known)
    span = (high - low) or abs(high) or 1.0
    near = [bound for bound in bounds if low - span <= bound <= high + span]
    floor, ceiling = min([low, *near]), max([high, *near])
    if floor == ceiling:  # a constant runs through the middle
        floor, ceiling = floor - 1, ceiling + 1
    room = ceiling - floor
    step = (WIDTH - 2 * EDGE) / (len(points) - 1)

    def x_of(index: int) -> float:
        return round(EDGE + index * step, 1)

    def y_of(value: float) -> float:
        return round(HEIGHT - EDGE - (value - floor) / room * (HEIGHT - 2 * EDGE), 1)

    runs: list[list[tuple[float, float]]] = [[]]
    hits = []
    for index, (day, value) in enumerate(points):
        shown = NO_VALUE if value is None else format_value(value, unit)
        hits.append(Hit(round(x_of(index) - step / 2, 1), round(step, 1), f"{period_text(day, grain)}  {shown}"))
        if value is None:
            runs.append([])
        else:
            runs[-1].append((x_of(index), y_of(value)))
    last = points[-1][1]
    both = len(bounds) == 2 and len(near) == 2
    return Trend(
        lines=[" ".join(f"{x},{y}" for x, y in run) for run in runs if len(run) > 1],
        dots=[run[0] for run in runs if len(run) == 1],
        last=None if last is None else (x_of(len(points) - 1), y_of(last)),
        bounds=[] if both else [y_of(bound) for bound in near],
        band=(y_of(max(near)), round(y_of(min(near)) - y_of(max(near)), 1)) if both else None,
        hits=hits,
        first=_axis(points[0][0], grain),
        last_label=_axis(points[-1][0], grain),
        reach={"zh": _reach(unit, low, high, "zh"), "en": _reach(unit, low, high, "en")},
    )


def _reach(unit: str, low: float, high: float, lang: Lang) -> str:
    return f"{format_value(low, unit, lang)} – {format_value(high, unit, lang)}"


def _axis(start: datetime, grain: str) -> str:
    text = period_text(start, grain)
    return text[5:] if grain == "day" else text


def hours(tile: Tile) -> list[Column]:
    """The columns of a day profile; the axis begins at 0, because lengths are compared."""
    most = max((bar.value or 0 for bar in tile.bars), default=0) or 1.0
    step = WIDTH / max(len(tile.bars), 1)
    columns = []
    for index, bar in enumerate(tile.bars):
        height = round((bar.value or 0) / most * (HEIGHT - 2), 1)
        title = f"{bar.label['en']}:00  {tile.shown_bar(bar, 'en')}"
        columns.append(Column(round(index * step + 1, 1), round(HEIGHT - height, 1), round(step - 2, 1), height, title))
    return columns


def bar_width(bar: Bar, tile: Tile) -> float:
    """The length of a bar in per cent of the longest."""
    most = max((each.value or 0 for each in tile.bars), default=0)
    return round((bar.value or 0) / most * 100, 1) if most else 0.0
