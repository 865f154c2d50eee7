"""Files of separated values and of JSON lines: one for each period, whatever the number of records.

Belongs here: encoding of rows, names of files, packing. Does not belong here: what a row says (`shapes`), which defect
a file gets on its way (`defects`).

Bytes are a function of the records: archives carry no name and no time, and a file is written when its period is over.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from operator import ne
from pathlib import Path
from typing import Any, Literal

from simulator.asterisk_files import local_day
from simulator.forms.defects import Defects, SpoilLine
from simulator.forms.shapes import Shape
from simulator.local_time import DAY_S
from simulator.records import Record

Kind = Literal["csv", "csv.gz", "jsonl", "jsonl.gz"]
Period = Literal["day", "week", "month"]
_EPOCH_WEEKDAY = 3  # 1970-01-01 was a Thursday


def period_of(day: int, period: Period) -> str:
    """The name of the period of a local day (counted since 1970-01-01): its first date, or its month."""
    if period == "week":
        day -= (day + _EPOCH_WEEKDAY) % 7
    date = datetime.fromtimestamp(day * DAY_S, UTC)
    return f"{date:%Y-%m}" if period == "month" else f"{date:%Y-%m-%d}"


@dataclass(frozen=True, slots=True)
class FileForm:
    """Where and how the files of a feed are written."""

    folder: Path
    beginning: str
    kind: Kind
    period: Period = "day"
    encoding: str = "utf-8"

    def path(self, period: str, mark: str = "") -> Path:
        """The file of a period."""
        return self.folder / f"{self.beginning}-{period}{mark}.{self.kind}"


class Files:
    """Writes one feed into files.

    Of a record that changed several times within a period the file tells its last state, as an export of that period
    does.
    """

    def __init__(self, shape: Shape, form: FileForm, defects: Defects) -> None:
        self.shape, self.form = shape, form
        self._defects = defects
        self._has_versions = shape.contract.version_column is not None
        self._period = ""
        self._day = 0
        self._rows: dict[Any, list[Any]] = {}
        self._text = _csv_text if form.kind.startswith("csv") else _json_text

    def put(self, record: Record) -> None:
        """Take a record; they come in the order of their time."""
        day = local_day(record.at)
        if day != self._day:
            self._day = day
            period = period_of(day, self.form.period)
            if period != self._period:
                self._write()
                self._period = period
        identity = self.shape.identity(record.row) if self._has_versions else len(self._rows)
        self._rows.pop(identity, None)  # what changed stands where it changed last
        self._rows[identity] = self.shape.values(record.row)

    def close(self) -> None:
        """Write the last file."""
        self._write()

    def _write(self) -> None:
        rows, self._rows = list(self._rows.values()), {}
        if not rows:
            return
        self.form.folder.mkdir(parents=True, exist_ok=True)
        for part in self._defects.spoil(self.shape, self._period, rows):
            text = self._text(part.header or self.shape.names, part.rows)
            data, spoilt = spoiled(text.encode(self.form.encoding), part.spoil_line, len(part.rows))
            path = self.form.path(part.period, part.mark)
            self._defects.tell(self.shape.feed, part, path, spoilt)
            write_packed(path, data)


def write_packed(path: Path, data: bytes) -> None:
    """Write a file, packed when its name says so."""
    if path.suffix != ".gz":
        path.write_bytes(data)
        return
    with path.open("wb") as raw, gzip.GzipFile("", "wb", compresslevel=5, fileobj=raw, mtime=0) as archive:
        archive.write(data)


def spoiled(data: bytes, spoil_line: SpoilLine | None, rows: int) -> tuple[bytes, int]:
    """A file's bytes with the lines of its rows, which are the last ones, spoilt; and how many lines are others now."""
    if spoil_line is None:
        return data, 0
    lines = data.splitlines()
    head = len(lines) - rows
    made = [line if i < head else spoil_line(i - head, line) for i, line in enumerate(lines)]
    return b"".join(line + b"\n" for line in made), sum(map(ne, lines, made))


def _csv_text(header: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    target = io.StringIO()
    write = csv.writer(target, lineterminator="\n")
    write.writerow(header)
    write.writerows(rows)
    return target.getvalue()


def _json_text(header: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
    places = [tuple(name.split(".")) for name in header]
    is_flat = all(len(place) == 1 for place in places)
    return "".join(
        f"{encode(dict(zip(header, row, strict=True)) if is_flat else _nested(places, row))}\n" for row in rows
    )


def _nested(places: Sequence[tuple[str, ...]], row: Sequence[Any]) -> dict[str, Any]:
    """A record with members inside members; what has no value is null."""
    record: dict[str, Any] = {}
    for place, value in zip(places, row, strict=True):
        holder = record if len(place) == 1 else record.setdefault(place[0], {})
        holder[place[-1]] = value
    return record
