"""The status of each id, derived: what there is of it, what is missing, where it shows, what tests it.

Belongs here: the rules. Does not belong here: simulation (`moves`), files and pages (`record`, `page`).

A metric is *done* when its official variant (1) needs nothing but what contracts provide, (2) is compared with the
truth of the simulated centre, (3) has a value that is not the same in every period, and (4) follows its planted cause.
Where one of these is missing, or where there is a column of facts and no KPI yet, it is *measured only*. Anything else
is *done* when people say that the whole of it is there and a test and a thing to look at are named, and *measured only*
where a part is. What is *outside* has a reason.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from orchestration.coverage.causes import CAUSES, base_of
from orchestration.coverage.moves import Truths, follows, series
from orchestration.coverage.record import Covered, Status
from orchestration.coverage.registry import Defined, defined, provided, reports
from orchestration.coverage.requirements import TESTS, Requirement, requirements, unit_tests


@dataclass(frozen=True, slots=True)
class _Verdict:
    status: Status
    why_zh: str
    why_en: str


def covered(truths: Truths) -> dict[str, Covered]:
    """Every id of the list with its status, given the true values of the simulated centres."""
    registry, by_report = defined(), reports()
    tests = _unit_tests_of(registry)
    found = {}
    for item in requirements().values():
        kpi = registry.get(item.id)
        if item.reach == "outside":
            verdict = _Verdict("outside", item.reason_zh, item.reason_en)
        elif item.kind != "M":
            verdict = _of_people(item)
        elif kpi is None:
            verdict = _undefined(item)
        else:
            verdict = _of_kpi(kpi, truths)
        found[item.id] = Covered(
            item.id, item.name_zh, item.name_en, verdict.status, verdict.why_zh, verdict.why_en,
            shown=" ".join(_shown(item, kpi, by_report)),
            tested=" ".join(_tested(item, kpi, truths, tests.get(item.id, []))),
        )  # fmt: skip
    return found


def _of_kpi(kpi: Defined, truths: Truths) -> _Verdict:
    missing = sorted(set(kpi.needs) - provided())
    pair, cause = (kpi.kpi_id, kpi.variants[0]), CAUSES.get(kpi.kpi_id)
    where = cause.where if cause else {}
    of_base = truths[base_of(kpi.kpi_id)]
    base = series(of_base.get(pair, ()), kpi, where)
    if missing:
        return _Verdict("measured only", f"无数据源提供 {missing[0]}", f"no feed provides {missing[0]}")
    if pair not in of_base:
        return _Verdict("measured only", "未与模拟真值比较", "not compared with the simulated truth")
    if not base.varies:
        return _Verdict("measured only", "模拟期内没有变化", "the same in every simulated period")
    if cause is None:
        return _Verdict("measured only", "尚无埋入的原因使其变化", "no planted cause is known to move it")
    after = series(truths[cause.centre].get(pair, ()), kpi, where)
    if not follows(cause, base, after, kpi.unit):
        return _Verdict("measured only", f"未随 {cause.effect} 变化", f"does not follow {cause.effect}")
    rises = {"up": ("上升", "rises"), "down": ("下降", "falls")}[cause.direction]
    return _Verdict(
        "done",
        f"与模拟真值一致，埋入 {cause.effect} 后{rises[0]}",
        f"true to the simulated centre; {rises[1]} with planted {cause.effect}",
    )


def _undefined(item: Requirement) -> _Verdict:
    columns = item.pointers("model")
    if columns:
        return _Verdict("measured only", f"事实列 {columns[0]}，尚无指标", f"facts in {columns[0]}, no KPI yet")
    return _Verdict("not yet", item.reason_zh or "尚未定义", item.reason_en or "not defined")


def _of_people(item: Requirement) -> _Verdict:
    things = [pointer for pointer in item.evidence if pointer.partition(":")[0] not in TESTS]
    if item.reach == "whole" and things and item.pointers(*TESTS):
        return _Verdict("done", "", "")
    if item.reach == "whole":
        return _Verdict("measured only", "缺少测试或可查看之处", "a test, or a thing to look at, isn't named")
    return _Verdict("measured only" if item.reach == "part" else "not yet", item.reason_zh, item.reason_en)


def _shown(item: Requirement, kpi: Defined | None, by_report: Mapping[str, list[str]]) -> Iterator[str]:
    if kpi is not None:
        yield from ("board", "kpi", "explain")
        yield from by_report.get(item.id, ())
        return
    yield from item.pointers("command")
    yield from item.pointers("dashboard", "kpi", "model", "slice", "seed")


def _tested(item: Requirement, kpi: Defined | None, truths: Truths, of_dbt: list[str]) -> Iterator[str]:
    if kpi is not None and (kpi.kpi_id, kpi.variants[0]) in truths[base_of(kpi.kpi_id)]:
        yield "truth"
    yield from of_dbt
    yield from item.pointers(*TESTS)


def _unit_tests_of(registry: Mapping[str, Defined]) -> dict[str, list[str]]:
    """dbt unit tests by KPI: those that name its id, else those that name its numerator and denominator."""
    words = [(test["name"], frozenset(re.findall(r"\w+", json.dumps(test, default=str)))) for test in unit_tests()]
    found = {}
    for kpi_id, kpi in registry.items():
        by_id = [name for name, said in words if kpi_id in said]
        found[kpi_id] = by_id or [name for name, said in words if kpi.measures <= said]
    return found
