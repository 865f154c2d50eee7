"""The CRM's database: SQLite, and by copy any PostgreSQL.

Belongs here: tables, rows, transactions. Does not belong here: which tables there are (`crm`).

The file's bytes are a function of the records: a transaction is a day's, or a part of a day that is long.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from simulator.asterisk_files import local_day
from simulator.forms.shapes import Shape
from simulator.records import Record

# DATETIME makes readers see a time in SQLite, which itself knows only text; it has no zone, so neither has the text
_TYPES = {"TIMESTAMP": "DATETIME", "DOUBLE": "REAL", "DECIMAL(18,4)": "REAL", "INTEGER": "INTEGER", "BIGINT": "INTEGER"}

_MOST_ROWS = 200_000  # of a day at once; the first list of a large company's customers is longer


class Database:
    """Writes feeds into the tables of a SQLite file; a changed record replaces its former state."""

    def __init__(self, path: Path, tables: Mapping[str, Shape]) -> None:
        self.path, self.tables = path, tables
        self._names = {shape.feed: name for name, shape in tables.items()}
        self._waiting: dict[str, list[list[Any]]] = {}
        self._day = self._rows = 0
        self._file: sqlite3.Connection | None = None

    def put(self, record: Record) -> None:
        """Take a record; they come in the order of their time."""
        day = local_day(record.at)
        if day != self._day:
            self._day = day
            self._write()
        elif self._rows >= _MOST_ROWS:
            self._write()
        self._rows += 1
        name = self._names[record.feed]
        self._waiting.setdefault(name, []).append(self.tables[name].values(record.row))

    def close(self) -> None:
        """Write the last day."""
        self._write()
        if self._file is not None:
            self._file.close()
            self._file = None

    def _write(self) -> None:
        if not self._waiting:
            return
        file = self._file or self._begin()
        for name, shape in self.tables.items():
            marks = ", ".join("?" * len(shape.cells))
            file.executemany(f'insert or replace into "{name}" values ({marks})', self._waiting.get(name, ()))
        file.commit()
        self._waiting, self._rows = {}, 0

    def _begin(self) -> sqlite3.Connection:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        file = sqlite3.connect(self.path)
        file.execute("pragma journal_mode = off")  # a file that is half written is written anew
        file.execute("pragma synchronous = off")
        for name, shape in self.tables.items():
            columns = ", ".join(f'"{cell.name}" {_TYPES.get(cell.type, "TEXT")}' for cell in shape.cells)
            file.execute(f'create table "{name}" ({columns})')
            named = {cell.column: cell.name for cell in shape.cells}
            # coalesce, as to SQLite two NULLs of a key are two things
            key = ", ".join(f"coalesce(\"{named[column]}\", '')" for column in shape.key)
            file.execute(f'create unique index "{name}_key" on "{name}" ({key})')
        self._file = file
        return file


def copy_to_postgresql(path: Path, tables: Mapping[str, Shape], url: str) -> None:
    """Put the tables of a SQLite file into a PostgreSQL database, in place of those of the same names.

    Local times become `timestamp` without zone, as they are in the file. Raises duckdb.Error for a database that does
    not answer.
    """
    import importlib.resources

    import duckdb

    with duckdb.connect(":memory:") as db:
        for kind in ("sqlite", "postgres"):
            package = importlib.resources.files(f"duckdb_extension_{kind}_scanner")
            extension = package / "extensions" / f"v{duckdb.__version__}" / f"{kind}_scanner.duckdb_extension"
            db.execute(f"load '{extension}'")
        db.execute(f"attach '{path}' as file (type sqlite, read_only)")
        db.execute("attach '" + url.replace("'", "''") + "' as server (type postgres)")
        for name in tables:
            db.execute(f'drop table if exists server.public."{name}"')
            db.execute(f'create table server.public."{name}" as select * from file."{name}"')
