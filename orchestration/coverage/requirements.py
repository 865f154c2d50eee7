"""The requirement list as people keep it: ids, names, what an item rests on, and why it is not there.

Belongs here: reading `requirement.csv` and looking whether what it points to exists. Does not belong here: statuses.

A pointer is `kind:name`; each names a thing whose absence a machine can notice:

| kind | name |
| --- | --- |
| `kpi` | a KPI of the registry |
| `model` | a column of a dbt model, `fct_contact.direction` |
| `slice` | a dimension, or set of them, by which some KPI is materialised |
| `seed` | a file of `seeds/` |
| `command` | a command of `callmart` |
| `dashboard` | a dashboard of `metabase/content/dashboards` |
| `test` | a test function of pytest |
| `unit`, `data` | a unit test or a data test of dbt |
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml

from orchestration.coverage.registry import defined, slices
from orchestration.paths import PROJECT
from seeds import SEEDS, seed_rows

LIST = Path(__file__).with_name("requirement.csv")
NUMBERS = {"M": 183, "D": 33, "R": 21, "A": 18, "F": 52}
"""How many ids the list has of each kind; they are numbered from 1."""
TESTS = ("test", "unit", "data")
POINTERS = ("kpi", "model", "slice", "seed", "command", "dashboard", *TESTS)
Reach = Literal["", "whole", "part", "none", "outside"]


@dataclass(frozen=True, slots=True)
class Requirement:
    """One id. `reach`: what people say is there of it, empty where it is derived; `evidence`: pointers."""

    id: str
    name_zh: str
    name_en: str
    reach: Reach
    evidence: tuple[str, ...]
    reason_zh: str
    reason_en: str

    @property
    def kind(self) -> str:
        """M, D, R, A or F."""
        return self.id[0]

    def pointers(self, *kinds: str) -> tuple[str, ...]:
        """Names of the pointers of these kinds."""
        split = (pointer.partition(":") for pointer in self.evidence)
        return tuple(name for kind, _, name in split if kind in kinds)


def all_ids() -> tuple[str, ...]:
    """Every id of the list, in its order."""
    return tuple(
        f"{kind}{number:0{3 if kind == 'M' else 2}}"
        for kind, last in NUMBERS.items()
        for number in range(1, last + 1)
    )  # fmt: skip


def requirements(file: Path = LIST) -> dict[str, Requirement]:
    """The list by id. A KPI of the registry has its name there."""
    registry = defined()
    found = {}
    for row in seed_rows(file.stem, file.parent):
        kpi = registry.get(row["id"])
        found[row["id"]] = Requirement(
            id=row["id"],
            name_zh=kpi.name_zh if kpi else row["name_zh"],
            name_en=kpi.name_en if kpi else row["name_en"],
            reach=row["reach"],  # type: ignore[arg-type]
            evidence=tuple(row["evidence"].split()),
            reason_zh=row["reason_zh"],
            reason_en=row["reason_en"],
        )
    return found


def exists(pointer: str) -> bool:
    """Whether what a pointer names is there; False for a kind that is none."""
    kind, _, name = pointer.partition(":")
    return kind in POINTERS and name in _known(kind)


@cache
def _known(kind: str) -> frozenset[str]:
    match kind:
        case "kpi":
            return frozenset(defined())
        case "slice":
            return slices()
        case "seed":
            return frozenset(file.stem for file in SEEDS.glob("*.csv"))
        case "command":
            return frozenset(_commands())
        case "dashboard":
            return frozenset(file.stem for file in (PROJECT / "metabase" / "content" / "dashboards").glob("*.yml"))
        case "model":
            return frozenset(
                f"{model['name']}.{column['name']}"
                for said in models()
                for model in said.get("models", ())
                for column in model.get("columns", ())
            )
        case "unit":
            return frozenset(test["name"] for test in unit_tests())
        case "data":
            return frozenset(file.stem for file in (PROJECT / "dbt_project" / "tests").glob("*.sql"))
        case _:
            texts = (file.read_text("utf-8") for file in (PROJECT / "tests").rglob("test_*.py"))
            return frozenset(name for text in texts for name in re.findall(r"^def (test_\w+)", text, re.MULTILINE))


@cache
def models() -> tuple[dict[str, Any], ...]:
    """What the yml files of the dbt models say."""
    files = sorted((PROJECT / "dbt_project" / "models").rglob("*.yml"))
    return tuple(yaml.load(file.read_text("utf-8"), yaml.CSafeLoader) for file in files)


def unit_tests() -> list[dict[str, Any]]:
    """The unit tests of all dbt models."""
    return [test for said in models() for test in said.get("unit_tests", ())]


def _commands() -> list[str]:
    import typer.main

    from orchestration.cli import app

    return list(typer.main.get_command(app).commands)  # type: ignore[attr-defined]
