"""The published marts as dbt's `.yml` files tell them: tables, columns, both descriptions, keys and references.

Belongs here: reading those files, and the rows of seeds. Not here: what Metabase is told of them (metadata.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from metabase.errors import MetabaseError
from seeds import SEEDS, seed_rows

PROJECT = Path(__file__).resolve().parent.parent
VALUE_NAMES = "value_name"  # the table of them
YAML_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class Text:
    """The same in Chinese and in English."""

    zh: str
    en: str

    def of(self, language: str) -> str:
        """In `zh` or `en`."""
        return self.zh if language == "zh" else self.en


@dataclass(frozen=True)
class Column:
    """A column of a published mart. `pii` is its kind of personal data (`keyed_hash`, `masked`), None for none;
    `values` are all that it may hold, where a test lists them."""

    name: str
    type: str
    about: Text
    is_nullable: bool
    pii: str | None
    values: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """A published mart. `key` is the column that is unique by itself, None where it takes several; `references` maps a
    column to table and column that it names a member of; `scope` is what it says of scopes, as written."""

    name: str
    about: Text
    columns: Mapping[str, Column]
    key: str | None
    references: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    scope: Any = None

    def column(self, name: str) -> Column:
        """MetabaseError when there is none of that name."""
        if name not in self.columns:
            raise MetabaseError(
                f"table {self.name} has no column {name}.", todo="see its .yml below dbt_project/models/marts."
            )
        return self.columns[name]


def read_marts(project: Path = PROJECT) -> dict[str, Table]:
    """Every published table by name."""
    files = [*sorted((project / "dbt_project" / "models" / "marts").rglob("*.yml")), project / "seeds" / "seeds.yml"]
    tables = {}
    for file in files:
        said = yaml.load(file.read_text("utf-8"), Loader=YAML_LOADER)
        for model in [*said.get("models", []), *said.get("seeds", [])]:
            if _meta(model).get("publish"):
                tables[model["name"]] = _table(model)
    return tables


def read_value_names(seeds: Path = SEEDS) -> dict[str, Text]:
    """What people read in place of a value, wherever it stands."""
    rows = seed_rows(VALUE_NAMES, seeds)
    return {row["value"]: Text(row["value_name_zh"], row["value_name_en"]) for row in rows}


def table_of(marts: Mapping[str, Table], name: str) -> Table:
    """MetabaseError when no published mart has that name."""
    if name not in marts:
        raise MetabaseError(f"there is no published table {name}.", todo="see dbt_project/models/marts.")
    return marts[name]


def _table(model: dict[str, Any]) -> Table:
    tests = list(_tests(model))
    values: dict[str, tuple[str, ...]] = {}
    references: dict[str, tuple[str, str]] = {}
    for name, arguments in tests:
        if name == "known_values":
            values |= {column: tuple(map(str, known)) for column, known in arguments["columns"].items()}
        if name == "references":
            references |= {column: next(iter(target.items())) for column, target in arguments["columns"].items()}
    keys = [arguments["columns"] for name, arguments in tests if name in ("primary_key", "unique_combination")]
    single = [columns[0] for columns in keys if len(columns) == 1]
    columns = {
        column["name"]: Column(
            column["name"],
            column.get("data_type") or _meta_type(model, column["name"]),
            _text(column),
            not _is_required(column),
            _meta(column).get("pii"),
            values.get(column["name"], ()),
        )
        for column in model["columns"]
    }
    return Table(
        model["name"], _text(model), columns, single[0] if single else None, references, _meta(model).get("scope")
    )


def _tests(model: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for test in model.get("data_tests", []):
        if isinstance(test, dict):
            for name, said in test.items():
                yield name, said.get("arguments", {})


def _is_required(column: dict[str, Any]) -> bool:
    by_contract = any(rule.get("type") == "not_null" for rule in column.get("constraints", []))
    return by_contract or "not_null" in column.get("data_tests", [])


def _meta(node: dict[str, Any]) -> dict[str, Any]:
    meta: dict[str, Any] = node.get("config", {}).get("meta", {})
    return meta


def _meta_type(model: dict[str, Any], column: str) -> str:
    types: dict[str, str] = model.get("config", {}).get("column_types", {})
    return types.get(column, "varchar")


def _text(node: dict[str, Any]) -> Text:
    return Text(_meta(node)["zh"], node["description"])
