"""What goes wrong with files on their way: defects that are planted on request, each told with its exact count.

Belongs here: how a file is spoilt, and the record of it. Does not belong here: which defects there are, of which feed,
on which date (`simulator.defect_kinds`), and records that are wrong in themselves, which their systems write.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from simulator.defect_kinds import DEFECTS, Planted, chosen
from simulator.forms.shapes import Shape
from simulator.local_time import UTC_OFFSET_S

LATE_BY_DAYS = 2
MISSING_HOURS = ("10", "11")
BROKEN_EVERY = 10
WRONG_EVERY, EXPECTED_ENCODING, WRONG_ENCODING = 3, "gb18030", "utf-8"
_HOUR = slice(11, 13)  # of a local time as text


SpoilLine = Callable[[int, bytes], bytes]


@dataclass(frozen=True, slots=True)
class Part:
    """One file to write. `header` and `mark` (of the file's name) take the place of the usual ones; `spoil_line` makes
    of a row's number and line what comes. `spoilt_rows`: rows that the defect concerns, where no line tells it."""

    period: str
    rows: Sequence[Sequence[Any]]
    header: Sequence[str] | None = None
    mark: str = ""
    spoil_line: SpoilLine | None = None
    defect: str | None = None
    spoilt_rows: int = 0


Spoiling = Callable[[Shape, Part], Iterator[Part]]


def _twice(_: Shape, part: Part) -> Iterator[Part]:
    """The export is run once more: its rows come in another order. Equal bytes would be one file."""
    yield Part(part.period, part.rows)
    yield replace(part, rows=part.rows[::-1], mark="-copy")


def _late(_: Shape, part: Part) -> Iterator[Part]:
    """The day's rows come in a file that is dated two days later."""
    later = date.fromisoformat(part.period) + timedelta(days=LATE_BY_DAYS)
    yield replace(part, period=later.isoformat(), mark="-late")


def _with_a_gap(shape: Shape, part: Part) -> Iterator[Part]:
    """The rows of some hours are lost."""
    place = [cell.column for cell in shape.cells].index(shape.contract.event_time or "")
    kept = [row for row in part.rows if str(row[place])[_HOUR] not in MISSING_HOURS]
    yield replace(part, rows=kept, spoilt_rows=len(part.rows) - len(kept))


def _renamed(shape: Shape, part: Part) -> Iterator[Part]:
    """The column of the event's time, without which a row means nothing, is called otherwise for a day."""
    place = [cell.column for cell in shape.cells].index(shape.contract.event_time or "")
    header = list(shape.names)
    header[place] = f"new_{header[place]}"
    yield replace(part, header=header)


def _wrongly_encoded(_: Shape, part: Part) -> Iterator[Part]:
    """Some answers were taken over from a platform that writes UTF-8: what is no GB18030, for some happens to be."""

    def encode(number: int, line: bytes) -> bytes:
        wrong = line.decode(EXPECTED_ENCODING).encode(WRONG_ENCODING)
        return line if number % WRONG_EVERY or _decodes(wrong) else wrong

    yield replace(part, spoil_line=encode)


def _decodes(line: bytes) -> bool:
    try:
        line.decode(EXPECTED_ENCODING)
    except UnicodeDecodeError:
        return False
    return True


def _broken(_: Shape, part: Part) -> Iterator[Part]:
    """Some lines end in the middle, as those of a process that was killed."""

    def cut(number: int, line: bytes) -> bytes:
        return line if number % BROKEN_EVERY else line[: len(line) // 2]

    yield replace(part, spoil_line=cut)


def _in_utc(shape: Shape, part: Part) -> Iterator[Part]:
    """Times that carry no offset are those of UTC."""
    places = [place for place, cell in enumerate(shape.cells) if cell.type == "TIMESTAMP"]

    def told(place: int, value: Any) -> Any:
        if place not in places or value is None:
            return value
        return str(datetime.fromisoformat(value) - timedelta(seconds=UTC_OFFSET_S))

    yield replace(part, rows=[[told(place, value) for place, value in enumerate(row)] for row in part.rows])


_SPOILINGS: dict[str, Spoiling] = {
    "duplicate_file": _twice,
    "late_file": _late,
    "missing_hours": _with_a_gap,
    "renamed_column": _renamed,
    "wrong_encoding": _wrongly_encoded,
    "broken_lines": _broken,
    "wrong_zone": _in_utc,
}


class Defects:
    """The files' defects of one simulation. `wanted` are names of DEFECTS, of which the other ones are left to those
    who write records; `day` is the date that they happen on.

    Raises SettingError for a name that is none.
    """

    def __init__(self, out: Path, wanted: Collection[str], day: str) -> None:
        self._by_feed = {feed: name for name in chosen(wanted, "file") for feed in DEFECTS[name].feeds}
        self._out, self._day = out, day
        self.planted: list[Planted] = []

    def spoil(self, shape: Shape, period: str, rows: Sequence[Sequence[Any]]) -> Iterator[Part]:
        """The files that a period's rows become."""
        defect = self._by_feed.get(shape.feed) if period == self._day else None
        if defect is None:
            yield Part(period, rows)
        else:
            yield from _SPOILINGS[defect](shape, Part(period, rows, defect=defect, spoilt_rows=len(rows)))

    def tell(self, feed: str, part: Part, path: Path, spoilt_lines: int) -> None:
        """Note what was planted in a file."""
        if part.defect is not None:
            name = path.relative_to(self._out).as_posix()
            rows = part.spoilt_rows if part.spoil_line is None else spoilt_lines
            self.planted.append(Planted(part.defect, feed, self._day, rows, name))
