"""The first page of the Data Docs: how each suite last came out, the failing ones first, without any foreign script.

Belongs here: what the page tells and where it links to. Does not belong here: markup (overview.html.j2), the pages of
results themselves, which Great Expectations renders.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import quote

from great_expectations.data_context.types.resource_identifiers import (
    ExpectationSuiteIdentifier,
    ValidationResultIdentifier,
)
from jinja2 import Environment, FileSystemLoader, StrictUndefined

# Great Expectations does not type their methods.
_RESULT: Any = ValidationResultIdentifier
_SUITE: Any = ExpectationSuiteIdentifier
MART = "mart."
_STATES = ("held back", "warned", "passed")


@dataclass(frozen=True)
class Page:
    """A page of a result: when its suite was judged (UTC), and its place beside the overview."""

    judged_at: str
    link: str


@dataclass(frozen=True)
class Line:
    """One suite: its newest result, what failed in it, and the results before it, newest first."""

    suite: str
    suite_link: str
    state: str
    checks: int
    failed: tuple[str, ...]
    latest: Page
    earlier: tuple[Page, ...]


class Overview:
    """Great Expectations' builder of the index, by its interface (`site_index_builder` of a Data Docs site). Its own
    page is a table that a script from the internet fills, and reads each kept result of each suite; this one reads the
    newest of each."""

    def __init__(self, data_context: Any, target_store: Any, source_stores: dict[str, str], **_: object) -> None:
        self._pages = target_store
        self._results = data_context.stores[source_stores["validations"]]
        self._suites = data_context.stores[source_stores["expectations"]]

    def build(self, build_index: bool = True) -> tuple[str | None, None]:
        """Write the page and drop pages whose result is no longer kept; the page's address, None without index."""
        if not build_index:
            return None, None
        self._clean(_RESULT, set(self._results.list_keys()))
        self._clean(_SUITE, set(self._suites.list_keys()))
        markup = Environment(
            loader=FileSystemLoader(Path(__file__).parent), undefined=StrictUndefined, autoescape=True, trim_blocks=True
        ).get_template("overview.html.j2")
        return self._pages.write_index_page(markup.render(parts=_parts(self._lines()))), None

    def _clean(self, kind: Any, kept: set[Any]) -> None:
        pages = self._pages.store_backends[kind]
        for place in pages.list_keys():
            if kind.from_tuple(place) not in kept:
                pages.remove_key(place)

    def _lines(self) -> list[Line]:
        by_suite: dict[str, list[ValidationResultIdentifier]] = defaultdict(list)
        for place in self._pages.store_backends[_RESULT].list_keys():
            key: ValidationResultIdentifier = _RESULT.from_tuple(place)
            by_suite[key.expectation_suite_identifier.name].append(key)
        return [
            self._line(suite, sorted(keys, key=lambda key: key.run_id.run_time, reverse=True))
            for suite, keys in by_suite.items()
        ]

    def _line(self, suite: str, newest_first: list[ValidationResultIdentifier]) -> Line:
        result = self._results.get(newest_first[0])
        failed = [one.expectation_config.meta for one in result.results if not one.success]
        state = "held back" if any(meta["blocking"] for meta in failed) else "warned" if failed else "passed"
        latest, *earlier = (_page(key) for key in newest_first)
        suite_link = _link("expectations", _SUITE(name=suite))
        return Line(
            suite,
            suite_link,
            state,
            len(result.results),
            tuple(sorted(meta["check"] for meta in failed)),
            latest,
            tuple(earlier),
        )


def _parts(lines: Iterable[Line]) -> dict[str, list[Line]]:
    """Lines of feeds and of marts, what failed first, then by name."""
    ordered = sorted(lines, key=lambda line: (_STATES.index(line.state), line.suite))
    return {
        "Feeds": [line for line in ordered if not line.suite.startswith(MART)],
        "Marts": [line for line in ordered if line.suite.startswith(MART)],
    }


def _page(key: ValidationResultIdentifier) -> Page:
    return Page(f"{key.run_id.run_time:%Y-%m-%d %H:%M:%S}", _link("validations", key))


def _link(folder: str, key: Any) -> str:
    return quote(f"{PurePosixPath(folder, *key.to_tuple())}.html")
