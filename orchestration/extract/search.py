"""A search through every file below a folder for people by their hashes and numbers, whatever the file is packed in.

Here belongs: reading what a file holds, and cleaning the files that are text or SQLite. Not here: landed objects, which
are rewritten record by record (redaction.py), and what is rebuilt instead of cleaned (orchestration/erasure.py).
"""

from __future__ import annotations

import gzip
import io
import os
import shutil
import sqlite3
import tempfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import duckdb

from orchestration import paths
from orchestration.extract.expressions import literal, quote
from orchestration.extract.suppression import Erased

GONE = "erased"  # in the place of a hash or number in a text
_BLOCK, _OVERLAP = 1 << 20, 256
# What may be a number, however it is grouped.
_NUMBER_SQL = "([0-9０-９][^0-9０-９]{0,3}){5}"
_SQLITE_MAGIC = b"SQLite format 3\0"


@dataclass(frozen=True)
class Wanted:
    """Whom to find: hashes of the lake, and whoever is on the list. `scratch` is a private folder for what is unpacked
    meanwhile."""

    hashes: frozenset[str]
    erased: Erased
    scratch: Path

    def is_in(self, text: str) -> bool:
        """Whether a text names them."""
        return any(value in text for value in self.hashes) or bool(self.erased.spans(text))

    def out_of(self, text: str) -> str:
        """A text without them."""
        for value in self.hashes:
            text = text.replace(value, GONE)
        return self.erased.without(text, GONE)


def files_with(root: Path, wanted: Wanted, below: Iterable[str] = ("",)) -> list[Path]:
    """Files that name people, sorted. Links are not followed."""
    found = []
    for name in below:
        for folder, _, files in os.walk(root / name):
            for file in files:
                path = Path(folder) / file
                if path.is_file() and not path.is_symlink() and holds(path, wanted):
                    found.append(path)
    return sorted(found)


def holds(path: Path, wanted: Wanted) -> bool:
    """Whether a file names people: in its bytes as text, in what is packed in it, or in its tables."""
    with path.open("rb") as handle:
        if handle.read(12)[8:] == b"DUCK":
            return _in_duckdb(path, wanted)
        handle.seek(0)
        if handle.read(4) == b"PAR1":
            return _in_parquet(path, wanted)
        handle.seek(0)
        return _in_file(handle, wanted)


def clean_text(path: Path, wanted: Wanted) -> int:
    """Take people out of a file of text; 1 when it changed."""
    before = path.read_bytes().decode("utf-8", "surrogateescape")
    after = wanted.out_of(before)
    if after == before:
        return 0
    written = paths.hidden(path)
    written.write_bytes(after.encode("utf-8", "surrogateescape"))
    written.chmod(path.stat().st_mode & 0o777)
    paths.put(written, path)
    return 1


def clean_sqlite(path: Path, wanted: Wanted) -> int:
    """Take people out of every text of a SQLite file, and what it keeps of deleted rows; the number of rows."""
    changed = 0
    with closing(sqlite3.connect(path, timeout=60, isolation_level=None)) as db:
        db.execute("pragma secure_delete = on")
        db.create_function("names_people", 1, lambda value: int(isinstance(value, str) and wanted.is_in(value)))
        db.create_function("without_people", 1, wanted.out_of)
        tables = [name for (name,) in db.execute("select name from sqlite_master where type = 'table'")]
        for table in tables:
            for _, column, *_ in db.execute(f"pragma table_info({quote(table)})").fetchall():
                name = quote(column)
                changed += db.execute(
                    f"update {quote(table)} set {name} = without_people({name}) where names_people({name})"
                ).rowcount
        if changed or holds(path, wanted):  # a free page may still have them
            db.execute("pragma wal_checkpoint(truncate)")
            db.execute("vacuum")
            db.execute("pragma wal_checkpoint(truncate)")
    return changed


def is_sqlite(path: Path) -> bool:
    """Whether a file is a SQLite database."""
    with path.open("rb") as handle:
        return handle.read(16) == _SQLITE_MAGIC


def rows_with(db: duckdb.DuckDBPyConnection, relation: str, hashes: Iterable[str]) -> int:
    """Rows of a relation in which one of the hashes stands."""
    shape = db.execute(f"describe select * from {relation}").fetchall()
    columns = [quote(name) for name, kind, *_ in shape if kind == "VARCHAR"]
    if not columns:
        return 0
    row = db.execute(
        f"select count(*) from {relation} where list_has_any([{', '.join(columns)}], ?::varchar[])", [sorted(hashes)]
    ).fetchone()
    return row[0] if row else 0


# --- inside ----------------------------------------------------------------------------------------------


def _in_stream(stream: BinaryIO | gzip.GzipFile, wanted: Wanted) -> bool:
    rest = b""
    while block := stream.read(_BLOCK):
        data = rest + block
        # Chinese text of either encoding; whatever is no text in one of them is searched all the same.
        if wanted.is_in(data.decode("utf-8", "replace")):
            return True
        if not data.isascii() and wanted.is_in(data.decode("gb18030", "replace")):
            return True
        rest = data[-_OVERLAP:]
    return False


def _in_file(handle: BinaryIO, wanted: Wanted) -> bool:
    """Whether a file, or one that is packed in another, names people."""
    begin = handle.read(4)
    handle.seek(0)
    if begin == b"PAR1":
        with tempfile.NamedTemporaryFile(dir=wanted.scratch) as plain:
            shutil.copyfileobj(handle, plain)
            plain.flush()
            return _in_parquet(Path(plain.name), wanted)
    if begin.startswith(b"PK") and zipfile.is_zipfile(handle):
        with zipfile.ZipFile(handle) as archive:
            files = [member for member in archive.infolist() if not member.is_dir()]
            return any(_in_file(io.BytesIO(archive.read(member)), wanted) for member in files)
    handle.seek(0)
    if begin.startswith(b"\x1f\x8b"):
        try:
            with gzip.GzipFile(fileobj=handle) as stream:
                inner = stream.read(4)
                stream.seek(0)
                is_packed = inner == b"PAR1" or inner.startswith((b"PK", b"\x1f\x8b"))
                return _in_file(io.BytesIO(stream.read()), wanted) if is_packed else _in_stream(stream, wanted)
        except (OSError, EOFError, zlib.error):
            handle.seek(0)
    return _in_stream(handle, wanted)


def _in_parquet(path: Path, wanted: Wanted) -> bool:
    with closing(duckdb.connect()) as db:
        keys = db.execute(f"select decode(value) from parquet_kv_metadata({literal(str(path))})").fetchall()
        if any(wanted.is_in(str(value)) for (value,) in keys):
            return True
        return _in_relation(db, f"read_parquet({literal(str(path))}, hive_partitioning = false)", wanted)


def _in_duckdb(path: Path, wanted: Wanted) -> bool:
    with path.open("rb") as handle:  # freed blocks too
        if _in_stream(handle, wanted):
            return True
    with closing(duckdb.connect(str(path), read_only=True)) as db:
        tables = db.execute(
            "select schema_name, table_name from duckdb_tables() where database_name = current_database()"
        ).fetchall()
        return any(_in_relation(db, f"{quote(schema)}.{quote(table)}", wanted) for schema, table in tables)


def _in_relation(db: duckdb.DuckDBPyConnection, relation: str, wanted: Wanted) -> bool:
    no_text = ("BOOLEAN", "DATE", "DOUBLE", "FLOAT", "TIMESTAMP", "DECIMAL")
    shape = db.execute(f"describe select * from {relation}").fetchall()
    texts = [f"{quote(name)}::varchar" for name, kind, *_ in shape if not kind.startswith(no_text)]
    if not texts:
        return False
    values = db.execute(
        f"""select distinct value from (select unnest([{", ".join(texts)}]) as value from {relation})
        where length(value) >= 64 or regexp_matches(value, {literal(_NUMBER_SQL)})"""
    )
    return any(wanted.is_in(value) for value in _column(values))


def _column(result: Any) -> Iterator[str]:
    while rows := result.fetchmany(10_000):
        yield from (value for (value,) in rows if value is not None)
