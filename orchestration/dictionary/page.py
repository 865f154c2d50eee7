"""The pages of the KPI dictionary, `docs/kpis.md` and `docs/kpis.zh-CN.md`.

Belongs here: the form of the pages and their own words. Everything said of a KPI comes from the registry.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Literal

from orchestration.catalogue import CATEGORIES, GRAINS
from orchestration.dictionary.measures import measure_texts
from orchestration.dictionary.registry import Kpi, Row, capabilities, feeds_of, grain_sets, kpis
from orchestration.display import class_text, format_target
from orchestration.paths import PROJECT

Language = Literal["en", "zh"]

DOCS = PROJECT / "docs"
PAGES: dict[Language, str] = {"en": "kpis.md", "zh": "kpis.zh-CN.md"}
_SENTENCE = re.compile(r".+?(?:\. |。|$)")


@dataclass(frozen=True)
class _Words:
    title: str
    other: str
    intro: tuple[str, ...]
    toc: tuple[str, ...]
    variants: tuple[str, ...]
    units: dict[str, str]
    directions: dict[str, str]
    grains: dict[str, str]
    fresh: dict[str, str]
    roles: dict[str, str]
    kinds: dict[str, str]
    measures: str
    facts: str
    final: str
    final_at_once: str
    computed: str
    to: str
    needs: str
    no_feed: str
    fallback: str
    shown: str
    condition: str
    periods: str
    profile: str
    group: str
    remedy: str
    how: str
    how_without_target: str
    owner: str
    comma: str
    semicolon: str
    stop: str
    colon: str
    but: str


_WORDS: dict[Language, _Words] = {
    "en": _Words(
        title="KPI dictionary",
        other="中文",
        intro=(
            "What each KPI of callmart means. Written by `python -m orchestration.dictionary` from the registry in "
            "`seeds/`, the measures in `dbt_project/macros/measures/` and the contracts; change those, not this page.",
            "A KPI has variants where sources disagree; all are computed, side by side, and one is official, marked ★, "
            "unless the centre names another. A formula without a denominator is a count, a sum or an extreme. "
            "Values with their targets are in `marts.kpi_value`; how to ask for them: [sql_guide.md](sql_guide.md). "
            "`callmart board all` shows the latest of all, `callmart explain ID` one with its variants side by side. "
            "What a centre's own feeds can give is in `kpi_availability`.",
        ),
        toc=("KPI", "name", "unit", "better", "target"),
        variants=("variant", "what it counts", "formula"),
        units={
            "rate": "rate", "rate_difference": "difference of rates", "quotient": "quotient, may exceed 1",
            "s": "seconds", "count": "count", "count_per_day": "count per day", "points": "points",
            "money": "money",
        },
        directions={
            "up": "higher is better", "down": "lower is better", "band": "best inside a band", "none": "no direction",
        },
        grains={
            "hour": "hour", "day": "day", "week": "week", "month": "month", "quarter": "quarter", "year": "year",
            "rolling_12_months": "rolling 12 months",
        },
        fresh={"hourly": "due each hour", "daily": "due each day", "realtime": "due at once"},
        roles={},
        kinds={"target": "Target", "trigger": "Trigger", "benchmark": "Benchmark", "reference": "Reference"},
        measures="Measures",
        facts="Value",
        final="final {} days after the period",
        final_at_once="final when the period is over",
        computed="Computed by",
        to=" to ",
        needs="Needs",
        no_feed="no feed gives it yet",
        fallback="where customer and issue of too few contacts are known, {} takes the place of {}",
        shown="Shown on",
        condition="{} by {}, each {}, of {} records or more",
        periods="{} periods running",
        profile="profile {}",
        group="together with the other triggers of `{}`",
        remedy="What to do",
        how="{}. Owner {}, expected {}",
        how_without_target="{}. Owner {}",
        owner="owner {}",
        comma=", ",
        semicolon="; ",
        stop=".",
        colon=": ",
        but=" (not {})",
    ),
    "zh": _Words(
        title="指标字典",
        other="English",
        intro=(
            "callmart 每个指标的含义。本页由 `python -m orchestration.dictionary` 根据 `seeds/` 中的指标定义、"
            "`dbt_project/macros/measures/` 中的度量和数据源契约生成；要改内容请改那里，不要改本页。",
            "来源定义不一致时，一个指标有多个口径，全部并列计算；标 ★ 者为官方口径，中心可另行指定。"
            "公式没有分母的为计数、求和或极值。数值与目标在 `marts.kpi_value`，查询方法见 "
            "[sql_guide.md](sql_guide.md)；`callmart board all` 显示全部指标的最新值，"
            "`callmart explain ID` 并列比较一个指标的各口径。本中心的数据源能给出哪些指标见 `kpi_availability`。",
        ),
        toc=("指标", "名称", "单位", "优劣", "目标"),
        variants=("口径", "统计内容", "公式"),
        units={
            "rate": "比率", "rate_difference": "比率之差", "quotient": "商，可超过 1", "s": "秒", "count": "次数",
            "count_per_day": "次/天", "points": "分", "money": "金额",
        },
        directions={"up": "越高越好", "down": "越低越好", "band": "落在区间内最好", "none": "无优劣方向"},
        grains={
            "hour": "小时", "day": "日", "week": "周", "month": "月", "quarter": "季", "year": "年",
            "rolling_12_months": "滚动十二个月",
        },
        fresh={"hourly": "每小时更新", "daily": "每日更新", "realtime": "实时更新"},
        roles={
            "operations_manager": "运营经理", "quality_manager": "质量经理", "team_leader": "班组长",
            "marketing_manager": "营销经理", "customer_experience_manager": "客户体验经理",
            "workforce_planner": "排班专员", "data_engineer": "数据工程师", "compliance_manager": "合规经理",
            "it_manager": "IT 经理", "campaign_manager": "外呼活动经理",
        },
        kinds={"target": "目标", "trigger": "预警", "benchmark": "标杆", "reference": "参考"},
        measures="度量",
        facts="数值",
        final="周期结束 {} 天后定型",
        final_at_once="周期结束即定型",
        computed="计算范围",
        to="至",
        needs="所需数据",
        no_feed="尚无数据源提供",
        fallback="客户与问题已知的联络过少时，{} 代替 {}",
        shown="所在看板",
        condition="{}，按 {}，每{}，不少于 {} 条记录",
        periods="连续 {} 个周期",
        profile="档案 {}",
        group="须与 `{}` 的其他预警同时成立",
        remedy="措施",
        how="{}。由{}负责，预期 {}",
        how_without_target="{}。由{}负责",
        owner="由{}负责",
        comma="，",
        semicolon="；",
        stop="。",
        colon="：",
        but="（{} 除外）",
    ),
}  # fmt: skip


def page(language: Language) -> str:
    """The whole page in one language, as Markdown."""
    words, found = _WORDS[language], kpis()
    other: Language = "zh" if language == "en" else "en"
    of_category = {name: [kpi for kpi in found if kpi.official["category"] == name] for name in CATEGORIES}
    parts = [f"# {words.title}", f"[{words.other}]({PAGES[other]})", *words.intro]
    for category, members in of_category.items():
        rows = [_toc_row(kpi, language) for kpi in members]
        parts += [f"**{_category(category, language)}**", _table(words.toc, rows)]
    for category, members in of_category.items():
        parts += [f"## {_category(category, language)}", *(part for kpi in members for part in _section(kpi, language))]
    return "\n\n".join(parts) + "\n"


def _category(category: str, language: Language) -> str:
    zh, en = CATEGORIES[category]
    return zh if language == "zh" else en


def _said(row: Row, column: str, language: Language) -> str:
    return row[f"{column}_{language}"]


def _toc_row(kpi: Kpi, language: Language) -> list[str]:
    words, official = _WORDS[language], kpi.official
    targets = [row for row in kpi.targets if row["kind"] == "target" and row["variant"] == official["variant"]]
    return [
        f"[{kpi.kpi_id}](#{kpi.kpi_id.lower()})",
        _said(official, "name", language),
        words.units[official["unit"]],
        words.directions[official["direction"]],
        words.comma.join(dict.fromkeys(_condition(row, official["unit"], language) for row in targets)),
    ]


def _section(kpi: Kpi, language: Language) -> Iterator[str]:
    words = _WORDS[language]
    yield f"### {kpi.kpi_id}"
    shared = _shared([_said(row, "definition", language) for row in kpi.variants])
    yield f"**{_said(kpi.official, 'name', language)}**" + (f"{words.colon}{shared}" if shared else "")
    yield _table(words.variants, [_variant_row(row, row is kpi.official, shared, language) for row in kpi.variants])
    lines = [
        (words.measures, _measures(kpi, language)),
        (words.facts, _facts(kpi, language)),
        (words.computed, _computed(kpi, language)),
        *((words.kinds[kind], _judged(kpi, kind, language)) for kind in words.kinds),
        *((words.remedy, _remedy(row, kpi, language)) for row in kpi.remedies),
        (words.needs, _needs(kpi, language)),
        (words.shown, _shown(kpi, language)),
    ]
    yield "\n".join(f"- **{name}**{words.colon}{text}{words.stop}" for name, text in lines if text)


def _shared(definitions: Sequence[str]) -> str:
    """The first sentences that the definitions of several variants have in common."""
    if len(definitions) == 1:
        return ""
    alike = takewhile(
        lambda sentences: len(set(sentences)) == 1, zip(*map(_SENTENCE.findall, definitions), strict=False)
    )
    return "".join(sentences[0] for sentences in alike).strip()


def _variant_row(row: Row, is_official: bool, shared: str, language: Language) -> list[str]:
    formula = f"`{row['numerator']}`" + (f" / `{row['denominator']}`" if row["denominator"] else "")
    name = f"`{row['variant']}`" + (" ★" if is_official else "")
    own = _said(row, "definition", language).removeprefix(shared).strip()
    said = f"**{_said(row, 'variant_name', language)}**" + (f"{_WORDS[language].colon}{own}" if own else "")
    return [name, said, formula]


def _measures(kpi: Kpi, language: Language) -> str:
    """What the formulas add up, each measure once, a whole before its parts; without those that no model has yet."""
    texts = measure_texts()
    used = dict.fromkeys(row[side] for row in kpi.variants for side in ("denominator", "numerator") if row[side])
    said = [f"`{name}` {texts[name][0 if language == 'zh' else 1]}" for name in used if name in texts]
    return _WORDS[language].semicolon.join(said)


def _facts(kpi: Kpi, language: Language) -> str:
    """Unit, direction, when it is final and due, who answers for it; of variants that differ, each of their own."""
    words = _WORDS[language]

    def facts(row: Row) -> str:
        days = row["maturity_days"]
        return words.comma.join(
            [
                words.units[row["unit"]],
                words.directions[row["direction"]],
                words.final.format(days) if days != "0" else words.final_at_once,
                words.fresh[row["freshness_class"]],
                words.owner.format(_role(row["owner_role"], language)),
            ]
        )

    return words.semicolon.join(_by_text(kpi, facts, language))


def _computed(kpi: Kpi, language: Language) -> str:
    words = _WORDS[language]

    def where(row: Row) -> str:
        by_grains: dict[str, list[str]] = defaultdict(list)
        for dim_set, grains in grain_sets()[row["grain_set"]].items():
            by_grains[_grains(grains, language)].append(f"`{dim_set}`")
        return words.comma.join(f"{', '.join(sets)} ({grains})" for grains, sets in by_grains.items())

    return words.semicolon.join(_by_text(kpi, where, language))


def _by_text(kpi: Kpi, text: Callable[[Row], str], language: Language) -> list[str]:
    """What is said of the variants, of those alike once."""
    groups: dict[str, list[str]] = defaultdict(list)
    for row in kpi.variants:
        groups[text(row)].append(row["variant"])
    return [said + _only(kpi, variants, language) for said, variants in groups.items()]


def _grains(grains: Sequence[str], language: Language) -> str:
    """`day to year` for grains that follow each other, else each of them."""
    words = _WORDS[language]
    first = GRAINS.index(grains[0])
    names = [words.grains[grain] for grain in grains]
    if len(grains) > 2 and tuple(grains) == GRAINS[first : first + len(grains)]:
        return f"{names[0]}{words.to}{names[-1]}"
    return words.comma.join(names)


def _judged(kpi: Kpi, kind: str, language: Language) -> str:
    """Targets or triggers: those that differ in variant or dimension set alone are one."""
    words = _WORDS[language]
    units = {row["variant"]: row["unit"] for row in kpi.variants}
    groups: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for row in kpi.targets:
        if row["kind"] == kind:
            scope, _, category = row["scope"].partition(":")
            shown = f"`{scope}`" + (f" {class_text(category, language)}" if category else "")
            condition = _condition(row, units[row["variant"]], language)
            rest = [words.periods.format(row["for_periods"])] if row["for_periods"] != "1" else []
            rest += [words.profile.format(row["profile"])] if row["profile"] != "default" else []
            rest += [words.group.format(row["rule_group"])] if row["rule_group"] else []
            text = words.condition.format(condition, "{}", words.grains[row["eval_grain"]], row["min_n"])
            groups[words.comma.join([text, *rest])][row["variant"]].append(shown)
    said = []
    for text, by_variant in groups.items():
        alike: dict[str, list[str]] = defaultdict(list)
        for variant, scopes in by_variant.items():
            alike[", ".join(scopes)].append(variant)
        for scopes_text, variants in alike.items():
            said.append(text.format(scopes_text) + _only(kpi, variants, language))
    return words.semicolon.join(said)


def _only(kpi: Kpi, variants: Sequence[str], language: Language) -> str:
    """Which variants are meant, where it isn't all of them."""
    if len(variants) == len(kpi.variants):
        return ""
    others = [row["variant"] for row in kpi.variants if row["variant"] not in variants]
    if len(others) < len(variants) > 2:
        return _WORDS[language].but.format(_names(others))
    return f" ({_names(variants)})" if language == "en" else f"（{_names(variants)}）"


def _names(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _condition(row: Row, unit: str, language: Language) -> str:
    return _target(unit, row["operator"], row["target_value"], row["lower"], row["upper"], language)


def _target(unit: str, sign: str, bound: str, lower: str, upper: str, language: Language) -> str:
    """A target whose numbers are texts, empty or None where there is none."""
    said = [float(number) if number else None for number in (bound, lower, upper)]
    return format_target(unit, sign, said[0], said[1], said[2], language)


def _needs(kpi: Kpi, language: Language) -> str:
    words = _WORDS[language]
    said = []
    for need in dict.fromkeys(part for row in kpi.variants for part in row["needs"].split(";")):
        of = [row["variant"] for row in kpi.variants if need in row["needs"].split(";")]
        feeds = _names(feeds_of(need)) or words.no_feed
        said.append(f"{_said(capabilities()[need], 'capability', language)} ({feeds}){_only(kpi, of, language)}")
    for variant, fallback in kpi.fallbacks.items():
        said.append(words.fallback.format(f"`{fallback}`", f"`{variant}`"))
    return words.semicolon.join(said)


def _shown(kpi: Kpi, language: Language) -> str:
    places = [
        f"{row['report_id']} {_said(row, 'report_name', language)}, {_said(row, 'section', language)}"
        for row in kpi.places
    ]
    return _WORDS[language].semicolon.join(places)


def _remedy(row: Row, kpi: Kpi, language: Language) -> str:
    words, unit = _WORDS[language], kpi.official["unit"]
    said = _said(row, "measure", language), _role(row["owner_role"], language)
    if not row["expected_target"]:
        return words.how_without_target.format(*said)
    expected = re.fullmatch(r"(>=|<=|>|<) ([\d.]+)|([\d.]+)-([\d.]+)", row["expected_target"])
    assert expected, f"{kpi.kpi_id}: {row['expected_target']!r} is no target"
    sign, bound, lower, upper = expected.groups()
    target = _target(unit, sign, bound, lower, upper, language)
    return words.how.format(*said, target)


def _role(role: str, language: Language) -> str:
    return _WORDS[language].roles.get(role, role.replace("_", " "))


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *([cell.replace("|", r"\|") for cell in row] for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
