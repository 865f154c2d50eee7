"""The KPI board in a terminal: one table for each category, made to be read at 120 columns by somebody new to it.

Belongs here: columns, colours and words. Does not belong here: what is shown (data.py), how a number is written
(display.py).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from rich.cells import set_cell_size
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from orchestration.board.data import Bar, Board, Section, Tile
from orchestration.board.terminal_parts import STATUS, TREND_WIDTH, change_text, kpi_table, short_count, sparkline
from orchestration.board.terminal_reports import terminal_report
from orchestration.kpi import period_text


def terminal_board(board: Board, now: datetime | None = None, report_id: str = "all") -> Group:
    """The board as something that rich prints, or the one of its boards that is named. With `now` (UTC) it says how
    long ago the release was made."""
    reports = [terminal_report(report, board.day) for report in board.reports if report_id in ("all", report.report_id)]
    if report_id != "all":
        return Group(_head(board, now), *reports)
    parts: list[RenderableType] = [
        _head(board, now),
        *reports,
        *(_section(section) for section in board.sections),
        *_alarms(board),
        *_actions(board),
        _legend(board),
    ]
    return Group(*parts)


def age_text(since: datetime, now: datetime, lang: Literal["zh", "en"] = "en") -> str:
    """The time between two moments, in the unit that people would use."""
    hours = max(0.0, (now - since).total_seconds() / 3600)
    if hours < 1:
        amount, zh, en = round(hours * 60), "分钟", "min"
    elif hours < 48:
        amount, zh, en = round(hours), "小时", "h"
    else:
        amount, zh, en = round(hours / 24), "天", "days"
    return f"{amount} {zh if lang == 'zh' else en}"


def _head(board: Board, now: datetime | None) -> Panel:
    line = Text()
    line.append(f"{board.day:%Y-%m-%d}", style="bold")
    line.append(f"  last complete day 最近完整日   data to 数据截至 {board.as_of:%Y-%m-%d %H:%M}")
    line.append(f"\nrelease 发布 {board.release_id}, {board.created_at:%Y-%m-%d %H:%M} UTC", style="dim")
    if now is not None:
        line.append(f", {age_text(board.created_at, now)} ago", style="dim")
    line.append("\n")
    counts = [("met", "met 达标"), ("near", "near 接近"), ("missed", "missed 未达标")]
    for status, words in counts:
        number = sum(tile.status == status for tile in board.tiles)
        mark, style = STATUS[status]
        line.append(f"{mark[0]} {number} {words}   ", style=style if number else "dim")
    line.append(f"{board.count('none')} without a verdict 无判定", style="dim")
    for feed, days in board.stale.items():
        dates = ", ".join(f"{day:%m-%d}" for day in days)
        line.append(f"\n! {feed} is behind 数据滞后{': ' + dates if dates else ''}", style="bold yellow")
    return Panel(line, title=f"[bold]{board.name['zh']} · {board.name['en']}  KPI 看板 KPI board", title_align="left")


def _section(section: Section) -> Table:
    table = kpi_table(f"{section.name['zh']}  {section.name['en']}")
    for tile in section.tiles:
        if tile.bars:
            table.add_row(_name(tile), *[""] * 7)
            for cells in _bars(tile):
                table.add_row(*cells)
        else:
            table.add_row(*_cells(tile))
    return table


def _name(tile: Tile) -> Text:
    definition = tile.definition
    name = Text(f"{definition.kpi_id} ", style="dim")
    name.append(f"{definition.name_zh} ", style="not dim")
    name.append(definition.name_en, style="not dim")
    if tile.grain != "day" and tile.period_start:
        name.append(f" ({period_text(tile.period_start, tile.grain)})", style="cyan")
    return name


def _cells(tile: Tile) -> tuple[RenderableType, ...]:
    words, style = STATUS[tile.status]
    value = Text(tile.shown("en") if tile.label is None else f"{tile.label} · {tile.shown('en')}", style="bold")
    if not tile.is_mature:
        value.append(" …", style="yellow")
    if tile.stale_feeds:
        value.append(" ⚑", style="yellow")
    if tile.fallback:
        value.append(" ⇣", style="yellow")
    n = Text(short_count(tile.n) if tile.shows_n and tile.n is not None else "", style="dim")
    if tile.is_small:
        n = Text(f"{tile.n} !", style="yellow")
    return (
        _name(tile),
        value,
        tile.target["en"],
        Text(words, style=style),
        change_text(tile.change_before),
        change_text(tile.change_week),
        n,
        Text(sparkline([value for _, value in tile.trend[-TREND_WIDTH:]]), style="blue"),
    )


def _bars(tile: Tile) -> list[tuple[Any, ...]]:
    """A distribution under its name; hours as one line of blocks, because 24 rows would be the whole screen."""
    if tile.bars_by == "hour":
        text = Text(f"     {tile.bars[0].label['en']}h ", style="dim")
        text.append(sparkline([bar.value for bar in tile.bars]), style="blue")
        text.append(f" {tile.bars[-1].label['en']}h", style="dim")
        bar = tile.notable
        shown = f"{bar.label['en']}:00 {tile.shown_bar(bar, 'en')}" if bar else ""
        what = "lowest" if tile.is_lowest_notable else "highest"
        return [(text, Text(shown, style="bold"), Text(what if bar else "", style="dim"), "", "", "", "", "")]
    rows = [_bar(bar, tile) for bar in tile.bars]
    if tile.bars_left_out:
        rows.append((Text(f"     and {tile.bars_left_out} more 其余 {tile.bars_left_out} 项", style="dim"), *[""] * 7))
    return rows


def _bar(bar: Bar, tile: Tile) -> tuple[Any, ...]:
    most = max((each.value or 0 for each in tile.bars), default=0)
    filled = round((bar.value or 0) / most * 12) if most else 0
    # A range of seconds says the same in both languages.
    is_one = bar.label["zh"] == bar.label["en"] or bar.label["zh"].endswith("秒")
    label = bar.label["en"] if is_one else f"{bar.label['zh']} {bar.label['en']}"
    text = Text(f"     {set_cell_size(label, 24)} ", style="dim")
    text.append("━" * filled, style="blue")
    n = "" if bar.n is None else short_count(bar.n)
    return (text, tile.shown_bar(bar, "en"), "", "", "", "", Text(n, style="dim"), "")


def _alarms(board: Board) -> list[RenderableType]:
    """Triggers that fire, each with what to do and who does it."""
    if not board.alarms:
        return []
    text = Text("\n触发的预警  Triggers that fire", style="bold cyan")
    for definition, some in board.alarms_by_kpi:
        text.append(f"\n⚑ {definition.kpi_id} {definition.name_zh} {definition.name_en}: ", style="not bold red")
        text.append("; ".join(alarm.condition(definition.unit) for alarm in some), style="bold red")
        rule = some[0].remedy
        if rule:
            text.append(f"\n    {rule.measure_zh}\n    {rule.measure_en}", style="not bold default")
            text.append(f"\n    {rule.aim}", style="dim")
    return [text]


def _actions(board: Board) -> list[RenderableType]:
    """Improvement actions that wait for somebody, the most urgent first."""
    if board.actions is None:
        return []
    states = board.actions.states
    text = Text("\n改进措施  Improvement actions", style="bold cyan")
    counts = [f"{states[state]['zh']} {states[state]['en']} {n}" for state, n in board.actions.counts.items() if n]
    text.append("   " + " · ".join(counts), style="not bold dim")
    for row in board.actions.rows:
        late = f" {row.late('zh')} {row.late('en')}" if row.late("en") else ""
        text.append(f"\n{states[row.state]['zh']} {states[row.state]['en']}{late}: ", style="not bold red")
        text.append(f"{row.text('problem')} → {row.text('measure')}", style="not bold default")
        kpi = f" · {row.text('metric_id')} {row.target('en')}" if row.said["metric_id"] else ""
        text.append(f"\n    {row.owner()} · 截止 due {row.due()}{kpi}", style="dim")
    if board.actions.left_out > 0:
        text.append(f"\n    其余 {board.actions.left_out} 项 more: callmart actions", style="dim")
    return [text]


def _legend(board: Board) -> Text:
    text = Text("\n", style="dim")
    text.append("… not final yet 尚未定型   ", style="yellow")
    text.append("⚑ a feed is behind 数据源滞后   ", style="yellow")
    if any(tile.fallback for tile in board.tiles):
        text.append("⇣ another variant, too little is known 已知不足，改用替代口径   ", style="yellow")
    text.append("! few records, read with care 样本少，谨慎解读   ", style="yellow")
    text.append("· no value 无数值   callmart explain ID: what a KPI means 指标含义", style="dim")
    kpis = sum(len(group.kpis) for group in board.missing)
    if kpis:
        feeds = ", ".join(sorted({need for group in board.missing for need in group.needs.split(",") if need}))
        text.append(f"\n{kpis} more KPIs need feeds that are not connected 尚缺数据源: {feeds}", style="dim")
    return text
