"""What each published mart says in its `.yml` (`config.meta.scope`) of how its rows reach a scope.

Here belongs: the words of that declaration. Not here: the SQL that is made of it (limits.py).

A mart that says nothing is withheld from every scope, like one that says `withheld`: whoever adds a mart decides.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Literal

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from metabase.marts import Table, read_marts
from orchestration.errors import CallmartError

# What rows can be limited by. An agent's team is that of the row's own date.
DIMENSIONS = ("queue", "team", "agent", "line_of_business")


class Way(BaseModel):
    """How rows of a mart belong to a scope.

    Columns that name a queue, team, agent or line of business: a row belongs when it names a member of the scope and
    none of another. `dates`: SQL of the first and last date of a row, on which the agents it names must be of the team.
    `parts`: column -> columns of other marts; a row is made of these rows, and none may be of another member.
    `through`: for what a mart has no column of, column -> column of the mart whose released rows it belongs to.
    `names`: SQL of the other ids by which rows of other marts name a row of this one.
    `named`: a list of members; columns of these names, in whatever else is released, say which ones.
    `hide`: columns that name what another scope may have, NULL in every scope.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    queue: tuple[str, ...] = ()
    team: tuple[str, ...] = ()
    agent: tuple[str, ...] = ()
    line_of_business: tuple[str, ...] = ()
    dates: tuple[str, str] | None = None
    parts: dict[str, tuple[str, ...]] = {}
    through: dict[str, str] = {}
    names: tuple[str, ...] = ()
    named: tuple[str, ...] = ()
    hide: tuple[str, ...] = ()

    def columns(self, dimension: str) -> tuple[str, ...]:
        """Columns that name a member of the dimension; of a team also those of its agents."""
        own: tuple[str, ...] = getattr(self, dimension)
        return (*own, *self.agent) if dimension == "team" else own

    @property
    def parent(self) -> tuple[str, str, str] | None:
        """Own column, mart and its column by which a row belongs to a row of another mart."""
        for column, target in self.through.items():
            mart, key = target.split(".")
            return column, mart, key
        return None


Declared = Literal["public", "withheld"] | Way
_READ: TypeAdapter[Declared] = TypeAdapter(Declared)


@cache
def declarations() -> Mapping[str, Declared]:
    """The declaration of every published mart. Raises CallmartError for one that can't be read."""
    return {name: declaration_of(table) for name, table in read_marts().items()}


@cache
def columns_of_marts() -> Mapping[str, tuple[str, ...]]:
    """The columns of every published mart."""
    return {name: tuple(table.columns) for name, table in read_marts().items()}


def declaration_of(table: Table) -> Declared:
    """What one mart says; `withheld` when it says nothing. Raises CallmartError for what can't be read."""
    if table.scope is None:
        return "withheld"
    try:
        return _READ.validate_python(table.scope)
    except ValidationError as error:
        raise CallmartError(
            f"{table.name} says of scopes what can't be read: {error.errors()[-1]['msg']}.",
            rule="scope",
            todo="see docs/scopes.md for what config.meta.scope may say.",
        ) from error
