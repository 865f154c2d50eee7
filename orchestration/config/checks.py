"""Checks of a configuration that need more than one key, or the SQL that a user wrote.

Here belongs: what contradicts itself, and expressions that can't be used. Not here: limits of one value (models.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from expectations.contracts import NUMERIC, all_contracts
from orchestration import paths
from orchestration.config.models import (
    CDR_EXTRA_COLUMNS,
    CDR_NEEDED_COLUMNS,
    CDR_STANDARD_COLUMNS,
    CEL_EXTRA_COLUMNS,
    CEL_NEEDED_COLUMNS,
    CEL_STANDARD_COLUMNS,
    TODO,
    Agent,
    Config,
    Feed,
    Official,
    Scope,
    nearest,
)
from orchestration.extract.expressions import Checker, ExpressionError
from seeds import seed_rows

Location = tuple[str | int, ...]


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong, and where."""

    at: Location
    text: str
    todo: str = "correct the value."


def problems_of(config: Config) -> Iterator[Problem]:
    from orchestration.extract.adapters import adapters  # which knows the configuration in its turn

    known = sorted(adapters())
    with Checker() as checker:
        zones = checker.zones()
        yield from _check_zones(config, zones)
        yield from _check_people(config)
        yield from _check_scopes(config)
        for name, feed in config.feeds.items():
            source, short = name.split(".", 1)
            at: Location = ("sources", source, "feeds", short)
            if name not in known:
                has_contract = name in all_contracts() and not all_contracts()[name].is_reference
                told = "has a contract, but callmart can't read it yet" if has_contract else "is unknown"
                yield Problem(at, f"feed {name} {told}{nearest(name, known)}", f"known feeds are: {', '.join(known)}.")
            elif sum(bool(said) for said in (feed.paths, feed.database, feed.http)) != 1:
                told = f"{name} needs either paths or a database or http"
                yield Problem((*at, "paths"), told, "say where its records are.")
            elif feed.contract.source == "canonical":
                yield from _check_mapped(feed, at, checker)
            else:
                yield from _check_asterisk(feed, at, checker)


def _check_zones(config: Config, zones: list[str]) -> Iterator[Problem]:
    named: list[tuple[Location, str | None]] = [(("centre", "timezone"), config.centre.timezone)]
    named += [(("queues", index, "timezone"), queue.timezone) for index, queue in enumerate(config.queues)]
    for name, feed in config.feeds.items():
        source, short = name.split(".", 1)
        named.append((("sources", source, "feeds", short, "timezone"), feed.timezone))
    known = set(zones)
    for at, zone in named:
        if zone is not None and zone not in known:
            yield Problem(at, f"{zone!r} is not a time zone{nearest(zone, zones)}", "use an IANA name (Asia/Shanghai).")


def _check_people(config: Config) -> Iterator[Problem]:
    for index, queue in enumerate(config.queues):
        for other in config.queues[:index]:
            if other.queue_id == queue.queue_id and other.overlaps(queue):
                yield Problem(("queues", index, "queue_id"), f"queue {queue.queue_id!r} has two settings on one day",
                               "end the earlier one with valid_to.")  # fmt: skip
    taken: dict[str, list[Agent]] = {}
    for index, agent in enumerate(config.agents):
        for name in agent.names:
            for other_agent in taken.setdefault(name, []):
                if other_agent.overlaps(agent):
                    yield Problem(
                        ("agents", index, "names"),
                        f"{name!r} names agents {other_agent.agent_id!r} and {agent.agent_id!r} on one day",
                        "give the name to one agent, or end the earlier one with valid_to.",
                    )
            taken[name].append(agent)
    numbers: dict[str, int] = {}
    channels = _channels()
    for index, number in enumerate(config.numbers):
        if number.number in numbers:
            yield Problem(
                ("numbers", index, "number"), f"number {number.number!r} is given twice", "keep one of the two."
            )
        numbers[number.number] = index
        if number.channel not in channels:
            yield Problem(
                ("numbers", index, "channel"),
                f"unknown channel {number.channel!r}{nearest(number.channel, channels)}",
                f"known channels (seeds/channel.csv) are: {', '.join(channels)}.",
            )
    official: list[Official] = []
    for index, item in enumerate(config.official):
        if any(other.kpi_id == item.kpi_id and other.overlaps(item) for other in official):
            yield Problem(("official", index, "kpi_id"), f"{item.kpi_id} has two official variants on one day",
                           "end the earlier one with valid_to.")  # fmt: skip
        official.append(item)


def _check_scopes(config: Config) -> Iterator[Problem]:
    if not config.scopes:
        return
    from orchestration.scopes.declared import columns_of_marts  # which knows the configuration in its turn
    from orchestration.scopes.limits import reachable

    columns = sorted({column for names in columns_of_marts().values() for column in names})
    known = {
        "queue": ("queues", {queue.queue_id for queue in config.queues}),
        "team": ("agents", {agent.team_id for agent in config.agents if agent.team_id is not None}),
        "agent": ("agents", {agent.agent_id for agent in config.agents}),
    }
    for name, scope in config.scopes.items():
        at: Location = ("scopes", name)
        if name == paths.WHOLE or not re.fullmatch(r"[a-z][a-z0-9_]{0,62}", name):
            told = f"a scope can't be named {name!r}: its name is that of a folder"
            todo = f"use small letters, digits and _, a letter first, and another name than {paths.WHOLE}."
            yield Problem(at, told, todo)
        for kind, ids in scope.rows.members.items():
            section, declared = known.get(kind, ("", set(ids)))
            for index, one in enumerate(ids):
                if one not in declared:
                    told = f"{kind} {one!r} is not declared{nearest(one, sorted(declared))}"
                    yield Problem((*at, "rows", kind, index), told, f"correct the id, or declare it under `{section}`.")
        for index, column in enumerate(scope.hide):
            if column not in columns:
                told = f"no mart has a column {column!r}{nearest(column, columns)}"
                yield Problem((*at, "hide", index), told, "name a column as docs/sql_guide.md and the catalogue do.")
        yield from _check_scoped_marts(at, scope, sorted(columns_of_marts()), reachable(scope.rows.members))


def _check_scoped_marts(at: Location, scope: Scope, known: list[str], reached: list[str]) -> Iterator[Problem]:
    for index, mart in enumerate(scope.marts or ()):
        if mart not in known:
            yield Problem((*at, "marts", index), f"no mart is called {mart!r}{nearest(mart, known)}", "correct it.")
        elif mart not in reached:
            told = f"{mart} can't be limited to {' and '.join(scope.rows.members)}"
            yield Problem((*at, "marts", index), told, f"the scope may have: {', '.join(reached)}.")


def _channels() -> list[str]:
    return [row["channel_id"] for row in seed_rows("channel")]


def _check_asterisk(feed: Feed, at: Location, checker: Checker) -> Iterator[Problem]:
    tables = {
        "asterisk.cdr": (CDR_STANDARD_COLUMNS, CDR_EXTRA_COLUMNS, CDR_NEEDED_COLUMNS),
        "asterisk.cel": (CEL_STANDARD_COLUMNS, CEL_EXTRA_COLUMNS, CEL_NEEDED_COLUMNS),
    }
    foreign = ("http", "format", "columns", "mapping", "rules")
    for key in foreign if feed.name in tables else ("database", *foreign):
        if getattr(feed, key):
            yield Problem((*at, key), f"{feed.name} has a fixed form and takes no {key}", "remove the key.")
    options = feed.options
    for key, feeds in (("columns", tuple(tables)), ("direction", ("asterisk.cdr",)), ("campaign", ("asterisk.cdr",))):
        if getattr(options, key) is not None and feed.name not in feeds:
            yield Problem((*at, "options", key), f"{feed.name} takes no option {key}", "remove the key.")
    if feed.name not in tables:
        return
    standard, extra, needed = tables[feed.name]
    columns = options.columns or standard
    if feed.database is not None:
        if options.columns is not None:
            told = "a table names its columns itself"
            yield Problem(
                (*at, "options", "columns"), told, "remove the key, or list them as `columns` of the database."
            )
    else:
        yield from _check_file_columns(at, columns, (*standard, *extra), needed)
    known = None if feed.database is not None else columns
    for key in ("direction", "campaign"):
        expression = getattr(options, key)
        if expression is not None and feed.name == "asterisk.cdr":
            yield from _check_expression(checker, (*at, "options", key), expression, known, "VARCHAR")


def _check_file_columns(
    at: Location, columns: Iterable[str], known: tuple[str, ...], needed: tuple[str, ...]
) -> Iterator[Problem]:
    """Problems of the columns that are listed for a log without header."""
    seen: set[str] = set()
    for index, column in enumerate(columns):
        here: Location = (*at, "options", "columns", index)
        if column not in known:
            yield Problem(here, f"unknown column {column!r}{nearest(column, known)}",
                           f"known columns are: {', '.join(known)}.")  # fmt: skip
        elif column in seen:
            yield Problem(here, f"column {column!r} is given twice", "keep one of the two.")
        seen.add(column)
    for column in needed:
        if column not in seen:
            yield Problem((*at, "options", "columns"), f"column {column!r} is missing", "list all columns of the file.")


def _check_mapped(feed: Feed, at: Location, checker: Checker) -> Iterator[Problem]:
    contract = feed.contract
    for key in ("columns", "direction", "campaign"):
        if getattr(feed.options, key) is not None:
            yield Problem((*at, "options", key), f"{feed.name} takes no option {key}", "remove the key.")
    if feed.http is not None:
        for key in ("format", "encoding"):
            if key in feed.model_fields_set:
                yield Problem((*at, key), f"an API answers in JSON and takes no {key}", "remove the key.")
    if feed.columns is not None and len(set(feed.columns)) != len(feed.columns):
        yield Problem((*at, "columns"), "a column is given twice", "give each name once.")
        return
    if not feed.csv.header and feed.columns is None:
        yield Problem((*at, "columns"), "a file without a header needs the names of its columns", "list them in order.")
        return
    filled: dict[str, list[str]] = {}
    for item in contract.inputs:
        for name in item.fills:
            filled.setdefault(name, []).append(item.name)
    automatic = {"flags", "is_invalid"}
    types = {column.name: column.type for column in contract.columns} | {i.name: i.type for i in contract.inputs}
    allowed = [name for name in types if name not in filled and name not in automatic]
    for name, sql in feed.mapping.items():
        here: Location = (*at, "mapping", name)
        if name in filled:
            inputs = " or ".join(filled[name])
            yield Problem(here, f"{name} is filled from {inputs}", f"map {inputs} instead.")
        elif name in automatic:
            yield Problem(here, f"{name} is filled by rules", "write a rule instead.")
        elif name not in types:
            yield Problem(here, f"unknown column{nearest(name, allowed)}", f"known columns are: {', '.join(allowed)}.")
        elif sql.startswith(TODO):
            told = f"{name} is still to be decided: {sql.removeprefix(TODO).strip(' :')}"
            todo = "write its SQL; where `callmart init` wrote lines to choose from, keep one of them."
            yield Problem(here, told, todo)
        else:
            yield from _check_expression(checker, here, sql, feed.columns, types[name])
    for column in contract.columns:
        sources = filled.get(column.name, [column.name])
        if column.required and column.default is None and feed.mapping.keys().isdisjoint(sources):
            told = "this column is required but not mapped"
            yield Problem((*at, "mapping", column.name), told, f"map {' or '.join(sources)}.")
    seen: set[str] = set()
    for index, rule in enumerate(feed.rules):
        here = (*at, "rules", index)
        if rule.name in seen:
            yield Problem((*here, "name"), f"rule {rule.name!r} is given twice", "give each rule its own name.")
        seen.add(rule.name)
        if rule.action == "invalid" and "is_invalid" not in contract.column_names:
            yield Problem((*here, "action"), f"a row of {feed.name} can't be invalid", "use flag or refuse.")
        yield from _check_expression(checker, (*here, "when"), rule.when, feed.columns, "BOOLEAN")


def _check_expression(
    checker: Checker, at: Location, sql: str, columns: Iterable[str] | None, wanted: str
) -> Iterator[Problem]:
    try:
        found = checker.check(sql, None if columns is None else list(columns))
    except ExpressionError as error:
        yield Problem(at, f"the expression {sql!r} can't be used: {error}", "correct the SQL (DuckDB).")
        return
    if found is not None and not fits(found, wanted):
        yield Problem(at, f"the expression {sql!r} gives {found}, {wanted} is needed", _conversion_hint(wanted))


def fits(found: str, wanted: str) -> bool:
    """Whether a value of DuckDB type `found` can be typed as `wanted` without guessing what it means."""
    number = found.startswith(("DECIMAL", "DOUBLE", "FLOAT", "HUGEINT", "UHUGEINT")) or found.endswith("INT")
    number = number or found == "INTEGER" or found == "UINTEGER"
    if found in ('"NULL"', "NULL", "VARCHAR") or found.startswith("ENUM"):
        return True
    if wanted == "TIMESTAMP":
        return found.startswith("TIMESTAMP") or found == "DATE"
    if wanted == "DATE":
        return found in ("DATE", "TIMESTAMP")
    if wanted in NUMERIC:
        return number
    if wanted == "BOOLEAN":
        return found == "BOOLEAN"
    return wanted == "VARCHAR" and (
        number or found in ("BOOLEAN", "DATE", "TIME", "UUID") or found.startswith("TIMESTAMP")
    )


def _conversion_hint(wanted: str) -> str:
    if wanted == "TIMESTAMP":
        return "use strptime(text, format) for local times, to_timestamp(seconds) for epoch seconds."
    if wanted == "DATE":
        return "use cast(strptime(text, format) as date)."
    if wanted == "BOOLEAN":
        return "write a comparison, e.g. outcome = 'PHANTOM'."
    return f"convert it, e.g. cast(… as {wanted})."
