"""The page of the record, `docs/coverage.md`, in Chinese and English.

Belongs here: the form of the page and its few own words. Does not belong here: what it says of an id (`status`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from orchestration.coverage.causes import CENTRES
from orchestration.coverage.moves import AGENTS, CALLS_PER_DAY, DAYS, FEW, LEAST, LEAST_OF_FEW
from orchestration.coverage.record import KINDS, STATUS_ZH, STATUSES, Covered, counts
from orchestration.paths import PROJECT
from simulator.scenarios.effects import WORDS

PAGE = PROJECT / "docs" / "coverage.md"
_HEAD = f"""# Coverage · 需求覆盖

What there is of each id of the requirement list, derived from the project by `python -m orchestration.coverage`;
`callmart coverage` prints it. A test fails when an id falls back, and when one has become better without this page
having been written again.

本页由 `python -m orchestration.coverage` 根据项目现状推导生成，`callmart coverage` 可直接查看。
任何编号退步，或已改进而未重新生成，测试都会失败。

| status | 状态 | meaning |
| --- | --- | --- |
| done | 已完成 | A metric: feeds exist, its value is compared with the simulated truth, varies and follows its cause. \
Anything else: the whole of it is there, with a test. |
| measured only | 仅有数据 | A value or a column of facts is there; one proof, or a view of its own, is missing. |
| not yet | 尚未 | Nothing of it can be asked. |
| outside | 范围外 | Another system's work, with the reason. |

**Follows its cause**: two simulated centres ({DAYS} days, {AGENTS} agents, {CALLS_PER_DAY} calls a day, the same seed)
differ in planted causes alone; those of one centre act on different systems, and `python -m orchestration.coverage
apart` plants each by itself. The official variant must change in the expected direction by {LEAST:.0%} or more of its
value (a difference of rates: of 1), and the 95 % interval of the change, over periods as observations, must not hold
zero. With fewer than {FEW} periods there is no interval, and {LEAST_OF_FEW:.0%} are asked for. Values are the
simulator's recounts, which the end-to-end test compares with the released ones.

**随原因变化**：两个模拟中心种子相同，只在埋入的原因上不同；官方口径须按预期方向变化，且幅度大于偶然波动，规则见上。
"""


def page(found: Mapping[str, Covered]) -> str:
    """The whole page."""
    blocks = [_HEAD, _summary(found), *(_section(kind, found.values()) for kind in KINDS), _causes()]
    return "\n".join(blocks)


def _summary(found: Mapping[str, Covered]) -> str:
    rows = [
        [f"{kind} {' '.join(KINDS[kind])}", *(str(of_kind[status]) for status in STATUSES), str(of_kind.total())]
        for kind, of_kind in counts(found.values()).items()
    ]
    head = ["", *(f"{status} {STATUS_ZH[status]}" for status in STATUSES), "all 合计"]
    return "## Summary · 汇总\n\n" + _table(head, rows) + "\n"


def _section(kind: str, found: Iterable[Covered]) -> str:
    zh, en = KINDS[kind]
    rows = [
        [row.id, row.name_zh, row.name_en, f"{row.status} {STATUS_ZH[row.status]}", _why(row), _code(row.shown),
         _code(row.tested)]
        for row in found
        if row.kind == kind
    ]  # fmt: skip
    head = ["id", "名称", "name", "status 状态", "why 说明", "shown 展示", "tested by 测试"]
    return f"## {kind} · {zh} · {en}\n\n" + _table(head, rows) + "\n"


def _causes() -> str:
    rows = []
    for centre in CENTRES:
        for change in centre.changes:
            to = f"× {change.factor:g}" if change.level is None else f"{change.level:g} {WORDS[change.effect].unit}"
            where = ", ".join(f"{name} {value}" for name, value in change.where.items())
            hours = f"{change.hours[0]}–{change.hours[1]} h" if change.hours else ""
            rows.append([centre.name, f"`{change.effect}`", ", ".join(filter(None, (where, hours))) or "all", to])
        if centre.agents is not None:
            rows.append([centre.name, "`agents`", "all", str(centre.agents)])
    text = "The words are those of [scenarios.md](scenarios.md). Causes of one centre act on different systems."
    return f"## Planted causes · 埋入的原因\n\n{text}\n\n" + _table(["centre", "cause", "where", "to"], rows) + "\n"


def _why(row: Covered) -> str:
    return "<br>".join(filter(None, (row.why_zh, row.why_en)))


def _code(names: str) -> str:
    return " ".join(f"`{name}`" for name in names.split())


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *([cell.replace("|", r"\|") for cell in row] for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
