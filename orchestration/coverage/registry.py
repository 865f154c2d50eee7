"""The registry of KPIs, as its seeds say it, with the capabilities that contracts provide.

Belongs here: reading seeds and contracts. Does not belong here: any verdict (`status`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from expectations.contracts import all_contracts
from seeds import seed_rows


@dataclass(frozen=True, slots=True)
class Defined:
    """A KPI of the registry by its default official variant. `needs`: capabilities of that variant; `variants`: all of
    them, the official one first; `measures`: its numerator and denominator."""

    kpi_id: str
    name_zh: str
    name_en: str
    kind: str
    unit: str
    needs: tuple[str, ...]
    variants: tuple[str, ...]
    measures: frozenset[str]


def defined() -> dict[str, Defined]:
    """Every KPI of the registry by its id."""
    by_id: dict[str, list[dict[str, str]]] = {}
    for row in seed_rows("kpi_definition"):
        by_id.setdefault(row["kpi_id"], []).append(row)
    found = {}
    for kpi_id, rows in by_id.items():
        rows.sort(key=lambda row: row["is_default_official"] != "true")
        official = rows[0]
        found[kpi_id] = Defined(
            kpi_id=kpi_id,
            name_zh=official["name_zh"],
            name_en=official["name_en"],
            kind=official["kind"],
            unit=official["unit"],
            needs=tuple(filter(None, official["needs"].split(";"))),
            variants=tuple(dict.fromkeys(row["variant"] for row in rows)),
            measures=frozenset(filter(None, (official["numerator"], official["denominator"]))),
        )
    return found


@cache
def provided() -> frozenset[str]:
    """Capabilities that some feed's contract provides, as a whole or by one of its columns."""
    contracts = all_contracts().values()
    by_feed = {name for said in contracts for name in said.provides}
    return frozenset(by_feed | {column.provides for said in contracts for column in said.columns if column.provides})


@cache
def slices() -> frozenset[str]:
    """Dimension sets that some KPI is materialised by, and each dimension in them."""
    sets = {row["dim_set"] for row in seed_rows("kpi_grain_set")}
    return frozenset(sets | {part for name in sets for part in name.split("+")})


def reports() -> dict[str, list[str]]:
    """Report ids by KPI id, of the seed that says what stands on which report."""
    found: dict[str, list[str]] = {}
    for row in seed_rows("report_kpi"):
        if row["report_id"] not in found.setdefault(row["kpi_id"], []):
            found[row["kpi_id"]].append(row["report_id"])
    return found
