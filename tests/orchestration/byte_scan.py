"""An independent search through every file below a folder: bytes, what is packed in them, and the rows of tables.

Here belongs: the scan that proves an erasure. It shares nothing with the search that callmart makes itself.
"""

from __future__ import annotations

import gzip
import io
import sqlite3
import tempfile
import unicodedata
import zipfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import duckdb

_SIGNS = str.maketrans("", "", " \t-.()（）+\u00a0\u3000")


def files_naming(root: Path, *wanted: str) -> set[str]:
    """Files in which one of the texts stands, whatever signs or forms its digits are written with."""
    found = set()
    for path in sorted(root.rglob("*")):
        if path.is_file() and not path.is_symlink():
            for text in _texts(path.read_bytes(), path):
                plain = text if text.isascii() else unicodedata.normalize("NFKC", text)
                if any(word in plain or word in plain.translate(_SIGNS) for word in wanted):
                    found.add(path.relative_to(root).as_posix())
                    break
    return found


def _texts(data: bytes, path: Path | None) -> Iterator[str]:
    yield data.decode("utf-8", "replace")
    yield data.decode("gb18030", "replace")
    if data.startswith(b"\x1f\x8b"):
        try:
            yield from _texts(gzip.decompress(data), None)
        except (OSError, EOFError):
            return
    elif data.startswith(b"PK") and zipfile.is_zipfile(io.BytesIO(data)):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for name in archive.namelist():
                yield from _texts(archive.read(name), None)
    elif data.startswith(b"PAR1"):
        with tempfile.NamedTemporaryFile() as file:
            file.write(data)
            file.flush()
            yield from _rows(duckdb.default_connection(), f"read_parquet('{file.name}', hive_partitioning = false)")
            yield from _rows(
                duckdb.default_connection(), f"(select decode(value) from parquet_kv_metadata('{file.name}'))"
            )
    elif data[8:12] == b"DUCK" and path is not None:
        with closing(duckdb.connect(str(path), read_only=True)) as db:
            for schema, table in db.execute("select schema_name, table_name from duckdb_tables()").fetchall():
                yield from _rows(db, f'"{schema}"."{table}"')
    elif data.startswith(b"SQLite format 3") and path is not None:
        with closing(sqlite3.connect(path)) as con:
            for (table,) in con.execute("select name from sqlite_master where type = 'table'").fetchall():
                for row in con.execute(f'select * from "{table}"'):
                    yield "\n".join(str(value) for value in row)


def _rows(db: duckdb.DuckDBPyConnection, relation: str) -> Iterator[str]:
    for row in db.execute(f"select * from {relation}").fetchall():
        yield "\n".join(str(value) for value in row)
