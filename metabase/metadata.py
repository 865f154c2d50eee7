"""What Metabase is told of tables and fields, derived from dbt's descriptions and tests.

Belongs here: names, descriptions, semantic types, foreign keys, visibility. Not here: the descriptions themselves.
A field that refers to a table with names shows these (`shows`); Metabase gives no names to a text's values otherwise.
A field refers to another table only where that table has one row for each member: one that keeps versions has several,
and a join by the member alone would count a row once for each of them.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from metabase.formula import Ref
from metabase.items import Item
from metabase.marts import VALUE_NAMES, Column, Table, Text

# What of a table or field is told, and compared with what people made of it.
COMPARED = ("display_name", "description", "semantic_type", "fk_target_field_id", "visibility_type")
_LONGEST = 60
_UNITS = {"_s": " (s)", "_rate": " (rate)"}
_CLAUSE = re.compile(r"[；。，：（(]")


def metadata(
    marts: Mapping[str, Table], hidden: Collection[str], language: str, unnamed: Collection[str] = ()
) -> list[Item]:
    """An item for each published table and each of its fields; `unnamed` columns show their values as they are."""
    marts = {name: _with_names(table, unnamed) for name, table in marts.items()}
    items = []
    for table in marts.values():
        items.append(_table_item(table, table.name in hidden, language))
        names = _names(table, language)
        items += [_field_item(marts, table, column, names[column.name], language) for column in table.columns.values()]
    return items


def comment(about: Text) -> str:
    """How the release writes both languages into the catalogue, which Metabase takes for a description by itself."""
    return f"{about.zh} / {about.en}"


def _with_names(table: Table, unnamed: Collection[str]) -> Table:
    """The table with each column of known values referring to the names of values."""
    named = [column.name for column in table.columns.values() if column.values]
    names = {name: (VALUE_NAMES, "value") for name in named if f"{table.name}.{name}" not in unnamed}
    return replace(table, references={**names, **table.references})


def _table_item(table: Table, is_hidden: bool, language: str) -> Item:
    name = _short(table.about.zh) if language == "zh" else table.about.en.split(". ")[0].rstrip(".")
    if len(name) > _LONGEST:
        name = _words(re.sub(r"^(fct|dim|rpt)_", "", table.name))
    body = {
        "display_name": name,
        "description": table.about.of(language),
        "visibility_type": "technical" if is_hidden else None,
    }
    return Item("table", table.name, table.name, body, comment(table.about))


def _field_item(marts: Mapping[str, Table], table: Table, column: Column, name: str, language: str) -> Item:
    body: dict[str, Any] = {"display_name": name, "description": column.about.of(language)}
    body["semantic_type"] = _semantic_type(marts, table, column)
    if body["semantic_type"] == "type/FK":
        target, key = table.references[column.name]
        body["fk_target_field_id"] = Ref("field", f"{target}.{key}")
        names = [name for name in marts[target].columns if name.endswith(f"_name_{language}")]
        if names:
            body["shows"] = Ref("field", f"{target}.{names[0]}")
    body["visibility_type"] = "details-only" if column.pii or column.name == "record_hash" else "normal"
    if column.values:
        body["has_field_values"] = "list"
    key = f"{table.name}.{column.name}"
    return Item("field", key, key, body, comment(column.about))


def _semantic_type(marts: Mapping[str, Table], table: Table, column: Column) -> str | None:
    if column.name == table.key:
        return "type/PK"
    if column.name in table.references:
        target, key = table.references[column.name]
        if target in marts and marts[target].key == key:
            return "type/FK"
    if column.name.endswith("_rate"):
        return "type/Percentage"
    if column.name.endswith("_s") and column.type == "double":
        return "type/Duration"
    if column.values or column.name.endswith("_id"):
        return "type/Category"
    return None


def _names(table: Table, language: str) -> dict[str, str]:
    """What people read in place of a column's name; the column's own name follows where two would be the same."""
    names = {name: _name(column, language) for name, column in table.columns.items()}
    said = list(names.values())
    return {name: text if said.count(text) == 1 else f"{text} ({name})" for name, text in names.items()}


def _name(column: Column, language: str) -> str:
    stem, unit = column.name, ""
    for ending, text in _UNITS.items():
        if column.name.endswith(ending):
            stem, unit = column.name.removesuffix(ending), text
    if language == "zh":
        short = _short(column.about.zh)
        return short if len(short) <= _LONGEST else _words(column.name)
    return _words(stem) + unit


def _short(text: str) -> str:
    """A description up to its first stop."""
    return _CLAUSE.split(text)[0].strip()


def _words(name: str) -> str:
    return name.replace("_", " ").strip().capitalize()
