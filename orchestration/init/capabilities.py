"""Which KPIs a mapping makes available, and what the others lack.

Here belongs: the registry of KPIs (seeds/) laid beside what a mapping gives. Not here: what was released
(`kpi_availability` says it then).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from expectations.contracts import contract
from orchestration.init.synonyms import Words
from seeds import seed_rows


@dataclass(frozen=True)
class Available:
    """`kpis`: ids of which some variant is available. `lacking`: capability → its words, the columns of the feed that
    would give it, and the KPIs that wait for it."""

    kpis: tuple[str, ...]
    given: tuple[Words, ...]
    lacking: dict[str, tuple[Words, tuple[str, ...], tuple[str, ...]]]


def available(feed: str, mapped: Iterable[str]) -> Available:
    """What the mapping of these columns of a feed makes available."""
    said = contract(feed)
    given = said.given_by(mapped)
    names = {
        row["capability"]: Words(row["capability_zh"], row["capability_en"]) for row in seed_rows("kpi_capability")
    }
    kpis: dict[str, bool] = {}
    waiting: dict[str, set[str]] = {}
    for row in seed_rows("kpi_definition"):
        missing = {need for need in row["needs"].split(";") if need in names and need not in given}
        kpis[row["kpi_id"]] = kpis.get(row["kpi_id"], False) or not missing
        for need in missing:
            waiting.setdefault(need, set()).add(row["kpi_id"])
    lacking = {}
    for need, ids in sorted(waiting.items()):
        still = tuple(sorted(kpi for kpi in ids if not kpis[kpi]))
        giving = tuple(column.name for column in said.columns if column.provides == need)
        if still:
            lacking[need] = names[need], giving, still
    met = tuple(sorted(kpi for kpi, is_met in kpis.items() if is_met))
    return Available(met, tuple(names[name] for name in sorted(given) if name in names), lacking)
