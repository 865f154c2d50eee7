"""The SQL by which a scope gets its rows of each mart, made of what the marts declare.

Here belongs: conditions, the temporary tables they look into, hidden columns. Not here: running them (release.py).

Everything fails closed: without a declared way for each dimension that the scope limits, a mart is withheld; a row that
names nobody, or somebody of another scope too, is left out.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from orchestration.config import Scope
from orchestration.release import MartSpec
from orchestration.scopes.declared import Way, columns_of_marts, declarations

_MEMBERS = "scope_member"
HIDDEN = "本范围不提供 / Not for this scope"


@dataclass(frozen=True)
class Limited:
    """What a scope's release is made of: the marts with their queries, and the statements that these need first."""

    marts: list[MartSpec]
    prepare: list[str]


def limited(scope: Scope, marts: Sequence[MartSpec]) -> Limited:
    """The marts as the scope may have them; those that it may not have at all are left out."""
    schemas = {mart.name: mart.schema for mart in marts}
    limits = _Limits(scope.rows.members, schemas, marts_of(scope))
    released = [mart for mart in marts if mart.name in limits.released]
    hidden = {mart.name: hidden_columns(mart.name, scope) for mart in released}
    return Limited([_spec(mart, limits.where(mart.name), hidden[mart.name]) for mart in released], limits.prepare)


def marts_of(scope: Scope) -> list[str]:
    """Names of the marts that the scope gets, sorted."""
    reached = reachable(scope.rows.members)
    return reached if scope.marts is None else sorted(set(reached) & set(scope.marts))


def reachable(dimensions: Collection[str]) -> list[str]:
    """Names of the marts with a declared way to a scope that is limited by these dimensions, sorted; by none, all."""
    return sorted(name for name in declarations() if _reaches(name, dimensions))


def hidden_columns(mart: str, scope: Scope) -> list[str]:
    """Columns of a mart that are NULL in the scope: those it hides, and those that name what another may have."""
    declared = declarations()[mart]
    others = declared.hide if isinstance(declared, Way) and not scope.rows.all else ()
    return [column for column in columns_of_marts()[mart] if column in {*scope.hide, *others}]


def _reaches(mart: str, dimensions: Collection[str]) -> bool:
    if not dimensions:
        return True
    declared = declarations().get(mart, "withheld")
    if not isinstance(declared, Way):
        return declared == "public"
    parent = declared.parent
    through = bool(declared.named) or (parent is not None and _reaches(parent[1], dimensions))
    return through or all(declared.columns(dimension) for dimension in dimensions)


def _spec(mart: MartSpec, where: str, hidden: Collection[str]) -> MartSpec:
    # Never true, and of the column's own type.
    replaced = ", ".join(f"case when false then t.{_name(column)} end as {_name(column)}" for column in hidden)
    columns = f"t.* replace ({replaced})" if hidden else "t.*"
    query = f"select {columns} from {_name(mart.schema)}.{_name(mart.name)} as t where {where}"
    comments = {**mart.columns, **{column: _told(mart.columns.get(column, "")) for column in hidden}}
    return replace(mart, query=query, columns=comments)


def _told(comment: str) -> str:
    return f"{comment} ({HIDDEN})" if comment else HIDDEN


class _Limits:
    """Conditions for one scope. `t` is the mart in each of them; `prepare` grows as they are asked for."""

    def __init__(
        self, members: Mapping[str, Sequence[str]], schemas: Mapping[str, str], released: Collection[str]
    ) -> None:
        self.members, self.schemas, self.released = members, schemas, set(released)
        self.prepare: list[str] = []
        self._made: set[str] = set()
        if "team" in members:
            self._make(
                _MEMBERS,
                "select agent_id as member_id, valid_from as member_from, valid_to as member_to "
                f"from {self._table('dim_agent')} where team_id in ({_texts(members['team'])})",
            )

    def where(self, mart: str) -> str:
        """Which rows of a mart, that has a way, belong to the scope."""
        way = declarations()[mart]
        if not isinstance(way, Way):
            return "true"
        found: list[str] = []
        for dimension in self.members:
            if way.columns(dimension):
                found += [self._own(way, dimension), *self._parts(way, dimension)]
            elif way.parent is not None:
                column, parent, key = way.parent
                found.append(f"t.{_name(column)} in (from {self._keys(parent, key)})")
            else:
                found.append(f"t.{_name(way.named[0])} in (from {self._named(mart, way.named)})")
        return " and ".join(dict.fromkeys(found)) or "true"

    def _own(self, way: Way, dimension: str) -> str:
        """Names a member, and nobody else."""
        columns = [f"t.{_name(column)}" for column in way.columns(dimension)]
        tests = self._tests(way, dimension)
        nobody_else = " and ".join(f"({column} is null or {test})" for column, test in tests.items())
        return f"(coalesce({', '.join(columns)}) is not null and {nobody_else})"

    def _parts(self, way: Way, dimension: str) -> list[str]:
        """No row that this one is made of names anybody else."""
        found = []
        for column, targets in way.parts.items():
            for target in targets:
                mart, key = target.split(".")
                part = declarations()[mart]
                assert isinstance(part, Way)  # held by a test of the declarations
                tests = self._tests(part, dimension)
                if tests:
                    foreign = " or ".join(f"({name} is not null and not {test})" for name, test in tests.items())
                    found.append(
                        f"t.{_name(column)} not in (select t.{_name(key)} from {self._table(mart)} as t "
                        f"where t.{_name(key)} is not null and ({foreign}))"
                    )
        return found

    def _tests(self, way: Way, dimension: str) -> dict[str, str]:
        """For each column of a dimension whether what it names is of the scope."""
        listed = f"in ({_texts(self.members[dimension])})"
        tests = {f"t.{_name(column)}": f"t.{_name(column)} {listed}" for column in getattr(way, dimension)}
        if dimension == "team":
            assert way.dates is not None or not way.agent  # held by a test of the declarations
            for column in way.agent:
                tests[f"t.{_name(column)}"] = self._in_team(column, way)
        return tests

    def _in_team(self, column: str, way: Way) -> str:
        first, last = way.dates or ("null", "null")
        return (
            f"exists (select 1 from {_MEMBERS} where member_id = t.{_name(column)} and member_from <= ({first}) "
            f"and (member_to is null or member_to > ({last})))"
        )

    def _keys(self, mart: str, key: str) -> str:
        """A table of the ids of the rows of a mart that are in the scope, by which no other row is known."""
        table = f"scope_key_{mart}_{key}"
        if table not in self._made:
            where, way = self.where(mart), declarations()[mart]
            ids = [f"t.{_name(key)}", *(way.names if isinstance(way, Way) else ())]
            chosen = {
                test: " union ".join(f"select {one} from {self._table(mart)} as t where {test}" for one in ids)
                for test in (where, f"({where}) is not true")
            }
            self._make(table, f"({chosen[where]}) except ({chosen[f'({where}) is not true']})")
        return table

    def _named(self, mart: str, columns: Collection[str]) -> str:
        """A table of the members that the released rows name in columns of these names."""
        table = f"scope_named_{mart}"
        if table not in self._made:
            naming = [
                f"select t.{_name(column)} from {self._table(other)} as t where {self.where(other)}"
                for other in sorted(self.released)
                if isinstance(way := declarations()[other], Way) and not way.named
                for column in columns_of_marts()[other]
                if column in columns and column not in way.hide
            ]
            self._make(table, " union ".join(naming) or "select null where false")
        return table

    def _make(self, table: str, query: str) -> None:
        self._made.add(table)
        self.prepare.append(f"create temp table {table} as {query}")

    def _table(self, mart: str) -> str:
        return f"{_name(self.schemas.get(mart, 'marts'))}.{_name(mart)}"


def _name(identifier: str) -> str:
    return '"' + identifier.replace('"', '""') + '"'


def _texts(values: Sequence[str]) -> str:
    return ", ".join("'" + value.replace("'", "''") + "'" for value in values)
