"""All worked cases by their id, in the order of the articles.

Belongs here: the list. Does not belong here: the cases (`s0`, `s2`, `s4`); the articles S1 and S3 have none.
"""

from __future__ import annotations

from simulator.errors import SettingError
from simulator.scenarios import s0, s2, s4
from simulator.scenarios.scenario import Scenario

SCENARIOS = {case.scenario_id: case for case in (*s0.CASES, *s2.CASES, *s4.CASES)}


def scenario(scenario_id: str) -> Scenario:
    """The case of an id; raises SettingError with the known ones."""
    if scenario_id not in SCENARIOS:
        raise SettingError(f"scenario {scenario_id}: not known; take one of {', '.join(SCENARIOS)}.")
    return SCENARIOS[scenario_id]
