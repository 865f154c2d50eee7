"""What headers and words of exports mean: synonyms.yml, and how a text is compared with it.

Here belongs: the file's form and the comparison. Not here: any header or word of its own.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

FILE = Path(__file__).with_name("synonyms.yml")
_BRACKETS = re.compile(r"[(\[{<【（](.*?)[)\]}>】）]\s*$")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_UNIT_AT_END = re.compile(r"[\s_\-.](?P<unit>[a-z]+)$")


@dataclass(frozen=True)
class Words:
    """A text in both languages."""

    zh: str
    en: str


@dataclass(frozen=True)
class Header:
    """A header as it is compared, and the unit that it names (`s`, `ms`, `min`)."""

    key: str
    unit: str | None


@dataclass(frozen=True)
class Synonyms:
    """The file. `meanings`: compared header → what it may mean, in order; `rank`: its place among the headers of one
    meaning; `words`: column → compared word → value; `alone`: compared header → why it is left alone."""

    meanings: dict[str, tuple[str, ...]]
    rank: dict[str, int]
    alone: dict[str, Words]
    words: dict[str, dict[str, str]]
    units: dict[str, str]
    missing: frozenset[str]
    totals: tuple[str, ...]

    def header(self, text: str) -> Header:
        """A header without its unit and with the unit. What only looks like a unit (`agent_s`) is no unit when the
        whole header is known."""
        plain = _folded(_CAMEL.sub(" ", text))
        if squeezed(plain) in self.meanings or squeezed(plain) in self.alone:
            return Header(squeezed(plain), None)
        if found := _BRACKETS.search(plain):
            unit = self.units.get(squeezed(found[1]))
            return Header(squeezed(plain[: found.start()]), unit)
        if (found := _UNIT_AT_END.search(plain)) and found["unit"] in self.units:
            return Header(squeezed(plain[: found.start()]), self.units[found["unit"]])
        for word, unit in sorted(self.units.items(), key=lambda item: -len(item[0])):
            if not word.isascii() and plain.endswith(word) and squeezed(plain.removesuffix(word)) in self.meanings:
                return Header(squeezed(plain.removesuffix(word)), unit)
        return Header(squeezed(plain), None)

    def value(self, column: str, word: str) -> str | None:
        """What a word of a column means, None for an unknown one."""
        return self.words[column].get(squeezed(word))

    def is_missing(self, text: str) -> bool:
        """Whether a text stands for nothing."""
        return _folded(text).strip() in self.missing


def squeezed(text: str) -> str:
    """A header or word without case, width, spaces and punctuation; one of punctuation alone stays."""
    plain = _folded(text)
    return re.sub(r"[\W_]+", "", plain) or plain.strip()


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


@lru_cache(maxsize=1)
def synonyms() -> Synonyms:
    """The project's file."""
    return parse(yaml.safe_load(FILE.read_text("utf-8")))


def parse(said: dict[str, Any]) -> Synonyms:
    """Synonyms from the data of a file. Raises ValueError for a header or word that stands twice."""
    meanings: dict[str, tuple[str, ...]] = {}
    rank: dict[str, int] = {}
    alone: dict[str, Words] = {}

    def take(header: Any, what: tuple[str, ...], place: int) -> str:
        key = squeezed(str(header))
        if key in meanings or key in alone:
            raise ValueError(f"the header {header!r} stands twice")
        if what:
            meanings[key], rank[key] = what, place
        return key

    for section in ("columns", "parts"):
        for meaning, headers in said[section].items():
            for place, header in enumerate(headers):
                take(header, (meaning,), place)
    for item in said["either"]:
        for place, header in enumerate(item["headers"]):
            take(header, tuple(item["of"]), 1000 + place)
    for item in said["left_alone"]:
        for header in item["headers"]:
            alone[take(header, (), 0)] = Words(**item["why"])
    units = {squeezed(str(word)): unit for unit, words in said["units"].items() for word in words}
    words: dict[str, dict[str, str]] = {}
    for column, values in said["words"].items():
        known = words.setdefault(column, {})
        for value, texts in values.items():
            for text in (value, *texts):
                key = squeezed(str(text))
                if known.setdefault(key, value) != value or [squeezed(str(t)) for t in texts].count(key) > 1:
                    raise ValueError(f"the word {text!r} stands twice in {column}")
    missing = frozenset(_folded(str(word)) for word in said["missing"])
    return Synonyms(meanings, rank, alone, words, units, missing, tuple(squeezed(str(w)) for w in said["totals"]))
