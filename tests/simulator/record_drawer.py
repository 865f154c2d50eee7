"""Draws records of any feed from its contract: a tool for tests of what becomes of records.

Here belongs: legal rows, whatever they mean. Not here: rows that mean something (`simulator.company`).

Instants of a row rise in the order of the columns from its event on, so that they keep the contract's order; every
value survives the forms it goes through.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

from expectations.contracts import Column, Contract, all_contracts
from simulator.local_time import DAY_S, UTC_OFFSET_S
from simulator.records import Record, chance

FEEDS = tuple(sorted(name for name, contract in all_contracts().items() if contract.source == "canonical"))
_PRIVATE = {
    "customer_id": lambda r: f"C{r.randrange(10**8):08d}",
    "caller_number": lambda r: f"138{r.randrange(10**8):08d}",
    "callee_number": lambda r: f"139{r.randrange(10**8):08d}",
    "identity_number": lambda r: f"137{r.randrange(10**8):08d}",
}
_TEXTS = ("配送,延误", "A12", '带"引号"的', "客户来电")


def draw(seed: int, feeds: tuple[str, ...], first_day: int, days: int, per_day: int) -> list[Record]:
    """`per_day` records of each feed on each local day, each written when it is last changed, in the order of time.

    Every third record of a feed with versions is written again some seconds later.
    """
    records = [record for feed in feeds for record in _of_feed(seed, feed, first_day, days, per_day)]
    return sorted(records, key=lambda record: record.at)


def _of_feed(seed: int, feed: str, first_day: int, days: int, per_day: int) -> Iterator[Record]:
    contract = all_contracts()[feed]
    for day in range(first_day, first_day + days):
        for number in range(per_day):
            r = chance(seed, feed, day, number)
            begins = day * DAY_S - UTC_OFFSET_S + 60 + (DAY_S - 1800) * number // per_day
            row = _row(contract, r, f"{day}x{number}", begins)
            told = [value for name, value in row.items() if _is_moment(contract, name) and value is not None]
            at = max(told)
            yield Record(feed, at, row)
            version = contract.version_column
            if version is not None and version not in contract.natural_key and number % 3 == 0:
                yield Record(feed, at + 30, row | {version: at + 30} | _changed(contract, row))


def _is_moment(contract: Contract, name: str) -> bool:
    found = next((column for column in contract.columns if column.name == name), None)
    return found is not None and found.type == "TIMESTAMP" and not found.planned


def _row(contract: Contract, r: random.Random, name: str, begins: int) -> dict[str, Any]:
    filled = {column for item in contract.inputs for column in item.fills}
    chain = next((chain for chain in contract.ordered if contract.event_time in chain), (contract.event_time,))
    row: dict[str, Any] = {}
    for item in contract.inputs:
        if item.name != "identity_value":
            row[item.name] = _PRIVATE[item.name](r)
    moments = [column.name for column in contract.columns if column.type == "TIMESTAMP"]
    ranks = {column: index for index, column in enumerate([*chain, *(c for c in moments if c not in chain)])}
    for column in contract.columns:
        if column.name in filled or column.name in ("flags", "is_invalid"):
            continue
        if column.type == "TIMESTAMP":
            moment = begins + 20 * ranks[column.name]
            row[column.name] = moment - moment % 60 if column.name == "minute_at" else moment
        elif column.name in contract.natural_key and column.type == "VARCHAR":
            row[column.name] = column.enum[0] if column.enum else f"{column.name}-{name}"
        elif column.required or r.random() < 0.9:
            row[column.name] = _value(column, r)
        else:
            row[column.name] = None
    _put_in_order(contract, row)
    return row


def _value(column: Column, r: random.Random) -> Any:
    if column.enum is not None:
        return r.choice(column.enum)
    if column.type == "VARCHAR":
        return r.choice(_TEXTS) if not column.name.endswith(("_id", "_code", "_raw")) else f"k{r.randrange(50)}"
    if column.type == "BOOLEAN":
        return r.random() < 0.5
    if column.type == "DATE":
        return "2026-03-01"
    if column.type in ("INTEGER", "BIGINT"):
        return r.randint(1, 5)
    return round(r.random() if column.name.endswith("_rate") else r.uniform(1, 5), 2)


def _put_in_order(contract: Contract, row: dict[str, Any]) -> None:
    """Numbers that never fall from left to right."""
    for chain in contract.ordered:
        numbers = [name for name in chain if contract.column(name).type != "TIMESTAMP"]
        given = sorted(row[name] for name in numbers if row[name] is not None)
        for name in numbers:
            if row[name] is not None:
                row[name] = given.pop(0)


def _changed(contract: Contract, row: dict[str, Any]) -> dict[str, Any]:
    """Another value of one column that is no part of the key, where there is such a one."""
    for column in contract.columns:
        if column.type == "BOOLEAN" and not column.required and row.get(column.name) is not None:
            return {column.name: not row[column.name]}
    return {}
