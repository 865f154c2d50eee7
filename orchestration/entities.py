"""Records that live on: which of their partitions changed, and which dates the changed records touch.

Here belongs: comparing an entity feed in the lake with the fact that the last release made of it. Not here: windows of
events, and how dbt is told (warehouse.py).

The fact of the feed `canonical.ticket` is `fct_ticket`: it has the feed's instants and dates under their names, the
record's `record_hash`, and `partition_date`, the feed's partition. A feed whose fact no release has yet touches
nothing. What another record is worth can depend on a changed one: an order makes its lead a sale. So the dates of the
records that it names are touched too, of those that name it, and of those that name the same record: what is done to a
ticket can end what was done before (`touches` of the contracts).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

import duckdb

from expectations.contracts import Contract, all_contracts
from orchestration import paths
from orchestration.extract.engine import connect, parquet, to_local
from orchestration.extract.expressions import quote


@dataclass(frozen=True)
class Changes:
    """Partitions of entity feeds to read again, by feed, and the local dates for which their records count."""

    partitions: Mapping[str, frozenset[date]] = field(default_factory=dict)
    dates: frozenset[date] = frozenset()

    def __or__(self, other: Changes) -> Changes:
        feeds = {*self.partitions, *other.partitions}
        none: frozenset[date] = frozenset()
        return Changes(
            {feed: self.partitions.get(feed, none) | other.partitions.get(feed, none) for feed in sorted(feeds)},
            self.dates | other.dates,
        )

    def __bool__(self) -> bool:
        return bool(self.partitions or self.dates)


def entity_feeds() -> list[str]:
    """Feeds whose records live on."""
    return [name for name, said in all_contracts().items() if said.entity]


def changes(root: Path, zone: str, partitions: Mapping[str, Iterable[date]]) -> Changes:
    """What the records touch that are new, gone or other in these partitions than in the last release.

    Dates are those of every instant and date of the old and of the new version, in `zone`, and as many before each as
    the feed reaches back, and those of the records that they name, are named by, or name the same record with. The cost
    grows with the partitions that changed; of the facts of the others the columns that name records are read.
    """
    wanted = {feed: frozenset(days) for feed, days in partitions.items() if days}
    touched: set[date] = set()
    with connect(root) as db:
        for feed, days in wanted.items():
            said = all_contracts()[feed]
            if (released := _released(root, said)) is not None:
                _put_changed(db, root, said, released, days)
                own = _dates_of(db, said, "changed", zone)
                touched |= {day - timedelta(days=back) for day in own for back in range(said.reaches_back_days + 1)}
                for column, named in said.touches.items():
                    touched |= _dates_of_named(db, root, column, all_contracts()[named], zone)
                    if all_contracts()[named].entity:
                        same = f"{quote(column)} in (select {quote(column)} from changed)"
                        touched |= _dates_of(db, said, f"{parquet([released])} where {same}", zone)
                for other in all_contracts().values():
                    touched |= _dates_of_naming(db, root, said, other, zone)
    return Changes(wanted, frozenset(touched))


def served_as(root: Path, zone: str, feed: str, days: Iterable[date]) -> set[date]:
    """Released local dates of the contacts whose customer's tier may be another one, as versions of customers in these
    partitions of their feed came late or are gone.

    A version holds from its date on, the first one of a customer for all time before it too. What is gone is told by
    the released `dim_customer`. The cost grows with the contacts of these customers.
    """
    current = paths.published_dir(root) / "current"
    contacts, customers = current / "fct_contact.parquet", current / "dim_customer.parquet"
    wanted = sorted(set(days) - {paths.ZERO_DATE})
    if not wanted or not contacts.exists():
        return set()
    listed = ", ".join(f"date '{day.isoformat()}'" for day in wanted)
    versions = (
        f"(select customer_key, cast({to_local('known_from', zone)} as date) as since from {parquet([customers])})"
    )
    changed = [f"select customer_key, since from {versions} where since in ({listed})"]
    for day in wanted:
        if (file := paths.partition_path(root, feed, day)).exists():
            changed.append(f"select customer_key, date '{day.isoformat()}' as since from {parquet([file])}")
    with connect(root) as db:
        rows = db.execute(
            f"""with changed as (
                select customer_key, min(since) as since from ({" union all ".join(changed)}) group by customer_key
            ), firsts as (
                select customer_key, min(since) as since from {versions} group by customer_key
            )
            select distinct unnest([contacts.local_date, contacts.local_ended_date])
            from {parquet([contacts])} as contacts
            inner join changed on contacts.customer_key = changed.customer_key
            left join firsts on contacts.customer_key = firsts.customer_key
            where contacts.local_date >= changed.since or coalesce(firsts.since >= changed.since, true)"""
        ).fetchall()
    return {day for (day,) in rows if day is not None}


def earliest_date(root: Path, zone: str) -> date | None:
    """The first local date that a record of any entity feed with a fact touches, however long before the centre's first
    date; None without records."""
    found: list[date] = []
    with connect(root) as db:
        for said in map(all_contracts().__getitem__, entity_feeds()):
            files = sorted(paths.lake_dir(root, said.feed).glob("dt=*/part-0.parquet"))
            if files and _has_fact(said):
                firsts = ", ".join(f"min({quote(name)})" for name in _moments(said))
                told = f"(select unnest([{firsts}]::timestamp[]) as first from {parquet(files)})"
                ((day,),) = db.execute(f"select min(cast({to_local('first', zone)} as date)) from {told}").fetchall()
                found += [day - timedelta(days=said.reaches_back_days)] if day is not None else []
    return min(found, default=None)


def _has_fact(said: Contract) -> bool:
    return any(paths.DBT_PROJECT.glob(f"models/marts/*/fct_{said.name}.sql"))


def _put_changed(
    db: duckdb.DuckDBPyConnection, root: Path, said: Contract, released: Path, days: Iterable[date]
) -> None:
    """Make the table `changed`: both versions of the records that differ, with what they touch."""
    listed = ", ".join(f"date '{day.isoformat()}'" for day in sorted(days))
    columns = ", ".join(map(quote, (*said.natural_key, *_moments(said), *said.touches)))
    files = [file for day in sorted(days) if (file := paths.partition_path(root, said.feed, day)).exists()]
    before = f"select {columns}, record_hash from {parquet([released])} where partition_date in ({listed})"
    now = f"select {columns}, row_hash as record_hash from {parquet(files)}" if files else f"{before} and false"
    db.execute(
        f"""create or replace temp table changed as with before as ({before}), now as ({now})
        (from before except from now) union all (from now except from before)"""
    )


def _dates_of_named(db: duckdb.DuckDBPyConnection, root: Path, column: str, named: Contract, zone: str) -> set[date]:
    """Dates of the released records that changed ones name in a column."""
    released = _released(root, named)
    if released is None:
        return set()
    if named.entity:
        (key,) = named.natural_key
        return _dates_of(
            db, named, f"{parquet([released])} where {quote(key)} in (select {quote(column)} from changed)", zone
        )
    # a contact is named as its source names it, or as the other source does that lists it too
    rows = db.execute(
        f"""select distinct unnest([local_date, local_ended_date]) from {parquet([released])}
        where substring(contact_id, length(source_system) + 2) in (select {quote(column)} from changed)
           or substring(matched_contact_id, position(':' in matched_contact_id) + 1) in
              (select {quote(column)} from changed)"""
    ).fetchall()
    return {day for (day,) in rows if day is not None}


def _dates_of_naming(
    db: duckdb.DuckDBPyConnection, root: Path, said: Contract, other: Contract, zone: str
) -> set[date]:
    """Dates of the released records of another feed that name changed ones."""
    columns = [column for column, feed in other.touches.items() if feed == said.feed]
    released = _released(root, other) if columns else None
    if released is None:
        return set()
    (key,) = said.natural_key
    names = " or ".join(f"{quote(column)} in (select {quote(key)} from changed)" for column in columns)
    return _dates_of(db, other, f"{parquet([released])} where {names}", zone)


def _dates_of(db: duckdb.DuckDBPyConnection, said: Contract, rows: str, zone: str) -> set[date]:
    """Local dates of every instant and date of some rows of a feed (SQL after `from`)."""
    told = [
        f"cast({to_local(quote(name), zone)} as date)" if said.column(name).type == "TIMESTAMP" else quote(name)
        for name in _moments(said)
    ]
    found = db.execute(f"select distinct unnest([{', '.join(told)}]) from {rows}").fetchall()
    return {day for (day,) in found if day is not None}


def _moments(said: Contract) -> list[str]:
    """The feed's instants and dates but for the version, which says nothing of the thing itself."""
    moments = [column.name for column in said.columns if column.type in ("TIMESTAMP", "DATE")]
    return [name for name in moments if name != said.version_column or name == said.event_time]


def _released(root: Path, said: Contract) -> Path | None:
    """The fact of a feed in the current release, if there is one."""
    file = paths.published_dir(root) / "current" / f"fct_{said.name}.parquet"
    return file if file.exists() else None
