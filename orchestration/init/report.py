"""What `callmart init` tells in the terminal: the mapping, what is unsure, what is left out, and what comes next.

Here belongs: tables and words. Texts of the export are shown only where they are no personal data: words, times and
durations. Not here: anything that decides what is written.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from expectations.settings import FeedSettings
from orchestration.init.assignment import FEED, duration_names, instant_names, shortened
from orchestration.init.capabilities import available
from orchestration.init.initialise import Initialised
from orchestration.init.proposal import Line
from orchestration.init.relations import Relation
from orchestration.init.sample import MOST_BYTES, MOST_ROWS
from orchestration.init.synonyms import Words

_SHOWN = ("direction", "outcome", "hangup_side", "queue_id")
_FULL, _MOST_KPIS = 0.9995, 12


def report(done: Initialised) -> Group:
    """The whole report as something that rich prints."""
    parts: list[RenderableType] = [_head(done), _mapping(done)]
    for title, lines in (
        ("Please check 请核对", list(_unsure(done))),
        ("Not used 未用的列", [(f"{column.name}: ", why) for column, why in done.proposal.unused]),
        ("Figures 数据间的关系", [("", _said(relation)) for relation in done.proposal.relations if relation.rows]),
        ("Trial 试读", list(_trial(done))),
        ("KPIs 指标", list(_kpis(done))),
    ):
        if lines:
            parts.append(Text(f"\n{title}", style="bold cyan"))
            parts += [Text.assemble("  ", what, words.en, " ", (words.zh, "dim")) for what, words in lines]
    parts.append(_next(done))
    return Group(*parts)


def _head(done: Initialised) -> Text:
    line = Text(f"{done.export.name}", style="bold")
    form = ", ".join(f"{key} {value!r}" for key, value in done.frame.form.items())
    rows = f"{done.frame.rows:,} rows 行, {len(done.columns)} columns 列"
    line.append(f"  {rows}{', ' + form if form else ''}{', ' + (done.frame.encoding or 'utf-8')}", style="not bold")
    if done.frame.is_cut:
        limit = f"{MOST_BYTES >> 20} MB / {MOST_ROWS:,} rows"
        line.append(f"\n  only a part of the file was looked at 只看了文件的一部分 ({limit})", style="yellow")
    return line


def _mapping(done: Initialised) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("Header 列名", overflow="fold")
    table.add_column("Becomes 对应", no_wrap=True)
    table.add_column("Read as 读法", overflow="fold")
    table.add_column("Sample 样例", overflow="fold")
    table.add_column("Readable 可读", justify="right", no_wrap=True)
    for line in done.proposal.lines.values():
        share, style = "", ""
        if len(line.sql) != 1:
            share, style = "open 待定", "bold red"
        elif line.readable is not None:
            share = f"{line.readable:.1%}" if line.readable < _FULL else "100%"
            style = "" if line.readable >= _FULL else "yellow"
        mark = " ?" if line.notes else ""
        table.add_row(
            " + ".join(line.by) or "–", f"{line.target}{mark}", line.how, _sample(done, line), share, style=style
        )
    return table


def _sample(done: Initialised, line: Line) -> str:
    """A text of the export where it can't be personal data."""
    timed = line.target in (*instant_names(), *duration_names())
    if not line.by or not (line.how if timed else line.target in _SHOWN):
        return ""
    column = next(column for column in done.columns if column.name == line.by[-1 if timed else 0])
    if timed:
        return next((text for text in column.texts if text.strip("0:. ")), "")
    return ", ".join(shortened(text) for text in list(column.texts)[:3])


def _unsure(done: Initialised) -> Iterator[tuple[str, Words]]:
    if done.proof.by is not None:
        yield "", done.proof.by
    if not any((line.how and "UTC" in line.how) or "epoch" in line.how for line in done.proposal.lines.values()):
        zone = done.frame.zone
        yield "", Words(f"不带时区的时间按 {zone} 读（--timezone）。", f"Times are read as {zone} (--timezone).")
    if "direction" not in done.proposal.lines:
        yield "", Words("没有方向列，全部当作呼入。", "No column tells the direction; all calls are taken as inbound.")
    for line in done.proposal.lines.values():
        for note in line.notes:
            yield f"{line.target}: ", note


def _said(relation: Relation) -> Words:
    sides = f"{relation.left} = {' + '.join(relation.parts)}" if relation.parts else relation.left
    if relation.disagree == 0:
        return Words(f"{relation.rows} 行全部成立。", f"{sides} in all {relation.rows} rows.")
    wrong, rows = relation.disagree, relation.rows
    return Words(f"{rows} 行中有 {wrong} 行不成立。", f"{sides} in {rows - wrong} of {rows} rows, not in {wrong}.")


def _trial(done: Initialised) -> Iterator[tuple[str, Words]]:
    if done.trial is None:
        yield "", Words("待定的设置决定之后才能试读。", "It waits for what is open.")
        return
    trial = done.trial
    days = f", {trial.first} – {trial.last}" if trial.first else ""
    yield (
        "",
        Words(
            f"{trial.rows_in} 行中 {trial.rows} 行可入库{days}。",
            f"{trial.rows} of {trial.rows_in} rows can be loaded{days}.",
        ),
    )
    for rule, rows in trial.refused.items():
        yield "", Words("行被拒绝。", f"refused by {rule}: {rows}")
    if sum(trial.refused.values()) > FeedSettings.refused_block_share * trial.rows_in:
        yield "", Words("被拒绝的行太多，构建会扣留这些日期。", "So many refused rows make a build hold their dates.")
    for flag, rows in trial.flags.items():
        yield "", Words("行带标记。", f"flag {flag}: {rows}")
    if trial.outcomes:
        shown = ", ".join(f"{outcome} {rows}" for outcome, rows in trial.outcomes.items())
        yield "", Words("", f"outcomes 结果: {shown}")


def _kpis(done: Initialised) -> Iterator[tuple[str, Words]]:
    found = available(FEED, [line.target for line in done.proposal.lines.values() if line.sql])
    given = ", ".join(words.en for words in found.given)
    yield "", Words(f"可用 {len(found.kpis)} 个。", f"{len(found.kpis)} available, from: {given}.")
    for words, columns, kpis in found.lacking.values():
        shown = ", ".join(kpis[:_MOST_KPIS]) + (" …" if len(kpis) > _MOST_KPIS else "")
        needs = f" (column {' or '.join(columns)})" if columns else " (another feed)"
        yield "", Words(f"缺“{words.zh}”。", f"{len(kpis)} lack {words.en}{needs}: {shown}.")


def _next(done: Initialised) -> Text:
    text = Text(f"\nwritten 已写入 {done.out}", style="bold green")
    if done.open_lines:
        return text
    text.append("\nnext 下一步", style="not bold default")
    for command in (
        "export CALLMART_HASH_KEY=…   # a long secret; keep it 一段足够长的密钥，请妥善保管",
        f"callmart build --config {shlex.quote(str(done.out))}",
    ):
        text.append(f"\n  {command}", style="not bold default")
    return text
