"""Asterisk's queue_log: one event a line, fields between vertical bars.

    time|call id|queue|agent|event|parameter 1|…

Parameters as in Asterisk's documentation ("Queue Logs"). An event it does not list (a dial plan can write any) is kept
and marked; telephone numbers in parameters that are no plain numbers by definition are masked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from orchestration.config import Config, Feed
from orchestration.extract.adapters import LONGEST_S, Context
from orchestration.extract.engine import case, flags
from orchestration.extract.expressions import literal
from orchestration.extract.landing import Manifest
from orchestration.extract.text import TAIL_MARK, Dialect

# Event -> its parameters: n a number (seconds, a position), m milliseconds, u a unique id, t a text; in brackets what
# older versions of Asterisk don't write.
EVENTS: dict[str, str] = {
    "ABANDON": "nnn",
    "ADDMEMBER": "",
    "AGENTCALLBACKLOGIN": "t",
    "AGENTCALLBACKLOGOFF": "tn(t)",
    "AGENTDUMP": "",
    "AGENTLOGIN": "t",
    "AGENTLOGOFF": "tn",
    "ATTENDEDTRANSFER": "t(tttt)",
    "BLINDTRANSFER": "tt(nnn)",
    "COMPLETEAGENT": "nn(n)",
    "COMPLETECALLER": "nn(n)",
    "CONFIGRELOAD": "",
    "CONNECT": "n(un)",
    "DID": "t",
    "ENTERQUEUE": "(t)(t)(n)",
    "EXITEMPTY": "n(nn)",
    "EXITWITHKEY": "tn(nn)",
    "EXITWITHTIMEOUT": "n(nn)",
    "INFO": "",
    "PAUSE": "(t)",
    "PAUSEALL": "(t)",
    "PENALTY": "n",
    "QUEUESTART": "",
    "REMOVEMEMBER": "",
    "RINGCANCELED": "m",
    "RINGNOANSWER": "m",
    "SYSCOMPAT": "",
    "TRANSFER": "tt(nnn)",
    "UNPAUSE": "(t)",
    "UNPAUSEALL": "(t)",
}
NEEDS_CALL = (
    "ABANDON", "AGENTDUMP", "ATTENDEDTRANSFER", "BLINDTRANSFER", "COMPLETEAGENT", "COMPLETECALLER", "CONNECT", "DID",
    "ENTERQUEUE", "EXITEMPTY", "EXITWITHKEY", "EXITWITHTIMEOUT", "RINGCANCELED", "RINGNOANSWER", "TRANSFER",
)  # fmt: skip
NEEDS_AGENT = (
    "ADDMEMBER", "AGENTCALLBACKLOGIN", "AGENTCALLBACKLOGOFF", "AGENTLOGIN", "AGENTLOGOFF", "PAUSE", "PAUSEALL",
    "REMOVEMEMBER", "UNPAUSE", "UNPAUSEALL",
)  # fmt: skip
NO_CALL = ("NONE", "MANAGER", "REALTIME")
_DELIMITER = "\x1f"  # stands in no log; the line's own bars are split by SQL, as their number varies
_PARAMETERS = 5
_MOST = {"n": LONGEST_S, "m": 1000 * LONGEST_S}


class QueueLog:
    """Adapter of asterisk.queue_log."""

    def dialect(self, feed: Feed) -> Dialect:
        """A line is a record."""
        return Dialect(delimiter=_DELIMITER)

    def raw_columns(self, feed: Feed, header: list[str] | None, manifest: Manifest, header_line: int) -> list[str]:
        """The whole line."""
        return ["line"]

    def absent(self, feed: Feed, columns: Sequence[str]) -> list[str]:
        """None: the form is fixed."""
        return []

    def settings(self, feed: Feed, config: Config) -> object:
        """Names that must not be masked."""
        return [config.own_numbers, agent_names(config)]

    def select(self, context: Context) -> str:
        """See the package's text."""
        known = _in("event", EVENTS)
        numbers = {
            (index, kind): [e for e, kinds in EVENTS.items() if _kind(kinds, index) == kind]
            for index in range(_PARAMETERS)
            for kind in _MOST
        }
        data = ",\n".join(_value(index, {kind: numbers[index, kind] for kind in _MOST}) for index in range(_PARAMETERS))
        conditions = [("contains(mark, 'n')", "nul_removed")]
        for (index, kind), events in numbers.items():
            raw, name = f"p{index + 1}", f"data{index + 1}"
            if events:
                is_number = _in("event", events)
                negative = f"regexp_full_match({raw}, '-[0-9]+([.][0-9]+)?')"
                conditions.append((f"{is_number} and {negative}", f"negative_{name}"))
                conditions.append((f"{is_number} and {raw} is not null and not {negative} and not {_number(raw, kind)}",
                                   f"bad_{name}"))  # fmt: skip
        least = case((f"event = {literal(e)}", str(len(k.split("(")[0]))) for e, k in EVENTS.items())
        tail = f"contains(mark, '{TAIL_MARK}')"
        refusals = [
            ("fields < 5", "too_few_fields", "null", "the line has fewer than the five fields of every queue_log line"),
            (f"{tail} and (fields - 5 < coalesce({least}, 1))", "truncated_line", "null",
             "the last line of the file breaks off"),
            ("event is null", "missing_meaning", "'event'", "the line names no event"),
            (f"call_id is null and {_in('event', NEEDS_CALL)}", "missing_key", "'call_id'",
             "an event of a call that names no call"),
            (f"agent_raw is null and {_in('event', NEEDS_AGENT)}", "missing_key", "'agent_raw'",
             "an event of an agent that names no agent"),
        ]  # fmt: skip
        return f"""
            with split as (
                select "#line", coalesce("#mark", '') as mark, string_split(line, '|') as f from raw),
            named as (
                select "#line", mark, len(f) as fields,
                    trim(f[1]) as event_at_raw,
                    nullif(nullif(trim(f[2]), ''), 'NONE') as called,
                    nullif(nullif(trim(f[3]), ''), 'NONE') as queue_id,
                    nullif(nullif(trim(f[4]), ''), 'NONE') as agent_raw,
                    nullif(upper(trim(f[5])), '') as event,
                    nullif(trim(f[6]), '') as p1, nullif(trim(f[7]), '') as p2, nullif(trim(f[8]), '') as p3,
                    nullif(trim(f[9]), '') as p4, nullif(trim(array_to_string(f[10:], '|')), '') as p5
                from split),
            timed as (
                select * exclude (called),
                    case when called not in ({_list(NO_CALL)}) then called end as call_id,
                    case when regexp_full_match(event_at_raw, '[0-9]{{1,11}}([.][0-9]{{1,9}})?')
                        then make_timestamp(cast(split_part(event_at_raw, '.', 1) as bigint) * 1000000
                            + cast(rpad(left(split_part(event_at_raw, '.', 2), 6), 6, '0') as bigint)) end as event_at,
                    bare_number(case when event = 'ENTERQUEUE' then p2 end) as bare
                from named),
            numbered as (
                select *, norm_bare(bare) as number from timed)
            select "#line", event_at, event_at_raw, call_id, queue_id, agent_name(agent_raw) as agent_raw,
                mask_text(event) as event, coalesce({known}, false) as is_known_event,
                {data},
                keyed_hash(number) as caller_hash, mask_number(number) as caller_masked,
                number_prefix(number, number_type(number)) as caller_prefix,
                case when event = 'ENTERQUEUE' then number_type(number) end as caller_number_type,
                event_at as _written_at,
                {flags(conditions)} as flags,
                {case((when, literal(rule)) for when, rule, _, _ in refusals)} as _rule,
                {case((when, column) for when, _, column, _ in refusals)} as _column,
                {case((when, literal(reason)) for when, _, _, reason in refusals)} as _reason
            from numbered"""


def agent_names(config: Config) -> tuple[str, ...]:
    """Names of agents that the configuration gives, sorted."""
    return tuple(sorted({name for agent in config.agents for name in agent.names}))


def _kind(kinds: str, index: int) -> str:
    plain = kinds.replace("(", "").replace(")", "")
    return plain[index] if index < len(plain) else ""


def _list(words: tuple[str, ...] | list[str] | dict[str, str]) -> str:
    return ", ".join(literal(word) for word in words)


def _in(column: str, words: tuple[str, ...] | list[str] | dict[str, str]) -> str:
    return f"{column} in ({_list(words)})"


def _number(raw: str, kind: str) -> str:
    return (
        f"case when regexp_full_match({raw}, '[0-9]{{1,10}}([.][0-9]+)?') "
        f"then cast({raw} as double) <= {_MOST[kind]} else false end"
    )


def _value(index: int, numeric: Mapping[str, list[str]]) -> str:
    """The lake's value of one parameter: a number where the event has one, never the caller's, else a masked text."""
    raw, name = f"p{index + 1}", f"data{index + 1}"
    arms = [
        (_in("event", events), f"case when {_number(raw, kind)} then {raw} end")
        for kind, events in numeric.items()
        if events
    ]
    callers = [event for event, kinds in EVENTS.items() if event == "ENTERQUEUE" and index == 1]
    if callers:
        arms.append((_in("event", callers), "null"))
    unique_ids = [event for event, kinds in EVENTS.items() if _kind(kinds, index) == "u"]
    if unique_ids:
        is_id = f"regexp_full_match({raw}, '([A-Za-z][A-Za-z0-9_.-]*-)?[0-9]{{9,10}}[.][0-9]+')"
        arms.append((f"{_in('event', unique_ids)} and {is_id}", raw))
    return f"{case(arms, f'mask_text({raw})')} as {name}"
