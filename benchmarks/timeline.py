"""Where the time of a `callmart build` goes, read from the progress that it prints and from dbt's own record.

Here belongs: turning lines into parts. Not here: running a build.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from benchmarks.child import Line, Measured

_STEP = re.compile(r"^(?P<name>[^:]+):(?: [\d,]+ rows in)? (?P<seconds>[\d.]+) s(?: \(.*\))?$")
_IMPORT = re.compile(r"^import time:\s+(\d+) \|\s+\d+ \|\s+(\S+)$")

START, LAND, PREPARE, BUILD, AUDIT_FEEDS, DBT, AUDIT_MARTS, RELEASE, BETWEEN, END = PARTS = (
    "Python starts, imports, configuration",
    "landing and typing",
    "definitions of the job",
    "building partitions",
    "audit of the feeds (GX)",
    "dbt",
    "audit of the marts (GX)",
    "release and board",
    "between the steps (Dagster's events, plans, GX import)",
    "the process ends",
)
_NAMED = (("land ", LAND), ("build ", BUILD), ("audit marts", AUDIT_MARTS), ("audit ", AUDIT_FEEDS), ("dbt ", DBT),
          ("release", RELEASE))  # fmt: skip


@dataclass(frozen=True)
class Step:
    """One line of progress. Seconds since the command's start."""

    name: str
    begin: float
    end: float

    @property
    def seconds(self) -> float:
        """How long it took."""
        return self.end - self.begin


def steps(lines: Sequence[Line]) -> list[Step]:
    """The steps that a command told, in the order of their ends."""
    found = []
    for line in lines:
        match = _STEP.match(line.text)
        if match:
            found.append(Step(match["name"], line.at - float(match["seconds"]), line.at))
    return found


def parts(build: Measured) -> dict[str, float]:
    """Seconds of each of `PARTS`; together the wall time of the build. A build that had nothing to run has no run."""
    told = steps(build.lines)
    run = next((step for step in told if step.name.startswith("run ")), None)
    seconds: dict[str, float] = defaultdict(float)
    for step in told:
        part = next((part for begin, part in _NAMED if step.name.startswith(begin)), None)
        if part is not None:
            seconds[part] += step.seconds
    lands = [step for step in told if step.name.startswith("land ")]
    if not lands or run is None:
        raise ValueError("the build told no landing or no run: " + "; ".join(line.text for line in build.lines[-10:]))
    seconds[START] = max(0.0, min(step.begin for step in lands))
    seconds[PREPARE] = max(0.0, run.begin - max(step.end for step in lands))
    inside = sum(seconds[part] for part in (BUILD, AUDIT_FEEDS, DBT, AUDIT_MARTS, RELEASE))
    seconds[BETWEEN] = max(0.0, run.seconds - inside)
    seconds[END] = max(0.0, build.wall - run.end)
    return {part: seconds[part] for part in PARTS}


def without_release(build: Measured) -> float:
    """Wall time of a build less the release, whose copy grows with history."""
    return build.wall - parts(build)[RELEASE]


def imports(build: Measured) -> dict[str, float]:
    """Seconds that imports took in the command's own process, by top-level package, the longest first (needs
    PYTHONPROFILEIMPORTTIME)."""
    found: dict[str, float] = defaultdict(float)
    for line in build.lines:
        match = _IMPORT.match(line.text)
        if match:
            found[match[2].split(".")[0]] += int(match[1]) / 1e6
    return dict(sorted(found.items(), key=lambda item: -item[1]))


@dataclass(frozen=True)
class Node:
    """One model, seed or test that dbt ran."""

    name: str
    kind: str
    seconds: float


@dataclass(frozen=True)
class DbtRun:
    """What dbt's record says: its nodes, and the seconds from the first one's start to the last one's end."""

    nodes: tuple[Node, ...]
    span: float

    def of(self, *kinds: str) -> float:
        """Seconds of the nodes of some kinds, added up over dbt's threads."""
        return sum(node.seconds for node in self.nodes if node.kind in kinds)


def dbt_run(results: Path) -> DbtRun:
    """Read dbt's `run_results.json`."""
    said = json.loads(results.read_text("utf-8"))["results"]
    nodes = tuple(
        Node(item["unique_id"].split(".")[2], item["unique_id"].split(".")[0], item["execution_time"]) for item in said
    )
    moments = [
        datetime.fromisoformat(timing[edge])
        for item in said
        for timing in item["timing"]
        for edge in ("started_at", "completed_at")
        if timing.get(edge)
    ]
    return DbtRun(nodes, (max(moments) - min(moments)).total_seconds() if moments else 0.0)
