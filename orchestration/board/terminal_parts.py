"""What tiles and boards share in a terminal: columns, colours, the line of the last periods.

Belongs here: rich objects that both tables use. Does not belong here: which rows a table has (terminal.py,
terminal_reports.py).
"""

from __future__ import annotations

from rich.table import Table
from rich.text import Text

from orchestration.board.verdict import Change

TICKS = "▁▂▃▄▅▆▇█"
TREND_WIDTH = 14  # two weeks: more would push a value off the screen
STATUS: dict[str, tuple[str, str]] = {
    "met": ("✓ met", "green"),
    "near": ("≈ near", "yellow"),
    "missed": ("✗ missed", "bold red"),
    "none": ("", "dim"),
}
SENSE = {"better": "green", "worse": "red", "neutral": "dim"}


def sparkline(values: list[float | None]) -> str:
    """A value a character; a day without one is a dot."""
    known = [value for value in values if value is not None]
    if len(known) < 2:
        return ""  # one value is no trend
    low, span = min(known), max(known) - min(known)
    return "".join(
        "·" if value is None else TICKS[round((value - low) / span * (len(TICKS) - 1)) if span else 3]
        for value in values
    )


def kpi_table(title: str) -> Table:
    """An empty table with the columns of a KPI, made for 120 columns."""
    table = Table(
        title=f"\n{title}",
        title_justify="left",
        title_style="bold cyan",
        box=None,
        padding=(0, 1, 0, 0),
        header_style="dim",
    )
    table.add_column("KPI 指标", overflow="fold", width=42)
    table.add_column("Value\n数值", justify="right", no_wrap=True, width=12)
    table.add_column("Target\n目标", overflow="fold", width=9)
    table.add_column("Status\n状态", no_wrap=True, width=8)
    table.add_column("vs prior\n较前期", justify="right", no_wrap=True, width=10)
    table.add_column("vs week\n较上周", justify="right", no_wrap=True, width=10)
    table.add_column("n\n样本", justify="right", no_wrap=True, width=7)
    table.add_column("2 weeks\n两周", no_wrap=True, width=TREND_WIDTH)
    return table


def short_count(n: int) -> str:
    """A number of records in few characters."""
    return f"{n:,}" if n < 1_000_000 else f"{n / 1_000_000:,.1f} M"


def change_text(change: Change | None) -> Text:
    """A change in the colour of its sense; empty without one."""
    return Text("") if change is None else Text(change.text["en"], style=SENSE[change.sense])
