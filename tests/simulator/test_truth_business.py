"""The recounts of sales, retention, cost and interfaces give the values worked by hand in DECISIONS.md."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from simulator.events import Contact, Leg, Medium, Message, Visit
from simulator.records import Record
from simulator.truth.costs import recount_costs
from simulator.truth.integrations import recount_integrations
from simulator.truth.retention import recount_retention
from simulator.truth.sales import recount_sales
from simulator.truth.values import Value

SHANGHAI = timezone(timedelta(hours=8))


def at(text: str) -> int:
    """The instant of a local time, e.g. `2026-03-02 10:00`."""
    return int(datetime.fromisoformat(text).replace(tzinfo=SHANGHAI).timestamp())


def handled(
    name: str,
    when: str,
    agent: str = "A1",
    customer: str | None = None,
    issue: str | None = "repair_request",
    talk_s: int = 100,
    medium: Medium = "voice",
    **changes: Any,
) -> Contact:
    """A contact that an agent handled; a chat has messages, a call a conversation."""
    begun = at(when)
    contact = Contact(
        contact_id=name,
        direction="inbound",
        channel="chat" if medium == "im" else "voice_400",
        caller="13900000000",
        started_at=begun,
        answered_at=begun,
        ended_at=begun + talk_s,
        disposition="ANSWERED",
        medium=medium,
        customer_id=customer,
        issue_id=issue,
    )
    if medium == "im":
        contact.messages = [
            Message("customer", begun),
            Message("agent", begun, agent),
            Message("agent", begun + 9, agent),
        ]
    else:
        contact.legs = [Leg(agent, "direct", None, begun, begun + talk_s)]
    for field, value in changes.items():
        setattr(contact, field, value)
    return contact


def order(
    name: str, amount: float, paid: str, agent: str | None, product: str, customer: str, **changes: Any
) -> Record:
    """An order in its latest state, paid at a local time."""
    row = {
        "order_id": name, "customer_id": customer, "lead_id": None, "contact_id": None, "agent_id": agent,
        "product_id": product, "created_at": at(paid), "paid_at": at(paid), "refunded_at": None, "amount": amount,
        "record_updated_at": at(paid),
    } | changes  # fmt: skip
    return Record("canonical.order", row["record_updated_at"], row)


def invite(contact: str, agent: str, product: str, is_accepted: bool) -> Record:
    """An offer of 2 March 10:00."""
    offered_at = at("2026-03-02 10:00")
    row = {
        "invite_id": contact, "contact_id": contact, "agent_id": agent, "campaign_id": None, "product_id": product,
        "offered_at": offered_at, "is_accepted": is_accepted,
    }  # fmt: skip
    return Record("canonical.invite", offered_at, row)


def lead(name: str, source: str, qualified: str) -> Record:
    """A clear lead of 2 March 10:00."""
    created_at, qualified_at = at("2026-03-02 10:00"), at(qualified)
    row = {
        "lead_id": name, "lead_source": source, "owner_agent_id": "A2", "created_at": created_at,
        "qualified_at": qualified_at, "intent": "clear", "record_updated_at": qualified_at,
    }  # fmt: skip
    return Record("canonical.lead", qualified_at, row)


CONTACTS = [
    handled("c1", "2026-03-02 10:00", "A1", "C1"),
    handled("c2", "2026-03-02 10:10", "A1", "C2", "bill_explained"),
    handled("c3", "2026-03-02 10:20", "A2", "C5", "delivery_status", medium="im"),
    handled("c4", "2026-03-02 10:30", "A2", "C3", "appliance_advice"),
    handled("c5", "2026-03-02 10:40", "A2", "C4", None, direction="outbound"),
    handled("c6", "2026-03-02 10:50", "A2", "C6", legs=[]),  # nobody handled it
]
REFUND = at("2026-03-10 09:00")
RECORDS = [
    invite("c1", "A1", "filter_set", True),
    invite("c2", "A1", "gold_membership", False),
    invite("c4", "A2", "robot_vacuum", True),
    invite("c5", "A2", "filter_set", True),
    lead("l1", "old_customer", "2026-03-02 10:00"),
    lead("l2", "cold_list", "2026-03-03 10:00"),
    order("o1", 269.0, "2026-03-02 11:00", "A1", "filter_set", "C1", contact_id="c1"),
    order("o2", 2199.0, "2026-03-02 11:00", "A2", "robot_vacuum", "C3", contact_id="c4"),
    order(
        "o2", 2199.0, "2026-03-02 11:00", "A2", "robot_vacuum", "C3", contact_id="c4",
        refunded_at=REFUND, record_updated_at=REFUND,
    ),
    order("o3", 538.0, "2026-03-04 10:00", "A2", "filter_set", "C4", contact_id="c5", lead_id="l1"),
    order("o4", 298.0, "2026-03-05 10:00", None, "gold_membership", "C1"),
]  # fmt: skip
MAY = at("2026-05-01 00:00")


def found(values: list[Value], kpi: str, variant: str, period: str, grain: str, **dimension: str) -> list[Any]:
    """Numerator, denominator and value of one cell; a cell that is not there fails."""
    (dim_set,) = dimension or ("all",)
    (value,) = [
        value
        for value in values
        if (value.kpi_id, value.variant, value.grain, value.period_start, value.dim_set)
        == (kpi, variant, grain, period, dim_set)
        and all(getattr(value, name) == of for name, of in dimension.items())
    ]
    return list(value.figures)


@pytest.mark.parametrize(
    ("kpi", "variant", "period", "dimension", "worked"),
    [
        ("M136", "service_contacts", "2026-03-02", {}, [1, 3, 1 / 3]),
        ("M136", "offered", "2026-03-02", {}, [1, 2, 0.5]),
        ("M138", "offers", "2026-03-02", {}, [3, 4, 0.75]),
        ("M138", "offers", "2026-03-02", {"agent": "A1"}, [1, 2, 0.5]),
        ("M138", "offers", "2026-03-02", {"agent": "A2"}, [2, 2, 1.0]),
        ("M139", "won", "2026-03-01", {}, [3, None, 3]),
        ("M140", "contacted", "2026-03-01", {}, [3, 5, 0.6]),
        ("M140", "contacted", "2026-03-01", {"agent": "A1"}, [1, 2, 0.5]),
        ("M140", "contacted", "2026-03-01", {"agent": "A2"}, [2, 3, 2 / 3]),
        ("M140", "offered", "2026-03-01", {}, [3, 4, 0.75]),
        ("M141", "paid", "2026-03-04", {}, [172800, 1, 172800]),
        ("M142", "net", "2026-03-01", {}, [807, 2, 403.5]),
        ("M142", "net", "2026-03-01", {"agent": "A1"}, [269, 1, 269]),
        ("M142", "net", "2026-03-01", {"agent": "A2"}, [538, 1, 538]),
        ("M142", "gross", "2026-03-01", {}, [3006, 2, 1503]),
        ("M143", "all", "2026-03-02", {}, [2, None, 2]),
        ("M143", "all", "2026-03-02", {"lead_source": "cold_list"}, [1, None, 1]),
        ("M144", "all", "2026-03-03", {}, [1, None, 1]),
        ("M145", "window_30d", "2026-03-02", {}, [1, 2, 0.5]),
        ("M146", "window_30d", "2026-03-02", {"lead_source": "old_customer"}, [1, 1, 1.0]),
        ("M146", "window_30d", "2026-03-02", {"lead_source": "cold_list"}, [0, 1, 0.0]),
        ("M147", "per_buyer", "2026-03-01", {}, [1105, 2, 552.5]),
        ("M147", "per_order", "2026-03-01", {}, [1105, 3, 1105 / 3]),
        ("M148", "calls", "2026-03-02", {}, [3, 4, 0.75]),
        ("M148", "calls", "2026-03-02", {"agent": "A1"}, [1, 2, 0.5]),
        ("M149", "offered", "2026-03-01", {"product": "filter_set"}, [2, 2, 1.0]),
        ("M149", "offered", "2026-03-01", {"product": "gold_membership"}, [0, 1, 0.0]),
        ("M149", "offered", "2026-03-01", {"product": "robot_vacuum"}, [1, 1, 1.0]),
    ],
)
def test_the_worked_example_of_sales_gives_its_table(
    kpi: str, variant: str, period: str, dimension: dict[str, str], worked: list[float | None]
) -> None:
    values = recount_sales(CONTACTS, RECORDS, MAY)
    grain = "month" if period.endswith("-01") else "day"
    assert found(values, kpi, variant, period, grain, **dimension) == worked


def test_a_lead_whose_window_is_open_has_no_conversion_and_a_late_payment_is_none() -> None:
    in_window = recount_sales(CONTACTS, RECORDS, at("2026-04-01 09:59"))
    assert not [value for value in in_window if value.kpi_id in ("M145", "M146")]
    late = [record._replace(row={**record.row, "paid_at": at("2026-04-01 10:00")}) for record in RECORDS]
    assert found(recount_sales(CONTACTS, late, MAY), "M145", "window_30d", "2026-03-02", "day") == [0, 2, 0.0]


def test_what_is_written_after_the_last_instant_is_not_known() -> None:
    before_refund = recount_sales(CONTACTS, RECORDS, REFUND)
    assert found(before_refund, "M142", "net", "2026-03-01", "month") == [3006, 2, 1503]


def test_the_worked_example_of_retention_gives_its_table() -> None:
    contacts = [
        handled("r1", "2025-05-10 10:00", customer="C1"),
        handled("r2", "2024-07-10 10:00", customer="C2"),
        handled("r3", "2025-08-10 10:00", customer="C2", issue="service_complaint"),
        handled("r4", "2025-05-20 10:00", customer="C3"),
        handled("r5", "2026-05-20 10:00", customer="C3", issue="delivery_status"),
        handled("r6", "2024-05-31 10:00", customer="C5"),
    ]
    records = [
        order("o1", 1.0, "2025-07-10 10:00", None, "filter_set", "C1"),
        order("o2", 1.0, "2025-05-10 10:00", None, "filter_set", "C4"),
        order("o3", 1.0, "2026-05-10 10:00", None, "filter_set", "C4"),
        order("o4", 1.0, "2025-07-10 10:00", None, "filter_set", "C5"),
    ]
    values = recount_retention(contacts, records, at("2026-06-01 00:00"), lambda customer, _: f"tier {customer}")
    assert found(values, "M137", "repurchase", "2025-06-01", "month") == [1, 3, 1 / 3]
    assert found(values, "M137", "any_activity", "2025-06-01", "month") == [2, 3, 2 / 3]
    assert found(values, "M137", "buyers", "2025-06-01", "month") == [1, 1, 1.0]
    assert found(values, "M137", "repurchase", "2025-06-01", "month", tier="tier C2") == [0, 1, 0.0]
    # a year after the next anchor is not over
    assert max(value.period_start for value in values) == "2025-06-01"
    too_early = recount_retention(contacts, records, at("2026-05-31 23:59"), lambda *_: "regular")
    assert max(value.period_start for value in too_early) == "2025-05-01"


LEDGER = {"labour": 600.0, "technology": 90.0, "telecom": 30.0, "facility": 120.0, "management": 60.0}


def test_the_worked_example_of_cost_gives_its_table() -> None:
    booked_at = at("2026-03-31 18:00")
    records = [
        Record(
            "canonical.cost",
            booked_at,
            {
                "cost_id": kind,
                "month": "2026-03-01",
                "cost_type": kind,
                "amount": amount,
                "record_updated_at": booked_at,
            },
        )
        for kind, amount in LEDGER.items()
    ]
    first = handled("k1", "2026-03-02 10:00", "A1", talk_s=100)
    first.visits = [Visit("support", first.started_at, first.started_at, "answered", "A1")]
    contacts = [
        first,
        handled("k2", "2026-03-02 11:00", "A1", talk_s=200),
        handled("k3", "2026-03-02 12:00", "A2", talk_s=100),
        handled("k4", "2026-03-03 12:00", "A2", talk_s=200, medium="im"),
    ]
    values = recount_costs(contacts, records, at("2026-04-01 00:00"))
    assert found(values, "M150", "handled", "2026-03-01", "month") == [900, 4, 225]
    assert found(values, "M150", "handled", "2026-03-01", "month", channel="voice_400") == [
        610,
        3,
        pytest.approx(610 / 3),
    ]
    assert found(values, "M150", "handled", "2026-03-01", "month", channel="chat") == [290, 1, 290]
    queue = found(values, "M150", "handled", "2026-03-01", "month", queue="support")
    assert queue == [pytest.approx(153 + 1 / 3), 1, pytest.approx(153 + 1 / 3)]
    assert found(values, "M151", "all", "2026-03-01", "month") == [600, 900, pytest.approx(2 / 3)]
    assert recount_costs(contacts, records, booked_at) == []


def test_the_worked_example_of_interfaces_gives_its_table() -> None:
    minutes = [("logistics.track", 0, 120.0, 0.0), ("logistics.track", 1, 80.0, 2.0), ("order.query", 0, 300.0, 0.0)]
    records = []
    for endpoint, minute, calls, failures in minutes:
        minute_at = at("2026-03-02 10:00") + 60 * minute
        row = {
            "endpoint_id": endpoint, "tool_name": endpoint.split(".")[0], "minute_at": minute_at,
            "call_count": calls, "failure_count": failures,
        }  # fmt: skip
        records.append(Record("canonical.api_call_minute", minute_at + 60, row))
    values = recount_integrations(records, MAY)
    assert found(values, "M048", "calls", "2026-03-02", "day") == [498, 500, 0.996]
    assert found(values, "M048", "calls", "2026-03-02", "day", endpoint="logistics.track") == [198, 200, 0.99]
    assert found(values, "M048", "calls", "2026-03-01", "month", tool="order") == [300, 300, 1.0]


def test_dates_are_local() -> None:
    assert datetime.fromtimestamp(at("2026-03-02 00:00"), UTC).isoformat() == "2026-03-01T16:00:00+00:00"
    night = [handled("n1", "2026-03-02 00:00"), handled("n2", "2026-03-01 23:00")]
    values = recount_sales(night, [], MAY)
    assert found(values, "M148", "calls", "2026-03-02", "day") == [0, 1, 0.0]
    assert found(values, "M148", "calls", "2026-03-01", "day") == [0, 1, 0.0]
