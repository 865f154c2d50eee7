"""From measured runs to Markdown: median, spread, ratios, one table a part.

Here belongs: how a figure is written and what a section of the results is made of. Not here: measuring.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

HEADER = ("measured", "median", "spread", "rows", "rows/s", "CPU", "peak memory")


@dataclass(frozen=True)
class Sample:
    """What one repetition of a measurement gave: seconds (wall and processor), peak memory in bytes; None where it was
    not measured on its own."""

    wall: float
    cpu: float | None = None
    peak: int | None = None


@dataclass(frozen=True)
class Aim:
    """One line of the summary: a figure beside what it should be. `is_met` is None for a figure without an aim."""

    what: str
    figure: str
    aim: str
    is_met: bool | None


@dataclass
class Table:
    """A table below a section; all cells are text."""

    title: str
    header: list[str]
    rows: list[list[str]]


@dataclass
class Section:
    """The results of one part of the benchmarks. `source` tells apart the code that was measured."""

    name: str
    title: str
    text: str
    source: str = ""
    rows: list[list[str]] = field(default_factory=list)
    aims: list[Aim] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    error: str = ""

    def add(self, what: str, samples: Sequence[Sample], rows: int | None = None) -> float:
        """Add a line for a measurement; its median in seconds."""
        walls = [sample.wall for sample in samples]
        cpus = [sample.cpu for sample in samples if sample.cpu is not None]
        peaks = [sample.peak for sample in samples if sample.peak is not None]
        middle = statistics.median(walls)
        self.rows.append(
            [
                what,
                seconds(middle),
                spread(walls),
                "" if rows is None else f"{rows:,}",
                "" if rows is None or middle == 0 else f"{rows / middle:,.0f}",
                seconds(statistics.median(cpus)) if cpus else "",
                gibibytes(max(peaks)) if peaks else "",
            ]
        )
        return middle

    def aim_ratio(self, what: str, ours: float, other: float, most: float) -> None:
        """Add `ours / other` to the summary, which should be at most `most`."""
        ratio = ours / other
        self.aims.append(Aim(what, f"{ratio:.2f}×", f"within {most:g}×", ratio <= most))

    def note(self, what: str, figure: str) -> None:
        """Add a figure without an aim to the summary."""
        self.aims.append(Aim(what, figure, "", None))

    def to_json(self) -> dict[str, Any]:
        """The section as plain values."""
        return asdict(self)

    @classmethod
    def from_json(cls, said: dict[str, Any]) -> Section:
        """The section that `to_json` gave."""
        return cls(
            **said
            | {"aims": [Aim(**aim) for aim in said["aims"]], "tables": [Table(**table) for table in said["tables"]]}
        )


def seconds(value: float) -> str:
    """A duration for people: three digits or whole seconds."""
    return f"{value:.0f} s" if value >= 100 else f"{value:.1f} s" if value >= 10 else f"{value:.2f} s"


def gibibytes(value: float) -> str:
    """An amount of memory."""
    return f"{value / 2**30:.2f} GiB"


def spread(values: Sequence[float]) -> str:
    """The range of several repetitions."""
    return "one run" if len(values) == 1 else f"{seconds(min(values))} – {seconds(max(values))} ({len(values)} runs)"


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which a share of the values lies, by linear interpolation."""
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def render(sections: Sequence[Section], about: Sequence[tuple[str, str]]) -> str:
    """The whole results page."""
    parts = [
        "# Benchmarks",
        "Written by `make bench`; nothing here is edited by hand. Times are wall times, medians over the runs; the "
        "spread is the fastest and the slowest run. CPU is processor time of all processes of a run, peak memory the "
        "largest sum over them at one moment. Ratios compare runs of one session on one machine. Parts may be measured "
        "at different times; `source` is a hash of the code that was.",
        _table(["", ""], [[name, value] for name, value in about]),
        "## Summary",
        _table(
            ["", "measured", "aim", "met"],
            [
                [aim.what, aim.figure, aim.aim, {True: "yes", False: "no", None: ""}[aim.is_met]]
                for section in sections
                for aim in section.aims
            ]
            + [[section.title, "failed", "", "no"] for section in sections if section.error],
        ),
    ]
    for section in sections:
        parts += [f"## {section.title}", " ".join(filter(None, [section.text, _measured(section)]))]
        if section.error:
            parts.append(f"**This part failed:**\n\n```\n{section.error}\n```")
        if section.rows:
            parts.append(_table(list(HEADER), section.rows))
        for table in section.tables:
            parts += [f"### {table.title}", _table(table.header, table.rows)]
    return "\n\n".join(parts) + "\n"


def _measured(section: Section) -> str:
    return f"Measured by source `{section.source}`." if section.source else ""


def _table(header: list[str], rows: Sequence[Sequence[str]]) -> str:
    numeric = ["---" if index == 0 else "---:" for index in range(len(header))]
    lines = [header, numeric, *rows]
    return "\n".join("| " + " | ".join(_cell(value) for value in line) + " |" for line in lines)


def _cell(value: str) -> str:
    return value.replace("|", "\\|").replace("\n", " ")
