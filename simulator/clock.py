"""The clock of a simulation: what is planned happens in the order of time, of one second in the order of planning.

Belongs here: the heap that drives everything. Does not belong here: anything that happens.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from typing import Any


class Clock:
    """Time is a whole number: epoch seconds in a centre, any unit in a laboratory."""

    def __init__(self) -> None:
        self._heap: list[tuple[int, int, Callable[..., None], tuple[Any, ...]]] = []
        self._number = 0

    def at(self, at: int, action: Callable[..., None], *arguments: Any) -> None:
        """Plan `action(at, *arguments)`."""
        self._number += 1
        heapq.heappush(self._heap, (at, self._number, action, arguments))

    def run(self) -> None:
        """Let everything happen that is planned, and what that plans."""
        heap = self._heap
        while heap:
            at, _, action, arguments = heapq.heappop(heap)
            action(at, *arguments)
