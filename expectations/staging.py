"""Writes the staging models of the canonical feeds from their contracts: `python -m expectations.staging`.

Belongs here: the form of these models. They have the contract's columns under the contract's names, because a canonical
feed already is in the event model's form. One that no other model reads yet is ephemeral, so that it costs no build and
crowds no graph. A feed whose model does more (HAND_WRITTEN) is not written here.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import yaml

from expectations.contracts import Contract, all_contracts

FOLDER = Path(__file__).resolve().parents[1] / "dbt_project" / "models" / "staging" / "canonical"
COMMAND = "python -m expectations.staging"
HAND_WRITTEN = ("canonical.contact",)
# What models need to tell versions of a row apart, and the partition by which they read only what they must.
_KEPT = {"row_hash": "MD5 over the contract's columns.", "dt": "Partition: local date of the event time."}


def files() -> dict[str, str]:
    """Text of every file that belongs into FOLDER, by name: each model and what dbt's documentation says of it."""
    texts = {}
    for said in staged():
        texts[f"{_name(said)}.sql"] = _model(said)
        told = {"version": 2, "models": [_properties(said)]}
        head = f"# Written by `{COMMAND}` from the feed's contract; change that, not this.\n"
        texts[f"{_name(said)}.yml"] = head + yaml.safe_dump(told, allow_unicode=True, sort_keys=False, width=1000)
    return texts


def staged() -> Iterator[Contract]:
    """Contracts whose staging model is written here."""
    return (said for said in all_contracts().values() if said.source == "canonical" and said.feed not in HAND_WRITTEN)


def main() -> None:
    """Write the files."""
    for name, text in files().items():
        (FOLDER / name).write_text(text, "utf-8")


def _name(said: Contract) -> str:
    return f"stg_canonical__{said.name}"


def _model(said: Contract) -> str:
    columns = ",\n    ".join([*said.column_names, *_KEPT])
    unread = "" if _is_read(_name(said)) else "{{ config(materialized='ephemeral') }}\n\n"
    return (
        f"-- Written by `{COMMAND}` from the feed's contract; change that, not this.\n"
        f"{unread}select\n    {columns}\nfrom {{{{ lake('canonical', '{said.name}') }}}}\n"
    )


def _is_read(name: str) -> bool:
    return any(f"ref('{name}')" in file.read_text("utf-8") for file in FOLDER.parents[1].rglob("*.sql"))


def _properties(said: Contract) -> dict[str, object]:
    columns = [{"name": column.name, "description": column.description} for column in said.columns]
    columns += [{"name": name, "description": text} for name, text in _KEPT.items()]
    return {
        "name": _name(said),
        "description": f"{said.title.en}: {said.grain.en} Instants are UTC; what the source does not give is NULL.",
        "columns": columns,
    }


if __name__ == "__main__":
    main()
