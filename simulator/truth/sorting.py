"""Values in order, however many: what is too much for memory waits sorted on disk.

Belongs here: the sorting. Does not belong here: which order (the modules of the families).
"""

from __future__ import annotations

import heapq
import pickle
import tempfile
from collections.abc import Callable, Iterable, Iterator
from typing import IO, Any

from simulator.truth.values import Value

AT_ONCE = 50_000
_BLOCK = 500


class SortedValues:
    """Takes values in any order and gives them in the order of `key`, which no two of them share."""

    def __init__(self, key: Callable[[Value], Any], at_once: int = AT_ONCE) -> None:
        self._key, self._at_once = key, at_once
        self._values: list[Value] = []
        self._runs: list[IO[bytes]] = []

    def extend(self, values: Iterable[Value]) -> None:
        """Take values."""
        for value in values:
            self._values.append(value)
            if len(self._values) >= self._at_once:
                self._set_aside()

    def __iter__(self) -> Iterator[Value]:
        """All values, once."""
        self._values.sort(key=self._key)
        return heapq.merge(self._values, *map(_read, self._runs), key=self._key)

    def _set_aside(self) -> None:
        self._values.sort(key=self._key)
        # a block is unpickled at a time; the file has no name, and is gone with the process
        run = tempfile.TemporaryFile()  # noqa: SIM115 - it is read much later
        for begin in range(0, len(self._values), _BLOCK):
            pickle.dump([tuple(value) for value in self._values[begin : begin + _BLOCK]], run, pickle.HIGHEST_PROTOCOL)
        self._runs.append(run)
        self._values = []


def _read(run: IO[bytes]) -> Iterator[Value]:
    run.seek(0)
    with run:
        while True:
            try:
                block = pickle.load(run)
            except EOFError:
                return
            yield from map(Value._make, block)


def in_order_of(values: Iterable[Value], key: Callable[[Value], Any]) -> Iterator[Value]:
    """The values, sorted."""
    found = SortedValues(key)
    found.extend(values)
    return iter(found)
