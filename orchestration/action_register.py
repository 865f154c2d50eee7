"""The register of improvement actions as a file that people keep: its template, and the mapping that reads it.

Belongs here: the columns of the template in Chinese and English, how what is typed into them is read, and which rows
are refused with what remedy. Not here: what an action is (the contract `canonical.action`), its review (the warehouse),
its listing (actions.py).

The file is an ordinary one of the feed `canonical.action`: it may be edited in a spreadsheet and saved as UTF-8 or
GB18030, or kept as a workbook; each build takes it as it is then.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import yaml

from expectations.contracts import METRICS
from orchestration.errors import InputError
from orchestration.extract.expressions import literal, quote

Lang = Literal["zh", "en"]
REGISTER, FRAGMENT = "actions.csv", "actions.yaml"

_DATE_FORMATS = ("%Y-%m-%d", "%Y/%m/%d", "%Y年%m月%d日", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M",
                 "%Y/%m/%d %H:%M", "%Y/%m/%d %H:%M:%S")  # fmt: skip
_STATUSES = {
    "open": ("待办", "open"),
    "doing": ("进行中", "doing"),
    "done": ("已完成", "done"),
    "verified": ("已达标", "verified"),
    "missed": ("未达标", "missed"),
    "reopened": ("已重启", "reopened"),
}


@dataclass(frozen=True)
class _Column:
    """A column of the template: the feed's column that it fills, its header and example in both languages."""

    target: str
    zh: str
    en: str
    example_zh: str
    example_en: str

    def header(self, lang: Lang) -> str:
        return self.zh if lang == "zh" else self.en


_COLUMNS = (
    _Column("action_id", "编号", "id", "A-001", "A-001"),
    _Column("problem", "问题", "problem", "账单问题重复来电多", "Customers call again about their bill"),
    _Column("department_id", "责任部门", "department", "客服部", "service"),
    _Column("owner_agent_id", "责任人", "owner", "1001", "1001"),
    _Column("measure", "措施", "measure", "账单话术增加扣款说明", "Explain deductions in the billing script"),
    _Column("metric_id", "指标", "kpi", "M098", "M098"),
    _Column("baseline_value", "措施前", "before", "22%", "22%"),
    _Column("target_value", "目标值", "target", "15%", "15%"),
    _Column("reviewed_value", "复盘值", "at_review", "", ""),
    _Column("created_at", "立项日", "decided_on", "2026-03-02", "2026-03-02"),
    _Column("due_at", "截止日", "due_on", "2026-03-31", "2026-03-31"),
    _Column("done_at", "完成日", "done_on", "", ""),
    _Column("reviewed_at", "复盘日", "reviewed_on", "", ""),
    _Column("status", "状态", "status", "进行中", "doing"),
    _Column("impact_level", "影响", "impact", "4", "4"),
    _Column("difficulty_level", "难度", "difficulty", "2", "2"),
    _Column("parent_action_id", "重启自", "follows", "", ""),
)
_DATES = ("created_at", "due_at", "done_at", "reviewed_at")
_VALUES = ("baseline_value", "target_value", "reviewed_value")
_LEVELS = ("impact_level", "difficulty_level")


def headers(lang: Lang) -> list[str]:
    """The register's columns, in order."""
    return [column.header(lang) for column in _COLUMNS]


def write_template(folder: Path, lang: Lang) -> tuple[Path, Path]:
    """Write a register with one example row, and the part of a configuration that reads it; their paths.

    Raises InputError when one of them is there: a register is somebody's work.
    """
    register, fragment = folder / REGISTER, folder / FRAGMENT
    for path in (register, fragment):
        if path.exists():
            raise InputError(
                "the file is there already.", file=path, rule="exists", todo="name another folder, or move it away."
            )
    folder.mkdir(parents=True, exist_ok=True)
    with register.open("w", encoding="utf-8-sig", newline="") as target:  # spreadsheets know UTF-8 by its mark
        writer = csv.writer(target)
        writer.writerow(headers(lang))
        writer.writerow([column.example_zh if lang == "zh" else column.example_en for column in _COLUMNS])
    said = yaml.safe_dump(register_feed(lang), allow_unicode=True, sort_keys=False, width=1000)
    head = (
        "# 改进措施台账的数据源配置：将 action 一节放到 callmart.yaml 的 sources.canonical.feeds 之下；\n"
        "# 责任部门用工单中的部门编号。\n"
        "# How the register of actions is read: put `action` under sources.canonical.feeds of callmart.yaml; name "
        "departments as tickets do.\n"
    )
    fragment.write_text(head + said, "utf-8")
    return register, fragment


def register_feed(lang: Lang) -> dict[str, Any]:
    """The feed `action` of a configuration: the register's path, mapping and rules."""
    sql = {column.target: quote(column.header(lang)) for column in _COLUMNS}
    mapping: dict[str, str] = {name: f"nullif(trim({text}), '')" for name, text in sql.items()}
    mapping |= {name: _date(sql[name]) for name in _DATES}
    mapping["due_at"] = _end_of_day(mapping["due_at"])
    mapping |= {name: _number(sql[name]) for name in _VALUES}
    mapping |= {name: f"try_cast(trim({sql[name]}) as integer)" for name in _LEVELS}
    mapping["metric_id"] = f"nullif(upper(trim({sql['metric_id']})), '')"
    mapping["status"] = _status(sql["status"], mapping["done_at"])
    return {
        "action": {
            "paths": [REGISTER],
            "critical": False,
            "mapping": mapping,
            "rules": _rules(lang, sql, mapping),
        }
    }


def _date(column: str) -> str:
    """A day as spreadsheets write it, always year first."""
    return f"try_strptime(trim({column}), [{', '.join(map(literal, _DATE_FORMATS))}])"


def _end_of_day(instant: str) -> str:
    """What is due on a day may be done until its end."""
    midnight = f"date_trunc('day', {instant})"
    return f"{instant} + case when {instant} = {midnight} then interval 86399 second else interval 0 second end"


def _number(column: str) -> str:
    """A number, `15%` being 0.15; thousands may be set apart."""
    bare = f"replace(replace(trim({column}), '％', '%'), ',', '')"
    return (
        f"case when ends_with({bare}, '%') then try_cast(replace({bare}, '%', '') as double) / 100 "
        f"else try_cast({bare} as double) end"
    )


def _status(column: str, done: str) -> str:
    """Both languages' words; an empty cell is what the date of completion says."""
    said = f"coalesce(lower(trim({column})), '')"
    words = " ".join(
        f"when {said} in ({', '.join(map(literal, dict.fromkeys(names)))}) then {literal(status)}"
        for status, names in _STATUSES.items()
    )
    return f"case {words} when {said} = '' then case when {done} is null then 'open' else 'done' end else {said} end"


def _rules(lang: Lang, sql: Mapping[str, str], mapping: Mapping[str, str]) -> list[dict[str, str]]:
    named = {column.target: column.header(lang) for column in _COLUMNS}

    def filled(name: str) -> str:
        return f"coalesce(trim({sql[name]}), '') <> ''"

    def rule(name: str, when: str, column: str, zh: str, en: str) -> dict[str, str]:
        reason = f"{named[column]}：{zh} / {named[column]}: {en}"
        return {"name": name, "when": when, "action": "refuse", "column": column, "reason": reason}

    first, last = METRICS[0], METRICS[-1]
    is_metric = f"coalesce({mapping['metric_id']} between {literal(first)} and {literal(last)}, false)"
    is_metric += f" and length({mapping['metric_id']}) = {len(first)}"
    found = [
        rule(
            "unknown_metric", f"{filled('metric_id')} and not ({is_metric})", "metric_id",
            f"指标编号须为 {first} 至 {last}，见 seeds/kpi_definition.csv；没有指标则留空",
            f"a KPI id lies between {first} and {last}, see seeds/kpi_definition.csv; leave it empty if there is none",
        )
    ]  # fmt: skip
    found += [
        rule(
            f"{name}_is_no_number", f"{filled(name)} and ({mapping[name]}) is null", name,
            "须为数值，如 0.15、15% 或 90；比率与秒数按指标单位填写，不带其他文字",
            "write a number such as 0.15, 15% or 90 in the unit of the KPI, without other text",
        )
        for name in _VALUES
    ]  # fmt: skip
    found += [
        rule(
            f"{name}_out_of_range", f"{filled(name)} and not coalesce({mapping[name]} between 1 and 5, false)", name,
            "须为 1 至 5 的整数；未评则留空", "write a whole number from 1 to 5, or leave it empty",
        )
        for name in _LEVELS
    ]  # fmt: skip
    found += [
        rule(
            f"{name}_is_no_date", f"{filled(name)} and {_date(sql[name])} is null", name,
            "须为日期，年在前，如 2026-03-02 或 2026/3/2", "write a date, year first, such as 2026-03-02 or 2026/3/2",
        )
        for name in _DATES
    ]  # fmt: skip
    found += [
        rule(
            f"{name}_before_decision", f"{mapping[name]} < {mapping['created_at']}", name,
            f"不得早于{named['created_at']}，更正其中一个日期",
            f"it lies before {named['created_at']}; correct one of the dates",
        )
        for name in _DATES[1:]
    ]  # fmt: skip
    return found
