"""`callmart quarantine`: refused rows handed out to be corrected, and what a person corrected taken back.

Here belongs: the file that goes out and comes back. Not here: how a repair is kept and what it stands for
(extract/repairs.py), which rows are refused (extract/typing.py).
"""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from orchestration import paths
from orchestration.config import Config, Feed
from orchestration.errors import InputError, storing
from orchestration.extract.adapters import adapter
from orchestration.extract.engine import parquet
from orchestration.extract.repairs import put_repair
from orchestration.extract.text import Dialect
from orchestration.extract.typing import REFUSED, Typed, type_feed

KEYS = ("feed", "object", "file", "line", "rule", "column", "reason", "raw", "record")
_PRIVATE_FILE = 0o600


@dataclass(frozen=True)
class Repaired:
    """How a feed's rows were taken back: the id of the repair (None: nothing changed), the rows in it, rows that nobody
    changed, and rows that are refused no more."""

    feed: str
    repair_id: str | None
    rows: int
    unchanged: int
    void: int


def export_refused(feed: Feed, config: Config, root: Path, target: Path | None = None) -> tuple[Path, int]:
    """Write the refused rows of a feed's live files as JSON lines, readable by their owner only; the file and the
    number of rows. Without `target` the file is in the feed's quarantine folder.

    `record` holds the values as the file's columns have them, each a text; empty where the line could not be read.
    """
    typed = {item.manifest.object_id: item for item in type_feed(feed, config, root)}
    folder = paths.make_private(paths.quarantine_dir(root, feed.name), root)
    place = paths.repairable_path(root, feed.name) if target is None else target
    files = sorted(path for path in folder.glob("*.parquet") if not path.name.startswith("dt="))
    rows = 0
    with storing(place):
        place.parent.mkdir(parents=True, exist_ok=True)
        written = paths.hidden(place)
        written.unlink(missing_ok=True)
        descriptor = os.open(written, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE_FILE)
        with os.fdopen(descriptor, "w", encoding="utf-8") as out:
            for file in files:
                for line in _refused_lines(feed, typed[file.stem], file):
                    out.write(json.dumps(line, ensure_ascii=False) + "\n")
                    rows += 1
        paths.put(written, place)
    return place, rows


def land_repair(file: Path, config: Config, root: Path, now: datetime) -> list[Repaired]:
    """Land what `file`, an export that somebody corrected, changes; one answer for each feed in it.

    The same rows again are the same repair. Raises InputError, and lands nothing, for a line that is no row of an
    export, an unknown feed or object, and a column that its file does not have.
    """
    by_feed: dict[str, list[dict[str, Any]]] = {}
    for row in _read_lines(file):
        by_feed.setdefault(row["feed"], []).append(row)
    chosen = {name: _chosen(config.feed(name), config, root, rows, file) for name, rows in by_feed.items()}
    answers = []
    for name, (changed, void) in chosen.items():
        repair_id = put_repair(name, root, changed, file.name, now) if changed else None
        unchanged = len(by_feed[name]) - len(changed) - void
        answers.append(Repaired(name, repair_id, len(changed), unchanged, void))
    return answers


# --- handing out -----------------------------------------------------------------------------------------


def _refused_lines(feed: Feed, item: Typed, file: Path) -> Iterator[dict[str, Any]]:
    with closing(duckdb.connect()) as db:
        found = db.execute(
            f"select source_line, rule, column_name, reason, raw from {parquet([file])} order by source_line"
        ).fetchall()
    for line, rule, column, reason, raw in found:
        record = record_of(feed, item, raw)
        said = (feed.name, item.manifest.object_id, item.manifest.name, line, rule, column, reason, raw, record)
        yield dict(zip(KEYS, said, strict=True))


def record_of(feed: Feed, item: Typed, raw: str | None) -> dict[str, str | None]:
    """A refused record by the columns of its file; all empty when it can't be told which value is whose."""
    columns = [name for name in item.shape.columns if not name.startswith("#")]
    values: Mapping[str, str | None] = {}
    if raw is not None:
        kind = feed.file_kind(item.manifest.name)
        if kind in ("json_lines", "parquet", "xlsx"):
            values = _of_json(raw, item.shape.columns)
        else:
            values = _of_text(raw, adapter(feed.name).dialect(feed), item.shape.columns)
    return {name: values.get(name) for name in columns}


def _of_json(raw: str, columns: Sequence[str]) -> dict[str, str | None]:
    try:
        said = json.loads(raw)
    except ValueError:
        return {}
    if isinstance(said, list):
        said = dict(zip(columns, said, strict=False))
    if not isinstance(said, dict):
        return {}
    return {str(name): _text(value) for name, value in said.items()}


def _of_text(raw: str, dialect: Dialect, columns: Sequence[str]) -> dict[str, str | None]:
    if not dialect.quote:
        fields = raw.split(dialect.delimiter)
    else:
        escape = None if dialect.doubles_quotes else dialect.escape
        reader = csv.reader(
            io.StringIO(raw, newline=""), delimiter=dialect.delimiter, quotechar=dialect.quote, escapechar=escape,
            doublequote=dialect.doubles_quotes, strict=True,
        )  # fmt: skip
        try:
            records = list(reader)
        except csv.Error:
            return {}
        fields = records[0] if len(records) == 1 else []
    return dict(zip(columns, fields, strict=True)) if len(fields) == len(columns) else {}


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)


# --- taking back -----------------------------------------------------------------------------------------


def _read_lines(file: Path) -> Iterator[dict[str, Any]]:
    """Rows of a corrected export, with the number of their line as `at`."""
    try:
        lines = file.read_bytes().decode("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise _wrong(file, None, f"the file can't be read: {reason}", "name a readable file.") from error
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as error:
            raise _wrong(file, number, "this is no JSON", "keep one object to a line.") from error
        if not isinstance(row, dict) or not {"feed", "object", "line", "record"} <= row.keys():
            raise _wrong(file, number, "feed, object, line or record is missing", "change nothing but `record`.")
        if not isinstance(row["record"], dict) or not isinstance(row["line"], int):
            raise _wrong(file, number, "`record` is no object, or `line` no number", "change nothing but `record`.")
        yield row | {"at": number}


def _chosen(
    feed: Feed, config: Config, root: Path, rows: Sequence[dict[str, Any]], file: Path
) -> tuple[list[dict[str, Any]], int]:
    """Rows that changed, each as it is landed, and the number of those whose line is not refused (any more)."""
    typed = {item.manifest.object_id: item for item in type_feed(feed, config, root)}
    refused: dict[str, dict[int, str | None]] = {}
    changed, void = [], 0
    for row in rows:
        item = typed.get(row["object"])
        if item is None:
            raise _wrong(
                file, row["at"], f"{feed.name} has no object {row['object']!r}", "change nothing but `record`."
            )
        if row["object"] not in refused:
            refused[row["object"]] = _refused_of(root, item)
        unknown = [name for name in row["record"] if name not in item.shape.columns]
        if unknown:
            raise _wrong(
                file, row["at"], f"{item.manifest.name} has no column {unknown[0]!r}",
                f"its columns are {', '.join(item.shape.columns)}.",
            )  # fmt: skip
        if row["line"] not in refused[row["object"]]:
            void += 1
            continue
        record = {name: _text(value) for name, value in row["record"].items()}
        if record != record_of(feed, item, refused[row["object"]][row["line"]]):
            changed.append({"object": row["object"], "line": row["line"], "record": record})
    return changed, void


def _refused_of(root: Path, item: Typed) -> dict[int, str | None]:
    if item.manifest.retired_at is not None:
        return {}
    file = paths.object_dir(root, item.manifest.feed, item.manifest.object_id) / REFUSED
    with closing(duckdb.connect()) as db:
        return dict(db.execute(f"select source_line, raw from {parquet([file])}").fetchall())


def _wrong(file: Path, line: int | None, problem: str, todo: str) -> InputError:
    return InputError(f"{problem}.", file=file, line=line, rule="repair", todo=todo)
