"""A small released catalogue made by hand, for the tests of the board, `kpi` and `explain`.

Belongs here: marts in the published schemas, with numbers that a test can say by heart: on the last day, 31 March 2026,
1,000 calls were offered, of these 40 were short abandons, 100 abandons and 860 answered, 768 within the target.
"""

from __future__ import annotations

import csv
import math
import tempfile
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import yaml

from orchestration.paths import PROJECT
from orchestration.release import MartSpec, publish_release

LAST_DAY = date(2026, 3, 31)
AS_OF = datetime(2026, 4, 1)
DAYS = 42
CHANNELS = [
    ("voice_400", "400 电话", "400 hotline"),
    ("voice_website", "官网热线", "Website hotline"),
    ("voice_app", "APP 内呼叫", "In-app call"),
    ("voice_ad", "广告落地页热线", "Ad landing-page line"),
]
Row = tuple[Any, ...]


def _contract(mart: str) -> str:
    """The columns of a report mart, as its contract has them."""
    said = yaml.safe_load((PROJECT / "dbt_project" / "models" / "marts" / "report" / f"{mart}.yml").read_text())
    return ", ".join(f"{column['name']} {column['data_type']}" for column in said["models"][0]["columns"])


SCHEMAS = {
    "kpi_value": (
        "kpi_id varchar, variant varchar, grain varchar, period_start timestamp, dim_set varchar, channel varchar, "
        "direction varchar, queue varchar, agent varchar, team varchar, issue varchar, region varchar, "
        "segment varchar, hour_of_day integer, member varchar, category varchar, numerator double, "
        "denominator double, value double, n bigint, is_official boolean, target_profile varchar, target double, "
        "status varchar, is_mature boolean, as_of timestamp"
    ),
    "kpi_definition": (
        "kpi_id varchar, variant varchar, name_zh varchar, name_en varchar, variant_name_zh varchar, "
        "variant_name_en varchar, definition_zh varchar, definition_en varchar, category varchar, kind varchar, "
        "numerator varchar, denominator varchar, n_measure varchar, unit varchar, direction varchar, "
        "freshness_class varchar, grain_set varchar, needs varchar, owner_role varchar, is_default_official boolean, "
        "valid_from date, valid_to date"
    ),
    "kpi_measure_definition": (
        "family varchar, fact varchar, measure_column varchar, measure varchar, category varchar, aggregation varchar, "
        "description_zh varchar, description_en varchar, sql_expression varchar"
    ),
    "kpi_target": (
        "kpi_id varchar, variant varchar, profile varchar, scope varchar, kind varchar, operator varchar, "
        "target_value double, lower double, upper double, eval_grain varchar, for_periods integer, min_n integer, "
        "rule_group varchar, source varchar, valid_from timestamp, valid_to timestamp"
    ),
    "strategy_rule": (
        "kpi_id varchar, rule_group varchar, trigger_zh varchar, trigger_en varchar, measure_zh varchar, "
        "measure_en varchar, expected_target varchar, owner_role varchar, source varchar"
    ),
    "kpi_fallback": (
        "kpi_id varchar, variant varchar, fallback_variant varchar, grain varchar, period_start timestamp, "
        "handled_count bigint, known_count bigint, known_rate double, min_known_rate double"
    ),
    "kpi_availability": (
        "kpi_id varchar, variant varchar, is_available boolean, missing_capabilities varchar, missing_feeds varchar, "
        "stale_feeds varchar"
    ),
    "dim_channel": "channel_id varchar, channel_name_zh varchar, channel_name_en varchar",
    **{
        mart: _contract(mart)
        for mart in ("rpt_four_dimensions", "rpt_core_targets", "rpt_kpi_trend", "rpt_weakest_segment", "rpt_alarm")
    },
    "fct_contact": (
        "contact_id varchar, local_ended_date date, local_date date, direction varchar, outcome varchar, "
        "queue_wait_s double, sl_target_s integer, is_offered boolean"
    ),
    "fct_queue_interval": (
        "local_date date, queue_id varchar, offered bigint, short_abandoned bigint, answered bigint, "
        "answered_in_target bigint, abandoned bigint"
    ),
    "fct_agent_interval": (
        "local_date date, talk_state_s bigint, acw_state_s bigint, logged_in_s bigint, break_state_s bigint"
    ),
    "fct_agent_leg": "local_date date, agent_id varchar",
    "rpt_action_review": (
        "action_id varchar, parent_action_id varchar, problem varchar, measure varchar, department_id varchar, "
        "owner_agent_id varchar, metric_id varchar, metric_name_zh varchar, metric_name_en varchar, "
        "metric_variant varchar, metric_unit varchar, impact_level integer, difficulty_level integer, ease_score "
        "integer, literal_score integer, status varchar, review_state varchar, local_created_at timestamp, "
        "local_due_at timestamp, local_done_at timestamp, local_reviewed_date date, local_created_date date, "
        "is_overdue boolean, overdue_days integer, target_direction varchar, target_value double, stated_before "
        "double, stated_after double, stated_difference double, stated_relative_change double, is_stated_reached "
        "boolean, before_from date, before_to date, before_numerator double, before_denominator double, "
        "before_value double, after_from date, after_to date, after_numerator double, after_denominator double, "
        "after_value double, measured_difference double, measured_relative_change double, is_measured_reached "
        "boolean, next_measure_zh varchar, next_measure_en varchar, is_metric_known boolean, is_department_known "
        "boolean, as_of timestamp"
    ),
    "fct_agent_day": "local_date date, agent_id varchar, agent_days bigint",
}


def make_release(
    root: Path, *, stale: dict[str, list[date]] | None = None, days: int = DAYS, extra: Iterable[str] = ()
) -> Path:
    """Publishes the fixture, changed by statements `extra`, below `root` and returns the catalogue."""
    warehouse = root / "warehouse.duckdb"
    with duckdb.connect(str(warehouse)) as con:
        con.execute("create schema marts")
        for name, columns in SCHEMAS.items():
            con.execute(f"create table marts.{name} ({columns})")
        for path in sorted((Path(__file__).parent / "registry").glob("*.csv")):
            con.execute(f"insert into marts.{path.stem} select * from read_csv('{path}', all_varchar = true)")
        con.execute(
            # What no feed gives, and what rests on a feed that is behind.
            "insert into marts.kpi_availability select kpi_id, variant, kpi_id != 'M043', "
            "case when kpi_id = 'M043' then 'trunk_status' end, case when kpi_id = 'M043' then 'line.status' end, "
            "case when kpi_id = 'M031' then 'asterisk.cdr' end from marts.kpi_definition"
        )
        _insert(con, "dim_channel", CHANNELS)
        _insert(con, "kpi_value", list(_values(days)))
        _facts(con)
        for statement in extra:
            con.execute(statement)
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


def _facts(con: duckdb.DuckDBPyConnection) -> None:
    """The facts of the last day alone: that is what `explain` proves its SQL on."""
    groups = [
        ("inbound", "answered", 8, True, 768),
        ("inbound", "answered", 25, True, 92),
        ("inbound", "short_abandon", 3, True, 40),
        ("inbound", "abandoned_queue", 15, True, 50),
        ("inbound", "abandoned_queue", 45, True, 50),
        ("inbound", "abandoned_ivr", None, False, 250),
        ("outbound", "answered", None, False, 133),
    ]
    for direction, outcome, wait, offered, count in groups:
        con.execute(
            "insert into marts.fct_contact select $d || $o || coalesce($w, 0) || '-' || range, "
            "$day + 1, $day, $d, $o, $w, 20, $f from range($n)",
            {"d": direction, "o": outcome, "w": wait, "day": LAST_DAY, "f": offered, "n": count},
        )
    # Calls that overflow visit two queues: the same names, other numbers.
    visits = [("sales", 500, 20, 420, 380, 60), ("service", 560, 24, 450, 390, 70)]
    _insert(con, "fct_queue_interval", [(LAST_DAY, *row) for row in visits])
    _insert(con, "fct_agent_interval", [(LAST_DAY, 172_860, 40_000, 247_680, 30_000)])
    con.execute("insert into marts.fct_agent_leg select $day, 'a' || range % 8 from range(860)", {"day": LAST_DAY})
    _insert(con, "fct_agent_day", [(LAST_DAY, f"a{number}", 1) for number in range(8)])


def _insert(con: duckdb.DuckDBPyConnection, table: str, rows: list[Row]) -> None:
    # By way of a file: a statement for each of thousands of rows would take seconds.
    with tempfile.NamedTemporaryFile("w", suffix=".csv", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([["" if value is None else value for value in row] for row in rows])
        file.flush()
        con.execute(
            f"insert into marts.{table} select * from read_csv('{file.name}', header = false, all_varchar = true)"
        )


def _noise(number: int) -> float:
    """Between −1 and 1, without any pattern to the eye, and the same in every run."""
    return 2 * ((math.sin(number * 12.9898) * 43758.5453) % 1) - 1


def _days(days: int) -> list[date]:
    return [LAST_DAY - timedelta(days=back) for back in range(days - 1, -1, -1)]


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
    offered = int((560 if day.weekday() >= 5 else 940) * (1 + 0.08 * _noise(number)))
    short = offered // 27
    abandoned = int(offered * (0.09 + 0.03 * _noise(number + 1)))
    answered = offered - short - abandoned
    in_sl = int(answered * (0.88 + 0.06 * _noise(number + 2)))
    inbound = int(offered * 1.24)
    return {
        "offered": offered,
        "short_abandon": short,
        "answered": answered,
        "answered_in_sl": in_sl,
        "abandoned": abandoned,
        "inbound": inbound,
    }


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
        for name in (
            "channel",
            "direction",
            "queue",
            "agent",
            "team",
            "issue",
            "region",
            "segment",
            "hour_of_day",
            "member",
        )
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
    return {"target": target, "status": "met" if met else "missed"}


def _values(days: int) -> Iterator[Row]:
    for day in _days(days):
        yield from _values_of(day, _calls(day))
    for back in range(8):
        start = date(2026, 3, 30) - timedelta(days=7 * back)
        calls_of_week = 3_020 if back == 0 else 8_400 + 37 * back
        yield value_row("M008", "all", start, calls_of_week, None, grain="week", mature=back > 0)
    month = date(2026, 3, 1)
    yield value_row("M151", "loaded", month, 152_300, 21_480, grain="month")
    yield value_row(
        "M021", "offered_net_short", month, 20_150, 24_800, grain="month", **_judged(20_150 / 24_800, 0.8, True)
    )


def _values_of(day: date, calls: dict[str, int]) -> Iterator[Row]:
    number = day.toordinal()
    offered, short, answered = calls["offered"], calls["short_abandon"], calls["answered"]
    in_sl, abandoned, inbound = calls["answered_in_sl"], calls["abandoned"], calls["inbound"]
    outbound = 330 + round(40 * _noise(number + 7))
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
    wait = 24 + 9 * _noise(number + 3)
    yield value_row("M024", "answered", day, wait * answered, answered, **_judged(wait, 90, False))
    yield value_row("M026", "queued", day, round(310 + 90 * _noise(number + 6)), None, n=offered)
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
    handle = 268 + 12 * _noise(number + 4)
    yield value_row("M061", "contact", day, handle * answered, answered)
    talk = 201.0 * answered
    yield value_row("M063", "total", day, talk, None, n=answered)
    yield value_row("M065", "logged_in", day, talk, 8 * 3600 * 8.6, target=0.7, status="missed")
    for variant, base in (("utilisation_s1", 217_680), ("logged_in", 247_680)):
        yield value_row("M066", variant, day, 212_860, base, official=variant == "utilisation_s1")
    yield value_row("M070", "agent_day", day, answered, 8, **_judged(answered / 8, 120, True))
    closed = day <= LAST_DAY - timedelta(days=7)  # a call of the last week can still be repeated
    repeated = int(answered * (0.13 + 0.03 * _noise(number + 5)))
    judged = _judged(repeated / answered, 0.15, False) if closed else {"target": 0.15, "status": "no_data"}
    yield value_row("M098", "forward", day, repeated if closed else None, answered, mature=closed, **judged)
    responses = 24 if day == LAST_DAY else 61
    satisfied = 21 if day == LAST_DAY else 54 + number % 5
    yield value_row("M112", "top2", day, satisfied, responses, **_judged(satisfied / responses, 0.92, True))
    for hour in range(24):
        calls_of_hour = int((inbound + outbound) * _of_hour(hour))
        at = datetime(day.year, day.month, day.day, hour)
        if hour < 2:
            continue  # no call, no row
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
