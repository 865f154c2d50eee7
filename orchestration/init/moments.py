"""The instants of an export as SQL: one column or a date and a time of day, and which of day and month stands first.

Here belongs: the proof of the order, and what crosses midnight. Not here: instants that are worked out (proposal.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import duckdb

from orchestration.errors import InputError
from orchestration.extract.expressions import literal
from orchestration.init.assignment import Assignment, instant_names
from orchestration.init.columns import Column
from orchestration.init.instants import Order, Reading, joined, readings
from orchestration.init.synonyms import Words

ORDERS: dict[str, Words] = {
    "day_first": Words("日在前", "day first"),
    "month_first": Words("月在前", "month first"),
    "year_first": Words("年在前", "year first"),
}


@dataclass(frozen=True)
class Moment:
    """An instant of the export: SQL of a mapping (`plain`) and of a TIMESTAMP or TIMESTAMPTZ (`typed`), the columns
    that it comes from, and how they are read."""

    plain: str
    typed: str
    columns: tuple[Column, ...]
    how: str
    is_absolute: bool
    notes: tuple[Words, ...] = ()

    def utc(self, zone: str) -> str:
        """SQL of the UTC TIMESTAMP."""
        local = self.typed if self.is_absolute else f"({self.typed}) at time zone {literal(zone)}"
        return f"({local}) at time zone 'UTC'"


def moments(taken: Assignment, order: Order) -> dict[str, Moment]:
    """Each instant of the contract that columns of the export give, its figures read in that order."""
    found: dict[str, Moment] = {}
    for name in sorted(instant_names(), key=lambda name: name != "started_at"):
        column = taken.get(name)
        if column is None and name == "started_at" and taken.get("date") and taken.get("time"):
            column = taken.get("time")
        if column is None:
            continue
        reading = _in(readings(column), order)
        if reading is None:
            continue
        if reading.kind == "clock":
            made = _with_date(name, column, reading, taken, order, found)
            if made is not None:
                found[name] = made
            continue
        said = reading.of(column.sql)
        notes: tuple[Words, ...] = ()
        if said.kind == "date":
            notes = (Words("只有日期，没有时刻。", "It holds dates without a time of day."),)
        plain = said.plain if said.kind == "moment" else f"cast({said.typed} as timestamp)"
        found[name] = Moment(
            plain, said.typed if said.kind == "moment" else plain, (column,), said.how, said.is_absolute, notes
        )
    return found


def _in(found: Mapping[Order, Reading], order: Order) -> Reading | None:
    return found.get("") or found.get(order)


def _with_date(
    name: str, column: Column, clock: Reading, taken: Assignment, order: Order, found: Mapping[str, Moment]
) -> Moment | None:
    """A time of day with the date that stands beside it. One that lies before the start is the next day's."""
    date = taken.get("end_date") if name == "ended_at" and taken.get("end_date") else taken.get("date")
    start = found.get("started_at")
    columns: tuple[Column, ...]
    if date is not None:
        reading = _in(readings(date), order)
        if reading is None:
            return None
        whole = joined(reading, clock, date.sql, column.sql)
        sql, how, columns = whole.typed, whole.how, (date, column)
    elif start is not None and not start.is_absolute:
        sql = f"cast({start.typed} as date) + {clock.of(column.sql).typed}"
        how, columns = f"{clock.how} + started_at", (*start.columns, column)
    else:
        return None
    if name == "started_at" or date is taken.get("end_date") or start is None:
        return Moment(sql, sql, columns, how, False)
    later = f"{sql} + to_days(cast({sql} < {start.typed} as integer))"
    over = Words("早于开始时刻的，算作次日（跨零点）。", "A time of day before the start is the next day's.")
    return Moment(later, later, columns, how, False, (over,))


# --- day and month -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Proof:
    """The order of day and month. `orders`: those that are possible, one when it is proved or asked for; `by`: the
    column and how many of its rows can only be read so."""

    orders: tuple[Order, ...]
    by: Words | None = None


def prove_order(db: duckdb.DuckDBPyConnection, taken: Assignment, asked: Order) -> Proof:
    """Which order the export is written in, by rows that can be read in one order only. One export has one order: a
    column that leaves it open follows one that proves it. Raises InputError when the data contradict what was asked."""
    seen: set[Order] = set()
    reads: dict[Order, int] = {}
    named: list[str] = []
    for column, found in _open(taken):
        seen |= set(found)
        named.append(column.name)
        for order, reading in found.items():
            alone = " and ".join(f"{_tried(other, column)} is null" for kind, other in found.items() if kind != order)
            row = db.execute(
                f"select count(*) from raw where {_tried(reading, column)} is not null and {alone or 'true'}"
            ).fetchone()
            reads[order] = reads.get(order, 0) + (row[0] if row else 0)
    if not seen:
        return Proof(("",))
    proved = [order for order in sorted(seen) if reads.get(order)]
    shown = ", ".join(repr(name) for name in named)
    if asked:
        against = sum(count for order, count in reads.items() if order != asked)
        if asked not in seen or against > reads.get(asked, 0):
            raise InputError(
                f"{against} values of {shown} can't be read {ORDERS[asked].en}.",
                rule="day_month_order",
                todo=f"leave out --{asked.replace('_', '-')}: the data say which order it is.",
            )
        return Proof((asked,), Words(f"按要求读作{ORDERS[asked].zh}。", f"Read {ORDERS[asked].en}, as asked."))
    if len(proved) == 1:
        count = reads[proved[0]]
        said = ORDERS[proved[0]]
        by = Words(
            f"{shown} 中只能读作{said.zh}的值：{count} 个。",
            f"Values of {shown} that can only be read {said.en}: {count}.",
        )
        return Proof((proved[0],), by)
    if not proved:
        by = Words(f"{shown} 的每一行两种读法都说得通。", f"Every row of {shown} can be read either way.")
    else:
        by = Words(
            f"{shown} 中有的行只能日在前，有的只能月在前。",
            f"Some rows of {shown} can only be read one way, some only the other.",
        )
    return Proof(tuple(sorted(seen)), by)


def _tried(reading: Reading, column: Column) -> str:
    return f"try({{'v': {reading.of(column.sql).typed}}}).v"


def _open(taken: Assignment) -> Iterator[tuple[Column, dict[Order, Reading]]]:
    for part in ("date", "end_date", *instant_names()):
        column = taken.get(part)
        found = readings(column) if column else {}
        if column and found and "" not in found:
            yield column, found
