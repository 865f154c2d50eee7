"""The KPIs of the seeds with all that the seeds and contracts say of them.

Belongs here: reading. Does not belong here: words and form (`page`), what a release has (orchestration/catalogue.py).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from expectations.contracts import all_contracts
from orchestration.catalogue import GRAINS
from seeds import seed_rows

Row = Mapping[str, str]


@dataclass(frozen=True)
class Kpi:
    """A KPI as rows of the seeds, those that hold now: variants, the default official one first, targets and other
    judgements, remedies, places on boards, and by variant the one that takes its place."""

    kpi_id: str
    variants: list[Row]
    targets: list[Row]
    remedies: list[Row]
    places: list[Row]
    fallbacks: dict[str, str]

    @property
    def official(self) -> Row:
        """The variant that is official unless the centre names another."""
        return self.variants[0]


def kpis() -> list[Kpi]:
    """Every KPI of the registry, by its id."""
    definitions, targets = _by_kpi("kpi_definition"), _by_kpi("kpi_target")
    remedies, places, fallbacks = _by_kpi("strategy_rule"), _by_kpi("report_kpi"), _by_kpi("kpi_variant_fallback")
    return [
        Kpi(
            kpi_id,
            sorted(definitions[kpi_id], key=lambda row: row["is_default_official"] != "true"),
            targets[kpi_id],
            remedies[kpi_id],
            places[kpi_id],
            {row["variant"]: row["fallback_variant"] for row in fallbacks[kpi_id]},
        )
        for kpi_id in sorted(definitions)
    ]


@cache
def grain_sets() -> dict[str, dict[str, list[str]]]:
    """By named set the grains of each dimension set, finest first."""
    found: dict[str, dict[str, list[str]]] = {}
    for row in sorted(seed_rows("kpi_grain_set"), key=lambda row: GRAINS.index(row["grain"])):
        found.setdefault(row["grain_set"], {}).setdefault(row["dim_set"], []).append(row["grain"])
    return found


@cache
def capabilities() -> dict[str, Row]:
    """The names of what a KPI can need."""
    return {row["capability"]: row for row in seed_rows("kpi_capability")}


@cache
def feeds_of(capability: str) -> list[str]:
    """Feeds that give a capability, as a whole or by one of their columns."""
    return sorted(
        said.feed
        for said in all_contracts().values()
        if capability in said.provides or any(column.provides == capability for column in said.columns)
    )


def _by_kpi(seed: str) -> dict[str, list[Row]]:
    """The rows of a seed that hold now, by KPI, in their order."""
    found: dict[str, list[Row]] = defaultdict(list)
    for row in seed_rows(seed):
        if not row.get("valid_to"):
            found[row["kpi_id"]].append(row)
    return found
