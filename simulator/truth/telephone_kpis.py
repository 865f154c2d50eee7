"""The KPIs of calls, queues and agents as quotients of sums, and how cells of sums become values of periods.

Belongs here: which sums a KPI variant divides, at which grain. Does not belong here: what adds to a sum (`telephone`,
`agent_time`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar

from simulator.truth.daycells import DayCells, new_cell
from simulator.truth.values import Cell, Formula, Value

K = TypeVar("K", bound=Hashable)
L = TypeVar("L", bound=Hashable)

BUCKETS = (("le_10", 10), ("gt_10_le_30", 30), ("gt_30_le_60", 60), ("gt_60_le_120", 120), ("gt_120", None))
WITHIN = (10, 30, 60, 120)

_NOT_ANSWERED_IN_TIME = ("late", "aband_late", "flow_out_late")
HANGUPS = ("abandoned", "short")

SERVICE_LEVEL = (
    Formula("M021", "offered_net_short", ("in_sl",), ("offered", "-short")),
    Formula("M021", "offered", ("in_sl",), ("offered",)),
    Formula("M021", "total_inbound", ("in_sl",), ("inbound",)),
    Formula("M021", "answered", ("in_sl",), ("answered",)),
    Formula("M021", "answered_plus_late_abandoned", ("in_sl",), ("answered", "aband_late")),
    Formula("M021", "icmi", ("in_sl", "hangups_in_sl"), ("answered", *HANGUPS)),
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
RESPONDING = (
    Formula("M022", "contact_start", ("response_s",), ("responses",)),
    Formula("M022", "queue_entry", ("queue_response_s",), ("queue_responses",)),
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
LINES = (Formula("M177", "attempts", ("inbound", "-not_through"), ("inbound",)),)
CONNECTING_BY_HOUR = tuple(Formula("M032", *rate) for rate in CONNECT_RATES)
ABANDONING = (
    Formula("M033", "offered_net_short", ("abandoned",), ("offered", "-short")),
    Formula("M033", "total_inbound", HANGUPS, ("inbound",)),
    Formula("M033", "offered", HANGUPS, ("offered",)),
    Formula("M034", "queued_net_short", ("abandoned",), ("queued", "-short")),
    Formula("M034", "queued", HANGUPS, ("queued",)),
)
ABANDONING_BY_WAIT = (
    *(Formula("M035", "bucket", (f"hangup_{name}",), HANGUPS, name) for name, _ in BUCKETS),
    *(Formula("M035", "cumulative", (f"hangup_within_{s}",), HANGUPS, f"within_{s}") for s in WITHIN),
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

ACCESS_AT_CENTRE = (*VOLUME, *SERVICE_LEVEL, *WAITING, *RESPONDING, *LINES, *CONNECTING, *ABANDONING)
AT_CENTRE = (*ACCESS_AT_CENTRE, *QUEUEING, *ABANDONING_BY_WAIT, *FLAGS)
BY_HOUR_OF_DAY = (*ACCESS_AT_CENTRE, *CONNECTING_BY_HOUR)
BY_QUEUE = tuple(
    formula
    for formula in (*SERVICE_LEVEL, *WAITING, *QUEUEING, *CONNECTING, *ABANDONING, *ABANDONING_BY_WAIT)
    if formula.kpi_id not in ("M029", "M031") and formula.variant != "total_inbound"
)
REACHING = tuple(formula for formula in CONNECTING if formula.kpi_id == "M031")
# what needs no queue: a contact came by one line, for one line of business, and may have stood in several queues
BY_LINE = (
    *(*VOLUME, *RESPONDING, *LINES, *REACHING),
    *(formula for formula in CONNECTING if formula.kpi_id == "M029"),
    *(formula for formula in (*SERVICE_LEVEL, *CONNECTING, *ABANDONING) if formula.variant == "total_inbound"),
    *(formula for formula in FLAGS if formula.kpi_id != "M042"),
)
BY_REGION = (*ACCESS_AT_CENTRE, *QUEUEING, *ABANDONING_BY_WAIT, *FLAGS, Formula("M007", "all", ("contacts",)))
BY_CAMPAIGN = (*(formula for formula in VOLUME if formula.kpi_id == "M003"), *REACHING)
BY_PLACE = {"line": BY_LINE, "campaign": BY_CAMPAIGN, "region": BY_REGION, "line_of_business": BY_LINE}
BY_AGENT = (*HANDLING_PER_LEG, *WORKLOAD)
# what an agent's time is worth; rings and calls are the agent's own
BY_TEAM = tuple(
    formula
    for formula in WORKLOAD
    if formula.kpi_id in ("M065", "M066", "M070", "M071", "M072") or formula.variant == "per_agent_day"
)


# --- rolling up -----------------------------------------------------------------------------------------------------


def _merge(into: Cell, cell: Cell) -> None:
    for name, amount in cell.items():
        if name.startswith("max_"):
            into[name] = max(into.get(name, amount), amount)
        elif name.startswith("min_"):
            into[name] = min(into.get(name, amount), amount)
        else:
            into[name] += amount


def _rolled(cells: Mapping[K, Cell], key: Callable[[K], L]) -> dict[L, Cell]:
    """Cells added up by a coarser key."""
    result: dict[L, Cell] = defaultdict(new_cell)
    for fine, cell in cells.items():
        _merge(result[key(fine)], cell)
    return result


def date_of(day: int) -> date:
    return date(1970, 1, 1) + timedelta(days=day)


GRAINS: dict[str, Callable[[int], date]] = {
    "day": date_of,
    "week": lambda day: date_of(day) - timedelta(days=date_of(day).weekday()),
    "month": lambda day: date_of(day).replace(day=1),
}


def _periods(cells: DayCells[K], period_of: Callable[[int], date]) -> dict[str, Cell]:
    """Cells added up by the period of their day."""
    result: dict[str, Cell] = defaultdict(new_cell)
    for day, of_day in cells.days():
        for cell in of_day.values():
            _merge(result[str(period_of(day))], cell)
    return result


def rows(
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
    issue: str | None = None,
    team: str | None = None,
    line: str | None = None,
    campaign: str | None = None,
    region: str | None = None,
    line_of_business: str | None = None,
) -> Iterator[Value]:
    for f in formulas:
        applied = f.apply(cell)
        if applied is not None:
            members = queue, channel, agent, hour
            yield Value(
                f.kpi_id, f.variant, grain, period, dim_set, *members, f.category, *applied, issue,
                team=team, line=line, campaign=campaign, region=region, line_of_business=line_of_business,
            )  # fmt: skip


HourAndChannel = tuple[int, str]
QueueAndHour = tuple[str, int]
ChannelIssueRegion = tuple[str, str | None, str | None]

PERIOD_VOLUME = {"day": "M007", "week": "M008", "month": "M009"}


def contact_values(cells: DayCells[HourAndChannel]) -> Iterator[Value]:
    """Centre level: all, channel and hour of day, by the clock of `counted_at`."""
    for grain, period_of in GRAINS.items():
        for period, cell in _periods(cells, period_of).items():
            yield from rows(AT_CENTRE, cell, grain, period)
            yield from rows((Formula(PERIOD_VOLUME[grain], "all", ("contacts",)),), cell, grain, period)
        yield from _peaks(cells, grain, period_of)
    for day, of_day in cells.days():
        for hour, cell in _rolled(of_day, lambda key: key[0]).items():
            yield from rows(BY_HOUR_OF_DAY, cell, "day", str(date_of(day)), "hour_of_day", hour=hour)
            begins = datetime.fromtimestamp(day * 86400 + hour * 3600, UTC).strftime("%Y-%m-%d %H:%M:%S")
            by_hour = (Formula("M006", "all", ("contacts",)), *CONNECTING_BY_HOUR, *RESPONDING, *LINES)
            yield from rows(by_hour, cell, "hour", begins)
        inbound = sum(cell["inbound"] for cell in of_day.values())
        for channel, cell in _rolled(of_day, lambda key: key[1]).items():
            yield from rows(AT_CENTRE, cell, "day", str(date_of(day)), "channel", channel=channel)
            share = defaultdict(int, {"inbound": cell["inbound"], "of": inbound})
            formula = Formula("M014", "inbound", ("inbound",), ("of",))
            yield from rows((formula,), share, "day", str(date_of(day)), "channel", channel=channel)


def place_values(places: Mapping[str, DayCells[str]]) -> Iterator[Value]:
    """Centre level by each kind of place (BY_PLACE), of contacts that have one."""
    for kind, cells in places.items():
        for day, of_day in cells.days():
            for place, cell in of_day.items():
                named: dict[str, Any] = {kind: place}
                yield from rows(BY_PLACE[kind], cell, "day", str(date_of(day)), kind, **named)


def queue_values(visits: DayCells[QueueAndHour], rings: DayCells[str]) -> Iterator[Value]:
    """Queue level: visits by queue, and by queue and hour of day, and rings by queue."""
    for day, of_day in visits.days():
        for (queue, hour), cell in of_day.items():
            yield from rows(BY_QUEUE, cell, "day", str(date_of(day)), "queue+hour_of_day", queue=queue, hour=hour)
        for queue, cell in _rolled(of_day, lambda key: key[0]).items():
            yield from rows(BY_QUEUE, cell, "day", str(date_of(day)), "queue", queue=queue)
    for day, of_queue in rings.days():
        for queue, cell in of_queue.items():
            yield from rows(RINGING, cell, "day", str(date_of(day)), "queue", queue=queue)


def _peaks(cells: DayCells[HourAndChannel], grain: str, period_of: Callable[[int], date]) -> Iterator[Value]:
    """Busiest and quietest hour of day of each period by inbound contacts; the earlier of two equal ones."""
    hours: dict[str, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for day, of_day in cells.days():
        for (hour, _), cell in of_day.items():
            if cell["inbound"]:
                hours[str(period_of(day))][hour] += cell["inbound"]
    for period, counts in hours.items():
        peak = min(counts, key=lambda hour: (-counts[hour], hour))
        trough = min(counts, key=lambda hour: (counts[hour], hour))
        for kpi_id, hour in (("M010", peak), ("M011", trough)):
            n = counts[hour]
            category = f"{hour:02d}:00"
            yield Value(kpi_id, "hour_of_day", grain, period, "all", None, None, None, None, category, n, None, n)


def handling_values(contacts: DayCells[ChannelIssueRegion], by_queue: DayCells[str]) -> Iterator[Value]:
    """Talk and handle time: of contacts by the date they ended, of queues by the date the conversation ended."""
    for grain, period_of in GRAINS.items():
        for period, cell in _periods(contacts, period_of).items():
            yield from rows(HANDLING, cell, grain, period)
    handled = [formula for formula in HANDLING if formula.kpi_id == "M061"]
    for day, of_day in contacts.days():
        for channel, cell in _rolled(of_day, lambda key: key[0]).items():
            yield from rows(HANDLING, cell, "day", str(date_of(day)), "channel", channel=channel)
        for issue, cell in _rolled(of_day, lambda key: key[1]).items():
            if issue is not None:
                yield from rows(handled, cell, "day", str(date_of(day)), "issue", issue=issue)
        for region, cell in _rolled(of_day, lambda key: key[2]).items():
            if region is not None:
                yield from rows(HANDLING, cell, "day", str(date_of(day)), "region", region=region)
    for day, of_queue in by_queue.days():
        for queue, cell in of_queue.items():
            yield from rows(HANDLING_PER_LEG, cell, "day", str(date_of(day)), "queue", queue=queue)


def agent_values(cells: DayCells[str], teams: Mapping[str, str]) -> Iterator[Value]:
    """Agents' conversations, rings and states: by agent, and added up over teams and the centre."""
    for day, of_day in cells.days():
        for agent, cell in of_day.items():
            yield from rows(BY_AGENT, cell, "day", str(date_of(day)), "agent", agent=agent)
        for team, cell in _rolled(of_day, teams.get).items():
            if team is not None:
                yield from rows(BY_TEAM, cell, "day", str(date_of(day)), "team", team=team)
    for grain, period_of in GRAINS.items():
        for period, cell in _periods(cells, period_of).items():
            yield from rows(BY_AGENT, cell, grain, period)


def order_of(value: Value) -> tuple[str, ...]:
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
        value.issue or "",
        value.team or "",
        value.line or "",
        value.campaign or "",
        value.region or "",
        value.line_of_business or "",
    )
