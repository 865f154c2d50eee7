"""What the suites over marts share.

Belongs here: the type of a mart's suite, rules that several marts repeat. Rules about one mart's meaning go into its
own file.
"""

from __future__ import annotations

from dataclasses import dataclass

from expectations.check import Check, NoNegative, NoPhoneNumber, NoRows, Text

DAY_S = 86_400
LONGEST_DAY_S = DAY_S + 3_600
"""Seconds of the 25-hour day at the end of daylight saving time."""

FIX_MODEL = Text(
    "这是模型缺陷：用样本行在 dbt_project 中复现并修正",
    "a defect of a model: reproduce it from the sample rows and correct it",
)
LOOK_AT_SOURCE = Text(
    "沿样本行查到源文件；数值保留并标记", "follow the sample rows to the source; the values are kept and flagged"
)


@dataclass(frozen=True)
class MartSuite:
    """The checks of one mart. `window` selects the rows that a build with `{since}` as its first date can change."""

    mart: str
    checks: tuple[Check, ...]
    window: str = "local_date >= {since}"


def breaks(name: str, zh: str, en: str, sql: str) -> Check:
    """A blocking rule: rows that contradict what the mart means."""
    return Check(name, "blocking", Text(zh, en), FIX_MODEL, NoRows(sql))


def warns(name: str, zh: str, en: str, sql: str, action: Text = LOOK_AT_SOURCE) -> Check:
    """A warning: rows or days that are possible but unlikely."""
    return Check(name, "warning", Text(zh, en), action, NoRows(sql))


def no_phone_number(*key: str) -> Check:
    """No VARCHAR column of a mart holds a mobile number in clear; `key` are the columns that name the row."""
    return Check(
        "no_phone_number",
        "blocking",
        Text("出现未脱敏的手机号码", "a mobile number is there in clear"),
        Text(
            "找出它来自哪个数据源列，在类型转换时脱敏，然后重建",
            "find the feed's column it comes from, mask it at typing, build again",
        ),
        NoPhoneNumber(show=key),
    )


def not_negative(*key: str) -> Check:
    """No number of a fact is below zero; `key` are the columns that name the row."""
    return Check(
        "not_negative",
        "blocking",
        Text("出现负的数量或时长", "a count or duration is negative"),
        FIX_MODEL,
        NoNegative(show=key),
    )


def duration_range(columns: tuple[str, ...], key: tuple[str, ...]) -> Check:
    """Durations of one record do not exceed a day."""
    shown = ", ".join((*key, *columns))
    over = " or ".join(f"{column} > {DAY_S}" for column in columns)
    return warns(
        "duration_range",
        "单条记录的时长超过 86400 秒",
        "a duration of one record exceeds 86400 s",
        f"select {shown} from {{batch}} where {over}",
    )


def quarter_hours(key: str) -> Check:
    """Intervals begin on the quarter of an hour."""
    return breaks(
        "interval_start",
        "时段不是从整刻钟开始",
        "an interval does not begin on a quarter of an hour",
        f"select interval_start, local_date, {key} from {{batch}} where epoch(interval_start) % 900 <> 0",
    )


def agent_day(seconds: str) -> Check:
    """An agent's time on one date fits into the date."""
    return breaks(
        "agent_day",
        "坐席一天的登录时长超过一天",
        "an agent is logged in for longer than the date lasts",
        f"""
        select agent_id, local_date, sum({seconds}) as logged_in_s from {{batch}}
        group by agent_id, local_date having sum({seconds}) > {LONGEST_DAY_S}""",
    )
