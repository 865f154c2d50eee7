"""What one check is: a rule, its name, how hard it fails, why it exists and what to do.

Belongs here: the vocabulary in which suites are written (`Check`, `Text` and the kinds of rule), as plain data.
Does not belong here: Great Expectations (its import takes seconds; `validate.py` alone builds its objects), any suite,
any data access.

A rule says two things that must agree (a test counts both): the Great Expectations expectation that judges it, and
the SQL that lists the offending rows, from which failing dates and sample rows are taken.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal, Protocol

Level = Literal["blocking", "warning"]

BATCH = "{batch}"
"""In a rule's SQL: the judged rows, as a relation that takes no alias (give it one with a CTE)."""

LINEAGE = ("dt", "source_file", "source_line")
"""Columns that lead from a row of a feed back to the line of the file it came from."""

# A mainland mobile number, in groups or not, with or without its country code or a trunk 0. Hexadecimal neighbours are
# excluded because a hash or an id in hexadecimal holds eleven digits in a row now and then.
_MOBILE = r"(^|[^0-9a-fA-F])(\+?86|0086|0)?[- ]?1[3-9][0-9][- ]?[0-9]{4}[- ]?[0-9]{4}($|[^0-9a-fA-F])"
_NUMERIC = {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "FLOAT", "DOUBLE", "DECIMAL"}
_UUID = r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"


@dataclass(frozen=True)
class Text:
    """One sentence in Chinese and in English."""

    zh: str
    en: str

    def __str__(self) -> str:
        return f"{self.zh} / {self.en}"


@dataclass(frozen=True)
class Expectation:
    """The class name of a Great Expectations expectation and its arguments, not yet built."""

    kind: str
    arguments: dict[str, Any]


class Rule(Protocol):
    """What `validate.py` asks of every kind of rule; `columns` maps the judged table's columns to their types."""

    def expectation(self, columns: Mapping[str, str]) -> Expectation: ...

    def offending_rows(self, columns: Mapping[str, str]) -> str: ...


@dataclass(frozen=True)
class NotNull:
    """The column has a value in every row."""

    column: str
    show: tuple[str, ...] = LINEAGE

    def expectation(self, columns: Mapping[str, str]) -> Expectation:
        return Expectation("ExpectColumnValuesToNotBeNull", {"column": self.column})

    def offending_rows(self, columns: Mapping[str, str]) -> str:
        return f"select {_names(self.show)} from {BATCH} where {quoted(self.column)} is null"


@dataclass(frozen=True)
class InSet:
    """The column holds one of the listed values, or NULL."""

    column: str
    values: tuple[str, ...]
    show: tuple[str, ...] = LINEAGE

    def expectation(self, columns: Mapping[str, str]) -> Expectation:
        return Expectation("ExpectColumnValuesToBeInSet", {"column": self.column, "value_set": list(self.values)})

    def offending_rows(self, columns: Mapping[str, str]) -> str:
        listed = ", ".join(literal(value) for value in self.values)
        column = quoted(self.column)
        return f"select {_names((*self.show, self.column))} from {BATCH} where {column} not in ({listed})"


@dataclass(frozen=True)
class NoRows:
    """The query returns nothing: each row it returns breaks the rule.

    In a feed's rule the query returns a column `dt`, the date to hold back.
    """

    sql: str

    def expectation(self, columns: Mapping[str, str]) -> Expectation:
        return _unexpected_rows(self.sql)

    def offending_rows(self, columns: Mapping[str, str]) -> str:
        return self.sql


@dataclass(frozen=True)
class NoNegative:
    """No numeric column, present or added later, holds a negative number."""

    show: tuple[str, ...] = LINEAGE

    def expectation(self, columns: Mapping[str, str]) -> Expectation:
        return _unexpected_rows(self.offending_rows(columns))

    def offending_rows(self, columns: Mapping[str, str]) -> str:
        numeric = [name for name, kind in columns.items() if kind.upper().split("(")[0] in _NUMERIC]
        return _rows_that_hit(self.show, [(name, f"{quoted(name)} < 0", quoted(name)) for name in numeric])


@dataclass(frozen=True)
class NoPhoneNumber:
    """No VARCHAR column, present or added later, holds an unmasked mobile number.

    `allowed` are numbers that belong to nobody's person: the centre's own. The rows it lists name the column and show
    the value with its digits struck out.
    """

    show: tuple[str, ...] = LINEAGE
    allowed: tuple[str, ...] = ()

    def expectation(self, columns: Mapping[str, str]) -> Expectation:
        return _unexpected_rows(self.offending_rows(columns))

    def offending_rows(self, columns: Mapping[str, str]) -> str:
        scanned = [name for name, kind in columns.items() if kind.upper() == "VARCHAR"]
        struck_out = "regexp_replace({}, '[0-9]', '#', 'g')"
        hits = [(name, self._holds_number(quoted(name)), struck_out.format(quoted(name))) for name in scanned]
        # One regex over all columns side by side is much faster than one for each; the few rows left are looked at
        # column by column.
        together = f"regexp_matches(concat_ws('|', {', '.join(quoted(name) for name in scanned)}), '{_MOBILE}')"
        return _rows_that_hit(self.show, hits, suspect=together)

    def _holds_number(self, column: str) -> str:
        found = f"regexp_matches({column}, '{_MOBILE}')"
        certain = f"regexp_matches(regexp_replace({column}, '{_UUID}', '', 'g'), '{_MOBILE}')"
        listed = ", ".join(literal(number) for number in self.allowed)
        owned = f" and {column} not in ({listed})" if listed else ""
        return f"coalesce({found} and {certain}{owned}, false)"


@dataclass(frozen=True)
class Windowed:
    """A mart's rule over the rows that a condition selects, so that checking a day does not cost a whole history.

    Beside `{batch}` its SQL may name `{mart}`, the whole table (to look back), `{registry}`, the KPI definitions, and
    `{since}`, the first judged date.
    """

    rule: Rule
    mart: str
    """The mart as SQL names it, schema included."""
    registry: str
    condition: str
    """SQL over the mart's columns, with `{since}`."""
    since: date

    def expectation(self, columns: Mapping[str, str]) -> Expectation:
        return _unexpected_rows(self.offending_rows(columns))

    def offending_rows(self, columns: Mapping[str, str]) -> str:
        since = f"date '{self.since.isoformat()}'"
        sql = self.rule.offending_rows(columns).replace(BATCH, f"(select * from {BATCH} where {self.condition})")
        return sql.replace("{mart}", self.mart).replace("{registry}", self.registry).replace("{since}", since)


@dataclass(frozen=True)
class Check:
    """One rule that must hold of a feed's candidate dates or of a mart.

    `name` is stable: Dagster keeps a check's history under it. A `blocking` check that fails keeps a date out of the
    lake, or a release from being published; a `warning` is shown and alerted, no more.
    """

    name: str
    level: Level
    reason: Text
    action: Text
    rule: Rule

    @property
    def blocking(self) -> bool:
        return self.level == "blocking"

    @property
    def description(self) -> str:
        """Reason and remedy in one line, for Dagster and Data Docs."""
        return f"{self.reason} → {self.action}"


def quoted(name: str) -> str:
    """A column name as an SQL identifier."""
    escaped = name.replace('"', '""')
    return f'"{escaped}"'


def literal(value: str) -> str:
    """A string as an SQL literal."""
    escaped = value.replace("'", "''")
    return f"'{escaped}'"


def for_great_expectations(sql: str) -> str:
    """A rule's SQL with what Great Expectations and SQLAlchemy would take for placeholders escaped."""
    escaped = sql.replace("{", "{{").replace("}", "}}").replace("{" + BATCH + "}", BATCH)
    if BATCH not in escaped:  # the rule reads a table derived from the batch; naming it keeps GX from printing advice
        escaped = f"/* {BATCH} */ {escaped}"
    return re.sub(r"(?<![:\\]):(?=\w)", r"\\:", escaped)


def for_duckdb(sql: str, relation: str) -> str:
    """A rule's SQL over a named relation, to be run as it is."""
    return sql.replace(BATCH, f"(select * from {relation})")


def _unexpected_rows(sql: str) -> Expectation:
    return Expectation("UnexpectedRowsExpectation", {"unexpected_rows_query": for_great_expectations(sql)})


def _names(columns: Sequence[str]) -> str:
    return ", ".join(quoted(name) for name in dict.fromkeys(columns))


def _rows_that_hit(show: Sequence[str], hits: Sequence[tuple[str, str, str]], suspect: str = "true") -> str:
    """Rows for which one of the tests (column name, condition, shown value) holds, in one pass over the table.

    `suspect` is a cheaper condition that holds whenever one of the tests does.
    """
    names = f"{_names(show)}, " if show else ""
    if not hits:
        return f"select {names}null as column_name from {BATCH} where false"
    which = " ".join(f"when {test} then {literal(name)}" for name, test, _ in hits)
    value = " ".join(f"when {test} then cast({shown} as varchar)" for _, test, shown in hits)
    return (
        f"select {names}case {which} end as column_name, case {value} end as shown_value "
        f"from {BATCH} where {suspect} and ({' or '.join(test for _, test, _ in hits)})"
    )
