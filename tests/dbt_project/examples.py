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
