"""Loader of the contracts in `contracts/*.yml`: what one row of each lake feed must look like.

Here belongs: the models of a contract, the lineage columns that every non-reference feed carries, and what follows from
them (column types, schema fingerprint). Not here: reading data, and checks that need more than one row (suites).
"""

from __future__ import annotations

import hashlib
import json
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, model_validator

CONTRACTS_DIR = Path(__file__).resolve().parent / "contracts"
REFERENCE_SOURCE = "centre"

ColumnType = Literal["VARCHAR", "BIGINT", "INTEGER", "DOUBLE", "BOOLEAN", "DATE", "TIMESTAMP"]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Title(_Model):
    """Name of a feed in both languages."""

    zh: str
    en: str


class Column(_Model):
    """One column of the lake. `required` columns are never NULL; `provides` names the capability that a mapping of this
    column gives (feeds that are mapped only); `default` is the SQL of a column that a mapping leaves out."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    type: ColumnType
    description: str
    required: bool = False
    enum: tuple[str, ...] | None = None
    pii: Literal["keyed_hash", "masked"] | None = None
    provides: str | None = None
    default: str | None = None


class Input(_Model):
    """A value that a mapping may give but the lake never holds: it only fills masked columns."""

    name: str
    type: ColumnType
    pii: Literal["raw"]
    fills: tuple[str, ...]


class Contract(_Model):
    """Schema and row-level promises of one lake feed. Timestamps are UTC, durations seconds."""

    feed: str = Field(pattern=r"^[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*$")
    title: Title
    grain: str
    columns: tuple[Column, ...]
    natural_key: tuple[str, ...] = ()
    version_column: str | None = None
    event_time: str | None = None
    clock_tolerance_s: int = 2
    provides: tuple[str, ...] = ()
    inputs: tuple[Input, ...] = ()

    @model_validator(mode="after")
    def _names_exist(self) -> Contract:
        names = [column.name for column in self.columns]
        if len(names) != len(set(names)):
            raise ValueError(f"{self.feed}: a column name occurs twice")
        known = set(names) | ({column.name for column in LINEAGE} if not self.is_reference else set())
        named = [*self.natural_key, self.version_column, self.event_time, *(f for i in self.inputs for f in i.fills)]
        for name in named:
            if name is not None and name not in known:
                raise ValueError(f"{self.feed}: column {name!r} is named but not defined")
        if not self.is_reference and (self.event_time is None or not self.natural_key):
            raise ValueError(f"{self.feed}: needs event_time and natural_key")
        return self

    @property
    def source(self) -> str:
        """Source system, the part of the feed before the dot."""
        return self.feed.partition(".")[0]

    @property
    def name(self) -> str:
        """The part of the feed after the dot."""
        return self.feed.partition(".")[2]

    @property
    def is_reference(self) -> bool:
        """True for a table that the configuration fills; it has no lineage columns and one partition."""
        return self.source == REFERENCE_SOURCE

    @property
    def lake_columns(self) -> tuple[Column, ...]:
        """All columns of the lake file in order: the contract's, then the lineage columns (not for reference feeds)."""
        return self.columns if self.is_reference else (*self.columns, *LINEAGE)

    @property
    def column_names(self) -> tuple[str, ...]:
        """Names of the contract's own columns in order, lineage excluded."""
        return tuple(column.name for column in self.columns)

    def column(self, name: str) -> Column:
        """The column called `name`. Raises KeyError for an unknown one."""
        for column in self.lake_columns:
            if column.name == name:
                return column
        raise KeyError(name)

    def duckdb_types(self) -> dict[str, str]:
        """Lake column -> DuckDB type, in the order of the file."""
        return {column.name: column.type for column in self.lake_columns}

    def capabilities(self) -> tuple[str, ...]:
        """Everything the feed can provide: its own capabilities and those of single columns, sorted."""
        return tuple(sorted({*self.provides, *(c.provides for c in self.columns if c.provides)}))

    def fingerprint(self) -> str:
        """Hash of what decides how a row is typed (descriptions and titles left out)."""
        said: dict[str, Any] = self.model_dump(mode="json", exclude={"title", "grain", "provides"})
        for column in [*said["columns"], *said["inputs"]]:
            column.pop("description", None)
            column.pop("provides", None)
        return hashlib.sha256(json.dumps([said, list(self.duckdb_types().items())]).encode()).hexdigest()[:16]


LINEAGE: tuple[Column, ...] = (
    Column(
        name="source_file",
        type="VARCHAR",
        required=True,
        description="Landed object and the file's name at the source.",
    ),
    Column(name="source_line", type="BIGINT", required=True, description="Line at which the record begins, from 1."),
    Column(
        name="ingested_at", type="TIMESTAMP", required=True, description="UTC instant at which the file was landed."
    ),
    Column(
        name="row_hash",
        type="VARCHAR",
        required=True,
        description="MD5 over the contract's columns, lineage left out: equal for equal rows of different files.",
    ),
)


def load_contracts(folder: Path) -> dict[str, Contract]:
    """Contracts of all YAML files in `folder` by feed, sorted by feed. A file holds one contract or a list of them.

    Raises ValueError (pydantic's or our own) that names the file for a contract that contradicts itself.
    """
    found: dict[str, Contract] = {}
    for path in sorted(folder.glob("*.yml")):
        said = yaml.safe_load(path.read_text("utf-8"))
        for item in said if isinstance(said, list) else [said]:
            try:
                contract = Contract.model_validate(item)
            except ValueError as error:
                raise ValueError(f"{path.name}: {error}") from error
            if contract.feed in found:
                raise ValueError(f"{path.name}: feed {contract.feed} is defined twice")
            found[contract.feed] = contract
    return dict(sorted(found.items()))


@lru_cache(maxsize=1)
def _project_contracts() -> dict[str, Contract]:
    return load_contracts(CONTRACTS_DIR)


def all_contracts() -> dict[str, Contract]:
    """Every contract of the project by feed name (`asterisk.queue_log` …), sorted by name."""
    return dict(_project_contracts())


def contract(feed: str) -> Contract:
    """The contract of `feed`. Raises KeyError for a feed that has none."""
    return _project_contracts()[feed]
