"""Tables of databases, landed like files: what changed since the last look by a cursor column, or the whole table.

Here belongs: asking a database. Not here: how an answer becomes an object (answers.py), what a row means (adapters).

An object is the Parquet file of one answer. Its id comes from its rows, whatever order they came in, so that the same
answer is the same object. How far the cursor got is kept beside the objects; without that file everything is read
again, and rows that come twice count once by their key.
"""

from __future__ import annotations

import importlib.resources
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import duckdb

from orchestration import paths
from orchestration.config import Feed
from orchestration.errors import InputError, storing
from orchestration.extract.answers import Looked, hash_of, keep, last_look, note_look
from orchestration.extract.engine import connect
from orchestration.extract.expressions import literal, quote
from orchestration.extract.landing import ORIGINAL, LandingReport, read_manifests, sweep

# Of DuckDB's own scanners, each a package of its own, so that nothing is downloaded when it is used.
_SCANNERS = {"postgresql": "postgres", "postgres": "postgres", "mysql": "mysql", "mariadb": "mysql", "sqlite": "sqlite"}


def land_table(feed: Feed, root: Path, now: datetime) -> LandingReport:
    """Land what a table has that is new; `now` (UTC) becomes `extracted_at` of new objects.

    Killed at any moment, the next call asks the same question again. Raises InputError for a database that does not
    answer, a table, column or condition that it does not know, and a full disk.
    """
    assert feed.database is not None
    said, name = feed.database, _name(feed)
    report = LandingReport(feed.name, files=1)
    settings = hash_of(said.model_dump_json(exclude={"at_most_every_s", "url"}))[:16]
    with storing(root):
        folder = paths.make_private(paths.landing_dir(root, feed.name), root)
        sweep(folder)
        known = {manifest.object_id: manifest for manifest in read_manifests(feed.name, root)}
        before = last_look(folder, settings)
        if before and before.is_recent(now, said.at_most_every_s):
            report.known_objects += list(known)
            return report
        bound = before.cursor if before else None
        path = name if bound is None else f"{name}?{said.cursor}>={bound}"
        temporary = folder / f"_{os.getpid()}.tmp"
        temporary.mkdir(mode=paths.PRIVATE)
        try:
            with connect(root) as db:
                rows, content, highest = _ask(db, feed, name, bound, temporary / ORIGINAL)
            report.read += 1
            if rows or said.cursor is None:
                object_id = hash_of(f"{settings} {content}")
                keep(feed, folder, temporary, known, report, path, object_id, now)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
        note_look(folder, Looked(now.isoformat(), settings, highest or bound))
    return report


def _ask(
    db: duckdb.DuckDBPyConnection, feed: Feed, name: str, bound: str | None, target: Path
) -> tuple[int, str, str | None]:
    """Write what the table answers to `target`: number of rows, a hash of them whatever their order, and the highest
    value of the cursor."""
    said = feed.database
    assert said is not None
    columns = ", ".join(map(quote, said.columns)) if said.columns else "*"
    conditions = [f"({said.where})"] if said.where else []
    with _attached(db, feed, name):
        table = "source." + ".".join(quote(part) for part in said.table.split("."))
        if said.cursor is not None and bound is not None:
            conditions.append(f"{quote(said.cursor)} >= {literal(bound)}")
        where = f" where {' and '.join(conditions)}" if conditions else ""
        db.execute(
            f"copy (select {columns} from {table}{where}) to {literal(str(target))} (format parquet, compression zstd)"
        )
    highest = f"max({quote(said.cursor)})::varchar" if said.cursor else "null"
    try:
        found = db.execute(
            f"""select count(*), coalesce(sum(hash(answer)::hugeint), 0)::varchar, {highest}
            from read_parquet({literal(str(target))}) as answer"""
        ).fetchone()
    except duckdb.BinderException as error:
        raise _unanswered(feed, name, error) from error
    assert found is not None
    rows, content, cursor = found
    return rows, f"{rows} {content}", cursor


@contextmanager
def _attached(db: duckdb.DuckDBPyConnection, feed: Feed, name: str) -> Iterator[None]:
    """The database as `source`, read-only, for a block. What it says in an error is told without the url."""
    url = feed.database_url()
    kind = _SCANNERS.get(url.partition(":")[0])
    if kind is None:
        raise InputError(
            f"the url of the database begins with none of {', '.join(f'{known}:' for known in _SCANNERS)}.",
            file=feed.config_file,
            line=feed.line_of("database.url"),
            column=f"{feed.name}.database.url",
            rule="database",
            todo="correct the variable that it names.",
        )
    place = url.removeprefix("sqlite:") if kind == "sqlite" else url.replace("mariadb:", "mysql:", 1)
    if kind == "sqlite" and not Path(place).is_file():
        raise _unanswered(feed, name, FileNotFoundError("there is no such file"))
    package = importlib.resources.files(f"duckdb_extension_{kind}_scanner")
    extension = package / "extensions" / f"v{duckdb.__version__}" / f"{kind}_scanner.duckdb_extension"
    try:
        db.execute(f"load {literal(str(extension))}")
        db.execute(f"attach {literal(place)} as source (type {kind}, read_only)")
        try:
            yield
        finally:
            db.execute("detach source")
    except duckdb.Error as error:
        raise _unanswered(feed, name, error, url) from error


def _unanswered(feed: Feed, name: str, error: Exception, url: str = "") -> InputError:
    text = " ".join(str(error).split())
    for secret in filter(None, (url, url.partition("//")[2])):
        text = text.replace(secret, "…")
    return InputError(
        f"the table can't be read: {text[:400]}",
        file=name,
        rule="database",
        todo="see that the database answers, and that table, columns, cursor and condition in the configuration are "
        "its own; what was landed stays.",
    )


def _name(feed: Feed) -> str:
    """How lineage calls the table; the place of the database is not told."""
    assert feed.database is not None
    return f"database/{feed.database.table}"
