"""Writes the reference of all feeds, in English and Chinese, from their contracts: `python -m expectations.reference`.

Belongs here: the form of the page and its few own words. Everything it says of a feed stands in the contract.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from expectations.contracts import LINEAGE, METRICS, REFERENCE_SOURCE, Column, Contract, Input, Unit, all_contracts

Language = Literal["en", "zh"]
DOCS = Path(__file__).resolve().parents[1] / "docs"
PAGES: dict[Language, str] = {"en": "feeds.md", "zh": "feeds.zh-CN.md"}


@dataclass(frozen=True)
class _Words:
    """What the page itself says in one language."""

    title: str
    other: str
    intro: tuple[str, ...]
    sources: dict[str, tuple[str, str]]
    feeds_head: tuple[str, ...]
    columns_head: tuple[str, ...]
    units: dict[Unit, str]
    planned: str
    yes: str
    hashed: dict[str, str]
    raw: str
    key: str
    version: str
    event: str
    order: str
    unsteady: str
    names: str
    metrics: str
    lineage: tuple[str, str]
    stop: str


_WORDS: dict[Language, _Words] = {
    "en": _Words(
        title="Feeds",
        other="中文",
        intro=(
            "What one row of each feed must look like once it is in the lake. This page is written by "
            "`python -m expectations.reference` from `expectations/contracts/`; change a contract, not the page.",
            "Instants are UTC, and a row lies in the partition of the local date of its event time. A row without a "
            "required column is refused and kept in quarantine; any other value that can't be used becomes NULL, with "
            "the rule's name in `flags`, and the row stays. A value that is not among the listed ones becomes `other` "
            "where the list has it, else NULL. Personal data is never stored: a mapping gives it as an *input*, which "
            "only fills hashed and masked columns. Free text of customers has no column at all. A feed whose files "
            "callmart can't read yet is refused by the configuration.",
        ),
        sources={
            "canonical": (
                "Canonical feeds",
                "The form into which any system's export is mapped, column by column.",
            ),
            "asterisk": ("Asterisk", "Files of a telephone system whose form is known."),
            REFERENCE_SOURCE: (
                "Settings of the centre",
                "Filled from the configuration file; they have no key, no partitions by date and no lineage.",
            ),
        },
        feeds_head=("feed", "title", "grain", "key", "event time", "metrics"),
        columns_head=("column", "type", "unit", "required", "values", "personal data", "description"),
        units={
            "s": "seconds",
            "ms": "milliseconds",
            "rate": "fraction, 0 to 1",
            "count": "count",
            "rank": "place in an order",
            "points": "points",
            "money": "money, in `currency`",
            "metric": "unit of the metric",
        },
        planned="UTC, planned",
        yes="yes",
        hashed={"keyed_hash": "keyed hash", "masked": "masked"},
        raw="input, never stored; fills",
        key="Key",
        version="version",
        event="event time",
        order="in order (NULLs left out)",
        unsteady="rows come irregularly: a day is not compared with other days",
        names="names",
        metrics="metrics",
        lineage=("Lineage", "Every feed but the settings of the centre also has these columns. Typing fills them."),
        stop=".",
    ),
    "zh": _Words(
        title="数据源一览",
        other="English",
        intro=(
            "每个数据源入湖之后，一行应当是什么样子。本页由 `python -m expectations.reference` 根据 "
            "`expectations/contracts/` 生成；要改内容请改契约，不要改本页。",
            "时刻一律为 UTC；一行归入其事件时间的当地日期所在的分区。缺少必填列的行会被拒绝并存入隔离区；"
            "其他无法使用的值留空，在 `flags` 中记下规则名，该行仍保留。取值不在列表中时，列表含 `other` 的记为 "
            "`other`，否则留空。个人信息从不入湖：映射时作为“输入”给出，只用来生成哈希列和脱敏列；客户的原话不设列。"
            "callmart 暂时还不能读取其文件的数据源，会在读取配置时报错。",
        ),
        sources={
            "canonical": ("通用数据源", "任何系统的导出都可逐列映射成这里的样子。"),
            "asterisk": ("Asterisk", "格式已知的话务系统文件。"),
            REFERENCE_SOURCE: ("中心设置", "由配置文件填写；没有主键、日期分区和来源列。"),
        },
        feeds_head=("数据源", "名称", "粒度", "主键", "事件时间", "指标"),
        columns_head=("列", "类型", "单位", "必填", "取值", "个人信息", "说明"),
        units={
            "s": "秒",
            "ms": "毫秒",
            "rate": "比率，0 至 1",
            "count": "个数",
            "rank": "次序",
            "points": "分",
            "money": "金额，币种见 `currency`",
            "metric": "同所指的指标",
        },
        planned="UTC，计划时间",
        yes="是",
        hashed={"keyed_hash": "密钥哈希", "masked": "已脱敏"},
        raw="输入，不入湖；用于生成",
        key="主键",
        version="版本列",
        event="事件时间",
        order="先后大小（空值除外）",
        unsteady="数据不定期产生，不与其他日期比较行数",
        names="关联",
        metrics="指标",
        lineage=("来源列", "除中心设置外，每个数据源都另有以下各列，由类型转换填写。"),
        stop="。",
    ),
}


def page(language: Language) -> str:
    """The whole page in one language, as Markdown."""
    words = _WORDS[language]
    other: Language = "zh" if language == "en" else "en"
    parts = [f"# {words.title}", f"[{words.other}]({PAGES[other]})", *words.intro]
    found = all_contracts().values()
    by_source = {source: [said for said in found if said.source == source] for source in words.sources}
    for source, feeds in by_source.items():
        heading, text = words.sources[source]
        rows = [_feed_row(said, language) for said in feeds]
        parts += [f"## {heading}", text, _table(words.feeds_head, rows)]
    for feeds in by_source.values():
        parts += [part for said in feeds for part in _feed(said, language)]
    heading, text = words.lineage
    parts += [f"## {heading}", text, _columns(LINEAGE, (), language)]
    return "\n\n".join(parts) + "\n"


def metric_ranges(metrics: Iterable[str]) -> list[str]:
    """Ids in order, three or more in a row joined: `M001-M003`."""
    runs: list[list[str]] = []
    for name in sorted(set(metrics)):
        if runs and METRICS.index(name) == METRICS.index(runs[-1][-1]) + 1:
            runs[-1].append(name)
        else:
            runs.append([name])
    return [part for run in runs for part in ([f"{run[0]}-{run[-1]}"] if len(run) > 2 else run)]


def main() -> None:
    """Write both pages into `docs/`."""
    for language, name in PAGES.items():
        (DOCS / name).write_text(page(language), "utf-8")


def _feed_row(said: Contract, language: Language) -> list[str]:
    return [
        f"[`{said.feed}`](#{said.feed.replace('.', '')})",
        getattr(said.title, language),
        getattr(said.grain, language),
        _names(said.natural_key),
        _names([said.event_time] if said.event_time else []),
        ", ".join(metric_ranges(said.metrics)),
    ]


def _feed(said: Contract, language: Language) -> list[str]:
    words = _WORDS[language]
    facts = []
    if said.natural_key:
        facts.append(f"{words.key} {_names(said.natural_key)}")
    if said.version_column:
        facts.append(f"{words.version} `{said.version_column}`")
    if said.event_time:
        facts.append(f"{words.event} `{said.event_time}`")
    if said.ordered:
        chains = [" ≤ ".join(f"`{name}`" for name in chain) for chain in said.ordered]
        facts.append(f"{words.order} {', '.join(chains)}")
    if not said.steady:
        facts.append(words.unsteady)
    if said.links:
        facts.append(f"{words.names} {', '.join(f'`{column}` → `{feed}`' for column, feed in said.links.items())}")
    if said.metrics:
        facts.append(f"{words.metrics} {', '.join(metric_ranges(said.metrics))}")
    separator = "; " if language == "en" else "；"
    told = [separator.join(facts) + words.stop] if facts else []
    heading, grain = getattr(said.title, language), getattr(said.grain, language)
    return [f"### {said.feed}", f"**{heading}** · {grain}", *told, _columns(said.columns, said.inputs, language)]


def _columns(columns: Iterable[Column], inputs: Iterable[Input], language: Language) -> str:
    words = _WORDS[language]
    rows = [
        [f"*{item.name}*", item.type, "", "", "", f"{words.raw} {_names(item.fills)}", _text(item, language)]
        for item in inputs
    ]
    for column in columns:
        unit = words.units[column.measured_in] if column.measured_in else ""
        if column.type == "TIMESTAMP":
            unit = words.planned if column.planned else "UTC"
        rows.append(
            [
                f"`{column.name}`",
                column.type,
                unit,
                words.yes if column.required else "",
                _names(column.enum or ()),
                words.hashed[column.pii] if column.pii else "",
                _text(column, language),
            ]
        )
    return _table(words.columns_head, rows)


def _text(said: Column | Input, language: Language) -> str:
    return said.zh if language == "zh" else said.description


def _names(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table without the columns that are empty in every row."""
    body = [[cell.replace("|", r"\|") for cell in row] for row in rows]
    kept = [index for index in range(len(head)) if any(row[index] for row in body)]
    lines = [[head[index] for index in kept], ["---"] * len(kept), *([row[index] for index in kept] for row in body)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


if __name__ == "__main__":
    main()
