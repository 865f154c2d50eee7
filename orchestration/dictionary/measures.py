"""What the measures of the registry add up, in words, from `dbt_project/macros/measures/`.

The macros that list them are plain Jinja: they are called here without dbt, which would parse the whole project first.
A test compares the result with the released `kpi_measure_definition`.

Belongs here: calling the macros. Does not belong here: any measure.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import Any

from jinja2 import Environment

from orchestration.paths import DBT_PROJECT

_MACROS = DBT_PROJECT / "macros"
_MACRO = re.compile(r"({%-?\s*macro\s+)(\w+)\(")


class _ReturnedError(Exception):
    """What a macro gives back by dbt's `return`, which Jinja doesn't have."""

    def __init__(self, value: Any) -> None:
        super().__init__()
        self.value = value


@cache
def measure_texts() -> dict[str, tuple[str, str]]:
    """What each measure adds up, in Chinese and English; of one on several facts, the words of the first."""
    families: dict[str, list[dict[str, Any]]] = _called("measure_families")
    texts: dict[str, tuple[str, str]] = {}
    for measures in families.values():
        for measure in measures:
            texts.setdefault(measure["name"], (measure["zh"], measure["en"]))
    return texts


def _called(name: str) -> Any:
    """What a macro returns."""
    files = [_MACROS / "buckets.sql", *sorted((_MACROS / "measures").glob("*.sql"))]
    text = "".join(file.read_text("utf-8") for file in files)
    # Each macro gets another name, so that a call reaches the one that understands `return`.
    source, names = _MACRO.sub(r"\1of_dbt_\2(", text), [found[2] for found in _MACRO.finditer(text)]
    environment = Environment(extensions=["jinja2.ext.do"], autoescape=False)
    module: list[Any] = []
    environment.globals |= {"return": _give_back} | {each: _caller(module, each) for each in names}
    module.append(environment.from_string(source).module)
    return _caller(module, name)()


def _give_back(value: Any) -> None:
    raise _ReturnedError(value)


def _caller(module: list[Any], name: str) -> Callable[..., Any]:
    def call(*arguments: Any, **named: Any) -> Any:
        try:
            return getattr(module[0], f"of_dbt_{name}")(*arguments, **named)
        except _ReturnedError as returned:
            return returned.value

    return call
