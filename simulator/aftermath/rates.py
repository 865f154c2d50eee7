"""How likely and how long things usually are after a contact.

Belongs here: numbers with their units. Does not belong here: what follows from them (the modules of each family), what
is fixed by the catalogue.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from simulator.scenarios.effects import Effects

_PLANTABLE = (
    "missing_field", "wrong_category", "recording_deleted_early", "bad_line", "alert_handled", "field_synced",
)  # fmt: skip


def _fixed(amounts: dict[str, float]) -> Mapping[str, float]:
    return MappingProxyType(amounts)


def _routing() -> Mapping[str, float]:
    return _fixed(
        {
            "service": 0.4, "logistics": 0.7, "finance": 0.9, "it": 0.6, "membership": 0.6, "after_sales": 1.1,
            "property": 1.0, "marketing": 0.6, "quality": 0.4,
        }
    )  # fmt: skip


def _work() -> Mapping[str, float]:
    return _fixed(
        {
            "service": 2.5, "logistics": 4.0, "finance": 6.0, "it": 3.5, "membership": 3.0, "after_sales": 7.0,
            "property": 6.0, "marketing": 3.0, "quality": 8.0,
        }
    )  # fmt: skip


def _complaints_of_displeased() -> Mapping[str, float]:
    return _fixed({"voice": 0.030, "im": 0.022, "email": 0.035})


def _responses() -> Mapping[str, float]:
    return _fixed({"voice": 0.28, "im": 0.36, "email": 0.17})


@dataclass(frozen=True, slots=True)
class Rates:
    """What is usual, before effects. A rate is a share of 1; means in business hours are of skewed times.

    `routing_mean_h` and `work_mean_h` by department that receives and that works; `missing_field` of a required field
    by an agent of middling ability; `completes` what an agent keeps; `complains_later` of a displeased customer without
    another contact, by medium; `recurs` after a complaint was closed; `responds` to a survey, by medium.
    """

    routing_mean_h: Mapping[str, float] = field(default_factory=_routing)
    work_mean_h: Mapping[str, float] = field(default_factory=_work)
    missing_field: float = 0.012
    wrong_category: float = 0.05
    reopens: float = 0.03
    completes: float = 0.97
    complains_later: Mapping[str, float] = field(default_factory=_complaints_of_displeased)
    escalates: float = 0.14
    recurs: float = 0.09
    responds: Mapping[str, float] = field(default_factory=_responses)
    quality_sample: float = 0.02
    script_check: float = 0.04
    recording_lost: float = 0.003
    recording_deleted_early: float = 0.0008
    bad_line: float = 0.012
    alert_handled: float = 0.62
    field_synced: float = 0.88

    def at(self, instant: int, effects: Effects) -> Rates:
        """What holds at an instant: the effects that bear a rate's own name, and the rest as it is."""
        changed: dict[str, Any] = {
            name: effects.level(name, getattr(self, name), instant) for name in _PLANTABLE if effects.has(name)
        }
        return replace(self, **changed) if changed else self
