"""The board's section of improvement actions: what waits for somebody, and what the last ones changed.

Belongs here: which actions the section shows. Does not belong here: how they are read and written out
(orchestration/actions.py), markup and words (actions.html.j2).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import duckdb

from orchestration.actions import PENDING, STATES, ActionRow, read_actions

MOST = 8


@dataclass(frozen=True)
class ActionSection:
    """Actions by state (every state, in the order of urgency), those to show, and how many of the pending are left
    out."""

    counts: dict[str, int]
    rows: list[ActionRow]
    left_out: int
    states: dict[str, dict[str, str]]


def action_section(con: duckdb.DuckDBPyConnection) -> ActionSection | None:
    """The section of the release that `con` is open on; None for a centre that keeps no register."""
    found = read_actions(con)
    if not found:
        return None
    counts = Counter(row.state for row in found)
    pending = [row for row in found if row.state in PENDING]
    missed = [row for row in found if row.state == "missed" and row.said["next_measure_en"]]
    shown = (pending or missed)[:MOST]
    return ActionSection({state: counts[state] for state in STATES}, shown, len(pending) - MOST, STATES)
