"""SQL expressions as clauses of MBQL 5, Metabase's query language: `[operator, options, …arguments]`.

Belongs here: the translation of one expression over one table, of measures and of what content says. Columns become
references that are resolved once the Metabase is known. Not here: whole queries (render.py).

Metabase's `!=` holds for an empty value too and SQL's does not, so it is joined by `not-null` where a column may be
empty; `not` is carried inwards to the comparisons for the same reason.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import sqlglot
from sqlglot import exp

from metabase.errors import MetabaseError
from metabase.marts import Table, table_of

Clause = list[Any]


@dataclass(frozen=True)
class Ref:
    """Something in Metabase whose number is not known yet: `kind` and `key` find it."""

    kind: str
    key: str


class Untranslatable(MetabaseError):
    """The expression uses something that has no counterpart here."""


@dataclass
class Translator:
    """Expressions over `table`. `joined` collects the columns whose table was reached as `queue_id.queue_name_en`."""

    marts: Mapping[str, Table]
    table: Table
    joined: dict[str, str]

    def aggregation(self, sql: str) -> Clause:
        """`sum(case when … then … else 0 end)`, and sums divided, added or subtracted."""
        return self._aggregate(_parse(sql))

    def condition(self, sql: str) -> Clause:
        """`outcome = 'answered' and queue_wait_s <= sl_target_s`."""
        return self._true(_parse(sql))

    def field(self, column: str, of: str | None = None, **options: Any) -> Clause:
        """A column of the table, or of the one that column `of` names a member of."""
        if of is None:
            self.table.column(column)
            return ["field", options, Ref("field", f"{self.table.name}.{column}")]
        if of not in self.table.references:
            raise MetabaseError(f"column {of} of {self.table.name} refers to no table.")
        target, _ = self.table.references[of]
        table_of(self.marts, target).column(column)
        self.joined[of] = target
        return ["field", {"join-alias": of, **options}, Ref("field", f"{target}.{column}")]

    def _aggregate(self, node: exp.Expr) -> Clause:
        match node:
            case exp.Paren():
                return self._aggregate(node.this)
            case exp.Sum():
                return self._sum(node.this)
            case exp.Count(this=exp.Distinct()):
                return self._distinct(node.this.expressions[0])
            case exp.Count():
                return ["count", {}]
            case exp.Max() | exp.Min() | exp.Avg():
                return [node.key, {}, self._value(node.this)]
            case exp.Binary() if type(node) in _ARITHMETIC:
                return [_ARITHMETIC[type(node)], {}, self._aggregate(node.left), self._aggregate(node.right)]
            case exp.Literal():
                return _literal(node)  # type: ignore[no-any-return]
        raise _no(node)

    def _sum(self, node: exp.Expr) -> Clause:
        if _is_one(node):
            return ["count", {}]
        if isinstance(node, exp.Case) and len(node.args["ifs"]) == 1 and _is(node.args.get("default"), "0"):
            (branch,) = node.args["ifs"]
            condition, value = self._true(branch.this), branch.args["true"]
            if _is_one(value):
                return ["count-where", {}, condition]
            return ["sum-where", {}, self._value(value), condition]
        return ["sum", {}, self._value(node)]

    def _distinct(self, node: exp.Expr) -> Clause:
        if isinstance(node, exp.Case):
            (branch,) = node.args["ifs"]
            return ["distinct-where", {}, self._value(branch.args["true"]), self._true(branch.this)]
        return ["distinct", {}, self._value(node)]

    def _value(self, node: exp.Expr) -> Any:
        match node:
            case exp.Paren():
                return self._value(node.this)
            case exp.Column():
                return self.field(node.name, node.table or None)
            case exp.Literal() | exp.Boolean() | exp.Neg():
                return _literal(node)
            case exp.Binary() if type(node) in _ARITHMETIC:
                return [_ARITHMETIC[type(node)], {}, self._value(node.left), self._value(node.right)]
            case exp.Coalesce():
                return ["coalesce", {}, self._value(node.this), *map(self._value, node.expressions)]
            case exp.DateDiff():
                unit = str(node.args["unit"].name).lower()
                return ["datetime-diff", {}, self._value(node.expression), self._value(node.this), unit]
            case exp.CurrentTimestamp() | exp.Anonymous(this="NOW" | "now"):
                return ["now", {}]
            case exp.Case():
                pairs = [[self._true(branch.this), self._value(branch.args["true"])] for branch in node.args["ifs"]]
                default = node.args.get("default")
                return ["case", {}, pairs, *([] if default is None else [self._value(default)])]
        raise _no(node)

    def _true(self, node: exp.Expr) -> Clause:
        """A clause that holds where SQL says true."""
        match node:
            case exp.Paren():
                return self._true(node.this)
            case exp.And() | exp.Or():
                return [node.key, {}, *self._parts(node, type(node), self._true)]
            case exp.Not():
                return self._false(node.this)
            case exp.Column():
                return ["=", {}, self._value(node), True]
            case exp.Is(expression=exp.Null()):
                return ["is-null", {}, self._value(node.this)]
            case exp.NEQ():
                return self._unequal(node.left, [node.right])
            case exp.In():
                return ["=", {}, self._value(node.this), *map(self._value, node.expressions)]
            case exp.EQ() | exp.GT() | exp.GTE() | exp.LT() | exp.LTE():
                return [_COMPARISON[type(node)], {}, self._value(node.left), self._value(node.right)]
        raise _no(node)

    def _false(self, node: exp.Expr) -> Clause:
        """A clause that holds where SQL says false, which an empty value is not."""
        match node:
            case exp.Paren():
                return self._false(node.this)
            case exp.And() | exp.Or():
                other = "or" if isinstance(node, exp.And) else "and"
                return [other, {}, *self._parts(node, type(node), self._false)]
            case exp.Not():
                return self._true(node.this)
            case exp.Column():
                return ["=", {}, self._value(node), False]
            case exp.Is(expression=exp.Null()):
                return ["not-null", {}, self._value(node.this)]
            case exp.EQ():
                return self._unequal(node.left, [node.right])
            case exp.In():
                return self._unequal(node.this, node.expressions)
            case exp.NEQ():
                return ["=", {}, self._value(node.left), self._value(node.right)]
            case exp.GT() | exp.GTE() | exp.LT() | exp.LTE():
                return [_OPPOSITE[type(node)], {}, self._value(node.left), self._value(node.right)]
        raise _no(node)

    def _parts(self, node: exp.Expr, kind: type[exp.Expr], of: Callable[[Any], Clause]) -> list[Clause]:
        """`a and b and c` is one clause of three."""
        if isinstance(node, kind) and isinstance(node, exp.Binary):
            return [*self._parts(node.left, kind, of), *self._parts(node.right, kind, of)]
        return [of(node)]

    def _unequal(self, left: exp.Expr, right: list[exp.Expr]) -> Clause:
        clause = ["!=", {}, self._value(left), *map(self._value, right)]
        empty = [side for side in (left, *right) if self._may_be_empty(side)]
        if not empty:
            return clause
        return ["and", {}, *(["not-null", {}, self._value(side)] for side in empty), clause]

    def _may_be_empty(self, node: exp.Expr) -> bool:
        if isinstance(node, exp.Column):
            return bool(node.table) or self.table.column(node.name).is_nullable
        return not isinstance(node, exp.Literal | exp.Boolean | exp.Coalesce)


_ARITHMETIC: dict[type[exp.Expr], str] = {exp.Add: "+", exp.Sub: "-", exp.Mul: "*", exp.Div: "/"}
_COMPARISON: dict[type[exp.Expr], str] = {exp.EQ: "=", exp.GT: ">", exp.GTE: ">=", exp.LT: "<", exp.LTE: "<="}
_OPPOSITE: dict[type[exp.Expr], str] = {exp.GT: "<=", exp.GTE: "<", exp.LT: ">=", exp.LTE: ">"}


def _parse(sql: str) -> exp.Expr:
    try:
        return sqlglot.parse_one(sql, dialect="duckdb")
    except sqlglot.ParseError as error:
        raise Untranslatable(f"`{sql}` is no SQL expression.") from error


def _literal(node: exp.Expr) -> Any:
    if isinstance(node, exp.Boolean):
        return bool(node.this)
    if isinstance(node, exp.Neg):
        return -_literal(node.this)
    if node.args.get("is_string"):
        return node.this
    return float(node.this) if "." in node.this else int(node.this)


def _is(node: exp.Expr | None, text: str) -> bool:
    return isinstance(node, exp.Literal) and not node.args.get("is_string") and node.this == text


def _is_one(node: exp.Expr) -> bool:
    return _is(node, "1")


def _no(node: exp.Expr) -> Untranslatable:
    return Untranslatable(f"`{node.sql(dialect='duckdb')}` has no counterpart in Metabase's query language.")
