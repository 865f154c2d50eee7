"""The worked examples of DECISIONS.md as rows of the lake, and the values that their tables give.

Here belongs: events in, values out, both written by hand. Not here: anything computed.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

DAY = date(2026, 3, 2)
SHANGHAI = timezone(timedelta(hours=8))


def at(clock: str, day: date = DAY) -> datetime:
    """UTC instant (naive) of a Shanghai clock time."""
    hours, minutes, seconds = (int(part) for part in clock.split(":"))
    local = datetime(day.year, day.month, day.day, tzinfo=SHANGHAI) + timedelta(
        hours=hours, minutes=minutes, seconds=seconds
    )
    return local.astimezone(UTC).replace(tzinfo=None)


def line(clock: str, call: str | None, queue: str | None, agent: str | None, event: str, *data: Any) -> dict[str, Any]:
    """One row of asterisk.queue_log."""
    row: dict[str, Any] = {
        "dt": DAY,
        "event_at": at(clock),
        "call_id": call,
        "queue_id": queue,
        "agent_raw": agent,
        "event": event,
        "is_known_event": True,
    }
    for number, value in enumerate(data, 1):
        row[f"data{number}"] = None if value is None else str(value)
    return row


def cdr(start: str, call: str, disposition: str, answer: str | None, end: str, **more: Any) -> dict[str, Any]:
    """One row of asterisk.cdr."""
    return {
        "dt": DAY,
        "started_at": at(start),
        "call_id": call,
        "linked_id": call,
        "direction": "inbound",
        "disposition": disposition,
        "answered_at": None if answer is None else at(answer),
        "ended_at": at(end),
        "dialled_number": "4008001001",
    } | more


QUEUES = [
    {
        "queue_id": "sales",
        "timezone": "Asia/Shanghai",
        "sl_target_s": 20,
        "sl_target_rate": 0.8,
        "short_abandon_s": 5,
        "anomalous_short_s": 5,
        "valid_from": date(1900, 1, 1),
    }
]
NUMBERS = [{"dialled_number": "4008001001", "channel_id": "voice_400"}]

# Decision 1: ten inbound calls.
CALLS_LOG = [
    line("10:00:00", "c1", "sales", None, "ENTERQUEUE", None, None, 1),
    line("10:00:08", "c1", "sales", "A1", "CONNECT", 8, "x", 3),
    line("10:01:48", "c1", "sales", "A1", "COMPLETECALLER", 8, 100, 1),
    line("10:01:48", None, None, "A1", "PAUSE", "ACW"),
    line("10:02:08", None, None, "A1", "UNPAUSE", "ACW"),
    line("10:05:00", "c2", "sales", None, "ENTERQUEUE", None, None, 1),
    line("10:05:20", "c2", "sales", "A1", "CONNECT", 20, "x", 4),
    line("10:06:10", "c2", "sales", "A1", "COMPLETEAGENT", 20, 50, 1),
    line("10:10:00", "c3", "sales", None, "ENTERQUEUE", None, None, 1),
    line("10:10:21", "c3", "sales", "A1", "CONNECT", 21, "x", 5),
    line("10:11:21", "c3", "sales", "A1", "COMPLETECALLER", 21, 60, 1),
    line("10:20:00", "c4", "sales", None, "ENTERQUEUE", None, None, 1),
    line("10:20:04", "c4", "sales", None, "ABANDON", 1, 1, 4),
    line("10:21:00", "c5", "sales", None, "ENTERQUEUE", None, None, 1),
    line("10:21:05", "c5", "sales", None, "ABANDON", 1, 1, 5),
    line("10:22:00", "c6", "sales", None, "ENTERQUEUE", None, None, 1),
    line("10:22:35", "c6", "sales", None, "ABANDON", 1, 1, 35),
    line("10:30:00", "c7", "sales", None, "ENTERQUEUE", None, None, 1),
    line("10:32:00", "c7", "sales", None, "EXITWITHTIMEOUT", 1, 1, 120),
]
CALLS_CDR = [
    cdr("10:40:00", "c8", "CONGESTION", None, "10:40:00"),
    cdr("10:41:00", "c9", "ANSWERED", "10:41:01", "10:41:12"),
    cdr(
        "10:42:00",
        "c10",
        "ANSWERED",
        "10:42:06",
        "10:42:46",
        destination_peer="PJSIP/1002",
        last_app="Dial",
        billsec_s=40,
    ),
]
CALLS_VALUES = {
    ("M002", "all", None): 10,
    ("M014", "inbound", None): 0.3,
    ("M021", "offered_net_short", None): 3 / 7,
    ("M021", "offered", None): 3 / 8,
    ("M021", "total_inbound", None): 3 / 10,
    ("M021", "answered", None): 3 / 4,
    ("M021", "answered_plus_late_abandoned", None): 3 / 5,
    ("M021", "icmi", None): 5 / 7,
    ("M021", "cisco_ignore", None): 3 / 6,
    ("M021", "cisco_negative", None): 3 / 7,
    ("M021", "cisco_positive", None): 4 / 7,
    ("M021", "connect", None): 4 / 7,
    ("M021", "genesys", None): 3 / 7,
    ("M022", "contact_start", None): 13.75,
    ("M022", "queue_entry", None): 49 / 3,
    ("M024", "answered", None): 12.25,
    ("M024", "offered", None): 26.625,
    ("M025", "queued", None): 213 / 7,
    ("M026", "queued", None): 120,
    ("M029", "asked_for_agent", None): 4 / 9,
    ("M030", "asked_for_agent", None): 4 / 9,
    ("M030", "total_inbound", None): 4 / 10,
    ("M033", "offered_net_short", None): 2 / 7,
    ("M033", "total_inbound", None): 3 / 10,
    ("M033", "offered", None): 3 / 8,
    ("M034", "queued_net_short", None): 2 / 6,
    ("M034", "queued", None): 3 / 7,
    ("M035", "bucket", "le_10"): 2 / 3,
    ("M035", "bucket", "gt_10_le_30"): 0,
    ("M035", "bucket", "gt_30_le_60"): 1 / 3,
    ("M035", "cumulative", "within_30"): 2 / 3,
    ("M035", "cumulative", "within_60"): 1,
    ("M036", "bucket", "le_10"): 2 / 3,
    ("M036", "bucket", "gt_10_le_30"): 0,
    ("M036", "bucket", "gt_30_le_60"): 1,
    ("M036", "bucket", "gt_60_le_120"): 0,
    ("M040", "answered", None): 4,
    ("M041", "all", None): 6,
    ("M042", "all", "caller_hangup"): 0.4,
    ("M042", "all", "not_connected"): 0.2,
    ("M042", "all", "completed"): 0.4,
    ("M061", "contact", None): 67.5,
    ("M062", "contact", None): 62.5,
    ("M177", "attempts", None): 0.9,
    ("M063", "all", None): 250,
    ("M064", "max", None): 100,
    ("M064", "min", None): 40,
}

# Decision 2: one agent's date.
AGENT_LOG = [
    line("09:00:00", None, "sales", "A1", "ADDMEMBER"),
    line("09:09:58", "k1", "sales", None, "ENTERQUEUE", None, None, 1),
    line("09:10:05", "k1", "sales", "A1", "CONNECT", 7, "x", 5),
    line("09:20:05", "k1", "sales", "A1", "COMPLETECALLER", 7, 600, 1),
    line("09:20:05", None, None, "A1", "PAUSE", "ACW"),
    line("09:21:05", None, None, "A1", "UNPAUSE", "ACW"),
    line("09:30:00", None, None, "A1", "PAUSE", "break"),
    line("09:45:00", None, None, "A1", "PAUSE", "meeting"),
    line("09:50:00", None, None, "A1", "UNPAUSE", "meeting"),
    line("09:49:55", "k2", "sales", None, "ENTERQUEUE", None, None, 1),
    line("09:50:15", "k2", "sales", "A1", "RINGNOANSWER", 15000),
    line("09:50:20", "k2", "sales", None, "ABANDON", 1, 1, 25),
    line("10:00:00", None, "sales", "A1", "REMOVEMEMBER"),
    line("11:00:00", None, "sales", "A1", "ADDMEMBER"),
    line("11:30:00", None, "sales", "A1", "REMOVEMEMBER"),
]
AGENT_STATES = {"ready": 3520, "ringing": 20, "talk": 600, "acw": 60, "break": 900, "busy": 300}
AGENT_VALUES = {
    ("M065", "logged_in", None): 600 / 5400,
    ("M066", "utilisation_s1", None): 660 / 4500,
    ("M066", "occupancy", None): 660 / 4200,
    ("M067", "all", None): 1,
    ("M068", "all", None): 1,
    ("M069", "inbound", None): 1,
    ("M070", "agent_day", None): 1,
    ("M070", "fte_day", None): 28800 / 5400,
    ("M071", "all", None): 5400,
    ("M072", "all", None): 3600,
}

# Decision 15: transfers, a week after decision 1.
TRANSFER_DAY = DAY + timedelta(days=7)


def on(day: date, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows of the queue log or the CDR, moved from decision 1's date to another."""
    moved = day - DAY
    return [{name: value + moved if isinstance(value, date) else value for name, value in row.items()} for row in rows]


def cel(clock: str, call: str, linked: str, event: str, peer: str | None = None, **more: Any) -> dict[str, Any]:
    """One row of asterisk.cel; a fraction of a second stands behind a point."""
    seconds, _, fraction = clock.partition(".")
    row = {
        "dt": TRANSFER_DAY,
        "event_at": at(seconds, TRANSFER_DAY) + timedelta(seconds=float(f"0.{fraction or 0}")),
        "event": event,
        "is_known_event": True,
        "call_id": call,
        "linked_id": linked,
        "channel_peer": peer,
    }
    return row | more


AGENTS = [
    {"agent_id": agent, "agent_raw": name, "valid_from": date(1900, 1, 1)}
    for agent, names in {"A1": ["PJSIP/1001"], "A2": ["PJSIP/1002", "1002"], "A3": ["PJSIP/1003"]}.items()
    for name in names
]
TRANSFER_LOG = on(
    TRANSFER_DAY,
    [
        line("10:00:00", "t-c1", "sales", None, "ENTERQUEUE", None, None, 1),
        line("10:00:10", "t-c1", "sales", "PJSIP/1001", "CONNECT", 10, "x", 3),
        line("10:05:00", "t-c1", "sales", "PJSIP/1001", "BLINDTRANSFER", "600", "default", 10, 290, 1),
        line("10:05:01", "t-c1", "support", None, "ENTERQUEUE", None, None, 1),
        line("10:05:20", "t-c1", "support", "PJSIP/1002", "CONNECT", 19, "x", 3),
        line("10:08:00", "t-c1", "support", "PJSIP/1002", "ATTENDEDTRANSFER", "BRIDGE", "x", 19, 160, 1),
    ],
)
TRANSFER_CDR = on(
    TRANSFER_DAY,
    [
        cdr("10:20:00", "t-c2", "ANSWERED", "10:20:05", "10:20:50", destination_peer="PJSIP/1001", last_app="Dial"),
        cdr("10:29:00", "t-i1", "ANSWERED", "10:29:05", "10:31:00", direction="internal", last_app="Dial"),
    ],
)
TRANSFER_CEL = [
    cel("10:05:00.4", "t-a1", "t-c1", "BLINDTRANSFER", "PJSIP/1001", transferee_call_id="t-c1", target_extension="600",
        is_target_external=False),
    cel("10:08:01.1", "t-a2", "t-c1", "ATTENDEDTRANSFER", "PJSIP/1002", target_peer="PJSIP/1003"),
    cel("10:11:00.2", "t-a3", "t-c1", "BLINDTRANSFER", "PJSIP/1003", transferee_call_id="t-c1",
        target_extension="138****5678", is_target_external=True),
    cel("10:11:09", "t-c1", "t-c1", "BRIDGE_ENTER", "PJSIP/trunk", bridge_technology="simple_bridge"),
    cel("10:20:30", "t-a4", "t-c2", "BLINDTRANSFER", "PJSIP/1001", transferee_call_id="t-c2", target_extension="1002",
        is_target_external=False),
    cel("10:20:50", "t-c2", "t-c2", "HANGUP", "PJSIP/trunk"),
    cel("10:30:00", "t-a5", "t-i1", "BLINDTRANSFER", "PJSIP/1001", transferee_call_id="t-i2", target_extension="1002",
        is_target_external=False),
]  # fmt: skip
TRANSFERS = {
    # contact, kind, from, to agent, to queue, external, completed, in the queue log, in CEL
    ("asterisk:t-c1", "blind", "A1", None, "support", False, True, True, True),
    ("asterisk:t-c1", "attended", "A2", "A3", None, False, True, True, True),
    ("asterisk:t-c1", "blind", "A3", None, None, True, True, False, True),
    ("asterisk:t-c2", "blind", "A1", "A2", None, False, False, False, True),
    (None, "blind", "A1", "A2", None, False, None, False, True),
}

# Decision 15: contacts, two weeks after decision 1.
MATCH_DAY = DAY + timedelta(days=14)


def listed(clock: str, contact: str, caller: str, line_called: str | None, call: str | None = None) -> dict[str, Any]:
    """One row of canonical.contact: a CRM's call list."""
    return {
        "dt": MATCH_DAY,
        "contact_id": contact,
        "started_at": at(clock, MATCH_DAY),
        "direction": "inbound",
        "outcome": "no_answer",
        "caller_hash": caller,
        "caller_number_type": "mobile",
        "dialled_number": line_called,
        "telephony_call_id": call,
        "issue_id": f"issue of {contact}",
        "flags": None,
    }


MATCH_CDR = on(
    MATCH_DAY,
    [
        cdr(clock, call, "NO ANSWER", None, end, customer_hash=caller, customer_number_type="mobile",
            dialled_number=line_called)
        for clock, end, call, caller, line_called in (
            ("10:00:00", "10:00:04", "m-a1", "X", "4008001001"),
            ("10:00:06", "10:00:09", "m-a2", "X", "4008001001"),
            ("10:10:00", "10:10:09", "m-a3", "Y", "4008001001"),
            ("10:20:00", "10:20:09", "m-a4", "Z", "4008001002"),
            ("10:30:00", "10:30:09", "m-a5", "W", "4008001001"),
        )
    ],
)  # fmt: skip
MATCH_LIST = [
    listed("10:00:01", "m-k1", "X", "4008001001"),
    listed("10:00:05", "m-k2", "X", "4008001001"),
    listed("10:10:11", "m-k3", "Y", "4008001001"),
    listed("10:20:02", "m-k4", "Z", "4008001001"),
    listed("11:59:00", "m-k5", "W", None, "m-a5"),
    listed("10:10:00", "m-k6", "Y", "4008001001", "m-none"),
]
CONTACTS = {
    # contact, second record, rule, ambiguous
    ("asterisk:m-a1", "canonical:m-k1", "number_and_start", True),
    ("asterisk:m-a2", "canonical:m-k2", "number_and_start", True),
    ("asterisk:m-a3", None, None, False),
    ("asterisk:m-a4", None, None, False),
    ("asterisk:m-a5", "canonical:m-k5", "call_id", False),
    ("canonical:m-k3", None, None, False),
    ("canonical:m-k4", None, None, False),
    ("canonical:m-k6", None, None, False),
}
