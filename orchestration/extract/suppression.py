"""Who was erased: a list that knows a person again and names nobody, and the search for that person in a text.

Here belongs: the list, how it is asked, where a number stands in a text. Not here: what is done with a record that is
found (redaction.py), what an erasure does to the other zones (orchestration/erasure.py).

The list holds a keyed hash of the hash by which the lake knew a number or customer, so that neither can be found in it,
nor a row of an old copy be joined to it. It is void under another hash key.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from orchestration import paths
from orchestration.extract.masking import key_id, keyed_hash, normalise_number
from orchestration.progress import warn

PREFIX = "erased "  # before a hash, when it is hashed once more
_DIGIT, _GAP = "0-9０-９", " \t\u00a0\u3000.()（）－-"
# Digits, in groups with the signs between that people put into numbers; which groups are one number is tried.
_FEWEST_DIGITS, _MOST_DIGITS, _MOST_GROUPS = 5, 20, 5
_GROUPS = re.compile(f"[+＋]?[{_DIGIT}](?:[{_GAP}]{{0,2}}[+＋]?[{_DIGIT}]){{{_FEWEST_DIGITS - 1},}}")
_GROUP = re.compile(f"[+＋]?[{_DIGIT}]+")


@dataclass(frozen=True)
class Erased:
    """The list, ready to be asked. `marks` are its entries, `key` the hash key."""

    key: str = field(repr=False)
    marks: frozenset[str] = frozenset()

    @property
    def fingerprint(self) -> str:
        """A name for the list as it is; empty for an empty one."""
        return hashlib.sha256("".join(sorted(self.marks)).encode()).hexdigest()[:16] if self.marks else ""

    def has_hash(self, value: str) -> bool:
        """Whether the lake's hash of a number or customer is that of somebody who was erased."""
        return mark_of(self.key, value) in self.marks

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Where numbers of erased people stand in a text, in any way of writing them; from left to right."""
        found: list[tuple[int, int]] = []
        if not self.marks:
            return found
        for region in _GROUPS.finditer(text):
            groups = [(m.start(), m.end()) for m in _GROUP.finditer(text, region.start(), region.end())]
            index = 0
            while index < len(groups):
                end = next((end for end in self._ends(text, groups, index)), None)
                if end is None:
                    index += 1
                else:
                    found.append((groups[index][0], groups[end][1]))
                    index = end + 1
        return found

    def without(self, text: str, instead: str) -> str:
        """A text with the numbers of erased people replaced."""
        for start, end in reversed(self.spans(text)):
            text = text[:start] + instead + text[end:]
        return text

    def _ends(self, text: str, groups: list[tuple[int, int]], first: int) -> Iterator[int]:
        """Last groups with which the groups from `first` on are the number of an erased person."""
        for last in range(min(len(groups), first + _MOST_GROUPS) - 1, first - 1, -1):
            if _is_number_of(text[groups[first][0] : groups[last][1]], self.key, self.marks):
                yield last


def read_erased(root: Path, key: str) -> Erased:
    """The list of a data root. Warns when it was made with another key: it knows nobody then."""
    file = paths.erased_path(root)
    if not file.exists():
        return Erased(key)
    said = json.loads(file.read_text("utf-8"))
    if said["key_id"] != key_id(key):
        warn("people were erased under another hash key; files that come again can bring them back: erase them again")
        return Erased(key)
    return Erased(key, frozenset(said["marks"]))


def add_erased(root: Path, key: str, hashes: Iterable[str]) -> Erased:
    """Put people, by their hashes in the lake, on the list for good."""
    marks = read_erased(root, key).marks | {mark_of(key, value) for value in hashes}
    paths.make_private(paths.erased_path(root).parent, root)
    paths.put_json(paths.erased_path(root), {"key_id": key_id(key), "marks": sorted(marks)})
    return Erased(key, marks)


def mark_of(key: str, value: str) -> str:
    """The entry of the list for a hash of the lake."""
    return keyed_hash(key, PREFIX + value) or ""


@lru_cache(maxsize=1 << 16)  # dates and the centre's own numbers come again and again
def _is_number_of(text: str, key: str, marks: frozenset[str]) -> bool:
    digits = sum(sign.isdigit() for sign in text)
    if not _FEWEST_DIGITS <= digits <= _MOST_DIGITS:
        return False
    number = normalise_number(text)
    return number is not None and mark_of(key, keyed_hash(key, number) or "") in marks
