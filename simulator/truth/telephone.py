"""KPIs of calls, queues and agents, counted from a simulated history.

Belongs here: the rulings on these KPIs, once more and independently of the warehouse, over the records of `events`.
Does not belong here: anything read from a file, SQL, or code shared with the warehouse.

Method: each record adds to a cell of named sums (a `Cell`) at the finest grain; cells are rolled up; a KPI is the
quotient of two sums, taken last. Three families of cells exist because the same words count different things:
contacts (centre level, by the hour of first queue entry or of the start), visits (queue level, by the hour of entry)
and agents (by agent and date: conversations and rings by their end, states split at midnight). Handling time per
contact goes by the end of the contact, per conversation by the end of the conversation.
"""

from __future__ import annotations

import bisect
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import TypeVar

from simulator.events import CentreRules, Contact, History, Leg, Presence, QueueRules, Ring, Visit
from simulator.truth.values import Cell, Formula, Value

K = TypeVar("K", bound=Hashable)
L = TypeVar("L", bound=Hashable)

BUCKETS = (("le_10", 10), ("gt_10_le_30", 30), ("gt_30_le_60", 60), ("gt_60_le_120", 120), ("gt_120", None))
WITHIN = (10, 30, 60, 120)
LONG_TALK = Fraction(995, 1000)
REASONS = {
    "abandoned_ivr": "caller_hangup",
    "abandoned_queue": "caller_hangup",
    "short_abandon": "caller_hangup",
    "failed": "not_connected",
    "blocked": "not_connected",
    "busy": "not_connected",
    "no_answer": "not_connected",
    "flow_out": "not_connected",
    "answered": "completed",
}


# --- formulas -------------------------------------------------------------------------------------------------------

_NOT_ANSWERED_IN_TIME = ("late", "aband_late", "flow_out_late")
_HANGUPS = ("abandoned", "short")

SERVICE_LEVEL = (
    Formula("M021", "offered_net_short", ("in_sl",), ("offered", "-short")),
    Formula("M021", "offered", ("in_sl",), ("offered",)),
    Formula("M021", "total_inbound", ("in_sl",), ("inbound",)),
    Formula("M021", "answered", ("in_sl",), ("answered",)),
    Formula("M021", "answered_plus_late_abandoned", ("in_sl",), ("answered", "aband_late")),
    Formula("M021", "icmi", ("in_sl", "hangups_in_sl"), ("answered", *_HANGUPS)),
    Formula("M021", "cisco_ignore", ("in_sl",), ("in_sl", *_NOT_ANSWERED_IN_TIME)),
    Formula("M021", "cisco_negative", ("in_sl",), ("in_sl", "aband_in_sl", *_NOT_ANSWERED_IN_TIME)),
    Formula("M021", "cisco_positive", ("in_sl", "aband_in_sl"), ("in_sl", "aband_in_sl", *_NOT_ANSWERED_IN_TIME)),
    Formula("M021", "connect", ("in_sl_queued", "hangups_in_sl"), ("queued",)),
    Formula("M021", "genesys", ("in_sl",), ("answered", "abandoned", "flow_out")),
)
WAITING = (
    Formula("M024", "answered", ("wait_answered_s",), ("answered",)),
    Formula("M024", "offered", ("wait_offered_s",), ("offered",)),
)
QUEUEING = (
    Formula("M025", "queued", ("wait_queued_s",), ("queued",)),
    Formula("M026", "queued", ("max_wait_s",), is_extreme=True),
)
_CONNECTED_ALL = ("answered", "out_answered")
CONNECT_RATES = (
    ("overall", _CONNECTED_ALL, ("offered", "not_through", "outbound")),
    ("inbound", ("answered",), ("offered", "not_through")),
    ("outbound", ("out_answered",), ("outbound",)),
)
CONNECTING = (
    Formula("M029", "asked_for_agent", *CONNECT_RATES[0][1:]),
    Formula("M029", "total", _CONNECTED_ALL, ("inbound", "outbound")),
    Formula("M030", "asked_for_agent", *CONNECT_RATES[1][1:]),
    Formula("M030", "total_inbound", ("answered",), ("inbound",)),
    Formula("M031", "attempts", *CONNECT_RATES[2][1:]),
)
CONNECTING_BY_HOUR = tuple(Formula("M032", *rate) for rate in CONNECT_RATES)
ABANDONING = (
    Formula("M033", "offered_net_short", ("abandoned",), ("offered", "-short")),
    Formula("M033", "total_inbound", _HANGUPS, ("inbound",)),
    Formula("M033", "offered", _HANGUPS, ("offered",)),
    Formula("M034", "queued_net_short", ("abandoned",), ("queued", "-short")),
    Formula("M034", "queued", _HANGUPS, ("queued",)),
)
ABANDONING_BY_WAIT = (
    *(Formula("M035", "bucket", (f"hangup_{name}",), _HANGUPS, name) for name, _ in BUCKETS),
    *(Formula("M035", "cumulative", (f"hangup_within_{s}",), _HANGUPS, f"within_{s}") for s in WITHIN),
    *(Formula("M036", "bucket", (f"hangup_{name}",), (f"left_{name}",), name) for name, _ in BUCKETS),
)
VOLUME = (
    Formula("M001", "all", ("contacts",)),
    Formula("M001", "valid", ("contacts", "-invalid")),
    Formula("M002", "all", ("inbound",)),
    Formula("M002", "valid", ("inbound", "-invalid_inbound")),
    Formula("M003", "all", ("outbound",)),
    Formula("M003", "valid", ("outbound", "-invalid_outbound")),
)
FLAGS = (
    Formula("M041", "all", ("unanswered",)),
    *(
        Formula("M042", "all", (f"reason_{reason}",), ("contacts",), reason)
        for reason in ("caller_hangup", "not_connected", "completed")
    ),
    Formula("M081", "all", ("anomalous",)),
    Formula("M082", "total", ("invalid",)),
    Formula("M082", "talk", ("invalid_talk",)),
)
HANDLING = (
    Formula("M061", "contact", ("handle_s",), ("handled",)),
    Formula("M062", "contact", ("talk_s",), ("handled",)),
)
HANDLING_PER_LEG = (
    Formula("M061", "agent", ("handle_s",), ("legs",)),
    Formula("M062", "agent", ("talk_s",), ("legs",)),
    Formula("M063", "all", ("talk_s",)),
    Formula("M064", "max", ("max_talk_s",), is_extreme=True),
    Formula("M064", "min", ("min_talk_s",), is_extreme=True),
    Formula("M067", "all", ("legs",)),
)
RINGING = (
    Formula("M040", "answered", ("ring_answered_s",), ("rings_answered",)),
    Formula("M040", "offers", ("ring_s",), ("rings",)),
)
WORKLOAD = (
    *RINGING,
    Formula("M065", "logged_in", ("state_talk",), ("logged_in_s",)),
    Formula("M066", "utilisation_s1", ("state_talk", "state_acw"), ("logged_in_s", "-state_break")),
    Formula(
        "M066",
        "occupancy",
        ("state_talk", "state_acw"),
        ("state_talk", "state_acw", "state_ready", "state_ringing"),
    ),
    Formula("M068", "all", ("rings_unanswered",)),
    Formula("M069", "inbound", ("legs_inbound",)),
    Formula("M069", "per_agent_day", ("legs_inbound",), ("agent_days",)),
    Formula("M070", "agent_day", ("legs",), ("agent_days",)),
    Formula("M070", "fte_day", ("legs",), ("logged_in_s",), denominator_unit=28800),
    Formula("M071", "all", ("logged_in_s",)),
    Formula("M072", "all", ("offline_s",)),
)

ACCESS_AT_CENTRE = (*VOLUME, *SERVICE_LEVEL, *WAITING, *CONNECTING, *ABANDONING)
AT_CENTRE = (*ACCESS_AT_CENTRE, *QUEUEING, *ABANDONING_BY_WAIT, *FLAGS)
BY_HOUR_OF_DAY = (*ACCESS_AT_CENTRE, *CONNECTING_BY_HOUR)
BY_QUEUE = tuple(
    formula
    for formula in (*SERVICE_LEVEL, *WAITING, *QUEUEING, *CONNECTING, *ABANDONING, *ABANDONING_BY_WAIT)
    if formula.kpi_id not in ("M029", "M031") and formula.variant != "total_inbound"
)
BY_AGENT = (*HANDLING_PER_LEG, *WORKLOAD)


# --- one contact ----------------------------------------------------------------------------------------------------


def wait_s(contact: Contact) -> int:
    """Seconds from the first queue entry to the first answer, or to leaving the last queue; 0 without a queue."""
    if not contact.visits:
        return 0
    answered = (visit for visit in contact.visits if visit.exit_kind == "answered")
    last = next(answered, contact.visits[-1])
    return last.left_at - contact.visits[0].entered_at


def outcome(contact: Contact, rules: CentreRules) -> str:
    """The one outcome of a contact, a key of `REASONS`."""
    if contact.legs:
        return "answered"
    if contact.visits:
        if contact.visits[-1].exit_kind != "abandoned":
            return "flow_out"
        limit = rules.queues[contact.visits[0].queue_id].short_abandon_s
        return "short_abandon" if wait_s(contact) < limit else "abandoned_queue"
    by_disposition = {"CONGESTION": "blocked", "FAILED": "failed", "NO ANSWER": "no_answer", "BUSY": "busy"}
    return by_disposition.get(contact.disposition, "abandoned_ivr")


def counted_at(contact: Contact) -> int:
    """First queue entry, or the start of a contact that never queued."""
    return contact.visits[0].entered_at if contact.visits else contact.started_at


def is_invalid(contact: Contact, rules: CentreRules) -> bool:
    """Connected by the system, and over before it lasted `invalid_call_s`."""
    return contact.answered_at is not None and contact.ended_at - contact.answered_at < rules.invalid_call_s


def talk_s(contact: Contact) -> int:
    """Seconds of conversation, summed over legs."""
    return sum(leg.talk_s for leg in contact.legs)


# --- cells of contacts and visits -----------------------------------------------------------------------------------


def _add_access(cell: Cell, how: str, wait: int, target_s: int, *, is_queued: bool) -> None:
    """Count one offered contact or visit; `how` is answered, abandoned, short or flow_out."""
    in_time = wait <= target_s
    cell["offered"] += 1
    cell[how] += 1
    cell["wait_offered_s"] += wait
    if how == "answered":
        cell["wait_answered_s"] += wait
        cell["in_sl" if in_time else "late"] += 1
        if in_time and is_queued:
            cell["in_sl_queued"] += 1
    elif how == "abandoned":
        cell["aband_in_sl" if in_time else "aband_late"] += 1
    elif how == "flow_out" and not in_time:
        cell["flow_out_late"] += 1
    if not is_queued:
        return
    cell["queued"] += 1
    cell["wait_queued_s"] += wait
    cell["max_wait_s"] = max(cell.get("max_wait_s", 0), wait)
    bucket = next(name for name, upper in BUCKETS if upper is None or wait <= upper)
    cell[f"left_{bucket}"] += 1
    if how in _HANGUPS:
        cell[f"hangup_{bucket}"] += 1
        cell["hangups_in_sl"] += in_time
        for limit in WITHIN:
            cell[f"hangup_within_{limit}"] += wait <= limit


_HOW = {"abandoned_queue": "abandoned", "short_abandon": "short"}


def _add_contact(cell: Cell, contact: Contact, rules: CentreRules, *, is_anomalous: bool) -> None:
    """Count one contact by what became of it."""
    result = outcome(contact, rules)
    cell["contacts"] += 1
    cell[contact.direction] += 1
    cell[f"reason_{REASONS[result]}"] += 1
    cell["anomalous"] += is_anomalous
    if is_invalid(contact, rules):
        cell["invalid"] += 1
        cell[f"invalid_{contact.direction}"] += 1
    if contact.legs and talk_s(contact) < rules.invalid_call_s:
        cell["invalid_talk"] += 1
    if contact.direction == "outbound":
        cell["out_answered"] += result == "answered"
        return
    cell["unanswered"] += result != "answered"
    cell["not_through"] += result in ("blocked", "failed")
    if contact.visits or contact.legs:
        target = rules.queues[contact.visits[0].queue_id].sl_target_s if contact.visits else rules.sl_target_s
        _add_access(cell, _HOW.get(result, result), wait_s(contact), target, is_queued=bool(contact.visits))


def _add_visit(cell: Cell, visit: Visit, queue: QueueRules) -> None:
    """Count one visit to a queue by its own wait and exit."""
    how = "flow_out"
    if visit.exit_kind == "answered":
        how = "answered"
    elif visit.exit_kind == "abandoned":
        how = "short" if visit.wait_s < queue.short_abandon_s else "abandoned"
    _add_access(cell, how, visit.wait_s, queue.sl_target_s, is_queued=True)


def _add_talk(cell: Cell, leg: Leg, acw_s: int) -> None:
    """Count one conversation and the after-call work that belongs to it."""
    talk = leg.talk_s
    cell["legs"] += 1
    cell["legs_inbound"] += leg.kind != "outbound"
    cell["talk_s"] += talk
    cell["handle_s"] += talk + acw_s
    cell["max_talk_s"] = max(cell.get("max_talk_s", talk), talk)
    cell["min_talk_s"] = min(cell.get("min_talk_s", talk), talk)


def _add_ring(cell: Cell, ring: Ring) -> None:
    """Count one ring attempt."""
    seconds = ring.ended_at - ring.started_at
    cell["rings"] += 1
    cell["ring_s"] += seconds
    if ring.answered:
        cell["rings_answered"] += 1
        cell["ring_answered_s"] += seconds
    else:
        cell["rings_unanswered"] += 1


def anomalous(contacts: list[Contact], rules: CentreRules) -> set[str]:
    """Ids of answered contacts with very short or very long talk.

    Long is above the 99.5th percentile (linear interpolation) of the answered contacts of the same local date (of
    `counted_at`), direction and last answering queue, or above the queue's own limit where it sets one.
    """
    groups: dict[tuple[int, str, str | None], list[tuple[int, str]]] = defaultdict(list)
    for contact in contacts:
        if contact.legs:
            queue_id = next((leg.queue_id for leg in reversed(contact.legs) if leg.queue_id), None)
            day = _local(counted_at(contact), rules) // 86400
            groups[day, contact.direction, queue_id].append((talk_s(contact), contact.contact_id))
    found: set[str] = set()
    for (_, _, queue_id), talks in groups.items():
        own_limit = rules.queues[queue_id].anomalous_long_s if queue_id else None
        long_s = percentile([t for t, _ in talks], LONG_TALK) if own_limit is None else Fraction(own_limit)
        found.update(i for t, i in talks if t < rules.anomalous_short_s or t > long_s)
    return found


def percentile(values: list[int], share: Fraction) -> Fraction:
    """Percentile by linear interpolation between the two nearest ranks, exact."""
    ordered = sorted(values)
    rank = share * (len(ordered) - 1)
    low = int(rank)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (rank - low)


# --- after-call work and agent states -------------------------------------------------------------------------------


def acw_of_legs(legs: list[Leg], presences: Iterable[Presence], rules: CentreRules) -> dict[int, int]:
    """After-call work in seconds of each leg of one agent, keyed by `id(leg)`.

    A pause with an ACW reason belongs to the agent's last queue or outbound leg if it starts at most `acw_grace_s`
    after that leg ended.
    """
    ended = sorted((leg for leg in legs if leg.kind != "direct"), key=lambda leg: leg.ended_at)
    ends = [leg.ended_at for leg in ended]
    result: dict[int, int] = defaultdict(int)
    for pause in presences:
        if pause.reason is None or pause.reason.lower() not in rules.acw_reasons:
            continue
        last = bisect.bisect_right(ends, pause.started_at) - 1
        if last >= 0 and pause.started_at - ends[last] <= rules.acw_grace_s:
            result[id(ended[last])] += pause.ended_at - pause.started_at
    return result


# in order of precedence
STATES = ("talk", "acw", "ringing", "busy", "break", "ready")


def _pause_state(reason: str, rules: CentreRules) -> int:
    lowered = reason.lower()
    if lowered in rules.acw_reasons:
        return 1
    return 3 if lowered.startswith(rules.busy_prefixes) else 4


def agent_states(
    spans: Iterable[tuple[int, int, int]],
) -> Iterator[tuple[int, int, int]]:
    """Segments (start, end, state) without overlap: of overlapping spans the one with the lowest state number shows."""
    edges: list[tuple[int, int, int]] = []
    for start, end, state in spans:
        if end > start:
            edges.append((start, state, 1))
            edges.append((end, state, -1))
    edges.sort()
    open_spans = [0] * len(STATES)
    before = 0
    for at, state, change in edges:
        if at > before:
            for number, count in enumerate(open_spans):
                if count:
                    yield before, at, number
                    break
            before = at
        open_spans[state] += change


def _by_day(start: int, end: int, rules: CentreRules) -> Iterator[tuple[int, int, int]]:
    """Split an interval at local midnights: (day number, start, end) in local seconds."""
    start, end = _local(start, rules), _local(end, rules)
    while start < end:
        day = start // 86400
        cut = min(end, (day + 1) * 86400)
        yield day, start, cut
        start = cut


def _agent_cells(history: History, rules: CentreRules) -> tuple[dict[tuple[int, str], Cell], dict[int, int]]:
    """Cells by (local day, agent), and the after-call work of every leg by `id(leg)`."""
    cells: dict[tuple[int, str], Cell] = defaultdict(_cell)
    spans: dict[str, list[tuple[int, int, int]]] = defaultdict(list)
    legs: dict[str, list[Leg]] = defaultdict(list)
    presences: dict[str, list[Presence]] = defaultdict(list)
    for contact in history.contacts:
        for leg in contact.legs:
            legs[leg.agent_id].append(leg)
            spans[leg.agent_id].append((leg.started_at, leg.ended_at, 0))
    for ring in history.rings:
        spans[ring.agent_id].append((ring.started_at, ring.ended_at, 2))
        _add_ring(cells[_local(ring.ended_at, rules) // 86400, ring.agent_id], ring)
    for presence in history.presences:
        presences[presence.agent_id].append(presence)
        state = 5 if presence.reason is None else _pause_state(presence.reason, rules)
        spans[presence.agent_id].append((presence.started_at, presence.ended_at, state))

    acw: dict[int, int] = {}
    for agent_id, agent_legs in legs.items():
        of_agent = acw_of_legs(agent_legs, presences[agent_id], rules)
        acw.update(of_agent)
        for leg in agent_legs:
            _add_talk(cells[_local(leg.ended_at, rules) // 86400, agent_id], leg, of_agent.get(id(leg), 0))
    for agent_id, agent_spans in spans.items():
        for start, end, number in agent_states(agent_spans):
            for day, begin, cut in _by_day(start, end, rules):
                cell = cells[day, agent_id]
                cell[f"state_{STATES[number]}"] += cut - begin
                cell["logged_in_s"] += cut - begin
    _add_offline(cells, history.presences, rules)
    for cell in cells.values():
        cell["agent_days"] += cell["logged_in_s"] >= rules.agent_day_s
    return cells, acw


def _add_offline(cells: dict[tuple[int, str], Cell], presences: Iterable[Presence], rules: CentreRules) -> None:
    """First log-in to last log-out of each date, minus what was logged in; a stay across midnight is cut there."""
    first: dict[tuple[int, str], int] = {}
    last: dict[tuple[int, str], int] = {}
    for presence in presences:
        if presence.reason is None:
            for day, begin, cut in _by_day(presence.started_at, presence.ended_at, rules):
                key = (day, presence.agent_id)
                first[key] = min(first.get(key, begin), begin)
                last[key] = max(last.get(key, cut), cut)
    for key, begin in first.items():
        cells[key]["offline_s"] = last[key] - begin - cells[key]["logged_in_s"]


# --- rolling up -----------------------------------------------------------------------------------------------------


def _cell() -> Cell:
    return defaultdict(int)


def _local(at: int, rules: CentreRules) -> int:
    return at + rules.utc_offset_s


def _merge(into: Cell, cell: Cell) -> None:
    for name, amount in cell.items():
        if name.startswith("max_"):
            into[name] = max(into.get(name, amount), amount)
        elif name.startswith("min_"):
            into[name] = min(into.get(name, amount), amount)
        else:
            into[name] += amount


def _rolled(cells: dict[K, Cell], key: Callable[[K], L]) -> dict[L, Cell]:
    """Cells added up by a coarser key."""
    result: dict[L, Cell] = defaultdict(_cell)
    for fine, cell in cells.items():
        _merge(result[key(fine)], cell)
    return result


def _date(day: int) -> date:
    return date(1970, 1, 1) + timedelta(days=day)


GRAINS: dict[str, Callable[[int], date]] = {
    "day": _date,
    "week": lambda day: _date(day) - timedelta(days=_date(day).weekday()),
    "month": lambda day: _date(day).replace(day=1),
}


def _periods(cells: dict[K, Cell], period_of: Callable[[int], date], day_of: Callable[[K], int]) -> dict[str, Cell]:
    """Cells added up by the period of their day."""
    return _rolled(cells, lambda key: str(period_of(day_of(key))))


def _rows(
    formulas: Iterable[Formula],
    cell: Cell,
    grain: str,
    period: str,
    dim_set: str = "all",
    *,
    queue: str | None = None,
    channel: str | None = None,
    agent: str | None = None,
    hour: int | None = None,
) -> Iterator[Value]:
    for f in formulas:
        applied = f.apply(cell)
        if applied is not None:
            yield Value(f.kpi_id, f.variant, grain, period, dim_set, queue, channel, agent, hour, f.category, *applied)


ContactKey = tuple[int, int, str]  # local day, local hour, channel

PERIOD_VOLUME = {"day": "M007", "week": "M008", "month": "M009"}


def _contact_values(cells: dict[ContactKey, Cell]) -> Iterator[Value]:
    """Centre level: all, channel and hour of day, by the clock of `counted_at`."""
    for grain, period_of in GRAINS.items():
        for period, cell in _periods(cells, period_of, lambda key: key[0]).items():
            yield from _rows(AT_CENTRE, cell, grain, period)
            yield from _rows((Formula(PERIOD_VOLUME[grain], "all", ("contacts",)),), cell, grain, period)
        yield from _peaks(cells, grain, period_of)
    for (day, hour), cell in _rolled(cells, lambda key: (key[0], key[1])).items():
        yield from _rows(BY_HOUR_OF_DAY, cell, "day", str(_date(day)), "hour_of_day", hour=hour)
        begins = datetime.fromtimestamp(day * 86400 + hour * 3600, UTC).strftime("%Y-%m-%d %H:%M:%S")
        yield from _rows((Formula("M006", "all", ("contacts",)), *CONNECTING_BY_HOUR), cell, "hour", begins)
    inbound = {day: cell["inbound"] for day, cell in _rolled(cells, lambda key: key[0]).items()}
    for (day, channel), cell in _rolled(cells, lambda key: (key[0], key[2])).items():
        yield from _rows(AT_CENTRE, cell, "day", str(_date(day)), "channel", channel=channel)
        share = defaultdict(int, {"inbound": cell["inbound"], "of": inbound[day]})
        formula = Formula("M014", "inbound", ("inbound",), ("of",))
        yield from _rows((formula,), share, "day", str(_date(day)), "channel", channel=channel)


def _peaks(cells: dict[ContactKey, Cell], grain: str, period_of: Callable[[int], date]) -> Iterator[Value]:
    """Busiest and quietest hour of day of each period by inbound contacts; the earlier of two equal ones."""
    hours: dict[str, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for (day, hour, _), cell in cells.items():
        if cell["inbound"]:
            hours[str(period_of(day))][hour] += cell["inbound"]
    for period, counts in hours.items():
        peak = min(counts, key=lambda hour: (-counts[hour], hour))
        trough = min(counts, key=lambda hour: (counts[hour], hour))
        for kpi_id, hour in (("M010", peak), ("M011", trough)):
            n = counts[hour]
            category = f"{hour:02d}:00"
            yield Value(kpi_id, "hour_of_day", grain, period, "all", None, None, None, None, category, n, None, n)


def _handling_values(by_contact: dict[tuple[int, str], Cell], by_queue: dict[tuple[int, str], Cell]) -> Iterator[Value]:
    """Talk and handle time: of contacts by the date they ended, of queues by the date the conversation ended."""
    for grain, period_of in GRAINS.items():
        for period, cell in _periods(by_contact, period_of, lambda key: key[0]).items():
            yield from _rows(HANDLING, cell, grain, period)
    for (day, channel), cell in by_contact.items():
        yield from _rows(HANDLING, cell, "day", str(_date(day)), "channel", channel=channel)
    for (day, queue), cell in by_queue.items():
        yield from _rows(HANDLING_PER_LEG, cell, "day", str(_date(day)), "queue", queue=queue)


def _agent_values(cells: dict[tuple[int, str], Cell]) -> Iterator[Value]:
    """Agents' conversations, rings and states: by agent, and added up over the centre."""
    for (day, agent), cell in cells.items():
        yield from _rows(BY_AGENT, cell, "day", str(_date(day)), "agent", agent=agent)
    for grain, period_of in GRAINS.items():
        for period, cell in _periods(cells, period_of, lambda key: key[0]).items():
            yield from _rows(BY_AGENT, cell, grain, period)


def recount(history: History, rules: CentreRules) -> list[Value]:
    """Every value that the rulings define for this history, ordered.

    Counts have a row in each cell of their family that holds any record (so a row of 0 is possible); a ratio where its
    numerator or denominator is above 0, with value None where the denominator is 0; an extreme where a record exists.
    """
    agent_cells, acw = _agent_cells(history, rules)
    odd = anomalous(history.contacts, rules)
    contacts: dict[ContactKey, Cell] = defaultdict(_cell)
    handling: dict[tuple[int, str], Cell] = defaultdict(_cell)
    queue_talk: dict[tuple[int, str], Cell] = defaultdict(_cell)
    visits: dict[tuple[int, str], Cell] = defaultdict(_cell)
    queue_rings: dict[tuple[int, str], Cell] = defaultdict(_cell)

    for contact in history.contacts:
        counted = _local(counted_at(contact), rules)
        cell = contacts[counted // 86400, counted % 86400 // 3600, contact.channel]
        _add_contact(cell, contact, rules, is_anomalous=contact.contact_id in odd)
        for visit in contact.visits:
            _add_visit(
                visits[_local(visit.entered_at, rules) // 86400, visit.queue_id], visit, rules.queues[visit.queue_id]
            )
        if contact.legs:
            cell = handling[_local(contact.ended_at, rules) // 86400, contact.channel]
            cell["handled"] += 1
            for leg in contact.legs:
                seconds = acw.get(id(leg), 0)
                cell["talk_s"] += leg.talk_s
                cell["handle_s"] += leg.talk_s + seconds
                if leg.queue_id is not None:
                    _add_talk(queue_talk[_local(leg.ended_at, rules) // 86400, leg.queue_id], leg, seconds)
    for ring in history.rings:
        _add_ring(queue_rings[_local(ring.ended_at, rules) // 86400, ring.queue_id], ring)

    values = [
        *_contact_values(contacts),
        *_handling_values(handling, queue_talk),
        *_agent_values(agent_cells),
    ]
    for (day, queue), cell in visits.items():
        values.extend(_rows(BY_QUEUE, cell, "day", str(_date(day)), "queue", queue=queue))
    for (day, queue), cell in queue_rings.items():
        values.extend(_rows(RINGING, cell, "day", str(_date(day)), "queue", queue=queue))
    values.sort(key=_order)
    return values


def _order(value: Value) -> tuple[str, ...]:
    """A total order over the key of a value."""
    hour = -1 if value.hour_of_day is None else value.hour_of_day
    return (
        value.kpi_id,
        value.variant,
        value.grain,
        value.dim_set,
        value.period_start,
        value.queue or "",
        value.channel or "",
        value.agent or "",
        f"{hour + 1:02d}",
        value.category or "",
    )
