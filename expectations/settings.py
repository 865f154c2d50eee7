"""How strictly a feed is judged: limits that a centre may set, with their defaults.

Belongs here: thresholds and the few facts about a feed that its suite needs (zone, dates known to be quiet).
Does not belong here: what a column may hold (that is the contract), reading a configuration file.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date


@dataclass(frozen=True)
class FeedSettings:
    """Limits of one feed. Shares are fractions of rows; days are local dates of the feed's zone."""

    timezone: str
    clock_tolerance_s: int | None = None
    """Seconds by which the clocks of one source may disagree; None takes the contract's."""
    first_date: date = date.min
    """First local date of the centre. What began before it, of a feed whose records live on, lies in its partition."""
    quiet_dates: frozenset[date] = field(default_factory=frozenset)
    """Dates on which few rows are expected (holidays, maintenance): volume is not judged on them."""
    own_numbers: frozenset[str] = field(default_factory=frozenset)
    """The centre's own numbers: one of them may be a mobile number and is nobody's personal data."""
    history_weeks: int = 8
    """How many earlier same weekdays a date is compared with, at most."""
    history_min_days: int = 3
    """With fewer earlier same weekdays, volume and hours are not judged."""
    volume_warn_share: float = 0.5
    volume_block_share: float = 0.1
    gap_slot_min: int = 10
    """An hour counts as always busy when each earlier same weekday had rows in each so many minutes of it: the rows of
    one call lie together, so that their number says little of how many calls there were."""
    late_warn_share: float = 0.05
    """Rows that are added to a date which the lake went past, as a share of those it has: a call that takes days is no
    late file."""
    ahead_tolerance_s: int = 300
    """Seconds by which the clock of a source may run ahead of this machine's."""
    min_rows: int = 20
    """Shares are judged on at least this many rows."""
    flagged_warn_share: float = 0.1
    refused_warn_share: float = 0.01
    refused_block_share: float = 0.5
    unusable_block_share: float = 0.1
    """Durations out of range, or steps out of order, above this share block: the unit, column or zone is wrong."""
    unknown_warn_share: float = 0.5
    """Rows that say neither customer nor number, in a feed that does."""
    odd_warn_share: float = 0.05
    """Events without their counterpart, unlisted values: above this share a warning."""
