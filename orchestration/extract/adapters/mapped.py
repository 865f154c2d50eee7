"""Flat files of the canonical feeds, mapped column by column with SQL that the centre writes in its configuration.

What a column may hold comes from the feed's contract: nothing here knows a feed by its name. A value that its
expression can't make (an error, a wrong type, out of range) is NULL with the flag `bad_<column>`; the row stays, unless
the contract says that it means nothing without the value. TIMESTAMP values are local in the feed's zone; TIMESTAMPTZ,
and texts with an offset, are absolute.

Nothing here guesses whether 03/04 is in March or April: the mapping's format says so. But a file in which some starts
can only be read with day and month exchanged shows that the format is wrong, and that the starts which can be read
either way were read wrongly: these are flagged, and the feed's suite holds their dates.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from functools import lru_cache

from orchestration.config import Config, Feed, fits
from orchestration.errors import InputError
from orchestration.extract.adapters import LONGEST_S, Context
from orchestration.extract.engine import case, flags, instant_to_utc, instants, is_doubtful, near, to_utc
from orchestration.extract.expressions import Checker, ExpressionError, literal, quote, referenced_columns
from orchestration.extract.landing import Manifest
from orchestration.extract.text import Dialect

# Numbers count from 0 up to here; ranks, points, money and values of metrics may be anything.
_TOP = {"s": LONGEST_S, "ms": 1000 * LONGEST_S, "rate": 1, "count": 1_000_000}
# What names things is a key of joins: a telephone number in it stays, and the feed's suite says so.
_NAMES = ("_id", "_code", "_at_raw")
_EXCHANGED = {"d": "m", "m": "d"}
_YEAR_FIRST = re.compile("%[yY].*%-?[dm].*%-?[dm]")
_SLIPS = 0.01
_REMEMBERED = 256  # kinds of files: of a feed hundreds may have the same columns


class Mapped:
    """Adapter of every canonical feed."""

    def dialect(self, feed: Feed) -> Dialect:
        """As configured."""
        form = feed.csv
        return Dialect(form.delimiter, form.quote, form.escape, form.header, form.skip)

    def settings(self, feed: Feed, config: Config) -> object:
        """Everything that a user can write about the export."""
        rules = [rule.model_dump() for rule in feed.rules]
        return [feed.csv.model_dump(), feed.columns, sorted(feed.mapping.items()), rules, config.own_numbers,
                config.centre.number_length_internal]  # fmt: skip

    def raw_columns(self, feed: Feed, header: list[str] | None, manifest: Manifest, header_line: int) -> list[str]:
        """The header's names, or the configured ones of a file without header. See `Adapter`."""
        if header is None and not feed.csv.header and feed.file_kind(manifest.name) in ("csv", "xlsx"):
            return list(feed.columns or ())
        if header is None:  # an empty file: nothing to name
            return list(feed.columns or _wanted(feed))
        return header

    def absent(self, feed: Feed, columns: Sequence[str]) -> list[str]:
        """Columns that are declared, or that an expression names."""
        present = {name.casefold() for name in columns}
        named = dict.fromkeys([*(feed.columns or ()), *_wanted(feed)])
        by_fold = {name.casefold(): name for name in named}
        return [name for fold, name in by_fold.items() if fold not in present]

    def select(self, context: Context) -> str:
        """See the package's text."""
        feed, contract, zone = context.feed, context.contract, context.feed.zone
        types = {column.name: column.type for column in contract.columns} | {i.name: i.type for i in contract.inputs}
        mapping = dict(feed.mapping)
        for column in contract.columns:
            if column.default is not None:
                mapping.setdefault(column.name, column.default)
        found = _bind(context, mapping, {name: types[name] for name in mapping})
        tried = [f"try({{'v': ({sql}\n)}}) as {quote('t_' + name)}" for name, sql in mapping.items()]
        exchanged = _exchanged(context, mapping[contract.event_time or ""])
        if exchanged:
            tried.append(f"try({{'v': ({exchanged}\n)}}).v as exchanged")
        tried += [f"try({{'v': ({rule.when}\n)}}) as {quote('r_' + rule.name)}" for rule in feed.rules]
        instants = [chain for chain in contract.ordered if contract.column(chain[0]).type == "TIMESTAMP"]
        steps = {step for chain in instants if contract.event_time in chain for step in chain}
        values, conditions = [], [("contains(mark, 'n')", "nul_removed")]
        doubtful = []
        for name in types:
            if name not in mapping:
                values.append(f"cast(null as {types[name]}) as {quote('c_' + name)}")
                continue
            value = f"{quote('t_' + name)}.v"
            if types[name] == "TIMESTAMP":
                local, absolute = _instants(value, found[name])
                values.append(f"{local} as {quote('l_' + name)}")
                values.append(f"coalesce({absolute}, {to_utc(local, zone)}) as {quote('c_' + name)}")
                if context.clock_changes:
                    doubtful.append(is_doubtful(quote("l_" + name), zone))
            elif types[name] == "VARCHAR":
                values.append(f"nullif(trim({value}::varchar), '') as {quote('c_' + name)}")
            else:
                values.append(f"try_cast({value} as {types[name]}) as {quote('c_' + name)}")
        for rule in feed.rules:
            values.append(f"coalesce({quote('r_' + rule.name)}.v, false) as {quote('r_' + rule.name)}")
        columns = []
        for column in contract.columns:
            name, typed = column.name, quote("c_" + column.name)
            said = quote("t_" + name)
            if name not in mapping:
                continue
            wrong = f"{said} is null or ({said}.v is not null and {typed} is null"
            if column.type == "VARCHAR":
                wrong = f"{said} is null"
            elif found[name] == "VARCHAR":
                wrong += f" and trim({said}.v) <> ''"
            wrong += "" if column.type == "VARCHAR" else ")"
            value = typed
            if name in steps and name != contract.event_time and contract.longest_s is not None:
                value = near(typed, f"c_{contract.event_time}", contract.longest_s)
                value = f"case when {typed} <= {context.known_until} then {value} end"
                wrong += f" or ({typed} is not null and {value} is null)"
            elif column.type == "TIMESTAMP" and name != contract.event_time and not column.planned:
                wrong += f" or {typed} > {context.known_until}"
                value = f"case when {typed} <= {context.known_until} then {typed} end"
            elif column.measured_in in _TOP:
                conditions.append((f"{typed} < 0", f"negative_{name}"))
                top = _TOP[column.measured_in]
                wrong += f" or not ({typed} <= {top})"
                value = f"case when {typed} between 0 and {top} then {typed} end"
            elif column.enum is not None:
                allowed = "(" + ", ".join(literal(word) for word in column.enum) + ")"
                other = "'other'" if "other" in column.enum else "null"
                wrong += f" or lower({typed}) not in {allowed}"
                known = f"when lower({typed}) in {allowed} then lower({typed})"
                value = f"case {known} when {typed} is not null then {other} end"
            elif column.type == "VARCHAR" and name not in contract.natural_key and not name.endswith(_NAMES):
                value = f"mask_text({typed})"
            conditions.append((wrong, f"bad_{name}"))
            columns.append(f"{value} as {quote('v_' + name)}")
        for chain in instants:
            conditions += _backwards([step for step in chain if step in mapping], context.feed.tolerance_s)
        if doubtful:
            conditions.append((" or ".join(doubtful), "dst_ambiguous"))
        for rule in feed.rules:
            if rule.action != "refuse":
                conditions.append((quote("r_" + rule.name), rule.name))
        invalid = " or ".join(quote("r_" + rule.name) for rule in feed.rules if rule.action == "invalid") or "false"
        refusals = [
            (quote("r_" + rule.name), rule.name, literal(rule.column) if rule.column else "null", rule.reason)
            for rule in feed.rules
            if rule.action == "refuse"
        ]
        if exchanged:
            said = quote(f"t_{contract.event_time}")
            if _is_doubtful_order(context, mapping[contract.event_time or ""], exchanged):
                conditions.append((f"{said}.v <> exchanged", "day_month_doubtful"))
            reason = "the time can't be read as the mapping says, but with day and month exchanged it can"
            is_exchanged = f"{said}.v is null and exchanged is not null"
            refusals.append((is_exchanged, "day_month_exchanged", literal(contract.event_time or ""), reason))
        numbers = [item.name for item in contract.inputs if item.is_number and item.name in mapping]
        bared = [f"bare_number(c_{name}) as bare_{name}" for name in numbers]
        masked = [f"norm_bare(bare_{name}) as number_{name}" for name in numbers]
        return f"""
            with tried as (
                select "#line", coalesce("#mark", '') as mark, {", ".join(tried)} from raw),
            typed as (
                select * exclude ({", ".join(quote("r_" + rule.name) for rule in feed.rules) or "mark"}),
                    {", ".join(values)}{"" if feed.rules else ", mark"} from tried),
            ranged as (
                select *, {", ".join(columns)} from typed),
            bared as (
                select {", ".join(["*", *bared])} from ranged),
            masked as (
                select {", ".join(["*", *masked])} from bared)
            select "#line", {_outputs(context, mapping, invalid)},
                {_written(context, mapping)} as _written_at,
                {flags(conditions)} as flags,
                {case((when, literal(rule)) for when, rule, _, _ in refusals)} as _rule,
                {case((when, column) for when, _, column, _ in refusals)} as _column,
                {case((when, literal(reason)) for when, _, _, reason in refusals)} as _reason
            from masked"""


def _backwards(steps: Sequence[str], tolerance_s: int) -> list[tuple[str, str]]:
    """Conditions and names of flags: of two instants with nothing but NULL between them the later one must not lie
    before the earlier one by more than the clock tolerance."""
    found = []
    for index, early in enumerate(steps):
        for end in range(index + 1, len(steps)):
            late, between = steps[end], steps[index + 1 : end]
            nothing = "".join(f" and {quote('v_' + step)} is null" for step in between)
            backwards = f"v_{late} < v_{early} - interval {tolerance_s} second{nothing}"
            found.append((backwards, f"order_{early}_{late}"))
    return found


def _wanted(feed: Feed) -> list[str]:
    """Columns of the export that the configuration's expressions name, in a fixed order."""
    return list(_named((*feed.mapping.values(), *(rule.when for rule in feed.rules))))


@lru_cache(maxsize=_REMEMBERED)
def _named(expressions: tuple[str, ...]) -> tuple[str, ...]:
    import duckdb

    with duckdb.connect(":memory:") as db:
        named: dict[str, None] = {}
        for sql in expressions:
            named.update(dict.fromkeys(sorted(referenced_columns(db, sql))))
    by_fold = {name.casefold(): name for name in named}
    return tuple(by_fold.values())


def _bind(context: Context, mapping: dict[str, str], wanted: dict[str, str]) -> dict[str, str]:
    """DuckDB types of the mapped expressions over the file's columns. Raises InputError for one that can't be used."""
    feed, found = context.feed, {}

    def error(key: str, sql: str, problem: str) -> InputError:
        return InputError(
            f"the expression {sql!r} can't be used on {context.manifest.name}: {problem}.",
            file=feed.config_file,
            line=feed.line_of(key),
            column=f"{feed.name}.{key}",
            rule="mapping",
            todo="correct the SQL (DuckDB) or the export.",
        )

    rules = {f"rules.{index}.when": rule.when for index, rule in enumerate(feed.rules)}
    said = {f"mapping.{name}": sql for name, sql in mapping.items()} | rules
    types = dict(zip(said, _types(tuple(said.values()), tuple(context.raw_columns)), strict=True))
    for key, kind in types.items():
        if isinstance(kind, ExpressionError):
            raise error(key, said[key], str(kind)) from kind
        if key in rules and kind != "BOOLEAN":
            raise error(key, said[key], f"it gives {kind}, BOOLEAN is needed")
    for name, sql in mapping.items():
        found[name] = str(types[f"mapping.{name}"])
        if not fits(found[name], wanted[name]):
            raise error(f"mapping.{name}", sql, f"it gives {found[name]}, {wanted[name]} is needed")
    return found


@lru_cache(maxsize=_REMEMBERED)
def _types(expressions: tuple[str, ...], columns: tuple[str, ...]) -> tuple[str | ExpressionError, ...]:
    """DuckDB types of expressions over these columns, or why one can't be used."""
    with Checker() as checker:

        def kind(sql: str) -> str | ExpressionError:
            try:
                return checker.check(sql, columns) or "VARCHAR"
            except ExpressionError as problem:
                return problem

        return tuple(kind(sql) for sql in expressions)


def _exchanged(context: Context, sql: str) -> str | None:
    """An expression with day and month exchanged in its formats; None when it has no such format. Behind a year nobody
    writes the day before the month."""
    formats = re.compile(r"'[^']*%-?d[^']*%-?m[^']*'|'[^']*%-?m[^']*%-?d[^']*'")

    def exchange(match: re.Match[str]) -> str:
        if _YEAR_FIRST.search(match[0]):
            return match[0]
        return re.sub(r"%(-?)([dm])", lambda code: f"%{code[1]}{_EXCHANGED[code[2]]}", match[0])

    exchanged = formats.sub(exchange, sql)
    if exchanged == sql:
        return None
    with Checker() as checker:
        try:
            kind = checker.check(exchanged, context.raw_columns) or ""
        except ExpressionError:  # the text that looked like a format was none
            return None
    return exchanged if kind.startswith("TIMESTAMP") else None


def _is_doubtful_order(context: Context, sql: str, exchanged: str) -> bool:
    """Whether, of the times that tell the order of day and month or can be read in both, too many tell the other one
    to be slips."""
    row = context.db.execute(
        f"""select count(*) filter (said.v is null and other.v is not null), count(*) filter (said.v <> other.v)
        from (select try({{'v': ({sql}\n)}}) as said, try({{'v': ({exchanged}\n)}}) as other from raw)"""
    ).fetchone()
    assert row is not None
    return bool(row[0] > _SLIPS * (row[0] + row[1]))


def _instants(value: str, found: str) -> tuple[str, str]:
    """SQL of a mapped value as a local TIMESTAMP and as an absolute one in UTC; one of the two is NULL."""
    if found.startswith("TIMESTAMP WITH TIME ZONE"):
        return "null::timestamp", instant_to_utc(value)
    if found == "VARCHAR":
        return instants(value)
    return f"try_cast({value} as timestamp)", "null::timestamp"


def _end(context: Context, mapping: Collection[str]) -> str:
    """The end, unless it lies before the event."""
    if "ended_at" not in mapping:
        return "null"
    begin = f"v_{context.contract.event_time}"
    return f"case when v_ended_at >= {begin} - interval {context.feed.tolerance_s} second then v_ended_at end"


def _written(context: Context, mapping: Collection[str]) -> str:
    """The instant at which the record was written: the end of what it tells, else its version, else its event."""
    event, version = context.contract.event_time, context.contract.version_column
    if "ended_at" in context.contract.column_names:
        return f"coalesce({_end(context, mapping)}, v_{event})"
    return f"coalesce(v_{version}, v_{event})" if version in mapping else f"v_{event}"


def _filled(context: Context, mapping: Collection[str]) -> dict[str, str]:
    """SQL of the columns that inputs fill: of a telephone number what the column's name asks for, of anything else its
    keyed hash. Of several inputs for one column the first that has a value counts."""
    made: dict[str, list[str]] = {}
    for item in context.contract.inputs:
        number = f"number_{item.name}"
        for column in item.fills:
            said = made.setdefault(column, [])
            if item.name not in mapping:
                continue
            if not item.is_number:
                said.append(f"keyed_hash(c_{item.name})")
            elif column.endswith("_hash"):
                said.append(f"keyed_hash({number})")
            elif column.endswith("_masked"):
                said.append(f"mask_number({number})")
            elif column.endswith("_prefix"):
                said.append(f"number_prefix({number}, number_type({number}))")
            else:
                said.append(f"number_type({number})")
    return {column: f"coalesce({', '.join(said)})" if said else "null" for column, said in made.items()}


def _outputs(context: Context, mapping: Collection[str], invalid: str) -> str:
    """The contract's columns but `flags`."""
    special = _filled(context, mapping) | {
        "ended_at": _end(context, mapping),
        "is_invalid": f"({invalid})",
        "outcome": f"coalesce(v_outcome, case when {invalid} then 'invalid' end)" if "outcome" in mapping else "null",
    }
    out = []
    for column in context.contract.columns:
        if column.name == "flags":
            continue
        value = special.get(column.name) or (quote("v_" + column.name) if column.name in mapping else "null")
        out.append(f"cast({value} as {column.type}) as {quote(column.name)}")
    return ",\n".join(out)
