"""What the figures of an export say about each other: which parts make up a span, and in how many rows they don't.

Here belongs: arithmetic on the sample. Not here: what is done with it (proposal.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import duckdb

from orchestration.extract.expressions import quote

TOLERANCE_S = 2  # whole seconds, rounded one by one
_ENOUGH_ROWS, _ENOUGH_SHARE = 5, 0.9
_MOST_PARTS = 7


@dataclass(frozen=True)
class Relation:
    """`left` = the sum of `parts` in all but `disagree` of `rows` rows (those in which all is known)."""

    left: str
    parts: tuple[str, ...]
    rows: int
    disagree: int

    @property
    def holds(self) -> bool:
        """Whether it is no chance."""
        return self.rows >= _ENOUGH_ROWS and self.rows - self.disagree >= _ENOUGH_SHARE * self.rows


class Figures:
    """The instants and durations of a sample, as far as they can be read: `known` by the contract's names;
    `nonzero` are the durations of which some row has one."""

    def __init__(
        self, db: duckdb.DuckDBPyConnection, instants: Mapping[str, str], durations: Mapping[str, str]
    ) -> None:
        self._db = db
        self.known = {*instants, *durations}
        values = [f"try({{'v': ({sql})}}).v as {quote(name)}" for name, sql in {**instants, **durations}.items()]
        db.execute(f"create or replace temp table figure as select {', '.join(values) or 'null as nothing'} from raw")
        self.nonzero = {
            name for name in durations if self._count(f"{quote(name)} > 0") or self._count(f"{quote(name)} < 0")
        }

    def span(self, begin: str, end: str) -> str | None:
        """SQL of the seconds between two instants, None when one is not known."""
        if {begin, end} <= self.known:
            return f"epoch({quote(end)} - {quote(begin)})"
        return None

    def best_sum(self, left: str, sql: str, among: Sequence[str], needs: str | None = None) -> Relation | None:
        """The parts whose sum is `sql` in most rows; of equal ones the sum of most parts. Parts that are zero in every
        row say nothing and are left out. Only rows in which `needs` happened count."""
        parts = [name for name in among if name in self.nonzero][:_MOST_PARTS]
        where = f"({sql}) is not null" + (f" and {quote(needs)} > 0" if needs else "")
        sums = [chosen for count in range(1, len(parts) + 1) for chosen in combinations(parts, count)]
        if not sums:
            return None
        counted = [
            f"count(*) filter (abs(({sql}) - ({'+'.join(f'coalesce({quote(p)}, 0)' for p in chosen)})) > {TOLERANCE_S})"
            for chosen in sums
        ]
        row = self._db.execute(f"select count(*), {', '.join(counted)} from figure where {where}").fetchone()
        assert row is not None
        rows, *wrong = row
        disagree, chosen = min(zip(wrong, sums, strict=True), key=lambda pair: (pair[0], -len(pair[1])))
        return Relation(left, chosen, rows, disagree)

    def is_longer(self, name: str, sql: str) -> bool:
        """Whether a duration that is a part of `sql` is longer than it in nearly all rows: its unit is not seconds."""
        rows = self._count(f"{quote(name)} > 0 and ({sql}) is not null")
        longer = self._count(f"{quote(name)} > ({sql}) + {TOLERANCE_S}")
        return rows >= _ENOUGH_ROWS and longer >= _ENOUGH_SHARE * rows

    def order(self, early: str, late: str) -> Relation | None:
        """In how many rows an instant lies before one that it follows."""
        span = self.span(early, late)
        if span is None:
            return None
        rows = self._count(f"({span}) is not null")
        return Relation(f"{early} ≤ {late}", (), rows, self._count(f"({span}) < -{TOLERANCE_S}"))

    def equal(self, left: str, sql: str, name: str) -> Relation:
        """In how many rows a duration is a span."""
        rows = self._count(f"({sql}) is not null and {quote(name)} is not null")
        return Relation(left, (name,), rows, self._count(f"abs(({sql}) - {quote(name)}) > {TOLERANCE_S}"))

    def _count(self, condition: str) -> int:
        row = self._db.execute(f"select count(*) filter ({condition}) from figure").fetchone()
        assert row is not None
        return int(row[0])
