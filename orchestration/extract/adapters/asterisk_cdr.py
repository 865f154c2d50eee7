"""Asterisk's call detail records: Master.csv (no header, quotes doubled), or a table of cdr_adaptive_odbc or cdr_pgsql.

The columns of a file are those of cdr_csv (`options.columns` for another set). Local times are in the feed's zone. A
table calls the start `start` or `calldate`; where it has neither `answer` nor `end`, they follow from its durations.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from orchestration.config import CDR_NEEDED_COLUMNS, CDR_STANDARD_COLUMNS, Config, Feed, nearest
from orchestration.errors import InputError
from orchestration.extract.adapters import LONGEST_S, Context
from orchestration.extract.engine import case, flags, instants, is_doubtful, near, to_utc
from orchestration.extract.expressions import literal, quote
from orchestration.extract.landing import Manifest
from orchestration.extract.text import Dialect

DIRECTIONS = ("inbound", "outbound", "internal", "other")
DISPOSITIONS = ("ANSWERED", "NO ANSWER", "BUSY", "FAILED", "CONGESTION")
_INBOUND_CONTEXT = "from-trunk|from-pstn|from-did|inbound|incoming"
_TIMES = (("started_at", "start"), ("answered_at", "answer"), ("ended_at", "end"))
_SECONDS = (("duration_s", "duration"), ("billsec_s", "billsec"))
_NAMES_IN_TABLES = {"start": ("start", "calldate")}


class Cdr:
    """Adapter of asterisk.cdr."""

    def dialect(self, feed: Feed) -> Dialect:
        """Comma, double quotes, no header."""
        return Dialect(delimiter=",", quote='"')

    def raw_columns(self, feed: Feed, header: list[str] | None, manifest: Manifest, header_line: int) -> list[str]:
        """The table's columns; of a file the configured ones, or the standard ones."""
        if feed.database is not None:
            needed = {name: _NAMES_IN_TABLES.get(name, (name,)) for name in CDR_NEEDED_COLUMNS}
            return table_columns(manifest, header, needed)
        return list(feed.options.columns or CDR_STANDARD_COLUMNS)

    def absent(self, feed: Feed, columns: Sequence[str]) -> list[str]:
        """None: the form is fixed."""
        return []

    def settings(self, feed: Feed, config: Config) -> object:
        """Columns, direction, numbers, and whether records without id can be told apart from queue calls."""
        options = feed.options.model_dump()
        return [options, config.own_numbers, config.centre.number_length_internal, "asterisk.queue_log" in config.feeds]

    def select(self, context: Context) -> str:
        """See the package's text."""
        have = {name.casefold(): name for name in context.raw_columns}
        have |= {"start": have["calldate"]} if "start" not in have and "calldate" in have else {}
        zone, tolerance = context.feed.zone, context.feed.tolerance_s

        def raw(name: str) -> str:
            return f"nullif(trim({quote(have[name])}), '')" if name in have else "null::varchar"

        def extension(name: str) -> str:
            return f"regexp_full_match({name}, '[0-9]{{1,{context.config.centre.number_length_internal}}}')"

        direction = context.feed.options.direction or default_direction(extension("src"), extension("dst"))
        own = "[" + ", ".join(literal(number) for number in context.config.own_numbers) + "]::varchar[]"
        conditions = [
            ("contains(mark, 'n')", "nul_removed"),
            (f"coalesce(direction_said, '') not in {DIRECTIONS}", "bad_direction"),
            (f"disposition_said not in {DISPOSITIONS}", "bad_disposition"),
        ]
        for name, source in _TIMES:
            if source in have:
                conditions.append((f"{source}_said is not null and {name} is null", f"bad_{name}"))
        for name, source in _SECONDS:
            conditions.append((f"{source}_n < 0", f"negative_{name}"))
            conditions.append((f"{source}_said is not null and ({source}_n is null or {source}_n > {LONGEST_S})",
                               f"bad_{name}"))  # fmt: skip
        believed = f"duration_n >= 0 and billsec_n <= {LONGEST_S}"
        conditions.append((f"{believed} and billsec_n > duration_n + {tolerance}", "billsec_s_exceeds_duration_s"))
        conditions.append((f"answered_at < started_at - interval {tolerance} second", "order_started_at_answered_at"))
        conditions.append((f"ended_at < answered_at - interval {tolerance} second", "order_answered_at_ended_at"))
        conditions.append(
            (
                f"answered_at is null and ended_at < started_at - interval {tolerance} second",
                "order_started_at_ended_at",
            )
        )
        if context.clock_changes:
            doubtful = " or ".join(is_doubtful(f"{source}_local", zone) for _, source in _TIMES)
            conditions.append((doubtful, "dst_ambiguous"))
        refusals = []
        if "asterisk.queue_log" in context.config.feeds:
            reason = "a record without uniqueid can't be told apart from the calls of the queue log"
            refusals.append(("call_id is null", "cdr_without_id", "'call_id'", reason))
        refusals.append(("disposition is null", "missing_meaning", "'disposition'", "the record has no disposition"))
        times = ",\n".join(
            f"{local} as {source}_local, {absolute} as {source}_absolute"
            for source, (local, absolute) in ((source, instants(f"{source}_said")) for _, source in _TIMES)
        )
        utc = {source: f"coalesce({source}_absolute, {to_utc(f'{source}_local', zone)})" for _, source in _TIMES}
        if "answer" not in have and "end" not in have:
            believed = " and ".join(f"{source}_n between 0 and {LONGEST_S}" for _, source in _SECONDS)
            utc["end"] = (
                f"case when {believed} then {utc['start']} + to_microseconds((duration_n * 1000000)::bigint) end"
            )
            before = f"case when {believed} and disposition = 'ANSWERED' then duration_n - billsec_n end"
            utc["answer"] = f"{utc['start']} + to_microseconds(({before} * 1000000)::bigint)"
        source = "raw" if "dcontext" in have else "(select *, null::varchar as dcontext from raw)"
        return f"""
            with directed as (
                select *, try({{'v': ({direction})}}) as direction_tried,
                    try({{'v': ({context.feed.options.campaign or "null"})}}) as campaign_tried
                from {source}),
            named as (
                select "#line", coalesce("#mark", '') as mark,
                    lower(trim(direction_tried.v::varchar)) as direction_said,
                    {raw("src")} as src, {raw("dst")} as dst, {raw("dcontext")} as context,
                    {raw("channel")} as channel, {raw("dstchannel")} as dstchannel,
                    {raw("lastapp")} as last_app, {raw("lastdata")} as lastdata,
                    {raw("start")} as start_said, {raw("answer")} as answer_said, {raw("end")} as end_said,
                    {raw("duration")} as duration_said, {raw("billsec")} as billsec_said,
                    upper({raw("disposition")}) as disposition_said,
                    {raw("uniqueid")} as call_id, {raw("linkedid")} as linked_id, {raw("sequence")} as sequence_said,
                    {raw("accountcode")} as accountcode,
                    nullif(trim(campaign_tried.v::varchar), '') as campaign
                from directed),
            read as (
                select *, {times},
                    try_cast(duration_said as double) as duration_n, try_cast(billsec_said as double) as billsec_n,
                    case when direction_said in {DIRECTIONS} then direction_said else 'other' end as direction,
                    case when disposition_said in {DISPOSITIONS} then disposition_said
                        when disposition_said is not null then 'OTHER' end as disposition
                from named),
            timed as (
                select *, {utc["start"]} as started_at,
                    {near(utc["answer"], "started_at", LONGEST_S)} as answered_at,
                    {near(utc["end"], "started_at", LONGEST_S)} as ended_at,
                    bare_number(case direction
                        when 'inbound' then src
                        when 'outbound' then dst
                        when 'other' then case when not {extension("src")} then src
                            when not {extension("dst")} then dst end end) as bare
                from read),
            numbered as (
                select *, norm_bare(bare) as number,
                    case when ended_at >= started_at - interval {tolerance} second then ended_at end as believed_end
                from timed)
            select "#line", call_id, linked_id, try_cast(sequence_said as bigint) as sequence_no, direction,
                started_at, start_said as started_at_raw, answered_at, believed_end as ended_at,
                case when duration_n between 0 and {LONGEST_S} then duration_n end as duration_s,
                case when billsec_n between 0 and {LONGEST_S} then billsec_n end as billsec_s,
                disposition, mask_text(context) as context, mask_text(last_app) as last_app,
                case when lower(last_app) = 'queue' then nullif(regexp_extract(lastdata, '^[^,|]*'), '') end
                    as queue_id,
                mask_text({bare_channel("channel")}) as source_peer,
                mask_text({bare_channel("dstchannel")}) as destination_peer,
                case when {extension("src")} then src end as source_extension,
                case when {extension("dst")} or list_contains({own}, dst) then dst end as dialled_number,
                keyed_hash(number) as customer_hash, mask_number(number) as customer_masked,
                number_prefix(number, number_type(number)) as customer_prefix,
                case when number is not null or direction in ('inbound', 'outbound') then number_type(number) end
                    as customer_number_type,
                mask_text(accountcode) as account_code, mask_text(campaign) as campaign_id,
                coalesce(believed_end, started_at) as _written_at,
                {flags(conditions)} as flags,
                {case((when, literal(rule)) for when, rule, _, _ in refusals)} as _rule,
                {case((when, column) for when, _, column, _ in refusals)} as _column,
                {case((when, literal(reason)) for when, _, _, reason in refusals)} as _reason
            from numbered"""


def default_direction(src_is_extension: str, dst_is_extension: str) -> str:
    """Direction by dial-plan context, else by the lengths of the two numbers."""
    return f"""case
        when regexp_matches(lower(coalesce(dcontext, '')), '{_INBOUND_CONTEXT}') then 'inbound'
        when {src_is_extension} and {dst_is_extension} then 'internal'
        when {src_is_extension} and length(dst) > length(src) then 'outbound'
        else 'other' end"""


def table_columns(manifest: Manifest, header: list[str] | None, needed: Mapping[str, tuple[str, ...]]) -> list[str]:
    """The columns of a landed table. `needed`: column -> the names that it may have. Raises InputError for one that the
    table lacks."""
    present = {name.casefold() for name in header or ()}
    for names in needed.values():
        if present.isdisjoint(names):
            raise InputError(
                f"the table has no column {' or '.join(map(repr, names))}{nearest(names[0], header or ())} "
                f"(it has: {', '.join(header or ())}).",
                file=manifest.name,
                column=names[0],
                rule="missing_column",
                todo="name the table that Asterisk writes, or a view that gives its columns their usual names; "
                "`columns` of the database must list all that are needed.",
            )
    return list(header or ())


def bare_channel(channel: str) -> str:
    """SQL of a channel's name without the serial number that Asterisk appends."""
    return f"regexp_replace({channel}, '-[0-9a-fA-F]+(;[12])?$', '')"
