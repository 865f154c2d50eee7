"""The shape of a feed in a system: how it names and writes the columns, and the mapping that a user would write.

Belongs here: columns, their texts, and the SQL that reads them back. Does not belong here: which system has which feed
(the modules of the systems), files.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from expectations.contracts import Contract, all_contracts
from simulator.local_time import DAY_S, UTC_OFFSET_S, clock_texts

Instants = Literal["dashes", "slashes", "offset", "epoch"]
"""Local time as `2026-03-02 09:05:11` or `2026/03/02 09:05:11`, with its offset as `2026-03-02T09:05:11+08:00`, or the
epoch second."""
Holder = Literal["columns", "members"]
"""Whether a value stands in a column, or in a member of a JSON object, which may lie inside another one."""


@dataclass(frozen=True, slots=True)
class Style:
    """How a system writes what all systems write differently. `flags`: its words for yes and no."""

    instants: Instants = "dashes"
    flags: tuple[str, str] = ("true", "false")
    holder: Holder = "columns"


@dataclass(frozen=True, slots=True)
class Cell:
    """One column: its name in the contract and in the system, its type by the contract, and the system's words."""

    column: str
    name: str
    type: str
    is_required: bool
    words: Mapping[str, str] = field(default_factory=dict)


class _Moments:
    """Local wall-clock texts of epoch seconds; the date is formatted once a day."""

    def __init__(self, instants: Literal["dashes", "slashes", "offset"]) -> None:
        self._form = {"dashes": "%Y-%m-%d ", "slashes": "%Y/%m/%d ", "offset": "%Y-%m-%dT"}[instants]
        self._offset = "+08:00" if instants == "offset" else ""
        self._dates: dict[int, str] = {}
        self._clock = clock_texts()

    def text(self, at: int) -> str:
        day, second = divmod(at + UTC_OFFSET_S, DAY_S)
        date = self._dates.get(day)
        if date is None:
            date = self._dates[day] = datetime.fromtimestamp(day * DAY_S, UTC).strftime(self._form)
        return f"{date}{self._clock[second]}{self._offset}"


class Shape:
    """A feed as one system has it.

    `names`: column of the contract, or input of it -> name in the system; by default the contract's own. `words`:
    column -> the contract's word -> the system's. Columns that inputs fill (hashes, masks) exist in no source.
    """

    def __init__(
        self,
        feed: str,
        style: Style,
        names: Mapping[str, str] | None = None,
        words: Mapping[str, Mapping[str, str]] | None = None,
    ) -> None:
        self.feed, self.style = feed, style
        self.contract: Contract = all_contracts()[feed]
        self.cells = tuple(_cells(self.contract, names, words or {}))
        self._moment = int if style.instants == "epoch" else _Moments(style.instants).text
        self._writers = [(cell.column, self._writer(cell)) for cell in self.cells]
        self._known = frozenset(cell.column for cell in self.cells)
        self._unused = {cell.column for cell in self.cells if not cell.is_required}

    @property
    def names(self) -> list[str]:
        """The header."""
        return [cell.name for cell in self.cells]

    @property
    def key(self) -> list[str]:
        """Columns of a record that tell what it is about; inputs stand for what is hashed."""
        given: dict[str, list[str]] = {}
        for item in self.contract.inputs:
            for column in item.fills:
                given.setdefault(column, []).append(item.name)
        return [name for column in self.contract.natural_key for name in given.get(column, [column])]

    def identity(self, row: Mapping[str, Any]) -> tuple[Any, ...]:
        """What a record is about."""
        return tuple(row.get(column) for column in self.key)

    def values(self, row: Mapping[str, Any]) -> list[Any]:
        """A record as the system has it, in the order of the header: texts and numbers, None for nothing.

        Raises KeyError for a column that the contract does not know.
        """
        get = row.get
        if self._unused:
            self._unused -= {column for column in self._unused if get(column) is not None}
        if not self._known.issuperset(row):
            raise KeyError(f"{self.feed} has no {', '.join(sorted(set(row) - self._known))}")
        return [None if (value := get(column)) is None else write(value) for column, write in self._writers]

    def mapping(self) -> dict[str, str]:
        """The mapping of callmart.yaml: each column that was ever filled, as SQL over the system's columns."""
        return {cell.column: self._read(cell) for cell in self.cells if cell.column not in self._unused}

    def _writer(self, cell: Cell) -> Callable[[Any], Any]:
        if cell.type == "TIMESTAMP":
            return self._moment
        if cell.type == "BOOLEAN" and self.style.holder == "members":
            return bool
        if cell.type == "BOOLEAN":
            yes, no = self.style.flags
            return lambda value: yes if value else no
        if cell.words:
            words = cell.words
            return lambda value: words.get(value, value)
        return _number if cell.type in ("DOUBLE", "DECIMAL(18,4)", "INTEGER", "BIGINT") else str

    def _read(self, cell: Cell) -> str:
        if self.style.holder == "members" and "." in cell.name:
            parent, child = cell.name.split(".")
            value = f"{parent} ->> '$.{child}'"
        else:
            value = cell.name if cell.name.isascii() else f'"{cell.name}"'
        if cell.type == "TIMESTAMP" and self.style.instants == "slashes":
            given = value if cell.is_required else f"nullif({value}, '')"
            return f"strptime({given}, '%Y/%m/%d %H:%M:%S')"
        if cell.type == "BOOLEAN" and self.style.flags != ("true", "false"):
            yes, no = self.style.flags
            return f"case {value} when '{yes}' then true when '{no}' then false end"
        if cell.words:
            arms = " ".join(f"when '{said}' then '{word}'" for word, said in cell.words.items())
            return f"case {value} {arms} else {value} end"
        return value


def _number(value: Any) -> Any:
    """A number as it is; a decimal as its text, which loses nothing."""
    return value if isinstance(value, int | float) else str(value)


def _cells(
    contract: Contract, names: Mapping[str, str] | None, words: Mapping[str, Mapping[str, str]]
) -> Sequence[Cell]:
    """The columns that a source of this feed can have, in the contract's order, inputs first."""
    filled = {column for item in contract.inputs for column in item.fills}
    needed = {item.name for item in contract.inputs if any(contract.column(name).required for name in item.fills)}
    alone = {item.name for item in contract.inputs if [item.fills for item in contract.inputs].count(item.fills) == 1}
    known = [(item.name, item.type, item.name in needed & alone) for item in contract.inputs]
    known += [
        (column.name, column.type, column.required)
        for column in contract.columns
        if column.name not in filled | {"flags"}
    ]
    if names is None:
        return [Cell(name, name, kind, required) for name, kind, required in known]
    missing = [name for name, _, _ in known if name not in names]
    strange = sorted({*names, *words} - {name for name, _, _ in known})
    if missing or strange:
        raise KeyError(f"{contract.feed}: no name for {missing}, no column {strange}")
    return [Cell(name, names[name], kind, required, words.get(name, {})) for name, kind, required in known]
