"""The recount of the KPIs gives the values worked by hand; the first two examples are those of DECISIONS.md."""

from __future__ import annotations

from fractions import Fraction

import pytest

from simulator.events import (
    CentreRules,
    Contact,
    Direction,
    Disposition,
    ExitKind,
    History,
    Leg,
    Presence,
    QueueRules,
    Ring,
    Visit,
)
from simulator.truth.agent_time import agent_states
from simulator.truth.telephone import odd_talks, outcome, percentile, recount, wait_s
from simulator.truth.values import Value

RULES = CentreRules(queues={"sales": QueueRules(20, 5), "support": QueueRules(30, 5)})
MIDNIGHT = 1772380800  # 2026-03-02 00:00 in Shanghai, a Monday
NINE = MIDNIGHT + 9 * 3600


def call(
    name: str,
    *visits: Visit,
    at: int = NINE,
    talk: tuple[int, ...] = (),
    disposition: Disposition = "ANSWERED",
    ended_at: int | None = None,
    channel: str = "voice_400",
) -> Contact:
    """An inbound call; the n-th answered visit gets the n-th talk, a talk without visit is a direct call."""
    legs = []
    for visit, seconds in zip([visit for visit in visits if visit.exit_kind == "answered"], talk, strict=False):
        legs.append(Leg(visit.agent_id or "", "queue", visit.queue_id, visit.left_at, visit.left_at + seconds))
    if talk and not visits:
        legs.append(Leg("1001", "direct", None, at, at + talk[0]))
    last = max([at, *(visit.left_at for visit in visits), *(leg.ended_at for leg in legs)])
    answered_at = at - 10 if disposition == "ANSWERED" else None
    return Contact(
        name, "inbound", channel, "13800000000", at - 10, answered_at, ended_at or last, disposition, list(visits), legs
    )


def visit(queue: str, wait: int, kind: ExitKind, at: int = NINE, agent: str = "1001") -> Visit:
    return Visit(queue, at, at + wait, kind, agent if kind == "answered" else None)


def outbound(name: str, disposition: Disposition, talk: int = 0, at: int = NINE) -> Contact:
    answered_at = at + 10 if talk else None
    legs = [Leg("1001", "outbound", None, at + 10, at + 10 + talk)] if talk else []
    return Contact(name, "outbound", "voice_outbound", "139", at, answered_at, at + 10 + talk, disposition, [], legs)


def values(history: History, **where: object) -> dict[tuple[str, str, str | None], Value]:
    """Values of one cell by KPI, variant and category; by default of the centre and 2026-03-02."""
    wanted = {"grain": "day", "period_start": "2026-03-02", "dim_set": "all"} | where
    return {
        (value.kpi_id, value.variant, value.category): value
        for value in recount(history, RULES)
        if all(getattr(value, name) == expected for name, expected in wanted.items())
    }


def test_volume_goes_by_line_and_campaign_and_an_attempt_without_line_connected_by_none() -> None:
    contacts = [
        call("n1", talk=(40,)),
        call("n2"),
        call("n3", disposition="CONGESTION"),
        call("n4", disposition="BUSY"),
        outbound("n5", "ANSWERED", 30),
        outbound("n6", "NO ANSWER"),
        outbound("n7", "ANSWERED", 20),
    ]
    for contact, line in zip(contacts, ("a", "a", "b", "b", "b"), strict=False):
        contact.line_id = line
    contacts[4].campaign_id = contacts[5].campaign_id = "renewal"
    history = History(contacts=contacts)
    a = values(history, dim_set="line", line="a")
    b = values(history, dim_set="line", line="b")
    assert [a[kpi, "all", None].value for kpi in ("M002", "M003")] == [2, 0]
    assert [b[kpi, "all", None].value for kpi in ("M002", "M003")] == [2, 1]
    assert a["M177", "attempts", None].figures == (2, 2, 1)
    assert b["M177", "attempts", None].figures == (1, 2, 0.5)
    assert values(history, dim_set="campaign", campaign="renewal")["M003", "all", None].value == 2


# --- DECISIONS.md, example 1 ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def example_1() -> History:
    contacts = [
        call("c1", visit("sales", 8, "answered"), talk=(100,)),
        call("c2", visit("sales", 20, "answered", agent="1002"), talk=(50,)),
        call("c3", visit("sales", 21, "answered", agent="1003"), talk=(60,)),
        call("c4", visit("sales", 4, "abandoned")),
        call("c5", visit("sales", 5, "abandoned")),
        call("c6", visit("sales", 35, "abandoned")),
        call("c7", visit("sales", 120, "timeout")),
        call("c8", disposition="CONGESTION"),
        call("c9"),
        call("c10", talk=(40,), channel="voice_unknown"),
    ]
    # c10 is answered by an agent whose queue call has ended, so that its talk is not under other talk
    contacts[-1].legs[0].agent_id = "1004"
    acw = Presence("1001", "ACW", NINE + 108, NINE + 128)
    return History(contacts=contacts, presences=[acw])


@pytest.mark.parametrize(
    ("kpi_id", "variant", "category", "numerator", "denominator"),
    [
        ("M001", "all", None, 10, None),
        ("M002", "all", None, 10, None),
        ("M003", "all", None, 0, None),
        ("M007", "all", None, 10, None),
        ("M021", "offered_net_short", None, 3, 7),
        ("M021", "offered", None, 3, 8),
        ("M021", "total_inbound", None, 3, 10),
        ("M021", "answered", None, 3, 4),
        ("M021", "answered_plus_late_abandoned", None, 3, 5),
        ("M021", "icmi", None, 5, 7),
        ("M021", "cisco_ignore", None, 3, 6),
        ("M021", "cisco_negative", None, 3, 7),
        ("M021", "cisco_positive", None, 4, 7),
        ("M021", "connect", None, 4, 7),
        ("M021", "genesys", None, 3, 7),
        # each call here begins 10 s before its queue
        ("M022", "contact_start", None, 18 + 30 + 31 + 10, 4),
        ("M022", "queue_entry", None, 49, 3),
        ("M024", "answered", None, 49, 4),
        ("M024", "offered", None, 213, 8),
        ("M025", "queued", None, 213, 7),
        ("M026", "queued", None, 120, None),
        ("M029", "asked_for_agent", None, 4, 9),
        ("M029", "total", None, 4, 10),
        ("M030", "asked_for_agent", None, 4, 9),
        ("M030", "total_inbound", None, 4, 10),
        ("M033", "offered_net_short", None, 2, 7),
        ("M033", "total_inbound", None, 3, 10),
        ("M033", "offered", None, 3, 8),
        ("M034", "queued_net_short", None, 2, 6),
        ("M034", "queued", None, 3, 7),
        ("M035", "bucket", "le_10", 2, 3),
        ("M035", "bucket", "gt_10_le_30", 0, 3),
        ("M035", "bucket", "gt_30_le_60", 1, 3),
        ("M035", "cumulative", "within_10", 2, 3),
        ("M035", "cumulative", "within_30", 2, 3),
        ("M035", "cumulative", "within_60", 3, 3),
        ("M036", "bucket", "le_10", 2, 3),
        ("M036", "bucket", "gt_10_le_30", 0, 2),
        ("M036", "bucket", "gt_30_le_60", 1, 1),
        ("M036", "bucket", "gt_60_le_120", 0, 1),
        ("M041", "all", None, 6, None),
        ("M042", "all", "caller_hangup", 4, 10),
        ("M042", "all", "not_connected", 2, 10),
        ("M042", "all", "completed", 4, 10),
        ("M061", "contact", None, 270, 4),
        ("M061", "agent", None, 270, 4),
        ("M062", "contact", None, 250, 4),
        ("M063", "all", None, 250, None),
        ("M064", "max", None, 100, None),
        ("M064", "min", None, 40, None),
        ("M177", "attempts", None, 9, 10),
    ],
)
def test_the_worked_example_of_decision_1_gives_its_table(
    example_1: History, kpi_id: str, variant: str, category: str | None, numerator: int, denominator: int | None
) -> None:
    value = values(example_1)[kpi_id, variant, category]
    expected = numerator if denominator is None else numerator / denominator
    assert (value.numerator, value.denominator, value.value) == (numerator, denominator, expected)


def test_the_outcomes_of_decision_1_are_its_last_column(example_1: History) -> None:
    assert [outcome(contact, RULES) for contact in example_1.contacts] == [
        *("answered", "answered", "answered", "short_abandon", "abandoned_queue", "abandoned_queue"),
        *("flow_out", "blocked", "abandoned_ivr", "answered"),
    ]


def test_a_bucket_without_callers_has_no_hangup_rate(example_1: History) -> None:
    assert ("M036", "bucket", "gt_120") not in values(example_1)


def test_connect_rate_without_outbound_calls_has_no_row(example_1: History) -> None:
    assert ("M031", "attempts", None) not in values(example_1)


# --- DECISIONS.md, example 2 ----------------------------------------------------------------------------------------


def at(clock: str) -> int:
    hours, minutes, seconds = (int(part) for part in clock.split(":"))
    return MIDNIGHT + hours * 3600 + minutes * 60 + seconds


@pytest.fixture(scope="module")
def example_2() -> History:
    answered = Visit("sales", at("09:10:00"), at("09:10:05"), "answered", "1001")
    leg = Leg("1001", "queue", "sales", at("09:10:05"), at("09:20:05"))
    contact = Contact(
        "c1", "inbound", "voice_400", "138", at("09:09:50"), at("09:09:50"), leg.ended_at, "ANSWERED", [answered], [leg]
    )
    return History(
        contacts=[contact],
        rings=[
            Ring("1001", "sales", at("09:10:00"), at("09:10:05"), True),
            Ring("1001", "sales", at("09:50:00"), at("09:50:15"), False),
        ],
        presences=[
            Presence("1001", None, at("09:00:00"), at("10:00:00")),
            Presence("1001", "ACW", at("09:20:05"), at("09:21:05")),
            Presence("1001", "break", at("09:30:00"), at("09:45:00")),
            Presence("1001", "meeting", at("09:45:00"), at("09:50:00")),
            Presence("1001", None, at("11:00:00"), at("11:30:00")),
        ],
    )


@pytest.mark.parametrize("dimension", [{"dim_set": "all"}, {"dim_set": "agent", "agent": "1001"}])
def test_the_worked_example_of_decision_2_gives_its_table(example_2: History, dimension: dict[str, str]) -> None:
    found = {key[:2]: (v.numerator, v.denominator, v.value) for key, v in values(example_2, **dimension).items()}
    assert found["M065", "logged_in"] == (600, 5400, 600 / 5400)
    assert found["M066", "utilisation_s1"] == (660, 4500, 660 / 4500)
    assert found["M066", "occupancy"] == (660, 4200, 660 / 4200)
    assert found["M067", "all"] == (1, None, 1)
    assert found["M068", "all"] == (1, None, 1)
    assert found["M069", "inbound"] == (1, None, 1)
    assert found["M070", "agent_day"] == (1, 1, 1)
    assert found["M070", "fte_day"] == (1, 5400 / 28800, 28800 / 5400)
    assert found["M071", "all"] == (5400, None, 5400)
    assert found["M072", "all"] == (3600, None, 3600)
    assert found["M040", "answered"] == (5, 1, 5)
    assert found["M040", "offers"] == (20, 2, 10)
    assert found["M061", "agent"] == (660, 1, 660)


# --- further rulings ------------------------------------------------------------------------------------------------


def test_cisco_golden_70_10_20() -> None:
    contacts = [call(f"a{i}", visit("sales", 10, "answered"), talk=(60,)) for i in range(70)]
    contacts += [call(f"b{i}", visit("sales", 15, "abandoned")) for i in range(10)]
    contacts += [call(f"x{i}", visit("sales", 40, "answered"), talk=(60,)) for i in range(12)]
    contacts += [call(f"y{i}", visit("sales", 40, "abandoned")) for i in range(8)]
    history = History(contacts=contacts)
    for found in (values(history), values(history, dim_set="queue", queue="sales")):
        fractions = {key[1]: (v.numerator, v.denominator) for key, v in found.items() if key[0] == "M021"}
        assert fractions["cisco_ignore"] == (70, 90)
        assert fractions["cisco_negative"] == (70, 100)
        assert fractions["cisco_positive"] == (80, 100)


@pytest.mark.parametrize(("wait", "short"), [(4, "short_abandon"), (5, "abandoned_queue")])
def test_abandon_exactly_at_threshold_is_not_short(wait: int, short: str) -> None:
    assert outcome(call("c", visit("sales", wait, "abandoned")), RULES) == short


def test_answer_exactly_at_target_is_in_service_level_of_its_own_queue() -> None:
    history = History(
        contacts=[
            call("c1", visit("support", 30, "answered"), talk=(60,)),
            call("c2", visit("support", 31, "answered"), talk=(60,)),
            call("c3", visit("sales", 21, "answered"), talk=(60,)),
        ]
    )
    value = values(history)["M021", "offered", None]
    assert (value.numerator, value.denominator) == (1, 3)


def test_transferred_call_counts_once_at_the_centre_and_once_in_each_queue() -> None:
    # 10 s in sales, 100 s of talk, then 40 s in support, where the caller gives up
    first = visit("sales", 10, "answered")
    second = visit("support", 40, "abandoned", at=first.left_at + 100)
    history = History(contacts=[call("c1", first, second, talk=(100,))])
    assert wait_s(history.contacts[0]) == 10
    centre = values(history)
    assert centre["M021", "offered", None].figures == (1, 1, 1.0)
    assert centre["M034", "queued", None].figures == (0, 1, 0.0)
    support = values(history, dim_set="queue", queue="support")
    assert support["M021", "offered", None].figures == (0, 1, 0.0)
    assert support["M034", "queued", None].figures == (1, 1, 1.0)
    assert ("M021", "total_inbound", None) not in support


def test_overflow_waits_from_the_first_queue_and_takes_the_outcome_of_the_last() -> None:
    first = visit("sales", 120, "timeout")
    second = visit("support", 3, "abandoned", at=first.left_at + 1)
    contact = call("c1", first, second)
    assert wait_s(contact) == 124
    # 124 s are not short, though the last visit alone would be
    assert outcome(contact, RULES) == "abandoned_queue"
    history = History(contacts=[contact])
    assert values(history)["M033", "offered", None].figures == (1, 1, 1.0)
    support = values(history, dim_set="queue", queue="support")
    assert support["M033", "offered", None].figures == (1, 1, 1.0)
    # nothing above and nothing below the line: no row
    assert ("M033", "offered_net_short", None) not in support


def test_timeout_answered_in_the_next_queue_is_answered_after_the_whole_wait() -> None:
    first = visit("sales", 120, "timeout")
    second = visit("support", 9, "answered", at=first.left_at + 1)
    contact = call("c1", first, second, talk=(60,))
    assert (outcome(contact, RULES), wait_s(contact)) == ("answered", 130)


def test_ratio_with_records_but_denominator_zero_is_null() -> None:
    # a second less than an hour logged in makes no agent-day
    history = History(
        contacts=[call("c1", visit("sales", 40, "answered"), talk=(60,))],
        presences=[Presence("1001", None, NINE, NINE + 3599)],
    )
    value = values(history)["M070", "agent_day", None]
    assert (value.numerator, value.denominator, value.value) == (1, 0, None)


@pytest.mark.parametrize(("delay", "acw"), [(0, 30), (5, 30), (6, 0)])
def test_acw_belongs_to_the_leg_that_ended_at_most_5_s_before(delay: int, acw: int) -> None:
    contact = call("c1", visit("sales", 10, "answered"), talk=(60,))
    ends = contact.legs[0].ended_at
    history = History(contacts=[contact], presences=[Presence("1001", "Wrapup", ends + delay, ends + delay + 30)])
    found = values(history)
    assert found["M061", "contact", None].numerator == 60 + acw
    # the state is after-call work in any case
    assert found["M066", "occupancy", None].numerator == 90


def test_acw_does_not_belong_to_a_direct_call() -> None:
    contact = call("c1", talk=(60,))
    ends = contact.legs[0].ended_at
    history = History(contacts=[contact], presences=[Presence("1001", "ACW", ends, ends + 30)])
    assert values(history)["M061", "contact", None].numerator == 60


def test_outbound_calls_count_in_volume_and_connect_rate_but_not_in_access() -> None:
    history = History(
        contacts=[
            outbound("o1", "ANSWERED", talk=50),
            outbound("o2", "NO ANSWER"),
            outbound("o3", "BUSY"),
            outbound("o4", "FAILED"),
            call("c1", visit("sales", 10, "answered"), talk=(60,)),
        ]
    )
    found = values(history)
    assert found["M001", "all", None].value == 5
    assert found["M003", "all", None].value == 4
    assert found["M029", "asked_for_agent", None].figures == (2, 5, 0.4)
    assert found["M031", "attempts", None].figures == (1, 4, 0.25)
    assert found["M021", "offered", None].denominator == 1
    assert found["M042", "all", "not_connected"].figures == (3, 5, 0.6)
    assert found["M069", "inbound", None].value == 1
    assert found["M061", "contact", None].figures == (110, 2, 55.0)


def test_call_connected_for_less_than_5_s_is_invalid_and_5_s_are_not() -> None:
    history = History(
        contacts=[call("c1", ended_at=NINE - 6), call("c2", ended_at=NINE - 5), outbound("o1", "ANSWERED", talk=4)]
    )
    found = values(history)
    assert found["M082", "total", None].value == 2
    assert found["M082", "talk", None].value == 1
    assert found["M001", "valid", None].value == 1
    assert found["M002", "valid", None].value == 1
    assert found["M003", "valid", None].value == 0


def test_volume_goes_by_queue_entry_and_handling_by_the_end() -> None:
    # starts on Monday, enters the queue and is answered on Tuesday 00:00:05, ends on Tuesday 23:59:59 + 1
    tuesday = MIDNIGHT + 86400
    late = call("c1", visit("sales", 5, "answered", at=tuesday - 1), at=tuesday - 1, talk=(86400,))
    early = call("c2", visit("sales", 5, "abandoned", at=tuesday), at=tuesday)
    history = History(contacts=[late, early])
    assert values(history)["M001", "all", None].value == 1
    assert values(history, period_start="2026-03-03")["M001", "all", None].value == 1
    assert ("M061", "contact", None) not in values(history)
    assert values(history, period_start="2026-03-04")["M063", "all", None].value == 86400


def test_agent_states_are_cut_at_midnight_and_the_offline_time_with_them() -> None:
    # a night shift 21:00-07:00, and another from 22:00 on the next date
    evening, midnight = MIDNIGHT + 21 * 3600, MIDNIGHT + 86400
    history = History(
        presences=[
            Presence("1001", None, evening, midnight + 7 * 3600),
            Presence("1001", None, midnight + 22 * 3600, midnight + 86400),
        ]
    )
    assert values(history)["M071", "all", None].value == 3 * 3600
    assert values(history)["M072", "all", None].value == 0
    second = values(history, period_start="2026-03-03")
    assert second["M071", "all", None].value == 9 * 3600
    assert second["M072", "all", None].value == 15 * 3600
    assert values(history, grain="week", period_start="2026-03-02")["M072", "all", None].value == 15 * 3600
    assert second["M070", "agent_day", None].denominator == 1


def test_states_follow_their_precedence_where_they_overlap() -> None:
    # logged in 0-100, paused for outbound 10-60, talk 20-40, after-call work 30-50
    spans = [(0, 100, 5), (10, 60, 3), (20, 40, 0), (30, 50, 1)]
    assert list(agent_states(spans)) == [
        *((0, 10, 5), (10, 20, 3), (20, 30, 0), (30, 40, 0), (40, 50, 1), (50, 60, 3), (60, 100, 5)),
    ]


def test_weeks_begin_on_monday_and_months_on_the_first() -> None:
    saturday, sunday, monday = (MIDNIGHT + days * 86400 + 43200 for days in (5, 6, 7))
    history = History(contacts=[call(f"c{moment}", at=moment) for moment in (saturday, sunday, monday)])
    weeks = {v.period_start: v.value for v in recount(history, RULES) if v.kpi_id == "M008"}
    months = {v.period_start: v.value for v in recount(history, RULES) if v.kpi_id == "M009"}
    assert weeks == {"2026-03-02": 2, "2026-03-09": 1}
    assert months == {"2026-03-01": 3}


def test_peak_and_trough_take_the_earlier_of_equal_hours() -> None:
    contacts = [call(f"c{i}", at=MIDNIGHT + hour * 3600 + 600) for i, hour in enumerate([9, 9, 11, 11, 14, 16])]
    found = values(History(contacts=contacts))
    assert found["M010", "hour_of_day", "09:00"].value == 2
    assert found["M011", "hour_of_day", "14:00"].value == 1


def test_share_of_an_entry_channel_is_over_all_inbound_contacts() -> None:
    contacts = [call("c1"), call("c2"), call("c3", channel="voice_ad"), outbound("o1", "BUSY")]
    found = [value for value in recount(History(contacts=contacts), RULES) if value.kpi_id == "M014"]
    shares = {value.channel: (value.numerator, value.denominator) for value in found}
    assert shares == {"voice_400": (2, 3), "voice_ad": (1, 3), "voice_outbound": (0, 3)}


def test_percentile_interpolates_between_ranks() -> None:
    assert percentile([10, 20, 30, 40], Fraction(1, 2)) == 25
    assert percentile([10, 20], Fraction(995, 1000)) == Fraction(1995, 100)
    assert percentile([7], Fraction(995, 1000)) == 7


def odd(contacts: list[Contact], rules: CentreRules) -> dict[str | None, float | int | None]:
    """M081 of 2026-03-02 by channel."""
    found = recount(History(contacts=contacts), rules)
    return {value.channel: value.value for value in found if (value.kpi_id, value.dim_set) == ("M081", "channel")}


def test_anomalous_is_below_5_s_or_above_the_percentile_of_queue_date_and_direction() -> None:
    # 10, 11 … 209 s: rank 0.995 x 199 = 198.005, so the limit is 208.005 and only 209 s are above it
    contacts = [call(f"c{i}", visit("sales", 1, "answered"), talk=(10 + i,)) for i in range(200)]
    contacts.append(call("other queue", visit("support", 1, "answered"), talk=(5000,), channel="other"))
    contacts.append(outbound("short", "ANSWERED", talk=4))
    # a group of one is its own percentile, so its long call is not above it
    assert odd(contacts, RULES) == {"voice_400": 1, "voice_outbound": 1, "other": 0}


def test_fixed_limit_of_a_queue_replaces_the_percentile() -> None:
    rules = CentreRules(queues={"sales": QueueRules(20, 5, anomalous_long_s=60)})
    contacts = [call(f"c{s}", visit("sales", 1, "answered"), talk=(s,)) for s in (59, 60, 61, 400)]
    assert odd(contacts, rules) == {"voice_400": 2}
    is_odd = odd_talks((59, 60, 61, 400), 60, rules)
    assert [seconds for seconds in (4, 5, 59, 60, 61, 400) if is_odd(seconds)] == [4, 61, 400]


def test_hour_values_are_dated_by_local_hour() -> None:
    found = values(History(contacts=[call("c1", at=NINE + 3599)]), grain="hour", period_start="2026-03-02 09:00:00")
    assert found["M006", "all", None].value == 1


@pytest.mark.parametrize("direction", ["inbound", "outbound"])
def test_every_disposition_has_an_outcome(direction: Direction) -> None:
    expected: dict[Disposition, str] = {
        "NO ANSWER": "no_answer",
        "BUSY": "busy",
        "FAILED": "failed",
        "CONGESTION": "blocked",
    }
    for disposition, result in expected.items():
        assert outcome(Contact("c", direction, "voice_400", "", 0, None, 0, disposition), RULES) == result
