"""Writes the table of all worked cases: `python -m simulator.scenarios.reference`.

Belongs here: the form of the page. Everything that it says of a case stands with the case.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from simulator.scenarios.cases import SCENARIOS
from simulator.scenarios.effects import WORDS, Change
from simulator.scenarios.scenario import Expected, Scenario

PAGE = Path(__file__).resolve().parents[2] / "docs" / "scenarios.md"
_HEAD = """# Scenarios · 场景

The worked cases of the source articles, each a planted truth that the warehouse must find again. A case is switched
`before` (the problem), `after` (once the measure works) or both around a date, by
`callmart simulate --scenario S4-1=before`, `=after` or `=2026-03-16` (can be repeated); truth.json tells what was
planted. This page is written by `python -m simulator.scenarios.reference`; change a case, not the page.

各来源文章中的案例。每个案例都是埋入模拟数据的已知事实，数仓必须能重新算出。
用 `callmart simulate --scenario S4-1=before`（问题期）、`=after`（整改后）或 `=2026-03-16`（以该日为界的前后）
启用，可重复使用；truth.json 记录埋入的内容。
本页由程序生成，请修改案例本身。

| id | 场景 | Scenario | 文章数字 | Figures of the article |
| --- | --- | --- | --- | --- |
"""


def page() -> str:
    """The whole page."""
    lines = [
        f"| [{case.scenario_id}](#{case.scenario_id.lower()}) | {case.name_zh} | {case.name_en} "
        f"| {case.figures_zh} | {case.figures_en} |"
        for case in SCENARIOS.values()
    ]
    return _HEAD + "\n".join(lines) + "\n" + "".join(map(_section, SCENARIOS.values())) + _words()


def _section(case: Scenario) -> str:
    measures = [
        f"- 措施 · Measure `{measure.key}` ({measure.metric_id}): {measure.problem_zh} → {measure.measure_zh}。"
        f"{measure.measure_en}. {_number(measure.baseline)} → {_number(measure.reached)}, "
        f"target {_number(measure.target)}."
        for measure in case.measures
    ]
    blocks = [
        f"\n## {case.scenario_id}\n\n{case.name_zh} · {case.name_en}\n",
        f"[埋入与观测 · Planted and observed](scenarios/{case.scenario_id}.md)\n",
        "| changes | when | where | to |\n| --- | --- | --- | --- |\n" + "\n".join(map(_change, case.changes)) + "\n",
        "| must be found | when | where | value | tolerance |\n| --- | --- | --- | --- | --- |\n"
        + "\n".join(map(_expected, case.expected))
        + "\n",
    ]
    if measures:
        blocks.append("\n".join(measures) + "\n")
    return "\n".join(blocks)


def _change(change: Change) -> str:
    where = _slice(change.where)
    if change.hours is not None:
        where += f", {change.hours[0]}–{change.hours[1]} h"
    if change.occasion is not None:
        where += f", days of {change.occasion}"
    when = change.phase if not change.after_days else f"{change.phase}, from day {change.after_days}"
    to = (
        f"× {_number(change.factor)}"
        if change.level is None
        else f"{_number(change.level)} {WORDS[change.effect].unit}"
    )
    return f"| `{change.effect}` | {when} | {where.removeprefix('all, ')} | {to} |"


def _expected(expected: Expected) -> str:
    value = {
        "level": _number(expected.value),
        "ratio": f"{_number(expected.value)} times",
        "relative": f"{expected.value:+.0%}",
        "points": f"{expected.value:+g} points",
    }[expected.kind]
    return (
        f"| {expected.metric_id} | {expected.phase} | {_slice(expected.where)} | {value} "
        f"| ± {_number(expected.tolerance)} |"
    )


def _words() -> str:
    rows = [
        f"| `{name}` | {word.unit} | {word.meaning} | {', '.join(word.by) or '–'} |" for name, word in WORDS.items()
    ]
    head = "| effect | unit | what it is | differs by |\n| --- | --- | --- | --- |\n"
    return "\n## The words for effects · 效应词汇\n\n" + head + "\n".join(rows) + "\n"


def _slice(where: Mapping[str, str | int]) -> str:
    return ", ".join(f"{name} {value}" for name, value in where.items()) or "all"


def _number(value: float) -> str:
    return f"{value:.4g}" if abs(value) < 1000 else f"{value:.0f}"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
