"""Loader of the contracts in `contracts/*.yml`: what one row of each lake feed must look like.

Here belongs: the models of a contract, the lineage columns that every non-reference feed carries, and what follows from
them (column types, units, schema fingerprint). Not here: reading data, and checks that need more than one row (suites).
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

CONTRACTS_DIR = Path(__file__).resolve().parent / "contracts"
REFERENCE_SOURCE = "centre"
CONTACT = "canonical.contact"
"""The feed that stands for the contacts of all systems where a contract says what a column names."""

ColumnType = Literal["VARCHAR", "BIGINT", "INTEGER", "DOUBLE", "DECIMAL(18,4)", "BOOLEAN", "DATE", "TIMESTAMP"]
NUMERIC = ("BIGINT", "INTEGER", "DOUBLE", "DECIMAL(18,4)")

Unit = Literal["s", "ms", "rate", "count", "rank", "points", "money", "metric"]
UNIT_OF_SUFFIX: dict[str, Unit] = {"_s": "s", "_ms": "ms", "_rate": "rate", "_count": "count", "_no": "rank"}
"""Units that a column's name tells. `rank` is a place in an order (a line, a step, a priority), `points` a score on a
scale, `money` an amount in the row's currency, `metric` the unit of the metric that the row names."""

METRICS = tuple(f"M{number:03d}" for number in range(1, 184))
"""Ids of the metrics of the requirement list."""


def _metric_ids(said: Any) -> Any:
    """`M001-M003` written out."""
    ids: list[Any] = []
    for item in said if isinstance(said, list | tuple) else [said]:
        first, _, last = str(item).partition("-")
        if first not in METRICS or (last or first) not in METRICS or (last or first) < first:
            raise ValueError(f"{item!r} is no metric id and no range of them (M001, M001-M003)")
        ids += METRICS[METRICS.index(first) : METRICS.index(last or first) + 1]
    return ids


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Title(_Model):
    """A text about a feed in both languages."""

    zh: str
    en: str


class Column(_Model):
    """One column of the lake. `required` columns are never NULL; `provides` names the capability that a mapping of this
    column gives (feeds that are mapped only); `default` is the SQL of a column that a mapping leaves out. `description`
    is English, `zh` the same in Chinese. `unit` is written where the name of a number doesn't tell it. An instant that
    is `planned` may lie after the record that tells it; any other that does is a wrong clock."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    type: ColumnType
    description: str = Field(min_length=1)
    zh: str = Field(min_length=1)
    unit: Unit | None = None
    required: bool = False
    planned: bool = False
    enum: tuple[str, ...] | None = None
    pii: Literal["keyed_hash", "masked"] | None = None
    provides: str | None = None
    default: str | None = None

    @model_validator(mode="after")
    def _unit_is_told_once(self) -> Column:
        told = self._unit_of_name
        if self.type not in NUMERIC:
            if self.unit:
                raise ValueError(f"{self.name}: only a number has a unit")
        elif told and self.unit:
            raise ValueError(f"{self.name}: the name tells the unit already")
        elif not told and not self.unit:
            raise ValueError(f"{self.name}: a number needs a unit, in its name or as `unit`")
        if (self.unit == "money") != (self.type == "DECIMAL(18,4)"):
            raise ValueError(f"{self.name}: money, and only money, is DECIMAL(18,4)")
        if self.planned and self.type != "TIMESTAMP":
            raise ValueError(f"{self.name}: only an instant is planned")
        return self

    @property
    def _unit_of_name(self) -> Unit | None:
        suffix = re.search(r"_[a-z]+$", self.name)
        return UNIT_OF_SUFFIX.get(suffix[0]) if suffix and self.type in NUMERIC else None

    @property
    def measured_in(self) -> Unit | None:
        """Unit of a number, None for anything else."""
        return self.unit or self._unit_of_name


class Input(_Model):
    """A value that a mapping may give but the lake never holds: it only fills masked columns. One whose name
    ends in `_number` is a telephone number and is normalised before it is hashed."""

    name: str
    type: ColumnType
    pii: Literal["raw"]
    fills: tuple[str, ...]
    description: str = Field(min_length=1)
    zh: str = Field(min_length=1)

    @property
    def is_number(self) -> bool:
        """Whether it is a telephone number."""
        return self.name.endswith("_number")


class Contract(_Model):
    """Schema and row-level promises of one lake feed. Timestamps are UTC, durations seconds.

    `provides` names capabilities (seeds/kpi_capability.csv) that the models draw from the feed, none before they do.

    The local date of `event_time` is the partition, so it never is a planned instant. Of rows with one natural key the
    highest `version_column` stays; a feed that has one holds records that change. `metrics` are the ids of the metrics
    that need the feed. `ordered` lists columns whose values never fall from left to right, NULLs left out; between
    instants the clock tolerance is allowed. In the chain of the event time none lies further than `longest_s` from it
    (None: it may be months). A `steady` feed has rows each day, so that a day can be compared with the same weekdays
    before. Records of an `entity` feed (a ticket, a customer) live on: one that began before the centre's first date
    lies in the partition of that date, and a change concerns the dates that the record touches, however old, and
    `reaches_back_days` before each of them (an event that decides what a contact of the week before was worth); those
    of the records that it names too (`touches`: column to feed), of entities that name it, and of the feed's records
    that name the same entity.

    `links` says whom a column names: column -> the feed whose records are called so, by the first column of its key
    (`canonical.contact` stands for the contacts of all systems). The event time of a row never lies before the start of
    the contact that the column `follows` names.
    """

    feed: str = Field(pattern=r"^[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*$")
    title: Title
    grain: Title
    columns: tuple[Column, ...]
    natural_key: tuple[str, ...] = ()
    version_column: str | None = None
    event_time: str | None = None
    clock_tolerance_s: int = 2
    longest_s: int | None = None
    provides: tuple[str, ...] = ()
    inputs: tuple[Input, ...] = ()
    metrics: Annotated[tuple[str, ...], BeforeValidator(_metric_ids)] = ()
    ordered: tuple[tuple[str, ...], ...] = ()
    steady: bool = True
    entity: bool = False
    links: dict[str, str] = Field(default_factory=dict)
    follows: str | None = None
    reaches_back_days: int = 0
    touches: dict[str, str] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _names_exist(self) -> Contract:
        names = [column.name for column in self.columns]
        if len(names) != len(set(names)):
            raise ValueError(f"{self.feed}: a column name occurs twice")
        known = {column.name for column in self.lake_columns}
        named = [*self.natural_key, self.version_column, self.event_time, *(f for i in self.inputs for f in i.fills)]
        named += self.touches
        for name in [*named, *(name for chain in self.ordered for name in chain), *self.links]:
            if name is not None and name not in known:
                raise ValueError(f"{self.feed}: column {name!r} is named but not defined")
        if self.follows is not None and self.links.get(self.follows) != CONTACT:
            raise ValueError(f"{self.feed}: it follows {self.follows!r}, which no link says to name a contact")
        return self

    @model_validator(mode="after")
    def _partitions_are_told(self) -> Contract:
        if self.is_reference:
            return self
        if self.event_time is None or not self.natural_key:
            raise ValueError(f"{self.feed}: needs event_time and natural_key")
        for name in (*self.natural_key, self.event_time):
            if not self.column(name).required:
                raise ValueError(f"{self.feed}: {name} is of the key or the event time and must be required")
        event = self.column(self.event_time)
        if event.type != "TIMESTAMP" or event.planned:
            raise ValueError(f"{self.feed}: the event time must be a TIMESTAMP that is not planned")
        if not self.metrics:
            raise ValueError(f"{self.feed}: no metric needs this feed")
        return self

    @model_validator(mode="after")
    def _order_is_comparable(self) -> Contract:
        for chain in self.ordered:
            kinds = {self.column(name).measured_in or self.column(name).type for name in chain}
            if len(chain) < 2 or len(kinds) > 1 or kinds & {"VARCHAR", "BOOLEAN"}:
                raise ValueError(f"{self.feed}: {', '.join(chain)} can't be put in order")
        if any(column.unit == "money" for column in self.columns) and "currency" not in self.column_names:
            raise ValueError(f"{self.feed}: money needs a column currency")
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

    def given_by(self, mapped: Iterable[str]) -> set[str]:
        """The capabilities that a feed provides whose mapping names these columns."""
        names = set(mapped)
        names |= {name for item in self.inputs if item.name in names for name in item.fills}
        return {*self.provides, *(c.provides for c in self.columns if c.provides and c.name in names)}

    def fingerprint(self) -> str:
        """Hash of what decides how a row is typed: no words, units, metrics or what only the checks read."""
        not_typed = {"title", "grain", "provides", "metrics", "ordered", "steady", "links", "follows", "touches"}
        said: dict[str, Any] = self.model_dump(mode="json", exclude=not_typed)
        if not self.entity:
            said.pop("entity")
        said.pop("reaches_back_days")
        for column in [*said["columns"], *said["inputs"]]:
            for words in ("description", "zh", "unit", "provides"):
                column.pop(words, None)
            if not column.get("planned"):
                column.pop("planned", None)
        return hashlib.sha256(json.dumps([said, list(self.duckdb_types().items())]).encode()).hexdigest()[:16]


LINEAGE: tuple[Column, ...] = (
    Column(
        name="source_file",
        type="VARCHAR",
        required=True,
        description="Landed object and the file's name at the source.",
        zh="落地对象编号与源文件名。",
    ),
    Column(
        name="source_line",
        type="BIGINT",
        unit="rank",
        required=True,
        description="Line at which the record begins, from 1.",
        zh="记录在源文件中的起始行号，从 1 起。",
    ),
    Column(
        name="ingested_at",
        type="TIMESTAMP",
        required=True,
        description="UTC instant at which the file was landed.",
        zh="源文件落地的时刻（UTC）。",
    ),
    Column(
        name="row_hash",
        type="VARCHAR",
        required=True,
        description="MD5 over the contract's columns, lineage left out: equal for equal rows of different files.",
        zh="对契约各列（不含来源列）计算的 MD5；不同文件中内容相同的行取值相同。",
    ),
)


# The same YAML, read by libyaml where PyYAML was built with it: every command begins with this.
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def load_contracts(folder: Path) -> dict[str, Contract]:
    """Contracts of all YAML files in `folder` by feed, sorted by feed. A file holds one contract or a list of them.

    Raises ValueError (pydantic's or our own) that names the file for a contract that contradicts itself.
    """
    found: dict[str, Contract] = {}
    for path in sorted(folder.glob("*.yml")):
        said = yaml.load(path.read_text("utf-8"), _LOADER)
        for item in said if isinstance(said, list) else [said]:
            try:
                contract = Contract.model_validate(item)
            except ValueError as error:
                raise ValueError(f"{path.name}: {error}") from error
            if contract.feed in found:
                raise ValueError(f"{path.name}: feed {contract.feed} is defined twice")
            found[contract.feed] = contract
    return dict(sorted(found.items()))


def links_of(contracts: Iterable[Contract]) -> list[tuple[Contract, str, Contract]]:
    """Every link of the contracts in their order: the contract, its column, and the contract of the records it names.

    Raises ValueError for a link to a feed that none of them is of.
    """
    by_feed = {said.feed: said for said in contracts}
    found = []
    for said in by_feed.values():
        for column, feed in said.links.items():
            if feed not in by_feed or by_feed[feed].is_reference:
                raise ValueError(f"{said.feed}: {column} names records of {feed}, which has no contract")
            found.append((said, column, by_feed[feed]))
    return found


@lru_cache(maxsize=1)
def _project_contracts() -> dict[str, Contract]:
    return load_contracts(CONTRACTS_DIR)


def all_contracts() -> dict[str, Contract]:
    """Every contract of the project by feed name (`asterisk.queue_log` …), sorted by name."""
    return dict(_project_contracts())


def contract(feed: str) -> Contract:
    """The contract of `feed`. Raises KeyError for a feed that has none."""
    return _project_contracts()[feed]
