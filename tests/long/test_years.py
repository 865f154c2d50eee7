"""A small centre that was open for ten days, and what its customers bought in the year after, against the recount: what
a year decides (M137), and what a month does (M130, M145, M146).

Too long for each change: `make test-long`. A build over eight hundred dates spends most of its time on telling Dagster
of each asset and date.
"""

from __future__ import annotations

import pytest

from orchestration.coverage.causes import SHOP_DAYS
from tests.end_to_end.centre import Centre, simulated
from tests.end_to_end.truth import defined_truth, released_values, untold_values, wrong_values

DECIDED_LATER = {("M137", "repurchase"), ("M137", "any_activity"), ("M137", "buyers"), ("M130", "same_type_30d"),
                 ("M145", "window_30d"), ("M146", "window_30d")}  # fmt: skip


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Centre:
    options = ("--shop-days", str(SHOP_DAYS))
    centre = simulated(
        tmp_path_factory.mktemp("years"), days=10, agents=8, seed=3, start="2025-03-25", is_whole=True, options=options
    )
    centre.build()
    return centre


def test_every_value_of_a_year_is_the_true_one_and_what_it_decides_is_told(closed: Centre) -> None:
    truths, released = defined_truth(closed), released_values(closed)
    assert {(it["kpi_id"], it["variant"]) for it in truths} >= DECIDED_LATER
    assert ("M137", "2025-04-01", "tier") in {(it["kpi_id"], it["period_start"], it["dim_set"]) for it in truths}
    assert wrong_values(truths, released)[:5] == []
    assert untold_values(truths, released)[:5] == []
