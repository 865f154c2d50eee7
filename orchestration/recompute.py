"""Going back from a released KPI value to the published facts: SQL that gives it, and what sets two measures apart.

Belongs here: putting measures of the registry on their facts, and the proof that the result is the released number.
Does not belong here: formulas (the registry has them), the text that people read (explain.py).
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import duckdb

from orchestration.catalogue import rows_of
from orchestration.display import class_text

SCHEMA = "marts"


@dataclass(frozen=True)
class Measure:
    """A numerator or denominator of the registry on one fact.

    `category` is set where the measure is split into classes; `row_filter` is what its family picks rows by, if that
    isn't part of the expression.
    """

    measure: str
    fact: str | None
    category: str | None
    aggregation: str | None
    description_zh: str | None
    description_en: str | None
    sql_expression: str | None
    row_filter: str | None


@dataclass(frozen=True)
class Term:
    """Something that one measure counts and the other doesn't, with its amount in the period."""

    what_zh: str
    what_en: str
    amount: float


@dataclass(frozen=True)
class Source:
    """A measure on a fact by a date column, known to give the released number."""

    measure: Measure
    day_column: str

    @property
    def table(self) -> str:
        return f"{SCHEMA}.{self.measure.fact}"

    @property
    def expression(self) -> str:
        return self.measure.sql_expression or ""


def read_measures(con: duckdb.DuckDBPyConnection, names: Sequence[str]) -> dict[str, list[Measure]]:
    """The measures of these names; one name can stand on several facts, records of contacts first."""
    rows = rows_of(
        con,
        "select * from kpi_measure_definition where measure in (select unnest(?)) "
        "order by measure, fact != 'fct_contact', fact, category",
        [list(names)],
    )
    found: dict[str, list[Measure]] = {name: [] for name in names}
    for row in rows:
        known: dict[str, Any] = {field: row.get(field) for field in Measure.__dataclass_fields__}
        found[row["measure"]].append(Measure(**known))
    return found


class Facts:
    """The published facts on one local date."""

    def __init__(self, con: duckdb.DuckDBPyConnection, measures: dict[str, list[Measure]], day: datetime) -> None:
        self.con, self.measures, self.day = con, measures, day

    def source(self, name: str | None, released: float | None) -> Source | None:
        """Where the measure gives the released number; None if nowhere.

        The proof matters: the same name counts visits in a queue fact and calls in a contact fact, and a call has a
        date on which it came and one on which it ended.
        """
        if name is None or released is None:
            return None
        for measure in self.measures.get(name, []):
            if measure.category is not None or not measure.sql_expression or not measure.fact:
                continue
            for day_column in self._day_columns(measure.fact):
                source = Source(measure, day_column)
                found = self._one(f"select {source.expression} from {source.table} where {_rows(source)}")
                if found is not None and math.isclose(found, released, rel_tol=1e-9, abs_tol=1e-9):
                    return source
        return None

    def terms(self, mine: Source | None, theirs: Source | None, amount: float | None) -> list[Term]:
        """What makes `mine` differ from `theirs`: records by outcome, or columns of an additive fact.

        Empty when they aren't sums over the same rows, or the terms don't add up to `amount`.
        """
        if (
            mine is None
            or theirs is None
            or amount is None
            or (mine.table, mine.day_column)
            != (
                theirs.table,
                theirs.day_column,
            )
        ):
            return []
        if {mine.measure.aggregation, theirs.measure.aggregation} != {"sum"}:
            return []
        found = self._by_outcome(mine, theirs) if self._has(mine, "outcome") else self._by_column(mine, theirs)
        return found if math.isclose(sum(term.amount for term in found), amount, rel_tol=1e-9, abs_tol=1e-6) else []

    def _by_outcome(self, mine: Source, theirs: Source) -> list[Term]:
        late = "cast(null as boolean)"
        if self._has(mine, "queue_wait_s") and self._has(mine, "sl_target_s"):
            late = "queue_wait_s > sl_target_s"
        outbound = "direction = 'outbound'" if self._has(mine, "direction") else "false"
        try:
            rows = rows_of(
                self.con,
                f"""
                select outcome, {outbound} as is_outbound, {late} as is_late,
                       coalesce({mine.expression}, 0) - coalesce({theirs.expression}, 0) as amount
                from {mine.table} where {_rows(mine)} group by 1, 2, 3 order by 1, 2, 3 nulls first
                """,
                {"day": self.day},
            )
        except duckdb.Error:
            return []  # a filter or expression that this fact can't answer: no terms, never wrong ones
        terms = []
        groups: dict[tuple[str, bool], list[dict[str, Any]]] = {}
        for row in rows:
            groups.setdefault((row["outcome"], row["is_outbound"]), []).append(row)
        for (outcome, is_outbound), parts in groups.items():
            # Early and late apart only where the measures treat them differently.
            whole = all(part["amount"] for part in parts)
            shown = (
                [(None, sum(part["amount"] for part in parts))]
                if whole
                else [(part["is_late"], part["amount"]) for part in parts if part["amount"]]
            )
            terms += [_outcome_term(outcome, is_outbound, is_late, float(value)) for is_late, value in shown]
        return terms

    def _by_column(self, mine: Source, theirs: Source) -> list[Term]:
        ours, others = linear(mine.expression), linear(theirs.expression)
        if ours is None or others is None:
            return []
        weights = {name: ours.get(name, 0) - others.get(name, 0) for name in sorted({*ours, *others})}
        terms = []
        for name, weight in weights.items():
            if weight:
                value = self._one(f"select sum({name}) from {mine.table} where {_rows(mine)}")
                terms.append(Term(name, name, weight * (value or 0.0)))
        return [term for term in terms if term.amount]

    def _day_columns(self, fact: str) -> list[str]:
        rows = self.con.execute(
            "select column_name from duckdb_columns() where schema_name = ? and table_name = ? and data_type = 'DATE' "
            "order by column_name != 'local_date', column_index",
            [SCHEMA, fact],
        ).fetchall()
        return [row[0] for row in rows]

    def _has(self, source: Source, column: str) -> bool:
        found = self.con.execute(
            "select count(*) from duckdb_columns() where schema_name = ? and table_name = ? and column_name = ?",
            [SCHEMA, source.measure.fact, column],
        ).fetchone()
        return bool(found and found[0])

    def _one(self, sql: str) -> float | None:
        try:
            row = self.con.execute(sql, {"day": self.day}).fetchone()
        except duckdb.Error:
            return None  # the fact lacks a column: it isn't where this measure stands
        return None if row is None or row[0] is None else float(row[0])


def _rows(source: Source) -> str:
    more = f" and ({source.measure.row_filter})" if source.measure.row_filter else ""
    return f"{source.day_column} = cast($day as date){more}"


def _outcome_term(outcome: str, is_outbound: bool, is_late: bool | None, amount: float) -> Term:
    zh, en = class_text(outcome, "zh"), class_text(outcome, "en")
    if is_outbound:
        zh, en = f"呼出{zh}", f"outbound {en}"
    if is_late is not None:
        zh, en = f"{'超时' if is_late else '时限内'}{zh}", f"{en} {'late' if is_late else 'in time'}"
    return Term(zh, en, amount)


def daily_sql(numerator: Source, denominator: Source | None) -> str:
    """A query for the KPI by day: one scan when both measures stand on the same rows, else two joined by the day."""
    if denominator is None:
        return f"{_select(numerator, 'value')}\norder by day;"
    same = (numerator.table, numerator.day_column, numerator.measure.row_filter) == (
        denominator.table,
        denominator.day_column,
        denominator.measure.row_filter,
    )
    if same:
        inner = (
            f"    select {numerator.day_column} as day,\n"
            f"           {numerator.expression} as numerator,\n"
            f"           {denominator.expression} as denominator\n"
            f"    from {numerator.table}{_where(numerator)}\n"
            f"    group by {numerator.day_column}\n"
        )
        head, source = f"with sums as (\n{inner})\n", "from sums"
    else:
        above, below = _select(numerator, "numerator", "    "), _select(denominator, "denominator", "    ")
        head = f"with numerators as (\n{above}\n),\ndenominators as (\n{below}\n)\n"
        source = "from numerators\ninner join denominators using (day)"
    value = "cast(numerator as double) / nullif(denominator, 0) as value"
    return f"{head}select day, numerator, denominator, {value}\n{source}\norder by day;"


def _select(source: Source, name: str, indent: str = "") -> str:
    return (
        f"{indent}select {source.day_column} as day, {source.expression} as {name}\n"
        f"{indent}from {source.table}{_where(source)}\n"
        f"{indent}group by {source.day_column}"
    )


def _where(source: Source) -> str:
    return f" where {source.measure.row_filter}" if source.measure.row_filter else ""


def linear(expression: str) -> dict[str, int] | None:
    """The columns of a sum with their signs (`sum(a - b)`: a 1, b -1), or None when it is anything else."""
    bare = expression.strip().lower()
    # `sum(a - b)` and `sum(a) - sum(b)` are the same, so `sum` goes away where only columns stand in its brackets.
    while (inner := re.sub(r"\bsum\s*(\([\w\s+-]*\))", r"\1", bare)) != bare:
        bare = inner
    if not re.fullmatch(r"[\w\s+()-]+", bare) or re.search(r"\w\s*\(|\w\s+\w|\b\d", bare):
        return None
    weights: Counter[str] = Counter()
    signs, sign = [1], 1
    for token in re.findall(r"\w+|[+()-]", bare):
        if token == "(":
            signs.append(signs[-1] * sign)
            sign = 1
        elif token == ")":
            if len(signs) == 1:
                return None
            signs.pop()
        elif token in "+-":
            sign = 1 if token == "+" else -1
        else:
            weights[token] += signs[-1] * sign
    return dict(weights) if len(signs) == 1 and weights else None
