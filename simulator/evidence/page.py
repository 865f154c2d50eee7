"""The page of a case in Markdown: what the article says, the picture, and each figure beside its observation.

Belongs here: the form of the page. Everything that it says comes from the case and from the study.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

from simulator.evidence.registry import METRICS, Unit
from simulator.evidence.study import Finding, Study, Verdict, command_of
from simulator.scenarios.scenario import Expected, Scenario

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "scenarios"
VERDICTS: dict[Verdict, str] = {
    "inside": "✓ 容差内 inside",
    "too few": "~ 样本不足 too few to tell",
    "outside": "✗ 容差外 outside",
    "nothing seen": "– 未观测到 nothing seen",
}
_PHASES = {"before": "整改前 before", "after": "整改后 after", "change": "变化 change"}


def page_of(study: Study) -> str:
    """The whole page."""
    rows = [
        f"{planted_cells(it.expected)} | {_observed(it)} | {_interval(it)} | {_n(it)} | {VERDICTS[it.verdict]} |"
        for it in study.findings
    ]
    return head_of(study.case) + "\n".join(rows) + "\n"


def head_of(case: Scenario) -> str:
    """What the page says whatever was observed."""
    return f"""# {case.scenario_id} · {case.name_zh}

{case.name_en}

{case.figures_zh}。{case.figures_en}.

![{case.name_en}]({case.scenario_id}.svg)

虚线为措施生效日。橙色为埋入值及容差，绿色为从原始文件（呼叫日志、CRM、工单接口、问卷、台账等）直接读出的观测值及
95 % 区间，不经过数仓。

The dashed line is the date of the measure. Orange is what was planted, with its tolerance; green is what the raw files
show (logs, CRM, helpdesk, surveys, ledger), read without the warehouse, with its 95 % interval. The files come from

```sh
{command_of(case.scenario_id)} --out build/{case.scenario_id}
```

and this page from `python -m simulator.evidence {case.scenario_id}`.
[All cases · 全部场景](../scenarios.md#{case.scenario_id.lower()})

| 指标 metric | 阶段 phase | 切片 slice | 埋入 planted | 容差 tolerance | 观测 observed | 95 % | n | 结论 verdict |
| --- | --- | --- | --- | --- | --- | --- | --- | --- |
"""


def planted_cells(expected: Expected) -> str:
    """The left side of a row: the figure, as the case has it."""
    metric = METRICS[expected.metric_id]
    return (
        f"| {metric.metric_id} {metric.name_zh} {metric.name_en} | {_PHASES[expected.phase]} "
        f"| {_slice(expected.where)} | {_figure(expected, expected.value)} | ± {_tolerance(expected)}"
    )


def _observed(finding: Finding) -> str:
    return "–" if finding.observed is None else _figure(finding.expected, finding.observed.value)


def _interval(finding: Finding) -> str:
    it = finding.observed
    if it is None or not math.isfinite(it.low) or not math.isfinite(it.high):
        return "–"
    return f"{_figure(finding.expected, it.low)} … {_figure(finding.expected, it.high)}"


def _n(finding: Finding) -> str:
    return "0" if finding.observed is None else f"{finding.observed.n:,}"


def _figure(expected: Expected, value: float) -> str:
    if expected.kind == "relative":
        return f"{value:+.1%}"
    if expected.kind == "points":
        return f"{value:+.1f}"
    if expected.kind == "ratio":
        return f"{value:.2f} ×"
    return _level(METRICS[expected.metric_id].unit, value)


def _tolerance(expected: Expected) -> str:
    if expected.kind == "level":
        return _level(METRICS[expected.metric_id].unit, expected.tolerance)
    return f"{expected.tolerance:.0%}" if expected.kind == "relative" else f"{expected.tolerance:g}"


def _level(unit: Unit, value: float) -> str:
    if unit == "share":
        return f"{value:.1%}"
    if unit == "s":
        return f"{value:,.0f} s"
    if unit == "x":
        return f"{value:.2f} ×"
    return f"{value:,.0f}" if unit in ("yuan", "hour") else f"{value:.1f}"


def _slice(where: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {value}" for name, value in where.items()) or "–"
