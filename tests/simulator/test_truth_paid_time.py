"""The recount of paid time gives the worked example of DECISIONS.md, section 41."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.local_time import DAY_S, HOUR_S
from simulator.records import Record
from simulator.truth.daycells import DayCells
from simulator.truth.paid_time import FEED, PaidTime
from simulator.truth.sums import local_day
from simulator.truth.values import Value

MONDAY = 1772380800  # 2026-03-02 00:00 in Shanghai
TEAMS = {"1001": "day", "1002": "night", "1003": "day", "1004": "chats", "1005": "day", "1006": "day"}
# agent, hours after Monday's midnight, paid seconds
SHIFTS = (
    ("1001", 9, 17, 26_400),
    ("1002", 22, 30, 26_400),
    ("1003", 9, 13, 14_400),
    ("1003", 14, 18, None),
    ("1004", 9, 17, 26_400),
    ("1005", 9, 17, 26_400),
    ("1001", 33, 35, 7_200),
    ("1001", 39, 41, 7_200),
)
# agent, days after Monday, talk, after-call work, ready, ringing, break
STATES = (
    ("1005", -3, 0, 0, 28_800, 0, 0),
    ("1001", 0, 12_000, 1_200, 10_000, 200, 1_800),
    ("1002", 0, 3_000, 300, 3_000, 0, 0),
    ("1003", 0, 5_000, 0, 4_000, 0, 0),
    ("1006", 0, 4_000, 0, 1_000, 0, 0),
    ("1001", 1, 6_000, 600, 9_000, 0, 0),
    ("1002", 1, 9_000, 900, 8_100, 0, 0),
)


def shift(number: int, agent: str, begins: float, ends: float, paid: float | None, **said: Any) -> Record:
    row: dict[str, Any] = {
        "agent_id": agent, "shift_id": f"s{number}", "published_at": MONDAY - 7 * DAY_S, "paid_s": paid,
        "planned_start_at": MONDAY + int(begins * HOUR_S), "planned_end_at": MONDAY + int(ends * HOUR_S),
        "record_updated_at": MONDAY - 7 * DAY_S,
    }  # fmt: skip
    return Record(FEED, row["published_at"], row | said)


def worked() -> DayCells[str]:
    cells: DayCells[str] = DayCells()
    for agent, day, talk, acw, ready, ringing, rest in STATES:
        told = {"talk": talk, "acw": acw, "ready": ready, "ringing": ringing, "break": rest}
        cell = cells.of(local_day(MONDAY) + day)[agent]
        cell.update({f"state_{state}": seconds for state, seconds in told.items()})
        cell["logged_in_s"] = sum(told.values())
    return cells


def values(shifts: list[Record], days: int = 2) -> list[Value]:
    paid = PaidTime(MONDAY + days * DAY_S)
    for record in shifts:
        paid.add(record)
    paid.settle(MONDAY + 1000 * DAY_S)
    assert paid.held == 0
    return list(paid.values(worked(), TEAMS))


def roster() -> list[Record]:
    former = {"record_updated_at": MONDAY - 8 * DAY_S}
    told = [shift(number, *said) for number, said in enumerate(SHIFTS, 1)]
    return [*told, shift(1, "1001", 8, 12, 14_400, **former)]


def test_the_worked_example_of_decision_41_gives_its_values() -> None:
    found = {(it.kpi_id, it.grain, it.period_start[8:], it.agent or it.team): it.figures for it in values(roster())}
    centre = {key[:3]: figures for key, figures in found.items() if key[3] is None}
    assert {key: figures[:2] for key, figures in centre.items() if key[1] != "month"} == {
        ("M065", "day", "02"): (15_000, 59_400),
        ("M065", "day", "03"): (15_000, 34_200),
        ("M065", "week", "02"): (30_000, 93_600),
        ("M066", "day", "02"): (29_700, 59_400),
        ("M066", "day", "03"): (33_600, 34_200),
        ("M066", "week", "02"): (63_300, 93_600),
    }
    of_day = {(key[0], key[2], key[3]): figures for key, figures in found.items() if key[1] == "day" and key[3]}
    assert {key: figures[2] for key, figures in of_day.items()} == pytest.approx(
        {
            **{("M065", "02", name): 12 / 26.4 for name in ("1001", "1002", "night")},
            **{("M065", "02", "1005"): 0, ("M065", "02", "day"): 12 / 52.8},
            **{("M065", "03", name): 6 / 14.4 for name in ("1001", "day")},
            **{("M065", "03", name): 9 / 19.8 for name in ("1002", "night")},
            **{("M066", "02", "1001"): 23.4 / 26.4, ("M066", "02", "day"): 23.4 / 52.8, ("M066", "02", "1005"): 0},
            **{("M066", "02", name): 6.3 / 6.6 for name in ("1002", "night")},
            **{("M066", "03", name): 15.6 / 14.4 for name in ("1001", "day")},
            **{("M066", "03", name): 18 / 19.8 for name in ("1002", "night")},
        }
    )


def test_paid_time_that_lies_ahead_is_not_there_yet() -> None:
    assert {it.figures[1] for it in values([shift(1, "1002", 22, 30, 26_400)], days=1)} == {6_600}
    assert values([shift(1, "1001", 33, 35, None), shift(2, "1001", 33, 35, 7_200)], days=1) == []


def test_an_agent_is_of_the_telephone_for_five_dates_after_a_login() -> None:
    # 1005 logged in on the Friday before, and never again
    late = [shift(day, "1005", day * 24 + 9, day * 24 + 17, 26_400) for day in range(-4, 6)]
    days = {it.period_start for it in values(late, days=9) if it.grain == "day" and it.dim_set == "agent"}
    assert days == {"2026-02-27", "2026-02-28", "2026-03-01", "2026-03-02", "2026-03-03", "2026-03-04"}


@pytest.mark.parametrize(
    ("begins", "ends", "paid"), [(9, 17, None), (9, 17, -1), (9, 17, 86_401), (17, 9, 60), (9, 9, 60), (9, 34, 60)]
)
def test_a_shift_whose_paid_time_cannot_be_leaves_its_dates_out(begins: int, ends: int, paid: float | None) -> None:
    known = shift(1, "1001", 18, 20, 7_200)
    assert values([known]) and values([known, shift(2, "1001", begins, ends, paid)]) == []


def test_a_shift_that_was_taken_back_pays_for_nothing() -> None:
    assert values([shift(1, "1001", 9, 17, 0)]) == []


def test_a_shift_that_comes_after_it_was_counted_is_no_silent_loss() -> None:
    paid = PaidTime()
    paid.settle(MONDAY + 60 * DAY_S)
    with pytest.raises(AssertionError, match="after it"):
        paid.add(shift(1, "1001", 9, 17, 26_400))
