"""The engine of the centre's queues agrees with the formulas of Erlang C and Erlang A.

The golden values are known from outside: 100 calls in half an hour, 3 minutes of handling, a target of 20 s, patience
of 5 minutes. In Erlang A the service level is over all arrivals.
"""

from __future__ import annotations

from functools import lru_cache

import pytest

from simulator.laboratory import Experiment, Findings, Laboratory

BATCHES = 20
T_999 = 3.883  # Student's t for 19 degrees of freedom: 99.9 %, as many values are compared at once


@lru_cache
def measure(agents: int, patience_s: float | None = None) -> Findings:
    experiment = Experiment(agents, 100 / 1800, 180, 20, patience_s, batches=BATCHES, calls_per_batch=5000, seed=7)
    return Laboratory(experiment).run(T_999)


@pytest.mark.parametrize(
    ("agents", "waited", "service_level", "mean_wait_s", "occupancy"),
    [(14, 0.174132, 0.888350, 0.1306 * 60, 0.714286), (13, None, 0.795595, None, 10 / 13)],
)
def test_endless_patience_gives_erlang_c(
    agents: int, waited: float | None, service_level: float, mean_wait_s: float | None, occupancy: float
) -> None:
    found = measure(agents)
    assert found.service_level.contains(service_level)
    assert found.occupancy.contains(occupancy)
    assert waited is None or found.waited.contains(waited)
    assert mean_wait_s is None or found.mean_wait_s.contains(mean_wait_s)
    assert found.abandoned.mean == 0
    # an interval that holds everything would prove nothing
    assert found.service_level.half_width < 0.03 and found.occupancy.half_width < 0.02


@pytest.mark.parametrize(
    ("agents", "abandoned", "mean_wait_min", "occupancy", "service_level"),
    [
        (10, 0.109438, 0.547190, 0.890562, 0.516810),
        (12, 0.042711, 0.213556, 0.797741, 0.772279),
        (14, 0.013984, 0.069919, 0.704297, 0.916792),
    ],
)
def test_exponential_patience_gives_erlang_a(
    agents: int, abandoned: float, mean_wait_min: float, occupancy: float, service_level: float
) -> None:
    found = measure(agents, patience_s=300)
    assert found.abandoned.contains(abandoned)
    assert found.mean_wait_s.contains(mean_wait_min * 60)
    assert found.occupancy.contains(occupancy)
    assert found.service_level.contains(service_level)
    assert found.abandoned.half_width < 0.012 and found.service_level.half_width < 0.035


def test_a_queue_with_one_agent_less_is_told_apart() -> None:
    """The intervals above are narrow enough to refuse the values of the neighbouring staffing."""
    found = measure(13)
    assert not found.service_level.contains(0.888350)
    assert not found.occupancy.contains(0.714286)
