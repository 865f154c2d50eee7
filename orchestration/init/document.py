"""The configuration that `callmart init` writes, as text with comments in both languages.

Here belongs: the words of the file. Not here: what is proposed (proposal.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import yaml

from expectations.contracts import contract
from orchestration.config import TODO
from orchestration.init.assignment import FEED, plain
from orchestration.init.proposal import Line, Proposal
from orchestration.init.synonyms import Words

_LEVEL = "          "


@dataclass(frozen=True)
class Frame:
    """What of the file is no mapping. `paths` are patterns, `form` is `format` of the configuration."""

    export: str
    rows: int
    is_cut: bool
    paths: tuple[str, ...]
    form: dict[str, Any]
    encoding: str | None
    zone: str
    site: str
    first_date: date


def written(frame: Frame, proposal: Proposal, orders: Sequence[Words]) -> str:
    """The file. `orders`: how day and month may stand, more than one while it is open."""
    return "\n".join(
        [*_head(frame), *_numbers(proposal), *_feed(frame, proposal, orders), *_survey(frame, proposal), ""]
    )


def _head(frame: Frame) -> Iterator[str]:
    export = plain(frame.export)
    which = "其中" if frame.is_cut else "全部"
    first = "" if frame.is_cut else "all "
    yield f"# 由 callmart init 根据 {export} 的{which} {frame.rows} 行写成，请核对“？”所在各行。"
    yield f"# Written by callmart init from {first}{frame.rows} rows of {export}."
    yield "# Please check each line marked `?`."
    yield "centre:"
    yield f"  site_id: {_scalar(frame.site)}"
    yield "  name: {zh: 客服中心, en: Service centre}"
    yield "  # 导出中不带时区的时间按此读 · times without an offset are read in this zone"
    yield f"  timezone: {_scalar(frame.zone)}"
    yield "  # 更早的行会被拒绝 · rows before this date are refused"
    yield f"  first_date: {frame.first_date.isoformat()}"


def _numbers(proposal: Proposal) -> Iterator[str]:
    if not proposal.numbers:
        return
    yield "# 中心自己的号码及其渠道（seeds/channel.csv） · the centre's own numbers and their channels"
    yield "numbers:"
    for number, channel in proposal.numbers:
        yield f"  - {{number: {_scalar(number, quoted=True)}, channel: {channel}}}"


def _feed(frame: Frame, proposal: Proposal, orders: Sequence[Words]) -> Iterator[str]:
    yield "sources:"
    yield "  canonical:"
    yield "    feeds:"
    yield "      contact:"
    yield "        # 以后的文件也要读时用通配，例如 calls-*.csv · a pattern such as calls-*.csv takes later files too"
    yield f"        paths: {_flow(list(frame.paths))}"
    if frame.encoding:
        yield f"        encoding: {frame.encoding}"
    if frame.form:
        yield f"        format: {_flow(frame.form)}"
    yield "        mapping:"
    words = {item.name: Words(item.zh, item.description) for item in contract(FEED).inputs}
    words |= {column.name: Words(column.zh, column.description) for column in contract(FEED).columns}
    for line in proposal.lines.values():
        said = words[line.target]
        yield f"{_LEVEL}# {said.zh} {said.en}"
        for note in line.notes:
            yield f"{_LEVEL}# ? {note.zh} {note.en}"
        yield from _line(line, orders)
    for column, why in proposal.unused:
        yield f"{_LEVEL}# 未用 not used: {column.name!r}: {why.zh} {why.en}"
    if proposal.rules:
        yield "        rules:"
    for name, when, why in proposal.rules:
        yield f"          - name: {name}"
        yield f"            when: {_scalar(when)}"
        yield "            action: refuse"
        yield f"            reason: {_scalar(f'{why.zh}{why.en}')}"


def _line(line: Line, orders: Sequence[Words]) -> Iterator[str]:
    if len(line.sql) == 1:
        yield from _pair(_LEVEL, line.target, line.sql[0])
        return
    if not line.sql:
        yield f"{_LEVEL}{line.target}: {TODO} no column of the export gives it; write SQL over its columns"
        return
    yield f"{_LEVEL}# ? 数据不能证明日在前还是月在前：留下一行。 The data don't prove the order: keep one line."
    for sql, order in zip(line.sql, orders, strict=True):
        yield f"{_LEVEL}# {order.zh} {order.en}:"
        for text in _pair("", line.target, sql):
            yield f"{_LEVEL}#   {text}"
    yield f"{_LEVEL}{line.target}: {TODO} {' or '.join(order.en for order in orders)}"


def _survey(frame: Frame, proposal: Proposal) -> Iterator[str]:
    if not proposal.survey:
        return
    inner = [
        "survey_response:",
        f"  paths: {_flow(list(frame.paths))}",
        "  critical: false",
        *([f"  encoding: {frame.encoding}"] if frame.encoding else []),
        *([f"  format: {_flow(frame.form)}"] if frame.form else []),
        "  mapping:",
        *(text for name, sql in proposal.survey.items() for text in _pair("    ", name, sql)),
    ]
    yield "      # 满意度：去掉下面各行的 # 即启用；没有评价的行会进隔离区。"
    yield "      # Satisfaction: take away the # to switch it on; rows without a rating go to quarantine."
    for text in inner:
        yield f"      # {text}"


def _pair(indent: str, key: str, sql: str) -> Iterator[str]:
    if "\n" not in sql or not sql.replace("\n", "").isprintable():
        yield f"{indent}{key}: {_scalar(sql)}"
        return
    yield f"{indent}{key}: |"
    for text in sql.split("\n"):
        yield f"{indent}  {text}"


def _scalar(text: str, quoted: bool = False) -> str:
    """A text as YAML on one line."""
    style = "'" if quoted else None
    dumped: str = yaml.safe_dump(text, allow_unicode=True, width=10**6, default_style=style)
    return dumped.removesuffix("\n").removesuffix("\n...")


def _flow(said: Any) -> str:
    dumped: str = yaml.safe_dump(said, allow_unicode=True, width=10**6, default_flow_style=True, sort_keys=False)
    return dumped.strip()
