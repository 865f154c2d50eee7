"""A small released catalogue made by hand, for the tests of the board, `kpi` and `explain`.

Belongs here: marts in the published schemas, with numbers that a test can say by heart: on the last day, 31 March 2026,
1,000 calls were offered, of these 40 were short abandons, 100 abandons and 860 answered, 768 within the target.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from orchestration.release import MartSpec, publish_release

LAST_DAY = date(2026, 3, 31)
AS_OF = datetime(2026, 4, 1)
DAYS = 42
Row = tuple[Any, ...]

SCHEMAS = {
    "kpi_value": (
        "kpi_id varchar, variant varchar, grain varchar, period_start timestamp, dim_set varchar, channel varchar, "
        "direction varchar, queue varchar, agent varchar, team varchar, issue varchar, region varchar, "
        "segment varchar, hour_of_day integer, category varchar, numerator double, denominator double, value double, "
        "n bigint, is_official boolean, target_profile varchar, target double, status varchar, is_mature boolean, "
        "as_of timestamp"
    ),
    "kpi_definition": (
        "kpi_id varchar, variant varchar, name_zh varchar, name_en varchar, variant_name_zh varchar, "
        "variant_name_en varchar, definition_zh varchar, definition_en varchar, category varchar, kind varchar, "
        "numerator varchar, denominator varchar, n_measure varchar, unit varchar, direction varchar, "
        "freshness_class varchar, grain_set varchar, needs varchar, owner_role varchar, is_default_official boolean, "
        "valid_from date, valid_to date"
    ),
    "kpi_measure_definition": (
        "measure varchar, aggregation varchar, description_zh varchar, description_en varchar, sql_expression varchar"
    ),
    "kpi_target": (
        "kpi_id varchar, variant varchar, profile varchar, scope varchar, kind varchar, operator varchar, "
        "target_value double, lower double, upper double, eval_grain varchar, for_periods integer, min_n integer, "
        "rule_group varchar, source varchar, valid_from date, valid_to date"
    ),
    "kpi_availability": (
        "kpi_id varchar, variant varchar, is_available boolean, missing_capabilities varchar, missing_feeds varchar, "
        "stale_feeds varchar"
    ),
    "fct_interval_queue": (
        "local_date date, queue_id varchar, offered bigint, short_abandon bigint, answered bigint, "
        "answered_in_sl bigint, abandoned bigint"
    ),
    "fct_interval_contact": (
        "local_date date, offered bigint, short_abandon bigint, answered bigint, answered_in_sl bigint, "
        "abandoned bigint, inbound bigint"
    ),
}

# id, variant, zh, en, variant zh, variant en, category, kind, numerator, denominator, unit, direction, official
DEFINITIONS: list[Row] = [
    (
        "M001",
        "all",
        "总呼叫量",
        "Total call volume",
        "全部",
        "all",
        "operating_efficiency",
        "count",
        "contacts",
        None,
        "count",
        "none",
        True,
    ),
    (
        "M002",
        "all",
        "呼入量",
        "Inbound volume",
        "全部",
        "all",
        "operating_efficiency",
        "count",
        "inbound",
        None,
        "count",
        "none",
        True,
    ),
    (
        "M003",
        "all",
        "呼出量",
        "Outbound volume",
        "全部",
        "all",
        "operating_efficiency",
        "count",
        "outbound",
        None,
        "count",
        "none",
        True,
    ),
    (
        "M006",
        "all",
        "小时级呼叫量",
        "Hourly volume",
        "全部",
        "all",
        "operating_efficiency",
        "count",
        "contacts",
        None,
        "count",
        "none",
        True,
    ),
    (
        "M010",
        "inbound",
        "峰值呼叫时段",
        "Peak period",
        "呼入",
        "inbound",
        "operating_efficiency",
        "peak",
        "inbound",
        None,
        "count",
        "none",
        True,
    ),
    (
        "M014",
        "share",
        "渠道呼叫量占比",
        "Volume share by entry channel",
        "占比",
        "share",
        "operating_efficiency",
        "share",
        "inbound",
        "inbound",
        "rate",
        "none",
        True,
    ),
    (
        "M021",
        "offered_net_short",
        "服务水平",
        "Service level",
        "进线减短时放弃",
        "offered less short abandons",
        "service_quality",
        "ratio",
        "answered_in_sl",
        "offered_net_short",
        "rate",
        "up",
        True,
    ),
    (
        "M021",
        "offered",
        "服务水平",
        "Service level",
        "全部进线",
        "all offered",
        "service_quality",
        "ratio",
        "answered_in_sl",
        "offered",
        "rate",
        "up",
        False,
    ),
    (
        "M021",
        "answered",
        "服务水平",
        "Service level",
        "仅已接听",
        "answered only",
        "service_quality",
        "ratio",
        "answered_in_sl",
        "answered",
        "rate",
        "up",
        False,
    ),
    (
        "M021",
        "icmi",
        "服务水平",
        "Service level",
        "公式一",
        "formula 1, ICMI",
        "service_quality",
        "ratio",
        "in_sl_any",
        "answered_or_abandoned",
        "rate",
        "up",
        False,
    ),
    (
        "M024",
        "answered",
        "平均等待时长",
        "Average wait",
        "已接听",
        "answered",
        "service_quality",
        "mean",
        "wait_answered_s",
        "answered",
        "s",
        "down",
        True,
    ),
    (
        "M026",
        "queued",
        "最长排队时长",
        "Longest queue time",
        "排队",
        "queued",
        "service_quality",
        "max",
        "wait_max_s",
        None,
        "s",
        "down",
        True,
    ),
    (
        "M030",
        "asked_for_agent",
        "呼入接通率",
        "Inbound connect rate",
        "请求人工",
        "asked for an agent",
        "service_quality",
        "ratio",
        "answered",
        "offered",
        "rate",
        "up",
        True,
    ),
    (
        "M031",
        "all",
        "呼出接通率",
        "Outbound connect rate",
        "全部",
        "all",
        "service_quality",
        "ratio",
        "out_answered",
        "outbound",
        "rate",
        "up",
        True,
    ),
    (
        "M033",
        "offered_net_short",
        "放弃率",
        "Abandonment rate",
        "进线减短时放弃",
        "offered less short abandons",
        "service_quality",
        "ratio",
        "abandoned",
        "offered_net_short",
        "rate",
        "down",
        True,
    ),
    (
        "M035",
        "bucket",
        "不同排队时长放弃率分布",
        "Abandonment by wait",
        "分段",
        "buckets",
        "service_quality",
        "distribution",
        "abandoned_all",
        "abandoned_all",
        "rate",
        "none",
        True,
    ),
    (
        "M061",
        "contact",
        "平均处理时长 AHT",
        "Average handle time",
        "每联络",
        "per contact",
        "operating_efficiency",
        "mean",
        "handle_s",
        "handled",
        "s",
        "band",
        True,
    ),
    (
        "M063",
        "total",
        "总通话时长",
        "Total talk time",
        "合计",
        "total",
        "operating_efficiency",
        "sum",
        "talk_s",
        None,
        "s",
        "none",
        True,
    ),
    (
        "M065",
        "logged_in",
        "通话占线率",
        "Talk occupancy",
        "登录",
        "logged in",
        "operating_efficiency",
        "ratio",
        "talk_s",
        "logged_in_s",
        "rate",
        "band",
        True,
    ),
    (
        "M070",
        "agent_day",
        "坐席人均处理量",
        "Contacts per agent-day",
        "坐席日",
        "agent-day",
        "operating_efficiency",
        "ratio",
        "handled",
        "agent_days",
        "count_per_day",
        "up",
        True,
    ),
    (
        "M098",
        "forward",
        "二次来电率",
        "Repeat-call rate",
        "向前",
        "forward",
        "customer_experience",
        "ratio",
        "repeated",
        "answered",
        "rate",
        "down",
        True,
    ),
    (
        "M112",
        "top2",
        "客户满意度",
        "Customer satisfaction",
        "前两档",
        "top two boxes",
        "customer_experience",
        "ratio",
        "satisfied",
        "responses",
        "rate",
        "up",
        True,
    ),
    (
        "M151",
        "loaded",
        "单次服务成本",
        "Cost per contact",
        "全成本",
        "fully loaded",
        "business_value",
        "ratio",
        "cost",
        "handled",
        "CNY",
        "down",
        True,
    ),
    (
        "M043",
        "hourly",
        "线路占用率",
        "Trunk occupancy",
        "小时",
        "hourly",
        "operating_efficiency",
        "ratio",
        "busy_s",
        "line_s",
        "rate",
        "down",
        True,
    ),
]

MEASURES: list[Row] = [
    ("answered_in_sl", "sum", "在目标时间内接听的来电", "Calls answered within the target time", "answered_in_sl"),
    ("offered", "sum", "请求人工的来电", "Calls that asked for an agent", "sum(offered)"),
    (
        "offered_net_short",
        "sum",
        "请求人工的来电，不含短时放弃",
        "Calls that asked for an agent, without short abandons",
        "sum(offered) - sum(short_abandon)",
    ),
    ("answered", "sum", "坐席接听的来电", "Calls that an agent answered", "sum(answered)"),
    (
        "in_sl_any",
        "sum",
        "目标时间内接听或放弃",
        "Answered or abandoned within the target time",
        "sum(answered_in_sl + aband_in_sl + short_abandon)",
    ),
    (
        "answered_or_abandoned",
        "sum",
        "接听或放弃",
        "Answered or abandoned",
        "sum(answered + abandoned + short_abandon)",
    ),
    ("abandoned", "sum", "排队中放弃的来电", "Calls abandoned in the queue", "sum(abandoned)"),
    ("busy_s", "sum", "线路占用秒数", "Seconds a line was busy", "sum(busy_s)"),
    ("line_s", "sum", "线路可用秒数", "Seconds a line was there", "sum(line_s)"),
    ("wait_max_s", "max", "最长等待秒数", "Longest wait in seconds", "wait_s"),
]

TARGETS: list[Row] = [
    (
        "M021",
        "offered_net_short",
        "default",
        "all",
        "target",
        ">=",
        0.8,
        None,
        None,
        "day",
        1,
        None,
        None,
        "S1",
        date(2026, 1, 1),
        None,
    ),
    (
        "M021",
        "offered_net_short",
        "default",
        "queue",
        "trigger",
        "<",
        0.6,
        None,
        None,
        "hour",
        2,
        30,
        None,
        "centre",
        date(2026, 1, 1),
        None,
    ),
    (
        "M024",
        "answered",
        "default",
        "all",
        "target",
        "<=",
        90,
        None,
        None,
        "day",
        1,
        None,
        None,
        "S4",
        date(2026, 1, 1),
        None,
    ),
    (
        "M030",
        "asked_for_agent",
        "default",
        "all",
        "target",
        ">=",
        0.85,
        None,
        None,
        "day",
        1,
        None,
        None,
        "S2",
        date(2026, 1, 1),
        None,
    ),
    (
        "M065",
        "logged_in",
        "default",
        "all",
        "target",
        "between",
        None,
        0.7,
        0.8,
        "day",
        1,
        None,
        None,
        "S2",
        date(2026, 1, 1),
        None,
    ),
    (
        "M070",
        "agent_day",
        "default",
        "all",
        "target",
        ">=",
        120,
        None,
        None,
        "day",
        1,
        None,
        None,
        "S0",
        date(2026, 1, 1),
        None,
    ),
    (
        "M098",
        "forward",
        "default",
        "all",
        "target",
        "<=",
        0.15,
        None,
        None,
        "day",
        1,
        None,
        None,
        "S4",
        date(2026, 1, 1),
        None,
    ),
    (
        "M112",
        "top2",
        "default",
        "all",
        "target",
        ">=",
        0.92,
        None,
        None,
        "day",
        1,
        None,
        None,
        "S0",
        date(2026, 1, 1),
        None,
    ),
]


def make_release(root: Path, *, stale: dict[str, list[date]] | None = None) -> Path:
    """Publishes the fixture below `root` and returns the catalogue."""
    warehouse = root / "warehouse.duckdb"
    with duckdb.connect(str(warehouse)) as con:
        con.execute("create schema marts")
        for name, columns in SCHEMAS.items():
            con.execute(f"create table marts.{name} ({columns})")
        _insert(con, "kpi_definition", [_definition(row) for row in DEFINITIONS])
        _insert(con, "kpi_measure_definition", MEASURES)
        _insert(con, "kpi_target", TARGETS)
        _insert(con, "kpi_availability", [_availability(row) for row in DEFINITIONS])
        _insert(con, "kpi_value", list(_values()))
        facts = [(day, _calls(day)) for day in _days()]
        _insert(con, "fct_interval_contact", [(day, *calls.values()) for day, calls in facts])
        # Calls that overflow visit two queues: the same names, other numbers.
        for queue in ("sales", "service"):
            _insert(
                con,
                "fct_interval_queue",
                [(day, queue, *[value * 6 // 10 for value in list(calls.values())[:5]]) for day, calls in facts],
            )
    release = publish_release(
        warehouse,
        [MartSpec(name, "表", "Table") for name in SCHEMAS],
        root,
        release_id="2026-04-01T0130Z",
        created_at=datetime(2026, 4, 1, 1, 30),
        as_of=AS_OF,
        window=(LAST_DAY, LAST_DAY),
        inputs={},
        transform_fingerprint="fixture",
        stale=stale or {},
        keep=3,
    )
    warehouse.unlink()
    return release.catalogue


def _insert(con: duckdb.DuckDBPyConnection, table: str, rows: list[Row]) -> None:
    marks = ", ".join("?" * len(rows[0]))
    con.executemany(f"insert into marts.{table} values ({marks})", rows)


def _days() -> list[date]:
    return [LAST_DAY - timedelta(days=back) for back in range(DAYS - 1, -1, -1)]


def _calls(day: date) -> dict[str, int]:
    """The counts of a day; a wave over the weeks, fewer calls at weekends, and the known numbers on the last day."""
    if day == LAST_DAY:
        return {
            "offered": 1000,
            "short_abandon": 40,
            "answered": 860,
            "answered_in_sl": 768,
            "abandoned": 100,
            "inbound": 1250,
        }
    number = day.toordinal()
    offered = int((560 if day.weekday() >= 5 else 940) * (1 + 0.08 * math.sin(number)))
    short = offered // 27
    abandoned = int(offered * (0.09 + 0.03 * math.sin(number * 0.9)))
    answered = offered - short - abandoned
    in_sl = int(answered * (0.88 + 0.06 * math.cos(number * 0.7)))
    inbound = int(offered * 1.24)
    return {
        "offered": offered,
        "short_abandon": short,
        "answered": answered,
        "answered_in_sl": in_sl,
        "abandoned": abandoned,
        "inbound": inbound,
    }


def _definition(row: Row) -> Row:
    (
        kpi_id,
        variant,
        zh,
        en,
        variant_zh,
        variant_en,
        category,
        kind,
        numerator,
        denominator,
        unit,
        direction,
        official,
    ) = row
    return (
        kpi_id,
        variant,
        zh,
        en,
        variant_zh,
        variant_en,
        f"{zh}，口径：{variant_zh}。",
        f"{en}, counted as: {variant_en}.",
        category,
        kind,
        numerator,
        denominator,
        denominator or numerator,
        unit,
        direction,
        "day",
        "day:all",
        "asterisk.queue_log",
        "operations",
        official,
        date(2026, 1, 1),
        None,
    )


def _availability(row: Row) -> Row:
    needs = {"M043": ("trunk_status", "line.status"), "M112": (None, None)}
    capability, feed = needs.get(row[0], (None, None))
    return (row[0], row[1], feed is None, capability, feed, "asterisk.cdr" if row[0] == "M031" else None)


def value_row(
    kpi_id: str, variant: str, start: datetime | date, numerator: float | None, denominator: float | None, **more: Any
) -> Row:
    """One row of kpi_value; the value is the ratio, or the numerator of a count."""
    begin = start if isinstance(start, datetime) else datetime(start.year, start.month, start.day)
    value = (
        numerator
        if denominator is None
        else (None if numerator is None or not denominator else numerator / denominator)
    )
    n = more.get("n", denominator if denominator is not None else numerator)
    dimensions = [
        more.get(name)
        for name in ("channel", "direction", "queue", "agent", "team", "issue", "region", "segment", "hour_of_day")
    ]
    official = more.get("official", True)
    return (
        kpi_id,
        variant,
        more.get("grain", "day"),
        begin,
        more.get("dim_set", "all"),
        *dimensions,
        more.get("category"),
        numerator,
        denominator,
        more.get("value", value),
        None if n is None else int(n),
        official,
        "default" if official else None,
        more.get("target"),
        more.get("status"),
        more.get("mature", True),
        AS_OF,
    )


def _judged(value: float, target: float, up: bool) -> dict[str, Any]:
    met = value >= target if up else value <= target
    near = not met and abs(value - target) <= abs(target) * 0.05
    return {"target": target, "status": "met" if met else "near" if near else "missed"}


def _values() -> Iterator[Row]:
    for day in _days():
        yield from _values_of(day, _calls(day))
    month = date(2026, 3, 1)
    yield value_row("M151", "loaded", month, 152_300, 21_480, grain="month")
    yield value_row(
        "M021", "offered_net_short", month, 20_150, 24_800, grain="month", **_judged(20_150 / 24_800, 0.8, True)
    )


def _values_of(day: date, calls: dict[str, int]) -> Iterator[Row]:
    number = day.toordinal()
    offered, short, answered = calls["offered"], calls["short_abandon"], calls["answered"]
    in_sl, abandoned, inbound = calls["answered_in_sl"], calls["abandoned"], calls["inbound"]
    outbound = 300 + number % 60
    yield value_row("M001", "all", day, inbound + outbound, None)
    yield value_row("M002", "all", day, inbound, None)
    yield value_row("M003", "all", day, outbound, None)
    yield value_row("M010", "inbound", day, inbound // 9, None, category="10:00")
    yield value_row(
        "M021", "offered_net_short", day, in_sl, offered - short, **_judged(in_sl / (offered - short), 0.8, True)
    )
    yield value_row("M021", "offered", day, in_sl, offered, official=False)
    yield value_row("M021", "answered", day, in_sl, answered, official=False)
    yield value_row("M021", "icmi", day, in_sl + short + 50, answered + abandoned + short, official=False)
    for queue, share, late in (("sales", 0.4, 0), ("service", 0.6, 30)):
        good, all_of = int(in_sl * share) - late, int((offered - short) * share)
        yield value_row("M021", "offered_net_short", day, good, all_of, dim_set="queue", queue=queue)
    wait = 24 + 9 * math.sin(number * 1.3)
    yield value_row("M024", "answered", day, wait * answered, answered, **_judged(wait, 90, False))
    yield value_row("M026", "queued", day, 284 + number * 7 % 90, None, n=offered)
    yield value_row(
        "M030", "asked_for_agent", day, answered, offered + 12, **_judged(answered / (offered + 12), 0.85, True)
    )
    yield value_row("M031", "all", day, int(outbound * 0.41), outbound)
    yield value_row("M033", "offered_net_short", day, abandoned, offered - short)
    gone = abandoned + short
    for bucket, share in (
        ("le_10", 0.31),
        ("gt_10_le_30", 0.27),
        ("gt_30_le_60", 0.22),
        ("gt_60_le_120", 0.14),
        ("gt_120", 0.06),
    ):
        yield value_row("M035", "bucket", day, round(gone * share), gone, category=bucket)
    handle = 268 + 12 * math.sin(number * 0.4)
    yield value_row("M061", "contact", day, handle * answered, answered)
    talk = 201.0 * answered
    yield value_row("M063", "total", day, talk, None, n=answered)
    yield value_row("M065", "logged_in", day, talk, 8 * 3600 * 8.6, status="near" if day == LAST_DAY else "met")
    yield value_row("M070", "agent_day", day, answered, 8, **_judged(answered / 8, 120, True))
    closed = day <= LAST_DAY - timedelta(days=7)  # a call of the last week can still be repeated
    repeated = int(answered * (0.13 + 0.03 * math.sin(number)))
    judged = _judged(repeated / answered, 0.15, False) if closed else {"target": 0.15}
    yield value_row("M098", "forward", day, repeated if closed else None, answered, mature=closed, **judged)
    responses = 24 if day == LAST_DAY else 61
    satisfied = 21 if day == LAST_DAY else 54 + number % 5
    yield value_row("M112", "top2", day, satisfied, responses, **_judged(satisfied / responses, 0.92, True))
    for hour in range(24):
        calls_of_hour = int((inbound + outbound) * _of_hour(hour))
        at = datetime(day.year, day.month, day.day, hour)
        yield value_row("M006", "all", at, calls_of_hour, None, grain="hour")
    for channel, share in (("voice_400", 0.52), ("voice_app", 0.26), ("voice_website", 0.15), ("voice_ad", 0.07)):
        yield value_row("M014", "share", day, int(inbound * share), inbound, dim_set="channel", channel=channel)


def _of_hour(hour: int) -> float:
    bumps = (
        math.exp(-((hour - 10.5) ** 2) / 5)
        + 0.8 * math.exp(-((hour - 15.5) ** 2) / 6)
        + 0.25 * math.exp(-((hour - 20) ** 2) / 3)
    )
    return bumps / 8.9
