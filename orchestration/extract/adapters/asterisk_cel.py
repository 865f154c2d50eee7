"""Asterisk's channel event log: a file of cel_custom, or the table that cel_odbc and cel_pgsql write.

A file has no header, its quotes are doubled, and its columns are those of the mapping in cel_custom.conf
(`options.columns` for another one). `extra` is JSON. eventtime is epoch seconds, or the `dateformat` of cel.conf in the
feed's zone.
"""

from __future__ import annotations

from collections.abc import Sequence

from orchestration.config import CEL_NEEDED_COLUMNS, CEL_STANDARD_COLUMNS, Config, Feed
from orchestration.extract.adapters import Context
from orchestration.extract.adapters.asterisk_cdr import bare_channel, table_columns
from orchestration.extract.adapters.asterisk_queue_log import agent_names
from orchestration.extract.engine import case, flags, instants, is_doubtful, to_utc
from orchestration.extract.expressions import literal, quote
from orchestration.extract.landing import Manifest
from orchestration.extract.text import Dialect

EVENTS = (
    "ANSWER", "APP_END", "APP_START", "ATTENDEDTRANSFER", "BLINDTRANSFER", "BRIDGE_ENTER", "BRIDGE_EXIT", "CHAN_END",
    "CHAN_START", "DTMF", "FORWARD", "HANGUP", "LINKEDID_END", "LOCAL_OPTIMIZE", "LOCAL_OPTIMIZE_BEGIN", "PARK_END",
    "PARK_START", "PICKUP", "STREAM_BEGIN", "STREAM_END", "USER_DEFINED",
)  # fmt: skip
_EPOCH = r"[0-9]{1,11}([.][0-9]{1,9})?"
# Raw column -> what the SQL below calls it.
_READ = {
    "eventtime": "event_at_raw", "eventtype": "type_said", "eventenum": "enum_said", "userdeftype": "user_event",
    "cid_num": "caller", "exten": "exten", "context": "context_said", "channame": "channel", "appname": "app",
    "appdata": "appdata", "accountcode": "account_code", "uniqueid": "call_id", "linkedid": "linked_id",
    "extra": "extra_said", "id": "id_said",
}  # fmt: skip
# Members of `extra` -> what the SQL below calls them.
_EXTRA = {
    "bridge_id": "bridge", "bridge1_id": "bridge1", "bridge_technology": "technology", "bridge2_id": "bridge2",
    "channel2_uniqueid": "second_call", "transferee_channel_uniqueid": "transferee_call",
    "transferee_channel_name": "transferee_channel", "transfer_target_channel_uniqueid": "target_call",
    "transfer_target_channel_name": "target_channel", "extension": "target", "hangupcause": "hangup_cause",
    "hangupsource": "hangup_channel", "dialstatus": "dial_status",
}  # fmt: skip


class Cel:
    """Adapter of asterisk.cel."""

    def dialect(self, feed: Feed) -> Dialect:
        """Comma, double quotes, no header."""
        return Dialect(delimiter=",", quote='"')

    def raw_columns(self, feed: Feed, header: list[str] | None, manifest: Manifest, header_line: int) -> list[str]:
        """The table's columns; of a file the configured ones, or those of the sample mapping."""
        if feed.database is not None:
            return table_columns(manifest, header, {name: (name,) for name in CEL_NEEDED_COLUMNS})
        return list(feed.options.columns or CEL_STANDARD_COLUMNS)

    def absent(self, feed: Feed, columns: Sequence[str]) -> list[str]:
        """None: the form is fixed."""
        return []

    def settings(self, feed: Feed, config: Config) -> object:
        """Columns, and names that must not be masked."""
        return [feed.options.columns, config.own_numbers, config.centre.number_length_internal, agent_names(config)]

    def select(self, context: Context) -> str:
        """See the package's text."""
        have = {name.casefold(): name for name in context.raw_columns}
        zone = context.feed.zone

        def raw(name: str) -> str:
            return f"nullif(trim({quote(have[name])}), '')" if name in have else "null::varchar"

        def extension(name: str) -> str:
            return f"regexp_full_match({name}, '[0-9]{{1,{context.config.centre.number_length_internal}}}')"

        own = "[" + ", ".join(literal(number) for number in context.config.own_numbers) + "]::varchar[]"
        is_number = "regexp_full_match(target, '[+]?[0-9]+')"
        local, absolute = instants("event_at_raw")
        conditions = [
            ("contains(mark, 'n')", "nul_removed"),
            ("extra_said is not null and extra is null", "bad_extra"),
        ]
        if context.clock_changes:
            conditions.append((f"epoch_at is null and {is_doubtful('event_at_local', zone)}", "dst_ambiguous"))
        refusals = [("event is null", "missing_meaning", "'event'", "the record names no event")]
        members = ", ".join(
            f"nullif(nullif(extra ->> '$.{member}', ''), 'N/A') as {name}" for member, name in _EXTRA.items()
        )
        return f"""
            with named as (
                select "#line", coalesce("#mark", '') as mark,
                    {", ".join(f"{raw(column)} as {name}" for column, name in _READ.items())}
                from raw),
            read as (
                select *, case when user_event is not null then 'USER_DEFINED'
                        else upper(coalesce(enum_said, type_said)) end as event,
                    case when json_valid(extra_said) and json_type(try_cast(extra_said as json)) = 'OBJECT'
                        then extra_said::json end as extra,
                    case when regexp_full_match(event_at_raw, '{_EPOCH}')
                        then make_timestamp(cast(split_part(event_at_raw, '.', 1) as bigint) * 1000000
                            + cast(rpad(left(split_part(event_at_raw, '.', 2), 6), 6, '0') as bigint)) end as epoch_at,
                    {local} as event_at_local, {absolute} as event_at_absolute
                from named),
            timed as (
                select *, coalesce(epoch_at, event_at_absolute, {to_utc("event_at_local", zone)}) as event_at,
                    {members}, bare_number(case when not {extension("caller")} then caller end) as bare
                from read),
            numbered as (
                select *, norm_bare(bare) as number from timed)
            select "#line", event_at, event_at_raw, try_cast(id_said as bigint) as record_no,
                mask_text(event) as event, mask_text(user_event) as user_event,
                coalesce(event in ({", ".join(map(literal, EVENTS))}), false) as is_known_event,
                call_id, linked_id, agent_name({bare_channel("channel")}) as channel_peer,
                mask_text(exten) as extension, mask_text(context_said) as context, mask_text(app) as app,
                case when lower(app) = 'queue' then nullif(regexp_extract(appdata, '^[^,|]*'), '') end as queue_id,
                case when {extension("caller")} then caller end as source_extension,
                keyed_hash(number) as caller_hash, mask_number(number) as caller_masked,
                coalesce(bridge, bridge1) as bridge_id, mask_text(technology) as bridge_technology,
                bridge2 as second_bridge_id, second_call as second_call_id, transferee_call as transferee_call_id,
                agent_name({bare_channel("transferee_channel")}) as transferee_peer, target_call as target_call_id,
                agent_name({bare_channel("target_channel")}) as target_peer, mask_text(target) as target_extension,
                case when event = 'BLINDTRANSFER' and target is not null
                    then {is_number} and not {extension("target")} and not list_contains({own}, target) end
                    as is_target_external,
                mask_text(hangup_cause) as hangup_cause, agent_name({bare_channel("hangup_channel")}) as hangup_peer,
                mask_text(dial_status) as dial_status, mask_text(account_code) as account_code,
                event_at as _written_at,
                {flags(conditions)} as flags,
                {case((when, literal(rule)) for when, rule, _, _ in refusals)} as _rule,
                {case((when, column) for when, _, column, _ in refusals)} as _column,
                {case((when, literal(reason)) for when, _, _, reason in refusals)} as _reason
            from numbered"""
