"""`callmart explain ID`: what a KPI means, how its variants differ, what it is judged by, how to recompute it.

Belongs here: putting the registry, the released values and the facts side by side. Does not belong here: formulas. The
SQL shown is put together from the registry's measures and shown only after it gave the released number.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, time
from pathlib import Path
from typing import Any, Literal

import duckdb
from rich.console import Console, Group
from rich.padding import Padding
from rich.panel import Panel
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text

from orchestration.alarms import Alarm, Remedy, alarms, remedies
from orchestration.catalogue import (
    CATEGORIES,
    GRAINS,
    Definition,
    Fallback,
    definitions,
    fallback_of,
    find,
    open_catalogue,
    release_facts,
    rows_of,
)
from orchestration.display import NO_VALUE, class_order, class_text, format_change, format_target, format_value
from orchestration.errors import InputError
from orchestration.extract.repairs import REPAIRED
from orchestration.interval import Interval, interval_of
from orchestration.kpi import period_text
from orchestration.recompute import Facts, Measure, Source, Term, daily_sql, read_measures
from orchestration.release import last_release

# Finest first, but an hour is too little to explain a KPI by.
PERIODS = ("day", "week", "month", "quarter", "year", "rolling_12_months", "hour")


@dataclass(frozen=True)
class Difference:
    """How one side of a variant differs from the same side of the official variant in the shown period.

    `amount` is variant minus official; `terms` says where it comes from, as far as the facts tell.
    """

    side: Literal["numerator", "denominator"]
    measure: str
    official_measure: str
    amount: float | None
    terms: list[Term]


@dataclass(frozen=True)
class Class:
    """One class of a distribution."""

    category: str
    numerator: float | None
    denominator: float | None
    value: float | None


@dataclass(frozen=True)
class Variant:
    """One variant with its released value in the shown period; None where there is none.

    A distribution has `classes` and no value of its own. `unit` need not be that of the official variant: one of them
    may be a rate and another a count.
    """

    variant: str
    unit: str
    name_zh: str | None
    name_en: str | None
    definition_zh: str | None
    definition_en: str | None
    is_official: bool
    numerator_measure: str | None
    denominator_measure: str | None
    numerator: float | None
    denominator: float | None
    value: float | None
    n: int | None
    interval_95: Interval | None  # of a rate that is a share of its n records
    is_mature: bool | None
    is_available: bool
    missing_feeds: str | None
    missing_capabilities: str | None
    stale_feeds: str | None
    classes: list[Class]
    differences: list[Difference]


@dataclass(frozen=True)
class Explanation:
    """All that is known of one KPI. `period_start` is local; `facts_sql` is None when no fact gives the number."""

    kpi_id: str
    name_zh: str
    name_en: str
    definition_zh: str | None
    definition_en: str | None
    category: str
    kind: str
    unit: str
    direction: str
    freshness_class: str | None
    owner_role: str | None
    needs: str | None
    grain_set: str | None
    grain: str | None
    period_start: datetime | None
    as_of: datetime
    released: dict[str, list[str]]  # the grains of each dimension set that has values
    variants: list[Variant]
    measures: list[Measure]
    targets: list[dict[str, Any]]
    values_sql: str
    facts_sql: str | None
    remedies: list[Remedy] = field(default_factory=list)
    alarms: list[Alarm] = field(default_factory=list)  # triggers that fire in the release
    fallback: Fallback | None = None  # why the official variant is not the one that was chosen
    repaired: dict[str, int] = field(default_factory=dict)  # feed -> rows that people corrected, of any KPI


def explain(root: Path, wanted: str, fmt: str = "text", *, scope: str = "default", width: int = 110) -> str:
    """The text that `callmart explain` prints, or the same as JSON; InputError for an id that isn't in the registry."""
    if fmt not in ("text", "json"):
        raise InputError(f"format {fmt!r} is unknown.", todo="use text or json.")
    found = explanation(root, wanted, scope=scope)
    if fmt == "json":
        return json.dumps(asdict(found), default=_plain, ensure_ascii=False, indent=2) + "\n"
    text = io.StringIO()
    Console(file=text, width=width, highlight=False).print(_as_text(found))
    return text.getvalue()


def explanation(root: Path, wanted: str, *, scope: str = "default") -> Explanation:
    """What is known of a KPI (`M021`) or of one of its variants beside the official one (`M021:icmi`)."""
    with open_catalogue(root, scope) as con:
        released = last_release(root, scope)
        registry = definitions(con)
        kpi_id, variant = find(registry, wanted)
        known = registry[kpi_id]
        period = _period(con, kpi_id)
        values = _values(con, kpi_id, period)
        official = _official(con, known)
        chosen = [d for d in known if variant is None or d.variant in (variant, official.variant)]
        names = [name for d in chosen for name in (d.numerator, d.denominator) if name]
        measures = read_measures(con, list(dict.fromkeys(names)))
        facts = Facts(con, measures, period[1]) if period and period[0] == "day" else None
        sources = {d.variant: _sources(facts, d, values.get(d.variant, {})) for d in chosen}
        availability = _availability(con, kpi_id)
        variants = [
            _variant(d, official, values, availability.get(d.variant, {}), facts, sources)
            for d in sorted(chosen, key=lambda d: (d.variant != official.variant, d.variant))
        ]
        shown = next((d for d in known if d.variant == variant), official)
        return Explanation(
            kpi_id=kpi_id,
            name_zh=official.name_zh,
            name_en=official.name_en,
            definition_zh=official.definition_zh,
            definition_en=official.definition_en,
            category=official.category,
            kind=official.kind,
            unit=official.unit,
            direction=official.direction,
            freshness_class=official.freshness_class,
            owner_role=official.owner_role,
            needs=official.needs,
            grain_set=official.grain_set,
            grain=period[0] if period else None,
            period_start=period[1] if period else None,
            as_of=release_facts(con).as_of,
            released=_released(con, kpi_id),
            variants=variants,
            measures=_used(measures, sources),
            targets=_targets(con, kpi_id),
            values_sql=_values_sql(shown, period[0] if period else "day"),
            facts_sql=_facts_sql(shown, sources[shown.variant]),
            remedies=remedies(con, kpi_id),
            alarms=alarms(con, kpi_id),
            fallback=fallback_of(con, kpi_id, official.variant, *period) if period else None,
            repaired=released.repaired if released else {},
        )


# --- reading ---------------------------------------------------------------------------------------------------------

Period = tuple[str, datetime]


def _period(con: duckdb.DuckDBPyConnection, kpi_id: str) -> Period | None:
    """The last period at the finest grain with a centre-wide value, longer than an hour if possible; one
    that is decided before one that is still open."""
    row = con.execute(
        """
        select grain, coalesce(max(period_start) filter (where value is not null and is_official), max(period_start))
        from kpi_value
        where kpi_id = ? and dim_set = 'all' group by grain order by list_position(?, grain) limit 1
        """,
        [kpi_id, list(PERIODS)],
    ).fetchone()
    return (row[0], row[1]) if row else None


def _released(con: duckdb.DuckDBPyConnection, kpi_id: str) -> dict[str, list[str]]:
    rows = con.execute("select distinct dim_set, grain from kpi_value where kpi_id = ?", [kpi_id]).fetchall()
    return {name: sorted((g for d, g in rows if d == name), key=GRAINS.index) for name in sorted({d for d, _ in rows})}


def _values(con: duckdb.DuckDBPyConnection, kpi_id: str, period: Period | None) -> dict[str, dict[str, Any]]:
    """The row of each variant in the period; a distribution has one without a value, its classes in `classes`."""
    if period is None:
        return {}
    rows = rows_of(
        con,
        """
        select variant, numerator, denominator, value, n, is_official, is_mature, category from kpi_value
        where kpi_id = ? and dim_set = 'all' and grain = ? and period_start = ? order by variant, category
        """,
        [kpi_id, *period],
    )
    found: dict[str, dict[str, Any]] = {}
    for row in rows:
        row["classes"] = []
        one = found.setdefault(row["variant"], row)
        if one is not row:
            one["classes"] = one["classes"] or [_class(one)]
            one["classes"].append(_class(row))
    for row in found.values():
        if row["classes"]:
            row["classes"].sort(key=lambda each: class_order(each.category))
            row.update(numerator=None, denominator=None, value=None, n=None)
    return found


def _class(row: dict[str, Any]) -> Class:
    return Class(
        row["category"] or NO_VALUE, _number(row["numerator"]), _number(row["denominator"]), _number(row["value"])
    )


def _official(con: duckdb.DuckDBPyConnection, known: Sequence[Definition]) -> Definition:
    """The variant that the centre made official; before any value the registry's default."""
    row = con.execute(
        "select arg_max(variant, period_start) from kpi_value where kpi_id = ? and is_official", [known[0].kpi_id]
    ).fetchone()
    chosen = row[0] if row else None
    return next((d for d in known if d.variant == chosen), next((d for d in known if d.is_default_official), known[0]))


Sources = tuple[Source | None, Source | None]


def _sources(facts: Facts | None, definition: Definition, row: dict[str, Any]) -> Sources:
    if facts is None:
        return None, None
    numerator, denominator = _number(row.get("numerator")), _number(row.get("denominator"))
    return facts.source(definition.numerator, numerator), facts.source(definition.denominator, denominator)


def _used(measures: dict[str, list[Measure]], sources: dict[str, Sources]) -> list[Measure]:
    """For each name the measure that gave the released number, else the first one that the registry has."""
    proven = {source.measure.measure: source.measure for pair in sources.values() for source in pair if source}
    return [proven.get(name) or found[0] for name, found in measures.items() if found]


def _facts_sql(definition: Definition, sources: Sources) -> str | None:
    numerator, denominator = sources
    if numerator is None or (definition.denominator is not None and denominator is None):
        return None
    return daily_sql(numerator, denominator)


def _availability(con: duckdb.DuckDBPyConnection, kpi_id: str) -> dict[str, dict[str, Any]]:
    rows = rows_of(con, "select * from kpi_availability where kpi_id = ?", [kpi_id])
    return {row["variant"]: row for row in rows}


def _targets(con: duckdb.DuckDBPyConnection, kpi_id: str) -> list[dict[str, Any]]:
    return rows_of(
        con, "select * from kpi_target where kpi_id = ? order by kind, profile, variant, valid_from", [kpi_id]
    )


def _variant(
    definition: Definition,
    official: Definition,
    values: dict[str, dict[str, Any]],
    availability: dict[str, Any],
    facts: Facts | None,
    sources: dict[str, Sources],
) -> Variant:
    row = values.get(definition.variant, {})
    return Variant(
        variant=definition.variant,
        unit=definition.unit,
        name_zh=definition.variant_name_zh,
        name_en=definition.variant_name_en,
        definition_zh=definition.definition_zh,
        definition_en=definition.definition_en,
        is_official=definition.variant == official.variant,
        numerator_measure=definition.numerator,
        denominator_measure=definition.denominator,
        numerator=_number(row.get("numerator")),
        denominator=_number(row.get("denominator")),
        value=_number(row.get("value")),
        n=row.get("n"),
        interval_95=interval_of(
            definition.unit, _number(row.get("numerator")), _number(row.get("denominator")), row.get("n")
        ),
        is_mature=row.get("is_mature"),
        is_available=bool(availability.get("is_available", True)),
        missing_feeds=availability.get("missing_feeds") or None,
        missing_capabilities=availability.get("missing_capabilities") or None,
        stale_feeds=availability.get("stale_feeds") or None,
        classes=row.get("classes", []),
        differences=list(_differences(definition, official, row, values.get(official.variant, {}), facts, sources)),
    )


# --- what makes two variants differ ----------------------------------------------------------------------------------


def _differences(
    definition: Definition,
    official: Definition,
    row: dict[str, Any],
    official_row: dict[str, Any],
    facts: Facts | None,
    sources: dict[str, Sources],
) -> Iterator[Difference]:
    sides: tuple[tuple[Literal["numerator", "denominator"], str | None, str | None], ...] = (
        ("numerator", definition.numerator, official.numerator),
        ("denominator", definition.denominator, official.denominator),
    )
    for index, (side, measure, official_measure) in enumerate(sides):
        if measure is None or official_measure is None or measure == official_measure:
            continue
        mine, theirs = _number(row.get(side)), _number(official_row.get(side))
        amount = None if mine is None or theirs is None else mine - theirs
        pair = sources[definition.variant][index], sources[official.variant][index]
        yield Difference(side, measure, official_measure, amount, facts.terms(*pair, amount) if facts else [])


# --- SQL for analysts ------------------------------------------------------------------------------------------------


def _values_sql(definition: Definition, grain: str) -> str:
    return (
        "select period_start, numerator, denominator, value, n\n"
        "from marts.kpi_value\n"
        f"where kpi_id = '{definition.kpi_id}' and variant = '{definition.variant}'\n"
        f"  and grain = '{grain}' and dim_set = 'all'\n"
        "order by period_start;"
    )


# --- the text --------------------------------------------------------------------------------------------------------

DIRECTIONS = {
    "up": "higher is better 越高越好",
    "down": "lower is better 越低越好",
    "band": "best inside a band 落在区间内最好",
    "none": "no direction 无优劣方向",
}
TARGET_KINDS = {
    "target": "target 目标",
    "trigger": "trigger 预警",
    "benchmark": "benchmark 标杆",
    "reference": "reference 参考",
}


def _as_text(found: Explanation) -> Group:
    parts: list[Any] = [_head(found), _formula(found), _variants(found)]
    differences = _difference_lines(found)
    if differences:
        parts += [_title("Why the variants differ", "各口径差在哪里"), Padding(Group(*differences), (0, 2))]
    parts += [_title("Targets and triggers", "目标与预警"), _target_table(found)]
    if found.remedies:
        parts += [_title("What to do", "措施"), Padding(_remedies(found), (0, 2))]
    parts += [_title("Feeds", "数据来源"), Padding(_feeds(found), (0, 2))]
    parts += [_title("Recompute it", "自行复算"), Padding(_sql(found), (0, 2))]
    return Group(*parts)


def _title(en: str, zh: str) -> Text:
    return Text(f"\n{en}  {zh}", style="bold cyan")


def _head(found: Explanation) -> Panel:
    category = CATEGORIES.get(found.category, (found.category, found.category))
    body = Text()
    body.append(f"{found.definition_zh or ''}\n")
    body.append(f"{found.definition_en or ''}\n\n")
    facts = [
        f"{category[0]} {category[1]}",
        DIRECTIONS.get(found.direction, found.direction),
        f"unit 单位: {found.unit}",
    ]
    if found.owner_role:
        facts.append(f"owner 负责: {found.owner_role}")
    body.append(" · ".join(facts), style="dim")
    return Panel(body, title=f"[bold]{found.kpi_id}  {found.name_zh} · {found.name_en}", title_align="left")


def _formula(found: Explanation) -> Group:
    official = found.variants[0]
    by_name = {measure.measure: measure for measure in found.measures}
    sides = [name for name in (official.numerator_measure, official.denominator_measure) if name]
    formula = Text("  " + " ÷ ".join(sides), style="bold") if sides else Text("  –")
    table = Table(box=None, show_header=False, padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column()
    for name in dict.fromkeys(sides):
        table.add_row(name, _described(by_name.get(name), "\n"))
    return Group(_title(f"Formula of the official variant ({official.variant})", "官方口径公式"), formula, table)


def _variants(found: Explanation) -> Group:
    when = "no value yet 暂无数值"
    if found.released:
        first = next(iter(found.released))
        when = f"no value for the whole centre 无全中心数值; try `callmart kpi {found.kpi_id} --by {first}`"
    if found.grain and found.period_start:
        when = f"{found.grain} {period_text(found.period_start, found.grain)}"
    table = Table(box=None, padding=(0, 1))
    table.add_column("Variant\n口径", overflow="fold", ratio=1)
    for name in ("Value\n数值", "vs official\n较官方", "Numerator\n分子", "Denominator\n分母", "n\n样本量"):
        table.add_column(name, justify="right", no_wrap=True)
    official = found.variants[0]
    for variant in found.variants:
        against = ""
        is_compared = not variant.is_official and variant.unit == official.unit
        if is_compared and variant.value is not None and official.value is not None:
            against = format_change(variant.value, official.value, official.unit)
        value = format_value(variant.value, variant.unit) if variant.is_available else "not available\n不可用"
        cell = Text(f"{'★ ' if variant.is_official else '  '}{variant.variant}", style="bold")
        label = " ".join(part for part in (variant.name_zh, variant.name_en) if part)
        cell.append(f"\n  {label}" if label else "", style="not bold dim")
        for each in variant.classes:
            cell.append(
                f"\n  {class_text(each.category):<16}{format_value(each.value, variant.unit)}", style="not bold"
            )
        if variant.is_available and variant.interval_95:
            ends = "–".join(format_value(end, variant.unit) for end in variant.interval_95)
            cell.append(f"\n  95% interval 区间 {ends}", style="not bold dim")
        table.add_row(
            cell,
            value + (" …" if variant.is_mature is False else ""),
            against,
            _count(variant.numerator),
            _count(variant.denominator),
            _count(variant.n),
        )
    parts: list[Any] = [_title(f"Variants side by side, {when}", "各口径对比"), table]
    if found.fallback:
        parts.append(
            Padding(Text(f"! ★ {found.fallback.text_en}\n  ★ {found.fallback.text_zh}", style="yellow"), (0, 2))
        )
    if found.released:
        sets = "; ".join(f"{name} ({', '.join(grains)})" for name, grains in found.released.items())
        parts.append(Padding(Text(f"released 已发布: {sets}", style="dim"), (0, 2)))
    return Group(*parts)


def _difference_lines(found: Explanation) -> list[Text]:
    by_name = {measure.measure: measure for measure in found.measures}
    sides = {"numerator": "numerator 分子", "denominator": "denominator 分母"}
    lines = []
    for variant in found.variants:
        for difference in variant.differences:
            amount = "" if difference.amount is None else f" {_signed(difference.amount)}"
            line = Text(f"{variant.variant}: {sides[difference.side]}{amount}", style="bold")
            if difference.terms:
                line.append(" = ", style="not bold")
                line.append("  ".join(_term(term) for term in difference.terms), style="not bold yellow")
            what = _described(by_name.get(difference.measure), " ")
            line.append(f"\n    {difference.measure}: {what}", style="not bold dim")
            lines.append(line)
    return lines


def _term(term: Term) -> str:
    what = term.what_en if term.what_zh == term.what_en else f"{term.what_zh} {term.what_en}"
    return f"{_signed(term.amount)} {what}"


def _described(measure: Measure | None, between: str) -> str:
    texts = (measure.description_zh, measure.description_en) if measure else ()
    return between.join(text for text in texts if text) or NO_VALUE


def _target_table(found: Explanation) -> Padding | Table:
    if not found.targets:
        return Padding(Text("none 无"), (0, 2))
    table = Table(box=None, padding=(0, 1))
    for name in ("Kind\n类型", "Rule\n条件", "Variant\n口径", "Profile\n方案", "Scope\n范围", "Judged on\n评估"):
        table.add_column(name, overflow="fold")
    table.add_column("Source\n出处", overflow="fold")
    table.add_column("In force\n生效", no_wrap=True)
    units = {variant.variant: variant.unit for variant in found.variants}
    for row in found.targets:
        rule = (
            format_target(
                units.get(row["variant"], found.unit), row["operator"], row["target_value"], row["lower"], row["upper"]
            )
            or NO_VALUE
        )
        if row.get("rule_group"):
            rule += f" & {row['rule_group']}"
        judged = [row.get("eval_grain") or ""]
        if row.get("for_periods") and row["for_periods"] > 1:
            judged.append(f"× {row['for_periods']}")
        if row.get("min_n"):
            judged.append(f"n ≥ {row['min_n']}")
        table.add_row(
            TARGET_KINDS.get(row["kind"], row["kind"]),
            rule,
            row["variant"] or "all 全部",
            row["profile"] or "",
            row["scope"] or "",
            " ".join(part for part in judged if part),
            row["source"] or "",
            f"{_instant(row['valid_from'])} – {_instant(row['valid_to'])}",
        )
    return table


def _instant(at: datetime | None) -> str:
    """The date alone where a date begins."""
    if at is None:
        return ""
    return f"{at:%Y-%m-%d}" if at.time() == time() else f"{at:%Y-%m-%d %H:%M}"


def _remedies(found: Explanation) -> Group:
    """What the strategy table says, and which triggers fire now."""
    lines = []
    for remedy in found.remedies:
        line = Text(f"{remedy.trigger_zh} {remedy.trigger_en}", style="bold")
        line.append(f"\n  {remedy.measure_zh}\n  {remedy.measure_en}", style="not bold")
        expected = remedy.expected_target or NO_VALUE
        line.append(
            f"\n  owner 负责: {remedy.owner_role} · expected 预期: {expected} · {remedy.source}", style="not bold dim"
        )
        lines.append(line)
    for alarm in found.alarms:
        when = period_text(alarm.period_start, alarm.grain)
        lines.append(Text(f"⚑ fires now 已触发 ({when}): {alarm.condition(found.unit)}", style="bold red"))
    return Group(*lines)


def _feeds(found: Explanation) -> Group:
    lines = [Text(f"needs 需要: {found.needs or NO_VALUE}")]
    for variant in found.variants:
        if not variant.is_available:
            lacking = variant.missing_feeds or variant.missing_capabilities or NO_VALUE
            lines.append(Text(f"✗ {variant.variant}: missing 缺少 {lacking}", style="red"))
        elif variant.stale_feeds:
            lines.append(Text(f"! {variant.variant}: stale 滞后 {variant.stale_feeds}", style="yellow"))
    if len(lines) == 1:
        lines.append(Text("✓ all there and up to date 数据齐全且为最新", style="green"))
    for feed, rows in found.repaired.items():
        what = f"{feed}: {rows} refused rows count as a person corrected them 行经人工修复后计入"
        lines.append(Text(f"· {what} (source_file …{REPAIRED}…)", style="dim"))
    return Group(*lines)


def _sql(found: Explanation) -> Group:
    parts: list[Any] = []
    if found.facts_sql:
        parts += [Text("on the facts; it gave the released number 基于事实表，已与发布值核对一致", style="dim")]
        parts += [Syntax(found.facts_sql, "sql", background_color="default", word_wrap=True), Text("")]
    parts += [Text("from the released values 取自发布值", style="dim")]
    parts += [Syntax(found.values_sql, "sql", background_color="default", word_wrap=True)]
    return Group(*parts)


def _number(value: Any) -> float | None:
    return None if value is None else float(value)


def _count(value: float | None) -> str:
    return NO_VALUE if value is None else f"{value:,.10g}"


def _signed(value: float) -> str:
    if value == 0:
        return "±0"
    return f"{'+' if value >= 0 else '−'}{abs(value):,.10g}"


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, (date, datetime)) else float(value)
