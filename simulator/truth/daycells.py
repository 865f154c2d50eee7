"""Cells of sums by local date, most of them packed: years of days would fill the memory, and few are worked on at once.

Belongs here: where cells are. Does not belong here: what is summed (the modules of the families).
"""

from __future__ import annotations

import pickle
from collections import defaultdict
from collections.abc import Iterator
from typing import Any, Generic, TypeVar

from simulator.truth.values import Cell

K = TypeVar("K")
AT_HAND = 24  # days


def new_cell() -> Cell:
    """A cell in which every sum is 0."""
    return defaultdict(int)


class DayCells(Generic[K]):
    """Cells by key on each local date (days since 1970-01-01)."""

    def __init__(self, at_hand: int = AT_HAND) -> None:
        self._at_hand = at_hand
        self._open: dict[int, defaultdict[K, Cell]] = {}
        self._packed: dict[int, bytes] = {}

    def of(self, day: int) -> defaultdict[K, Cell]:
        """The cells of a date, to be added to at once: another date may take their place."""
        cells = self._open.get(day)
        if cells is None:
            cells = self._unpacked(day)
            self._packed.pop(day, None)
            if len(self._open) >= self._at_hand:
                first = next(iter(self._open))
                self._packed[first] = _packed(self._open.pop(first))
            self._open[day] = cells
        return cells

    def days(self) -> Iterator[tuple[int, defaultdict[K, Cell]]]:
        """The cells of each date, to be read, in the order of dates."""
        for day in sorted({*self._open, *self._packed}):
            cells = self._open.get(day)
            yield day, self._unpacked(day) if cells is None else cells

    @property
    def number_at_hand(self) -> int:
        """How many dates are not packed."""
        return len(self._open)

    def _unpacked(self, day: int) -> defaultdict[K, Cell]:
        cells: defaultdict[K, Cell] = defaultdict(new_cell)
        packed = self._packed.get(day)
        if packed is not None:
            for key, sums in pickle.loads(packed):
                cells[key].update(sums)
        return cells


def _packed(cells: dict[Any, Cell]) -> bytes:
    return pickle.dumps([(key, dict(cell)) for key, cell in cells.items()], pickle.HIGHEST_PROTOCOL)
