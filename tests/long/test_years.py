"""Two years of a small centre against the recount: what a year after a year decides (M137), and all else by week and
month.

Too long for each change: `make test-long`.
"""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from tests.end_to_end.centre import Centre, simulated
from tests.end_to_end.truth import defined_truth, released_values, wrong_values

FIRST, LAST = date(2024, 3, 1), date(2026, 4, 1)  # the retention of March 2025 is decided with the end of March 2026
LONG = ("week", "month")


@pytest.fixture(scope="module")
def years(tmp_path_factory: pytest.TempPathFactory) -> Centre:
    days = (LAST - FIRST) // timedelta(days=1) + 1
    centre = simulated(
        tmp_path_factory.mktemp("years"), days=days, agents=8, seed=3, start=FIRST.isoformat(), is_whole=True
    )
    centre.build()
    return centre


def test_every_week_and_month_of_two_years_is_the_true_one_and_retention_is_decided(years: Centre) -> None:
    truths, released = defined_truth(years, LONG), released_values(years, LONG)
    decided = {(it["variant"], it["period_start"], it["dim_set"]) for it in truths if it["kpi_id"] == "M137"}
    assert {("repurchase", "2025-03-01", of) for of in ("all", "tier")} <= decided
    assert wrong_values(truths, released)[:5] == []
