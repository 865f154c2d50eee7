"""What the KPI board shows, read from one release: one tile for each official KPI on the last complete day, and the
boards of the requirement list (reports.py).

Belongs here: the queries on the released marts and the choice of what a tile shows.
Does not belong here: colours, markup, words on the screen (terminal.py, html.py), any KPI formula (the registry).

The board adds nothing up: every number is a row of `kpi_value`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import duckdb

from orchestration.alarms import Alarm, Remedy, alarms
from orchestration.board.actions import ActionSection, action_section
from orchestration.board.names import member_names, told
from orchestration.board.reports import Report, read_reports
from orchestration.board.verdict import SMALL_N, Change, Lang, Status, Text, change_of, shown_value, status_of
from orchestration.catalogue import (
    CATEGORIES,
    Definition,
    Fallback,
    definitions,
    fallback_of,
    last_complete_day,
    open_catalogue,
    release_facts,
    rows_of,
)
from orchestration.display import class_order, class_text, format_target, format_value
from orchestration.interval import Interval, interval_of

TREND_DAYS = 35  # five weeks: each weekday is seen five times
LONG_PERIODS = 13  # of weeks, months and longer: a quarter of weeks, a year of months and its first again
MOST_BARS = 8
# A rating says little without how many were asked: what is drawn from answers shows the response rate beside it.
RESPONSE_RATE = "M182"
OF_ANSWERS = ("M112", "M113", "M115", "M116", "M117")
LONG_GRAINS = ("week", "month", "quarter", "year", "rolling_12_months")

Row = dict[str, Any]


@dataclass(frozen=True)
class Bar:
    """One class of a distribution, or one member of a dimension. `value` is None where the denominator is 0."""

    label: Text
    value: float | None
    n: int | None


@dataclass(frozen=True)
class Tile:
    """One official KPI. Without a row on the day of the board `value` and `n` are None.

    A KPI without daily values shows its last full period: `grain` says which, and `change_before` compares with the one
    before; `change_week` is the same weekday a week before, for days alone.
    """

    definition: Definition
    grain: str
    period_start: datetime | None
    value: float | None
    n: int | None
    label: str | None  # what a peak or trough is found at ('10:00')
    status: Status
    target: Text
    bounds: tuple[float, ...]  # the target as lines in the trend
    is_mature: bool
    stale_feeds: str | None
    change_before: Change | None
    change_week: Change | None
    trend: list[tuple[datetime, float | None]] = field(default_factory=list)
    bars: list[Bar] = field(default_factory=list)
    bars_by: str | None = None  # category, hour, or the dimension
    bars_left_out: int = 0
    fallback: Fallback | None = None  # why this variant is official though it was not chosen
    interval: Interval | None = None  # 95 per cent, of a share of few records
    beside: Text | None = None  # what must be read with it

    @property
    def is_small(self) -> bool:
        """True when so few records stand behind a rate or mean that it says little."""
        averaged = self.definition.unit in ("rate", "rate_difference") or self.definition.kind == "mean"
        return averaged and self.n is not None and 0 < self.n < SMALL_N

    @property
    def shows_n(self) -> bool:
        """False for a count, which is its own number of records."""
        return self.n is not None and self.definition.kind not in ("count", "peak", "trough")

    @property
    def notable(self) -> Bar | None:
        """The bar to look at: the lowest where higher is better, else the highest; without bars of few records."""
        known = [bar for bar in self.bars if bar.value is not None]
        if self.definition.unit == "rate":
            known = [bar for bar in known if bar.n is None or bar.n >= SMALL_N] or known
        worst = min if self.is_lowest_notable else max
        return worst(known, key=lambda bar: bar.value or 0, default=None)

    @property
    def is_lowest_notable(self) -> bool:
        return self.definition.direction == "up"

    def shown(self, lang: Lang) -> str:
        """The value as text."""
        return shown_value(self.value, self.definition.unit, self.status, self.bounds, lang)

    def shown_interval(self, lang: Lang) -> str:
        """`20.8%–93.9%`; empty without an interval."""
        return "–".join(format_value(end, self.definition.unit, lang) for end in self.interval or ())

    def shown_bar(self, bar: Bar, lang: Lang) -> str:
        return format_value(bar.value, self.definition.unit, lang)


@dataclass(frozen=True)
class Section:
    """The tiles of one category of the registry."""

    key: str
    name: Text
    tiles: list[Tile]


@dataclass(frozen=True)
class Missing:
    """KPIs that this centre's feeds can't support, and the feeds or capabilities that would."""

    needs: str
    kpis: list[Definition]


@dataclass(frozen=True)
class Board:
    """All that a renderer needs. `day` is the last complete local date; `created_at` is UTC, `as_of` is local."""

    name: Text
    day: date
    release_id: str
    created_at: datetime
    as_of: datetime
    stale: dict[str, list[date]]
    sections: list[Section]
    missing: list[Missing]
    alarms: list[tuple[Definition, Alarm]] = field(default_factory=list)  # triggers that fire, with their KPI
    reports: list[Report] = field(default_factory=list)
    actions: ActionSection | None = None

    @property
    def tiles(self) -> list[Tile]:
        return [tile for section in self.sections for tile in section.tiles]

    @property
    def alarms_by_kpi(self) -> list[tuple[Definition, list[Alarm]]]:
        """The triggers that fire, together where one remedy answers them."""
        found: dict[tuple[str, str, Remedy | None], tuple[Definition, list[Alarm]]] = {}
        for definition, alarm in self.alarms:
            found.setdefault((alarm.kpi_id, alarm.variant, alarm.remedy), (definition, []))[1].append(alarm)
        return list(found.values())

    def count(self, status: Status) -> int:
        return sum(tile.status == status for tile in self.tiles)


def read_board(root: Path, *, scope: str = "default", name: Text | None = None) -> Board:
    """The board of the current release; InputError when there is none. `name` is the centre's, by language."""
    with open_catalogue(root, scope) as con:
        facts = release_facts(con)
        day = last_complete_day(con, facts.as_of)
        registry = definitions(con)
        official = rows_of(
            con,
            """
            select kpi_id, variant, arg_max(target_profile, period_start) as target_profile
            from kpi_value where is_official
            group by kpi_id, variant
            qualify row_number() over (partition by kpi_id order by max(period_start) desc, variant) = 1
            order by kpi_id
            """,
        )
        reader = _Reader(con, day)
        in_place = set(con.execute("select distinct kpi_id, fallback_variant from kpi_fallback").fetchall())
        tiles = []
        for row in official:
            chosen = [d for d in registry.get(row["kpi_id"], []) if d.variant == row["variant"]]
            # what no feed gives has rows of nothing over nothing, and is listed as missing
            if chosen and (row["kpi_id"], row["variant"]) not in reader.unavailable:
                found = reader.tile(chosen[0], row["target_profile"])
                if (row["kpi_id"], row["variant"]) in in_place:
                    start = found.period_start or datetime.combine(day, time())
                    fallback = fallback_of(con, row["kpi_id"], row["variant"], found.grain, start)
                    found = replace(found, fallback=fallback)
                tiles.append(found)
        tiles = with_response_rate(tiles)
        missing = _missing(con, registry, {tile.definition.kpi_id for tile in tiles})
        actions = action_section(con)
        fired = [
            (definition, alarm)
            for alarm in alarms(con)
            for definition in registry.get(alarm.kpi_id, [])
            if definition.variant == alarm.variant
        ]
        reports = read_reports(con)
    return Board(
        name=name or {"zh": "呼叫中心", "en": "Call centre"},
        day=day,
        release_id=facts.release_id,
        created_at=facts.created_at,
        as_of=facts.as_of,
        stale=facts.stale,
        sections=_sections(tiles),
        missing=missing,
        alarms=fired,
        reports=reports,
        actions=actions,
    )


def with_response_rate(tiles: list[Tile]) -> list[Tile]:
    """The tiles with the response rate beside all that is drawn from answers; as they are where it is not known."""
    rate = next((tile for tile in tiles if tile.definition.kpi_id == RESPONSE_RATE and tile.value is not None), None)
    if rate is None:
        return tiles
    beside = {"zh": f"回收率 {rate.shown('zh')}", "en": f"Response rate {rate.shown('en')}"}
    return [replace(tile, beside=beside) if tile.definition.kpi_id in OF_ANSWERS else tile for tile in tiles]


def _sections(tiles: Iterable[Tile]) -> list[Section]:
    by_category: dict[str, list[Tile]] = {key: [] for key in CATEGORIES}
    for tile in tiles:
        by_category.setdefault(tile.definition.category, []).append(tile)
    return [
        Section(key, dict(zip(("zh", "en"), CATEGORIES.get(key, (key, key)), strict=True)), found)
        for key, found in by_category.items()
        if found
    ]


def _missing(
    con: duckdb.DuckDBPyConnection, registry: dict[str, list[Definition]], shown: Collection[str]
) -> list[Missing]:
    """The default official variant of each KPI that isn't available, grouped by what it lacks; not of those that are
    shown by another variant."""
    rows = rows_of(
        con,
        """
        select kpi_id, variant, coalesce(nullif(missing_feeds, ''), nullif(missing_capabilities, ''), '') as needs
        from kpi_availability where not is_available order by needs, kpi_id
        """,
    )
    groups: dict[str, list[Definition]] = {}
    for row in rows:
        for definition in registry.get(row["kpi_id"], []):
            if row["kpi_id"] not in shown and definition.variant == row["variant"] and definition.is_default_official:
                groups.setdefault(row["needs"], []).append(definition)
    return [Missing(needs, kpis) for needs, kpis in groups.items()]


class _Reader:
    """Reads tiles for one day. What is asked for every KPI is asked once, for all of them."""

    def __init__(self, con: duckdb.DuckDBPyConnection, day: date) -> None:
        self.con = con
        self.day = day
        self.targets = _targets(con, day)
        self.names = member_names(con)
        stale = con.execute(
            "select kpi_id, variant, stale_feeds from kpi_availability where stale_feeds != ''"
        ).fetchall()
        lacking = con.execute("select kpi_id, variant from kpi_availability where not is_available").fetchall()
        self.unavailable: set[tuple[str, str]] = set(lacking)
        self.stale: dict[tuple[str, str], str] = {(kpi_id, variant): feeds for kpi_id, variant, feeds in stale}
        self.daily: dict[tuple[str, str], list[Row]] = {}
        first = day - timedelta(days=TREND_DAYS - 1)
        for row in rows_of(
            con,
            """
            select kpi_id, variant, period_start, category, numerator, denominator, value, n, status, target, is_mature
            from kpi_value
            where grain = 'day' and dim_set = 'all' and period_start between ? and ?
            order by period_start, category
            """,
            [first, day],
        ):
            self.daily.setdefault((row["kpi_id"], row["variant"]), []).append(row)
        starts = [row["period_start"] for rows in self.daily.values() for row in rows]
        self.first_day = min(starts, default=datetime.combine(day, time()))

    def tile(self, definition: Definition, profile: str | None) -> Tile:
        """The richest view that the KPI has: its daily value, else hours, else one dimension, else a longer period."""
        rows = self.daily.get((definition.kpi_id, definition.variant), [])
        today = [row for row in rows if row["period_start"].date() == self.day]
        is_place = definition.kind in ("peak", "trough")
        if rows and not is_place and any(row["category"] is not None for row in rows):
            return self._distribution(definition, today, "category")
        if rows:
            return self._single(definition, profile, today[0] if today else None, rows, "day")
        hours = self._hours(definition)
        if hours:
            return self._distribution(definition, hours, "hour")
        by_dimension = self._one_dimension(definition)
        if by_dimension:
            return self._distribution(definition, by_dimension, by_dimension[0]["dim_set"])
        return self._longer(definition, profile)

    def _single(
        self, definition: Definition, profile: str | None, row: Row | None, rows: list[Row], grain: str
    ) -> Tile:
        values = {found["period_start"]: found["value"] for found in rows}
        today = datetime.combine(self.day, time())
        before = week = None
        if grain == "day":
            # A young centre's line begins with its first day, not with weeks of nothing.
            days = min(TREND_DAYS, (today - self.first_day).days + 1)
            starts = [today - timedelta(days=back) for back in range(days - 1, -1, -1)]
            before, week = values.get(today - timedelta(days=1)), values.get(today - timedelta(days=7))
        else:
            starts = list(values)
            before = values[starts[-2]] if len(starts) > 1 else None
        value = row["value"] if row else None
        target, bounds = self._target(definition, profile, row["target"] if row else None)
        return Tile(
            definition=definition,
            grain=grain,
            period_start=row["period_start"] if row else None,
            value=value,
            n=row["n"] if row else None,
            label=row["category"] if row else None,
            status=status_of(row["status"] if row else None, value, bounds),
            target=target,
            bounds=bounds,
            is_mature=bool(row["is_mature"]) if row else True,
            stale_feeds=self.stale.get((definition.kpi_id, definition.variant)),
            change_before=change_of(definition.unit, definition.direction, value, before),
            change_week=change_of(definition.unit, definition.direction, value, week),
            trend=[(start, values.get(start)) for start in starts],
            interval=interval_of(definition.unit, row["numerator"], row["denominator"], row["n"]) if row else None,
        )

    def _distribution(self, definition: Definition, rows: list[Row], by: str) -> Tile:
        ordered = sorted(rows, key=lambda row: class_order(str(row["category"])))
        bars = [Bar(self._label(str(row["category"]), by), row["value"], row["n"]) for row in ordered]
        left_out = 0
        if by in ("hour", "hour_of_day"):
            # An hour without calls has no row, and its place in the day all the same.
            found = {bar.label["en"]: bar for bar in bars}
            labels = [f"{hour:02d}" for hour in range(24)]
            bars = [found.get(label, Bar({"zh": label, "en": label}, None, None)) for label in labels]
        if by not in ("category", "hour", "hour_of_day"):
            left_out = max(0, len(bars) - MOST_BARS)
            bars = sorted(bars, key=lambda bar: (bar.value is None, -(bar.value or 0), bar.label["en"]))[:MOST_BARS]
        return Tile(
            definition=definition,
            grain="day",
            period_start=rows[0]["period_start"] if rows else None,
            value=None,
            n=None,
            label=None,
            status="none",
            target={"zh": "", "en": ""},
            bounds=(),
            is_mature=all(row["is_mature"] for row in rows),
            stale_feeds=self.stale.get((definition.kpi_id, definition.variant)),
            change_before=None,
            change_week=None,
            bars=bars,
            bars_by="hour" if by == "hour_of_day" else by,
            bars_left_out=left_out,
        )

    def _label(self, member: str, by: str) -> Text:
        if by == "category":
            return {"zh": class_text(member, "zh"), "en": class_text(member, "en")}
        return told(self.names, by, member)

    def _hours(self, definition: Definition) -> list[Row]:
        return rows_of(
            self.con,
            """
            select period_start, strftime(period_start, '%H') as category, value, n, is_mature
            from kpi_value
            where kpi_id = ? and variant = ? and grain = 'hour' and dim_set = 'all' and category is null
              and period_start >= cast(? as date) and period_start < cast(? as date) + interval 1 day
            order by period_start
            """,
            [definition.kpi_id, definition.variant, self.day, self.day],
        )

    def _one_dimension(self, definition: Definition) -> list[Row]:
        return rows_of(
            self.con,
            """
            select period_start, dim_set, value, n, is_mature,
                   coalesce(channel, direction, queue, agent, team, issue, region, segment,
                            lpad(cast(hour_of_day as varchar), 2, '0'), member) as category
            from kpi_value
            where kpi_id = ? and variant = ? and grain = 'day' and period_start = cast(? as date)
              and dim_set <> 'all' and dim_set not like '%+%' and category is null
            qualify dense_rank() over (order by coalesce(list_position(
                ['hour_of_day', 'channel', 'queue', 'team', 'issue', 'segment', 'region', 'agent'], dim_set), 99),
                dim_set) = 1
            order by category
            """,
            [definition.kpi_id, definition.variant, self.day],
        )

    def _longer(self, definition: Definition, profile: str | None) -> Tile:
        rows = rows_of(
            self.con,
            """
            select grain, period_start, category, numerator, denominator, value, n, status, target, is_mature
            from kpi_value
            where kpi_id = ? and variant = ? and dim_set = 'all' and grain in (select unnest(?))
              and period_start <= cast(? as date)
            qualify grain = first(grain) over (order by list_position(?, grain))
                and row_number() over (partition by grain order by period_start desc, category) <= ?
            order by period_start
            """,
            [definition.kpi_id, definition.variant, list(LONG_GRAINS), self.day, list(LONG_GRAINS), LONG_PERIODS],
        )
        # The running period says little yet; it is shown only while there is no full one.
        full = [row for row in rows if row["is_mature"]] or rows[-1:]
        if not full:
            return self._single(definition, profile, None, [], "day")
        return self._single(definition, profile, full[-1], full, full[-1]["grain"])

    def _target(
        self, definition: Definition, profile: str | None, value: float | None
    ) -> tuple[Text, tuple[float, ...]]:
        """The target as text and as lines. Its value came with the row; the registry tells how it is compared."""
        rule = self.targets.get((definition.kpi_id, definition.variant, profile or ""))
        lower, upper = (rule["lower"], rule["upper"]) if rule else (None, None)
        operator = rule["operator"] if rule else {"up": ">=", "down": "<="}.get(definition.direction)
        if value is None and rule is not None:
            value = rule["target_value"]
        text = {
            lang: format_target(definition.unit, operator, value, lower, upper, "zh" if lang == "zh" else "en")
            for lang in ("zh", "en")
        }
        lines = (lower, upper) if lower is not None and upper is not None else (value,)
        return text, tuple(float(line) for line in lines if line is not None)


def _targets(con: duckdb.DuckDBPyConnection, day: date) -> dict[tuple[str, str, str], Row]:
    """The centre-wide target in force for each KPI, variant and profile."""
    rows = rows_of(
        con,
        """
        select kpi_id, variant, profile, operator, target_value, lower, upper
        from kpi_target
        where kind = 'target' and coalesce(eval_grain, 'day') = 'day'
          and coalesce(scope, 'all') in ('all', 'centre', '')
          and coalesce(valid_from, cast($1 as date)) <= cast($1 as date)
          and coalesce(valid_to, cast($1 as date) + 1) > cast($1 as date)
        qualify row_number() over (partition by kpi_id, variant, profile order by valid_from desc nulls last) = 1
        """,
        [day],
    )
    return {(row["kpi_id"], row["variant"], row["profile"]): row for row in rows}
