"""The part of MBQL 5 that content uses, as SQL over a release, so that a card's number can be compared.

Here belongs: what each clause means, written apart from the translator that makes them (metabase/formula.py) and with
Metabase's own meaning: `!=` holds for an empty value, a division by zero is empty, a condition of `count-where` that is
empty counts nothing. Not here: which number is right.

The clauses: field (with join-alias and temporal-unit), count, sum, min, max, avg, distinct, count-where, sum-where,
distinct-where, aggregation, case, coalesce, datetime-diff, now, arithmetic, comparisons, and, or, is-null, not-null;
one stage, left joins of one stage, filters, breakout, fields, order-by, limit.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from metabase.formula import Ref

Clause = Any


class Query:
    """One card's query as SQL."""

    def __init__(self, body: Mapping[str, Any], schema: str = "marts") -> None:
        (self.stage,) = body["dataset_query"]["stages"]
        self.schema = schema
        self.names = {clause[1].get("lib/uuid"): clause[1]["name"] for clause in self.stage.get("aggregation", [])}

    def sql(self, *, by_breakout: bool = True) -> str:
        """The whole query; without its breakout it gives one row."""
        table = self.stage["source-table"].key
        groups = [self._value(clause) for clause in self.stage.get("breakout", [])] if by_breakout else []
        figures = [f"{self._aggregate(clause)} as {clause[1]['name']}" for clause in self.stage.get("aggregation", [])]
        columns = [self._value(clause) for clause in self.stage.get("fields", [])]
        filters = [self._true(clause) for clause in self.stage.get("filters", [])]
        parts = [f"select {', '.join([*groups, *figures, *columns])} from {self.schema}.{table} as base"]
        parts += [self._join(join) for join in self.stage.get("joins", [])]
        parts += [f"where {' and '.join(filters)}"] if filters else []
        parts += [f"group by {', '.join(groups)}"] if groups else []
        if self.stage.get("order-by") and by_breakout:
            parts.append(
                "order by " + ", ".join(f"{self._value(part[2])} {part[0]}" for part in self.stage["order-by"])
            )
        parts += [f"limit {self.stage['limit']}"] if "limit" in self.stage else []
        return " ".join(parts)

    def _join(self, join: dict[str, Any]) -> str:
        (stage,) = join["stages"]
        of = stage["source-table"].key
        filters = " and ".join(self._true(clause) for clause in stage.get("filters", [])) or "true"
        inner = f"(select * from {self.schema}.{of} as base where {filters})"
        on = " and ".join(self._true(clause) for clause in join["conditions"])
        return f'left join {inner} as "{join["alias"]}" on {on}'

    def _aggregate(self, clause: Clause) -> str:
        match clause:
            case ["count", _]:
                return "count(*)"
            case ["count-where", _, condition]:
                return f"sum(case when {self._true(condition)} then 1 else 0 end)"
            case ["sum-where", _, value, condition]:
                return f"sum(case when {self._true(condition)} then {self._value(value)} else 0 end)"
            case ["distinct-where", _, value, condition]:
                return f"count(distinct case when {self._true(condition)} then {self._value(value)} end)"
            case ["distinct", _, value]:
                return f"count(distinct {self._value(value)})"
            case ["sum" | "min" | "max" | "avg" as name, _, value]:
                return f"{name}({self._value(value)})"
            case ["/", _, above, below]:
                return f"(cast({self._aggregate(above)} as double) / nullif({self._aggregate(below)}, 0))"
            case ["+" | "-" | "*" as sign, _, left, right]:
                return f"({self._aggregate(left)} {sign} {self._aggregate(right)})"
        raise NotImplementedError(clause)

    def _value(self, clause: Clause) -> str:
        match clause:
            case ["field", options, Ref(kind="field", key=key)]:
                column = f'"{options.get("join-alias", "base")}".{key.split(".")[1]}'
                unit = options.get("temporal-unit")
                return f"date_trunc('{unit}', {column})" if unit else column
            case ["aggregation", _, uuid]:
                return str(self.names[uuid])
            case ["case", _, pairs, *default]:
                whens = " ".join(f"when {self._true(when)} then {self._value(then)}" for when, then in pairs)
                return f"case {whens} {f'else {self._value(default[0])} ' if default else ''}end"
            case ["datetime-diff", _, start, end, unit]:
                return f"date_diff('{unit}', {self._value(start)}, {self._value(end)})"
            case ["now", _]:
                return "(now() at time zone 'UTC')"
            case ["coalesce", _, *values]:
                return f"coalesce({', '.join(map(self._value, values))})"
            case ["/", _, above, below]:
                return f"(cast({self._value(above)} as double) / nullif({self._value(below)}, 0))"
            case ["+" | "-" | "*" as sign, _, *values]:
                return f"({f' {sign} '.join(map(self._value, values))})"
            case bool() | int() | float():
                return str(clause).lower()
            case str():
                return "'" + clause.replace("'", "''") + "'"
        raise NotImplementedError(clause)

    def _true(self, clause: Clause) -> str:
        match clause:
            case ["and" | "or" as name, _, *parts]:
                return f"({f' {name} '.join(map(self._true, parts))})"
            case ["is-null", _, value]:
                return f"{self._value(value)} is null"
            case ["not-null", _, value]:
                return f"{self._value(value)} is not null"
            case ["=", _, value, *others]:
                return f"{self._value(value)} in ({', '.join(map(self._value, others))})"
            case ["!=", _, value, *others]:
                left = self._value(value)
                return f"({left} not in ({', '.join(map(self._value, others))}) or {left} is null)"
            case [">" | ">=" | "<" | "<=" as sign, _, left, right]:
                return f"{self._value(left)} {sign} {self._value(right)}"
        raise NotImplementedError(clause)
