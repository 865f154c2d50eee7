"""A board of the requirement list in a terminal: one table, with a line below a KPI for what must be known of it.

Belongs here: columns and colours of such a board. Does not belong here: what is said (words.py), what is shown
(reports.py).
"""

from __future__ import annotations

from datetime import date

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from orchestration.board import words
from orchestration.board.reports import Line, Report
from orchestration.board.terminal_parts import STATUS, TREND_WIDTH, change_text, kpi_table, short_count, sparkline
from orchestration.board.verdict import Text as Words

# Short enough for the column; the line below says it in both languages.
REASONS = {
    "few_records": "few n",
    "no_target": "",
    "no_data": "no data",
    "not_decided": "open",
    "not_available": "no feed",
    "not_defined": "undef.",
}


def terminal_report(report: Report, day: date) -> Group:
    """The board as something that rich prints at 120 columns; `day` is the one that the head of the board names."""
    met = f"{report.count('met')} / {len(report.lines)}"
    title = Text(f"\n{report.report_id} {report.name['zh']}  {report.name['en']}", style="bold cyan")
    title.append(f"   ✓ {met}", style="dim")
    parts: list[RenderableType] = [title]
    for part in report.parts:
        parts.append(Text(f"  {part.name['zh']}  {part.name['en']}", style="cyan"))
        for line in part.lines:
            table = kpi_table("")
            table.title = None
            table.show_header = line is report.lines[0]
            table.add_row(*_cells(line))
            parts.append(table)
            parts += [Padding(said, (0, 0, 0, 7)) for said in _below(line, day)]
    return Group(*parts)


def _cells(line: Line) -> tuple[RenderableType, ...]:
    mark, style = STATUS[line.status]
    if line.reason:
        mark, style = REASONS[line.reason], "yellow"
    name = Text(f"{line.kpi_id} ", style="dim")
    name.append(f"{line.name['zh']} {line.name['en']}", style="not dim")
    value = Text(line.shown("en"), style="bold")
    if line.value is not None and not line.is_mature:
        value.append(" …", style="yellow")
    n = Text(short_count(line.n) if line.shows_n and line.n is not None else "", style="dim")
    return (
        name,
        value,
        line.target["en"],
        Text(mark, style=style),
        change_text(line.change_before),
        change_text(line.change_week),
        n,
        Text(sparkline([value for _, value in line.trend[-TREND_WIDTH:]]), style="blue"),
    )


def _below(line: Line, day: date) -> list[Text]:
    """What must be known of the line: its period, why there is no value, doubts, where it is missed, the remedy."""
    found = []
    if line.period_start and line.period_start.date() != day:
        found.append(Text(_both(words.period_words(line)), style="dim"))
    why = words.why_no_value(line)
    if why:
        reason = words.REASONS[line.reason]
        found.append(Text(_both({lang: f"{reason[lang]}: {why[lang]}" for lang in ("zh", "en")}), style="yellow"))
    found += [Text(f"! {_both(doubt)}", style="yellow") for doubt in words.doubts(line)]
    if line.segments:
        found.append(Text(f"↳ {_both(words.weakest(line, line.segments[0]))}", style="red"))
    if line.remedy:
        rule = line.remedy
        found.append(Text(f"→ {rule.measure_zh}  {rule.measure_en}  ({rule.aim})"))
    return found


def _both(said: Words) -> str:
    return said["en"] if said["zh"] == said["en"] else f"{said['zh']}  {said['en']}"
