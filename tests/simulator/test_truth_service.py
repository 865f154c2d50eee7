"""The recounts of responses, lines and the menu give the values worked by hand in DECISIONS.md, section 33."""

from __future__ import annotations

from simulator.events import CentreRules, Contact, Disposition, History, Leg, QueueRules, Step, StepEnd, Visit
from simulator.truth.service import recount_service
from simulator.truth.telephone import recount
from simulator.truth.values import Value

MIDNIGHT = 1772380800  # 2026-03-02 00:00 in Shanghai
TEN = MIDNIGHT + 36_000
RULES = CentreRules(queues={"A": QueueRules(), "B": QueueRules()})


def call(name: str, at: int, disposition: Disposition = "ANSWERED") -> Contact:
    return Contact(name, "inbound", "voice_400", "1", at, None, at + 300, disposition)


def figures(values: list[Value], kpi_id: str, **where: object) -> dict[str, tuple[object, object]]:
    """Numerators and denominators by variant, by default of a date at the centre."""
    wanted = {"kpi_id": kpi_id, "grain": "day", "period_start": "2026-03-02", "dim_set": "all"} | where
    return {
        value.variant: (value.numerator, value.denominator)
        for value in values
        if all(getattr(value, name) == expected for name, expected in wanted.items())
    }


def test_the_first_agent_ends_the_wait_that_began_with_the_call_or_its_first_queue() -> None:
    handed_on, direct, lost, at_night = (
        call(name, at) for name, at in (("p1", TEN), ("p2", TEN), ("p3", TEN), ("p4", MIDNIGHT + 86_390))
    )
    handed_on.visits = [Visit("A", TEN + 10, TEN + 40, "timeout"), Visit("B", TEN + 41, TEN + 50, "answered", "1")]
    handed_on.legs = [Leg("2", "queue", "A", TEN + 200, TEN + 290), Leg("1", "queue", "B", TEN + 50, TEN + 200)]
    direct.legs = [Leg("3", "direct", None, TEN + 6, TEN + 60)]
    lost.visits = [Visit("A", TEN + 10, TEN + 30, "abandoned")]
    next_day = MIDNIGHT + 86_400
    at_night.visits = [Visit("A", next_day + 2, next_day + 12, "answered", "4")]
    at_night.legs = [Leg("4", "queue", "A", next_day + 12, next_day + 60)]
    values = recount(History(contacts=[handed_on, direct, lost, at_night]), RULES)
    assert figures(values, "M022") == {"contact_start": (56, 2), "queue_entry": (40, 1)}
    assert figures(values, "M022", period_start="2026-03-03") == {"contact_start": (22, 1), "queue_entry": (10, 1)}
    by_hour = figures(values, "M022", grain="hour", period_start="2026-03-02 10:00:00")
    assert by_hour == {"contact_start": (56, 2), "queue_entry": (40, 1)}


def test_a_line_connected_every_attempt_that_was_neither_congested_nor_failed() -> None:
    refused: tuple[Disposition, ...] = ("CONGESTION", "FAILED")
    connected: tuple[Disposition, ...] = ("BUSY", "NO ANSWER", "ANSWERED", "ANSWERED") * 2
    said = (*refused, *connected)
    contacts = [call(str(number), TEN, disposition) for number, disposition in enumerate(said)]
    contacts.append(Contact("out", "outbound", "voice_outbound", "1", TEN, None, TEN, "CONGESTION"))
    values = recount(History(contacts=contacts), RULES)
    assert figures(values, "M177") == {"attempts": (8, 10)}
    assert figures(values, "M177", grain="hour", period_start="2026-03-02 10:00:00") == {"attempts": (8, 10)}


def test_a_node_counts_its_visits_and_the_centre_its_contacts() -> None:
    def menu(name: str, *steps: tuple[str, int, int, StepEnd, str | None]) -> Contact:
        contact = call(name, TEN)
        contact.steps = [Step(node, TEN + begin, TEN + end, ended, key) for node, begin, end, ended, key in steps]
        return contact

    queued = menu("m1", ("welcome", 0, 6, "next_node", "1"), ("service", 6, 16, "agent", "0"))
    queued.visits = [Visit("A", TEN + 16, TEN + 30, "abandoned")]
    done = menu(
        "m2",
        ("welcome", 0, 8, "timeout", None),
        ("welcome", 8, 12, "next_node", "2"),
        ("bill", 12, 30, "self_service_done", None),
    )
    done.is_self_served = True
    lost = menu("m3", ("welcome", 0, 5, "invalid_key", "9"), ("welcome", 5, 9, "hangup", None))
    values = recount_service([queued, done, lost, call("straight", TEN)])
    assert figures(values, "M051") == {"contact": (55, 3)}
    assert figures(values, "M052") == {"centre": (1, 3)}
    assert figures(values, "M052", dim_set="node", node="service") == {"node": (1, 1)}
    assert figures(values, "M052", dim_set="node", node="welcome") == {"node": (0, 5)}
    assert figures(values, "M053") == {"visits": (1, 7)}
    assert figures(values, "M053", dim_set="node", node="welcome") == {"visits": (1, 5)}
    assert figures(values, "M054") == {"selections": (3, 4)}
    assert figures(values, "M054", dim_set="node", node="bill") == {}
    assert figures(values, "M055") == {"contact": (2, 3)}
    assert figures(values, "M058") == {"all": (1, 3)}
