"""KPIs as the registry has them, and the measures behind them as a release has them.

Belongs here: reading `seeds/` and `kpi_measure_definition`, and which fact a KPI can be divided on. Not here: formulas.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import duckdb

from metabase.errors import MetabaseError
from metabase.marts import Text
from seeds import SEEDS, seed_rows

# The columns of kpi_measure_definition in the order of the fields of a Measure.
MEASURES = "select family, fact, measure, aggregation, sql_expression, row_filter, date_column, dim_sets"
# What one sum over another gives; a share, a distribution and a peak are told by several rows.
SINGLE_KINDS = ("count", "sum", "ratio", "mean", "max", "min")


@dataclass(frozen=True)
class Kpi:
    """A variant of a KPI; `is_default` when the registry makes it official unless a centre chooses another. `dim_sets`
    are what its values are released by."""

    kpi_id: str
    variant: str
    is_default: bool
    is_official: bool
    name: Text
    variant_name: Text
    definition: Text
    kind: str
    numerator: str
    denominator: str | None
    unit: str
    direction: str
    freshness_class: str
    owner_role: str
    dim_sets: frozenset[str]

    @property
    def key(self) -> str:
        """`M021`, and of a variant that is not official `M021:icmi`."""
        return self.kpi_id if self.is_official else f"{self.kpi_id}:{self.variant}"


@dataclass(frozen=True)
class Measure:
    """Something that is summed over rows of a fact, dated by `date_column`; `dim_sets` are what its family is summed
    by."""

    family: str
    fact: str
    measure: str
    aggregation: str
    sql_expression: str
    row_filter: str | None
    date_column: str
    dim_sets: tuple[str, ...]


@dataclass(frozen=True)
class Division:
    """A KPI on one fact: numerator over denominator, or the numerator alone."""

    kpi: Kpi
    numerator: Measure
    denominator: Measure | None

    @property
    def family(self) -> str | None:
        """Of measures that know its members alone; None where they know the whole centre."""
        return None if "all" in self.numerator.dim_sets else self.numerator.family

    @property
    def key(self) -> str:
        """`M021` of the official variant and the whole centre, `M021:icmi` of another variant, `M021@queue` where the
        family knows it by members alone."""
        return f"{self.kpi.key}@{self.family}" if self.family else self.kpi.key


class NotAMetricError(MetabaseError):
    """The KPI can't be told as one sum over another on one published fact."""


def read_kpis(seeds: Path = SEEDS) -> dict[str, Kpi]:
    """Every variant that the registry still has, by its key; its defaults are official."""
    dim_sets: dict[str, set[str]] = defaultdict(set)
    for row in seed_rows("kpi_grain_set", seeds):
        dim_sets[row["grain_set"]].add(row["dim_set"])
    rows = [row for row in seed_rows("kpi_definition", seeds) if not row["valid_to"]]
    kpis = [_kpi(row, frozenset(dim_sets[row["grain_set"]])) for row in rows]
    return {kpi.key: kpi for kpi in kpis}


def with_official(kpis: Mapping[str, Kpi], chosen: Mapping[str, str]) -> dict[str, Kpi]:
    """The same variants with those official that are chosen, by KPI id, and by the keys that follow from it."""
    found = [
        replace(kpi, is_official=kpi.variant == chosen[kpi.kpi_id]) if kpi.kpi_id in chosen else kpi
        for kpi in kpis.values()
    ]
    return {kpi.key: kpi for kpi in found}


def read_official(catalogue: Path) -> dict[str, str]:
    """The official variant of each KPI on the last date of a release, as its centre chose."""
    with closing(duckdb.connect(str(catalogue), read_only=True)) as con:
        rows = con.execute(
            """
            select kpi_id, variant
            from marts.kpi_official, (select cast(max(as_of) as date) - 1 as day from marts.release)
            where valid_from <= day and coalesce(valid_to, day + 1) > day
            qualify row_number() over (partition by kpi_id order by priority desc, valid_from desc) = 1
            """
        ).fetchall()
    return dict(rows)


def read_last_date(catalogue: Path) -> date:
    """The last date that a release tells of."""
    with closing(duckdb.connect(str(catalogue), read_only=True)) as con:
        ((day,),) = con.execute("select cast(max(as_of) as date) - 1 from marts.release").fetchall()
    return date.fromisoformat(str(day))


def read_measures(catalogue: Path) -> list[Measure]:
    """The measures of a release, but those split into classes; MetabaseError when there is no release."""
    if not catalogue.exists():
        raise MetabaseError(
            "there is no release yet.",
            where=str(catalogue),
            todo="run `callmart build --config FILE`, or set CALLMART_DATA to a data root that has one.",
        )
    with closing(duckdb.connect(str(catalogue), read_only=True)) as con:
        names = [row[0] for row in con.execute("describe marts.kpi_measure_definition").fetchall()]
        if "date_column" not in names:
            raise MetabaseError(
                "this release does not tell by which date measures are summed.",
                where=str(catalogue),
                todo="build once more with this version of callmart.",
            )
        source = "marts.kpi_measure_definition"
        rows = con.execute(f"{MEASURES} from {source} where category is null order by family, measure").fetchall()
    return [measure_of(row) for row in rows]


def measure_of(row: Sequence[str | None]) -> Measure:
    """A measure from the columns in the order of its fields."""
    family, fact, measure, aggregation, sql, row_filter, date_column, dim_sets = row
    texts = (str(family), str(fact), str(measure), str(aggregation), str(sql))
    return Measure(*texts, row_filter, str(date_column), tuple(str(dim_sets).split(",")))


def division(kpi: Kpi, measures: Iterable[Measure], family: str | None = None) -> Division:
    """The KPI on one fact: of `family`, or of one that knows the whole centre. NotAMetricError when there is none."""
    if kpi.kind not in SINGLE_KINDS:
        raise NotAMetricError(f"{kpi.kpi_id} is a {kpi.kind}, told by several rows.")
    found = {(measure.family, measure.measure): measure for measure in measures}
    wanted = [kpi.numerator, *([kpi.denominator] if kpi.denominator else [])]
    both = [name for name, _ in found if all((name, measure) in found for measure in wanted)]
    centre = [name for name in both if "all" in found[name, kpi.numerator].dim_sets]
    chosen = [name for name in both if name == family] if family else centre or both
    if not chosen:
        on = f" of family {family}" if family else ""
        raise NotAMetricError(f"{kpi.kpi_id}: {' and '.join(wanted)} stand on no fact{on} together.")
    numerator = found[chosen[0], kpi.numerator]
    return Division(kpi, numerator, found[chosen[0], kpi.denominator] if kpi.denominator else None)


def divisions(kpi: Kpi, measures: Sequence[Measure]) -> list[Division]:
    """The KPI of the whole centre, then of each family that alone knows members by which it is released: grouped by
    them, the rows of the whole centre's fact give another figure. NotAMetricError as of division."""
    whole = division(kpi, measures)
    unknown = kpi.dim_sets.difference(whole.numerator.dim_sets)
    found = []
    for family in sorted({measure.family for measure in measures if unknown.intersection(measure.dim_sets)}):
        with suppress(NotAMetricError):  # that family has measures of other KPIs
            found.append(division(kpi, measures, family))
    return [whole, *(one for one in found if one.family and one != whole)]


def _kpi(row: dict[str, str], dim_sets: frozenset[str]) -> Kpi:
    def text(name: str) -> Text:
        return Text(row[f"{name}_zh"], row[f"{name}_en"])

    return Kpi(
        row["kpi_id"],
        row["variant"],
        row["is_default_official"] == "true",
        row["is_default_official"] == "true",
        text("name"),
        text("variant_name"),
        text("definition"),
        row["kind"],
        row["numerator"],
        row["denominator"] or None,
        row["unit"],
        row["direction"],
        row["freshness_class"],
        row["owner_role"],
        dim_sets,
    )
