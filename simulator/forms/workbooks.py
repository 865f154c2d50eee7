"""Workbooks with a sheet for each feed, one workbook a week.

Belongs here: how a workbook is written, without the clock in it. Does not belong here: what stands in it (`quality`).
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path

import openpyxl

from simulator.asterisk_files import local_day
from simulator.forms.files import period_of
from simulator.forms.shapes import Shape
from simulator.records import Record

_PACKED_AT = (1980, 1, 1, 0, 0, 0)  # the first time that a zip archive can tell
_MODIFIED = re.compile(rb"(<dcterms:modified[^>]*>)[^<]*")


class Workbooks:
    """Writes feeds into the sheets of one workbook a week, row by row; each change of a record is a row."""

    def __init__(self, sheets: Mapping[str, Shape], folder: Path, beginning: str) -> None:
        self.sheets = sheets
        self._titles = {shape.feed: title for title, shape in sheets.items()}
        self._folder, self._beginning = folder, beginning
        self._week = ""
        self._day = 0
        self._book: openpyxl.Workbook | None = None

    @property
    def pattern(self) -> str:
        """The names of the workbooks."""
        return f"{self._beginning}-*.xlsx"

    def put(self, record: Record) -> None:
        """Take a record; they come in the order of their time."""
        day = local_day(record.at)
        if day != self._day:
            self._day = day
            week = period_of(day, "week")
            if week != self._week:
                self.close()
                self._week = week
        title = self._titles[record.feed]
        book = self._book or self._begin()
        book[title].append(self.sheets[title].values(record.row))

    def close(self) -> None:
        """Write the workbook that is open."""
        if self._book is None:
            return
        made = io.BytesIO()
        self._book.save(made)
        self._book = None
        self._folder.mkdir(parents=True, exist_ok=True)
        stamp = self._week.encode() + b"T00:00:00Z"
        with (
            zipfile.ZipFile(made) as source,
            zipfile.ZipFile(self._folder / f"{self._beginning}-{self._week}.xlsx", "w") as target,
        ):
            for name in source.namelist():
                data = source.read(name)
                if name == "docProps/core.xml":
                    data = _MODIFIED.sub(rb"\g<1>" + stamp, data)
                target.writestr(zipfile.ZipInfo(name, _PACKED_AT), data, zipfile.ZIP_DEFLATED, compresslevel=5)

    def _begin(self) -> openpyxl.Workbook:
        """A workbook with its sheets and their headers."""
        book = openpyxl.Workbook(write_only=True)
        book.properties.creator = "质控部"
        book.properties.created = datetime.combine(date.fromisoformat(self._week), datetime.min.time())
        for title, shape in self.sheets.items():
            book.create_sheet(title).append(shape.names)
        self._book = book
        return book
