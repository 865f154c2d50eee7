"""Reading what was released: opening the catalogue and finding a KPI in its registry.

Belongs here: the read-only connection, the registry as objects, the errors a wrong id or dimension leads to.
Does not belong here: how the catalogue is made (release.py), values and their display (kpi.py, board/, explain.py).
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from orchestration.errors import InputError
from orchestration.paths import published_dir

GRAINS = ("hour", "day", "week", "month", "quarter", "year", "rolling_12_months")
# In the order of the columns of kpi_value, which is the order of their names in a dimension set. Others (a tool, a
# product, a department …) share the column `member`.
DIMENSIONS = ("channel", "direction", "queue", "agent", "team", "issue", "region", "segment", "hour_of_day")
CATEGORIES = {
    "service_quality": ("服务质量", "Service quality"),
    "operating_efficiency": ("运营效率", "Operating efficiency"),
    "customer_experience": ("客户体验", "Customer experience"),
    "business_value": ("业务价值", "Business value"),
}


@dataclass(frozen=True)
class Definition:
    """One variant of a KPI as the registry has it on the last released date."""

    kpi_id: str
    variant: str
    name_zh: str
    name_en: str
    variant_name_zh: str | None
    variant_name_en: str | None
    definition_zh: str | None
    definition_en: str | None
    category: str
    kind: str
    numerator: str | None
    denominator: str | None
    n_measure: str | None
    unit: str
    direction: str
    freshness_class: str | None
    grain_set: str | None
    needs: str | None
    owner_role: str | None
    is_default_official: bool
    valid_from: date | None
    valid_to: date | None


@dataclass(frozen=True)
class ReleaseFacts:
    """The released data as readers know them: `as_of` is the local end of the last date, `created_at` is UTC."""

    release_id: str
    created_at: datetime
    as_of: datetime
    stale: dict[str, list[date]]


@contextmanager
def open_catalogue(root: Path, scope: str = "default") -> Iterator[duckdb.DuckDBPyConnection]:
    """A read-only connection to the released marts, schema `marts` first; InputError when nothing was released yet."""
    path = published_dir(root.absolute(), scope) / "callmart.duckdb"
    if not path.exists():
        raise InputError(
            "there is no release yet.",
            file=path,
            todo="run `callmart build --config FILE` or `make demo`, or set CALLMART_DATA to a data root that has one.",
        )
    with closing(duckdb.connect(str(path), read_only=True)) as con:
        con.execute("use marts")
        yield con


def release_facts(con: duckdb.DuckDBPyConnection) -> ReleaseFacts:
    """What the release says of itself."""
    rows = rows_of(con, "select * from release order by stale_feed")
    first = rows[0]
    stale = {
        row["stale_feed"]: [date.fromisoformat(day) for day in (row["stale_dates"] or "").split(",") if day]
        for row in rows
        if row["stale_feed"]
    }
    return ReleaseFacts(first["release_id"], first["created_at"], first["as_of"], stale)


def definitions(con: duckdb.DuckDBPyConnection) -> dict[str, list[Definition]]:
    """The registry by KPI id: the rows that hold on the last released date, the default official variant first."""
    fields = ", ".join(Definition.__dataclass_fields__)
    rows = rows_of(
        con,
        f"""
        with last_date as (select cast(max(as_of) as date) - 1 as day from release)
        select {fields}
        from kpi_definition, last_date
        where coalesce(valid_from, day) <= day and coalesce(valid_to, day + 1) > day
        qualify row_number() over (partition by kpi_id, variant order by valid_from desc nulls last) = 1
        order by kpi_id, is_default_official desc, variant
        """,
    )
    registry: dict[str, list[Definition]] = {}
    for row in rows:
        registry.setdefault(row["kpi_id"], []).append(Definition(**row))
    return registry


def find(registry: dict[str, list[Definition]], wanted: str) -> tuple[str, str | None]:
    """The KPI id and variant that a person means by `M021`, `m021` or `M021:icmi`; InputError with suggestions else."""
    kpi_id, _, variant = wanted.strip().partition(":")
    kpi_id = kpi_id.upper()
    if kpi_id not in registry:
        near = _near_kpis(registry, wanted)
        raise InputError(
            f"KPI {wanted!r} is not in the registry.", todo=_hint(near) or "`callmart coverage` lists all ids."
        )
    if not variant:
        return kpi_id, None
    variants = [definition.variant for definition in registry[kpi_id]]
    if variant not in variants:
        raise InputError(f"KPI {kpi_id} has no variant {variant!r}.", todo=f"use one of {', '.join(variants)}.")
    return kpi_id, variant


def check_grain(grain: str) -> str:
    """The grain as kpi_value writes it; InputError with suggestions when there is none of that name."""
    found = grain.strip().lower().replace("-", "_")
    if found not in GRAINS:
        near = difflib.get_close_matches(found, GRAINS, n=1, cutoff=0.4)
        raise InputError(f"grain {grain!r} is unknown.", todo=f"{_hint(near)} Use one of {', '.join(GRAINS)}.".strip())
    return found


def check_dimensions(con: duckdb.DuckDBPyConnection, by: str) -> str:
    """The dimension set as kpi_value writes it (`hour_of_day+queue` becomes `queue+hour_of_day`)."""
    parts = [part.strip().lower() for part in by.replace(",", "+").split("+")]
    if parts == ["all"]:
        return "all"
    known = _dimensions(con)
    for part in parts:
        if part not in known:
            near = difflib.get_close_matches(part, known, n=1, cutoff=0.4)
            raise InputError(
                f"dimension {part!r} is unknown.",
                todo=f"{_hint(near)} Use {', '.join(known)}, several joined by +, or all.".strip(),
            )
    return "+".join(sorted(set(parts), key=known.index))


def _dimensions(con: duckdb.DuckDBPyConnection) -> list[str]:
    """All dimensions that the release can be asked for: those with a column, then those whose members share one."""
    sets = con.execute("select distinct dim_set from kpi_value where member is not null").fetchall()
    others = {name for (dim_set,) in sets for name in dim_set.split("+")} - {*DIMENSIONS}
    return [*DIMENSIONS, *sorted(others)]


def rows_of(
    con: duckdb.DuckDBPyConnection, sql: str, parameters: Sequence[object] | Mapping[str, object] = ()
) -> list[dict[str, Any]]:
    """The rows of a query as dictionaries."""
    result = con.execute(sql, parameters)
    names = [column[0] for column in result.description]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def _near_kpis(registry: dict[str, list[Definition]], wanted: str) -> list[str]:
    text = wanted.strip().lower()
    by_name = [
        kpi_id
        for kpi_id, variants in registry.items()
        if text in variants[0].name_en.lower() or text in variants[0].name_zh.lower()
    ]
    by_id = difflib.get_close_matches(text.upper(), registry, n=3, cutoff=0.5)
    ids = list(dict.fromkeys([*by_name, *by_id]))[:4]
    return [f"{kpi_id} ({registry[kpi_id][0].name_en}, {registry[kpi_id][0].name_zh})" for kpi_id in ids]


def _hint(near: Iterable[str]) -> str:
    found = ", ".join(near)
    return f"did you mean {found}?" if found else ""


@dataclass(frozen=True)
class Fallback:
    """A variant that is official in place of another one in a period, because too little is known for that."""

    variant: str
    fallback_variant: str
    handled_count: int
    known_count: int
    known_rate: float
    min_known_rate: float

    @property
    def text_zh(self) -> str:
        return (
            f"代替 {self.variant}：{self.handled_count:,} 次处理的联络中客户与问题均已知的仅占 {self.known_rate:.1%}"
            f"（下限 {self.min_known_rate:.0%}）"
        )

    @property
    def text_en(self) -> str:
        return (
            f"in place of {self.variant}: customer and issue are known of {self.known_rate:.1%} of "
            f"{self.handled_count:,} handled contacts (least {self.min_known_rate:.0%})"
        )


def fallback_of(
    con: duckdb.DuckDBPyConnection, kpi_id: str, variant: str, grain: str, start: datetime | date
) -> Fallback | None:
    """Why this variant is official in this period though it was not chosen; None where it was."""
    rows = rows_of(
        con,
        """
        select variant, fallback_variant, handled_count, known_count, known_rate, min_known_rate from kpi_fallback
        where kpi_id = ? and fallback_variant = ? and grain = ? and period_start = ? order by variant limit 1
        """,
        [kpi_id, variant, grain, start],
    )
    return Fallback(**rows[0]) if rows else None


def last_complete_day(con: duckdb.DuckDBPyConnection, as_of: datetime) -> date:
    """The date that the board stands at."""
    last = "select max(period_start) from kpi_value where grain = 'day' and period_start < ?"
    row = con.execute(last, [as_of]).fetchone()
    # Without any day value (no call yet) the board still has a date: the last one that was built.
    return row[0].date() if row and row[0] else (as_of - timedelta(days=1)).date()
