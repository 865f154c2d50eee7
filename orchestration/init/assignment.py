"""Which column of an export takes which part: by its header, and where a header means two things by its values.

Here belongs: the choice, and why a column is left out. Not here: the SQL of a mapping (proposal.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from expectations.contracts import contract
from orchestration.extract.masking import mask_text
from orchestration.init.columns import Column
from orchestration.init.durations import seconds
from orchestration.init.instants import Reading, is_midnight, readings
from orchestration.init.synonyms import Words, synonyms

FEED = "canonical.contact"
_KNOWN_SHARE = 0.5  # of the rows whose words must be known before a column is taken for one of such words
_WORDS_OF = {
    "direction": "direction", "outcome": "outcome", "hangup_side": "hangup_side", "declared_resolved": "boolean",
    "is_answered": "boolean", "is_abandoned": "boolean", "is_outbound": "boolean",
}  # fmt: skip


@dataclass
class Assignment:
    """`taken`: part → its column. `unused`: columns that no part takes, and why."""

    taken: dict[str, Column] = field(default_factory=dict)
    unused: list[tuple[Column, Words]] = field(default_factory=list)

    def get(self, part: str) -> Column | None:
        """The column of a part."""
        return self.taken.get(part)


def instant_names() -> list[str]:
    """Columns of the contract that are instants."""
    return [column.name for column in contract(FEED).columns if column.type == "TIMESTAMP"]


def duration_names() -> list[str]:
    """Columns of the contract in seconds."""
    return [column.name for column in contract(FEED).columns if column.measured_in == "s"]


def assign(columns: Sequence[Column]) -> Assignment:
    """Parts for the columns of an export. No part is taken by likeness, and none twice."""
    known, found = synonyms(), Assignment()
    wanted: dict[str, list[Column]] = {}
    undecided: list[Column] = []
    for column in columns:
        meanings = known.meanings.get(column.header.key, ())
        if column.header.key in known.alone:
            found.unused.append((column, known.alone[column.header.key]))
        elif not meanings:
            found.unused.append((column, Words("没有对应的列名。", "Its header is not known.")))
        elif not column.filled:
            found.unused.append((column, Words("整列为空。", "It is empty.")))
        elif len(meanings) > 1 or known.rank[column.header.key] >= 1000:
            undecided.append(column)
        elif why := misfit(meanings[0], column):
            found.unused.append((column, why))
        else:
            wanted.setdefault(meanings[0], []).append(column)
    for part, several in wanted.items():
        several.sort(key=lambda column: known.rank[column.header.key])
        found.taken[part], *others = several
        for column in others:
            found.unused.append((column, taken(part, found.taken[part])))
    for column in undecided:
        _decide(found, column, known.meanings[column.header.key])
    return found


def _decide(found: Assignment, column: Column, meanings: Sequence[str]) -> None:
    fitting = [part for part in meanings if misfit(part, column) is None]
    free = [part for part in fitting if part not in found.taken]
    if free:
        found.taken[free[0]] = column
    elif fitting:
        found.unused.append((column, taken(fitting[0], found.taken[fitting[0]])))
    else:
        said = misfit(meanings[-1], column) or Words("", "")
        found.unused.append((column, said))


def misfit(part: str, column: Column) -> Words | None:
    """Why the values of a column can't be what a part needs; None when they can."""
    if part in instant_names() or part in ("date", "time", "end_date"):
        kinds = {reading.kind for reading in readings(column).values()}
        fits = bool(kinds)
        if part in ("date", "end_date"):
            fits = "date" in kinds or (kinds == {"moment"} and is_midnight(column))
        elif part == "time":
            fits = kinds == {"clock"}
        elif part == "started_at" and kinds == {"clock"}:
            fits = True  # with a date beside it
        return None if fits else Words("其值不能读作时间。", f"Its values can't be read as {_a_time(part)}.")
    if part in duration_names():
        return None if seconds(column) else Words("其值不能读作时长。", "Its values can't be read as seconds.")
    if part in _WORDS_OF:
        return _unknown_words(_WORDS_OF[part], column)
    if part in ("priority", "transfer_count"):
        is_number = column.are_numbers and column.is_whole
        return None if is_number else Words("其值不是整数。", "Its values are no whole numbers.")
    if part == "agent_id" and synonyms().rank[column.header.key] >= 1000:
        coded = sum(count for text, count in column.texts.items() if any(letter.isdigit() for letter in text))
        is_code = coded > _KNOWN_SHARE * column.texts.total()
        return None if is_code else Words("看来是人名；人名从不读取。", "It seems to hold names, which are never read.")
    return None


def word_values(table: str, column: Column) -> tuple[dict[str, list[str]], dict[str, int]]:
    """The words of a column by what they mean, and the unknown ones with their rows."""
    known: dict[str, list[str]] = {}
    unknown: dict[str, int] = {}
    for text, count in column.texts.items():
        value = synonyms().value(table, text)
        if value is None:
            unknown[text] = count
        else:
            known.setdefault(value, []).append(text)
    return known, unknown


def _unknown_words(table: str, column: Column) -> Words | None:
    _, unknown = word_values(table, column)
    if sum(unknown.values()) <= (1 - _KNOWN_SHARE) * column.texts.total():
        return None
    shown = ", ".join(shortened(text) for text in list(unknown)[:5])
    return Words(f"其中的词不认识：{shown}", f"Its words are not known: {shown}.")


def shortened(text: str) -> str:
    """A text of the export as it may be shown."""
    said = mask_text(plain(text)) or ""
    return said if len(said) <= 24 else said[:23] + "…"


def plain(text: str) -> str:
    """A text on one line, with nothing in it that can't be printed."""
    return "".join(letter if letter.isprintable() else "·" for letter in " ".join(text.split()))


def only_reading(column: Column) -> Reading | None:
    """The one way to read a column of moments, None when there are several or none."""
    found = readings(column)
    return found.get("") if len(found) == 1 else None


def taken(part: str, column: Column) -> Words:
    return Words(f"{part} 已取自“{column.name}”。", f"{part} is taken from {column.name!r}.")


def _a_time(part: str) -> str:
    return {"date": "dates", "end_date": "dates", "time": "times of day"}.get(part, "times")
