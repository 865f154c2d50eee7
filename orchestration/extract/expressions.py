"""Checks of SQL that a user writes in the configuration (mappings, rules, direction), before any data is read.

Here belongs: what such an expression may be: one scalar expression over the columns of one row, a function of that row
alone. Not here: what a mapping means (adapters).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any, Self

import duckdb

# Functions that read something other than the row: the environment, the session (which holds the hash key), a file.
_READS_ELSEWHERE = {"getenv", "getvariable", "read_text", "read_blob", "current_setting"}
# SQL keywords that look like columns but read the clock or the session.
_KEYWORDS = {
    "current_date", "current_time", "current_timestamp", "localtime", "localtimestamp", "current_user", "user",
    "session_user", "current_role", "current_catalog", "current_schema", "current_database",
}  # fmt: skip


@lru_cache(maxsize=1)
def _functions() -> tuple[frozenset[str], frozenset[str]]:
    """DuckDB's functions that don't give the same for the same row, and those that need several rows."""
    with duckdb.connect(":memory:") as db:
        rows = db.execute("select function_name, function_type, stability from duckdb_functions()").fetchall()
    scalar = {name for name, kind, _ in rows if kind in ("scalar", "macro")}
    return (
        frozenset(name for name, _, stability in rows if stability not in (None, "CONSISTENT")),
        frozenset(name for name, kind, _ in rows if kind == "aggregate" and name not in scalar),
    )


class ExpressionError(ValueError):
    """An expression that can't be used; the text says why."""


def quote(name: str) -> str:
    """A name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


class Checker:
    """Parses and binds expressions with DuckDB over empty tables. Use as a context manager."""

    def __init__(self) -> None:
        self._db = duckdb.connect(":memory:")
        self._db.execute("set timezone = 'UTC'")
        self._unstable, self._aggregates = _functions()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._db.close()

    def zones(self) -> list[str]:
        """IANA zones that DuckDB knows."""
        return [name for (name,) in self._db.execute("select name from pg_timezone_names() order by 1").fetchall()]

    def check(self, sql: str, columns: Sequence[str] | None = None) -> str | None:
        """Raise ExpressionError unless `sql` is one expression that is a function of a row alone.

        With `columns` (all VARCHAR) it is also bound; the DuckDB type of the result is returned (None without).
        """
        said = self._db.execute("select json_serialize_sql(?)", [f"select ({sql}\n)"]).fetchone()
        tree: dict[str, Any] = json.loads(said[0]) if said else {}
        if tree.get("error"):
            raise ExpressionError(str(tree.get("error_message")))
        statements = tree["statements"]
        node = statements[0]["node"]
        if len(statements) != 1 or len(node["select_list"]) != 1 or node["from_table"]["type"] != "EMPTY":
            raise ExpressionError("this is more than one expression")
        named = set(columns or ())
        for part in _walk(node["select_list"][0]):
            self._refuse(part, named)
            if (pair := _guessed_order(part)) is not None:
                raise ExpressionError(
                    f"it tries {pair[0]!r} and {pair[1]!r}: where both can be read, which is meant would be a guess"
                )
        if columns is None:
            return None
        fields = ", ".join(f"null::varchar as {quote(column)}" for column in columns)
        try:
            row = self._db.execute(f"describe select ({sql}\n) as x from (select {fields}) as export").fetchone()
        except duckdb.Error as error:
            raise ExpressionError(str(error).split("\n\nLINE")[0]) from error
        assert row is not None
        return str(row[1])

    def _refuse(self, part: dict[str, Any], columns: set[str]) -> None:
        kind, name = part.get("class"), str(part.get("function_name", "")).lower()
        if kind == "COLUMN_REF":
            column = str(part["column_names"][-1])
            if column.lower() in _KEYWORDS and column not in columns:
                raise ExpressionError(
                    f"{column} depends on more than the row: the same file would not always give the same"
                )
        if kind in ("SUBQUERY", "WINDOW", "STAR", "PARAMETER"):
            raise ExpressionError(f"a {str(kind).lower()} is not allowed: the value must come from the row alone")
        if kind == "FUNCTION" and name in self._aggregates:
            raise ExpressionError(f"{name}() is an aggregate: the value must come from the row alone")
        if kind == "FUNCTION" and (name in self._unstable or name in _READS_ELSEWHERE):
            raise ExpressionError(
                f"{name}() depends on more than the row: the same file would not always give the same"
            )


def _guessed_order(part: dict[str, Any]) -> tuple[str, str] | None:
    """Two formats of which one is the other with day and month exchanged, tried one after the other on what one value
    happens to look like: in a list of `strptime`, in a `coalesce`, in a CASE that asks which of the two can be read. A
    CASE that asks another column decides and does not guess."""
    kind = part.get("class")
    if kind == "CASE":
        checks = part["case_checks"]
        asked = {form for check in checks for form in _formats(check["when_expr"])}
        given = {form for check in checks for form in _formats(check["then_expr"])} | set(_formats(part["else_expr"]))
        return _exchanged_pair(asked, given)
    if part.get("type") == "OPERATOR_COALESCE" or str(part.get("function_name", "")).lower().endswith("strptime"):
        tried = set(_formats(part))
        return _exchanged_pair(tried, tried)
    return None


def _formats(node: Any) -> Iterator[str]:
    """Formats of `strptime` in an expression, those inside a CASE left out."""
    if isinstance(node, dict) and node.get("class") == "CASE":
        return
    if isinstance(node, dict) and str(node.get("function_name", "")).lower().endswith("strptime"):
        constants = (part["value"].get("value") for part in _walk(node) if part.get("class") == "CONSTANT")
        yield from (str(value) for value in constants if "%" in str(value))
    children = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    for child in children:
        yield from _formats(child)


def _exchanged_pair(some: set[str], others: set[str]) -> tuple[str, str] | None:
    plain = {form.replace("%-", "%"): form for form in others}
    for form in sorted(some):
        exchanged = re.sub("%([dm])", lambda code: "%" + {"d": "m", "m": "d"}[code[1]], form.replace("%-", "%"))
        if "%d" in exchanged and "%m" in exchanged and exchanged in plain:
            return form, plain[exchanged]
    return None


def _walk(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
        for value in node.values():
            yield from _walk(value)
    elif isinstance(node, list):
        for value in node:
            yield from _walk(value)


def referenced_columns(db: duckdb.DuckDBPyConnection, sql: str) -> set[str]:
    """Columns that an expression (already checked) names."""
    said = db.execute("select json_serialize_sql(?)", [f"select ({sql}\n)"]).fetchone()
    tree = json.loads(said[0]) if said else {}
    return {
        part["column_names"][-1]
        for part in _walk(tree)
        if part.get("class") == "COLUMN_REF" and part.get("column_names")
    }
