"""The record of what was found, which is the floor: read by `callmart coverage`, compared by a test.

Belongs here: one id as it was found, the words for its status, the file, how two records differ. Does not belong here:
how a status comes about (`status`), nor anything that makes the command slow.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import Literal, get_args

RECORD = Path(__file__).with_name("recorded.csv")
KINDS = {"M": ("指标", "metrics"), "D": ("维度", "dimensions"), "R": ("报表", "reports"), "A": ("分析", "analyses"),
         "F": ("功能", "functions")}  # fmt: skip
Status = Literal["done", "measured only", "not yet", "outside"]
STATUSES: tuple[Status, ...] = get_args(Status)
STATUS_ZH: dict[Status, str] = {"done": "已完成", "measured only": "仅有数据", "not yet": "尚未", "outside": "范围外"}


@dataclass(frozen=True, slots=True)
class Covered:
    """One id as it was found. `why`: what is missing, or by what it was shown; `shown`: boards, reports and commands,
    else what holds its data; `tested`: what would fail if it were wrong. Several names are joined by a blank."""

    id: str
    name_zh: str
    name_en: str
    status: Status
    why_zh: str
    why_en: str
    shown: str
    tested: str

    @property
    def kind(self) -> str:
        """M, D, R, A or F."""
        return self.id[0]


COLUMNS = tuple(field.name for field in fields(Covered))


def text_of(found: Mapping[str, Covered]) -> str:
    """A record as CSV."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(astuple(row) for row in found.values())
    return text.getvalue()


def recorded(file: Path = RECORD) -> dict[str, Covered]:
    """The record by id."""
    with file.open(encoding="utf-8", newline="") as lines:
        return {row["id"]: Covered(**row) for row in csv.DictReader(lines)}  # type: ignore[arg-type]


def counts(found: Iterable[Covered]) -> dict[str, Counter[str]]:
    """Numbers of ids by kind and status, of the kinds that there are."""
    by_kind: dict[str, Counter[str]] = {kind: Counter() for kind in KINDS}
    for row in found:
        by_kind[row.kind][row.status] += 1
    return {kind: by_status for kind, by_status in by_kind.items() if by_status}


def fallen(before: Mapping[str, Covered], now: Mapping[str, Covered]) -> list[str]:
    """What was better before, with both statuses and what is missing now."""
    return [_difference(before[id], now[id]) for id in before if id in now and _rank(now[id]) > _rank(before[id])]


def risen(before: Mapping[str, Covered], now: Mapping[str, Covered]) -> list[str]:
    """What has become better, as `fallen` tells it."""
    return [_difference(before[id], now[id]) for id in before if id in now and _rank(now[id]) < _rank(before[id])]


def _rank(row: Covered) -> int:
    return STATUSES.index(row.status)


def _difference(before: Covered, now: Covered) -> str:
    return f"{now.id}: {before.status} -> {now.status} ({now.why_en})"
