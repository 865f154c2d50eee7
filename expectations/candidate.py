"""The scratch DuckDB file over which the rules of a feed run.

Belongs here: views over the Parquet files of one run and the few small tables derived from them.
Does not belong here: rules, Great Expectations.

Relations (all dates are local dates of the feed):
  candidate     rows of the candidate dates, with `dt`
  history       rows of the earlier dates the candidates are compared with, with `dt`
  recent        rows of the lake's dates within a month of the candidates, candidates left out
  neighbour     rows of the candidate dates and of the date on either side of each
  refused       rows refused while the files were typed (never their raw text: only file, line, column, rule, reason)
  volume        one row per candidate date: its rows, the lake's, the median of the same weekday before; first and last
                date of the lake
  missing_hour  one row per candidate date and hour without rows, if each earlier same weekday had some, with the fewest
                slots of `gap_slot_min` minutes of that hour that had some
  missing_date  one row per date without partition, between dates that have one, if the weekday had one a week before
  refused_share one row per candidate date and landed object: refused and loaded rows of that object;
                without date when no row of the object was loaded
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path

import duckdb

from expectations.check import literal, quoted
from expectations.errors import ExpectationsError
from expectations.settings import FeedSettings

_FILE_SPAN = timedelta(days=31)
"""The longest time that one file of a source is taken to cover."""
_REFUSED_COLUMNS = ("source_file", "source_line", "column_name", "rule", "reason")


def build(
    database: Path,
    candidates: Mapping[date, Path],
    history: Sequence[Path],
    refused: Sequence[Path],
    event_time: str,
    settings: FeedSettings,
) -> dict[str, str]:
    """Write the scratch file `database` and return the columns of `candidate` with their types.

    `history` holds files of the lake (`…/dt=YYYY-MM-DD/…`); only the dates needed are read.
    """
    lake = _dated(history)
    needed = _needed_history(candidates, lake, settings)
    around = {day + timedelta(days=step) for day in candidates for step in (-1, 1)} - set(candidates)
    with duckdb.connect(str(database)) as connection:
        connection.execute("set timezone = 'UTC'")
        columns = _create_view(connection, "candidate", candidates)
        _create_view(connection, "history", needed)
        _create_view(connection, "recent", _recent(candidates, lake))
        _create_view(connection, "neighbour", {**{d: lake[d] for d in around & lake.keys()}, **candidates})
        _refused_view(connection, refused)
        _volume(connection, candidates, needed, lake, settings)
        _missing_hours(connection, event_time, settings)
        _missing_dates(connection, candidates, lake)
        _refused_share(connection)
    return columns


def _dated(paths: Iterable[Path]) -> dict[date, Path]:
    """Lake files by the date of their folder; the zero-row file of year 1 is left out."""
    dated: dict[date, Path] = {}
    for path in paths:
        folder = path.parent.name
        if not folder.startswith("dt="):
            raise ExpectationsError(f"{path}: a history file lies in a folder dt=YYYY-MM-DD; pass files of the lake")
        day = date.fromisoformat(folder.removeprefix("dt="))
        if day.year > 1:
            dated[day] = path
    return dated


def _needed_history(
    candidates: Mapping[date, Path], lake: Mapping[date, Path], settings: FeedSettings
) -> dict[date, Path]:
    """Dates of the lake, candidates left out, that are the same weekday before some candidate, within the limit."""
    wanted = {
        day - timedelta(weeks=weeks) for day in candidates for weeks in range(1, settings.history_weeks + 1)
    } - set(candidates)
    return {day: lake[day] for day in sorted(wanted & lake.keys())}


def _recent(candidates: Mapping[date, Path], lake: Mapping[date, Path]) -> dict[date, Path]:
    first, last = min(candidates) - _FILE_SPAN, max(candidates) + _FILE_SPAN
    return {day: path for day, path in lake.items() if first <= day <= last and day not in candidates}


def _create_view(
    connection: duckdb.DuckDBPyConnection, name: str, files: Mapping[date, Path], like: str = "candidate"
) -> dict[str, str]:
    """A view of the files with their date as `dt`; without files, an empty one like `like`."""
    if not files:
        connection.execute(f"create view {name} as select * from {like} where false")
        return {}
    paths = ", ".join(literal(str(path.resolve())) for path in files.values())
    dates = ", ".join(f"({literal(str(path.resolve()))}, date '{day}')" for day, path in files.items())
    source = f"read_parquet([{paths}], union_by_name = true, hive_partitioning = false, filename = 'read_from')"
    inside = [row[0] for row in connection.execute(f"describe select * from {source}").fetchall()]
    kept = ", ".join(f"rows_read.{quoted(column)}" for column in inside if column not in ("dt", "read_from"))
    connection.execute(
        f"create view {name} as select dated.dt, {kept} from {source} as rows_read "
        f"join (values {dates}) as dated (read_from, dt) using (read_from)"
    )
    return {row[0]: row[1] for row in connection.execute(f"describe {name}").fetchall()}


def _refused_view(connection: duckdb.DuckDBPyConnection, files: Sequence[Path]) -> None:
    if not files:
        empty = ", ".join(f"cast(null as varchar) as {column}" for column in _REFUSED_COLUMNS)
        connection.execute(f"create view refused as select {empty} where false")
        return
    paths = ", ".join(literal(str(path.resolve())) for path in files)
    source = f"read_parquet([{paths}], union_by_name = true, hive_partitioning = false)"
    inside = {row[0] for row in connection.execute(f"describe select * from {source}").fetchall()}
    lacking = sorted(set(_REFUSED_COLUMNS) - inside)
    if lacking:
        raise ExpectationsError(
            f"{files[0]}: quarantine without column {', '.join(lacking)}; pass the quarantine's files of landed objects"
        )
    connection.execute(f"create view refused as select {', '.join(_REFUSED_COLUMNS)} from {source}")


def _volume(
    connection: duckdb.DuckDBPyConnection,
    candidates: Mapping[date, Path],
    needed: Mapping[date, Path],
    lake: Mapping[date, Path],
    settings: FeedSettings,
) -> None:
    """Row counts come from the Parquet footers: a date without rows counts as a date with 0 rows."""
    replaced = {day: lake[day] for day in candidates if day in lake}
    connection.execute("create table day_rows (dt date, origin varchar, row_count bigint)")
    for origin, files in (("candidate", candidates), ("history", needed), ("lake", replaced)):
        rows = [(day, origin, _row_count(connection, path)) for day, path in files.items()]
        if rows:
            connection.executemany("insert into day_rows values (?, ?, ?)", rows)
    connection.execute(f"""
        create table volume as
        with same_weekday as (
            select c.dt, h.dt as earlier_date, h.row_count
            from day_rows c join day_rows h
                on h.dt < c.dt and h.dt >= c.dt - 7 * {settings.history_weeks} and dayofweek(h.dt) = dayofweek(c.dt)
            where c.origin = 'candidate' and h.origin in ('candidate', 'history'))
        select c.dt, c.row_count, max(l.row_count) as lake_rows,
            median(s.row_count) as usual_rows, count(distinct s.earlier_date) as history_days,
            {_date(min(lake, default=None))} as lake_first_date, {_date(max(lake, default=None))} as lake_last_date
        from day_rows c
        left join same_weekday s on s.dt = c.dt
        left join day_rows l on l.dt = c.dt and l.origin = 'lake'
        where c.origin = 'candidate'
        group by c.dt, c.row_count""")


def _date(day: date | None) -> str:
    return f"cast({'null' if day is None else literal(day.isoformat())} as date)"


def _row_count(connection: duckdb.DuckDBPyConnection, path: Path) -> int:
    found = connection.execute("select num_rows from parquet_file_metadata(?)", [str(path)]).fetchone()
    assert found is not None  # a Parquet file has one footer
    return int(found[0])


def _missing_hours(connection: duckdb.DuckDBPyConnection, event_time: str, settings: FeedSettings) -> None:
    zone = literal(settings.timezone)
    local = f"({event_time} at time zone 'UTC' at time zone {zone})"
    slots = f"count(distinct minute({local}) // {settings.gap_slot_min}) as slots"
    hour = f"hour({local})"
    connection.execute(f"""
        create table missing_hour as
        with hour_rows as (
            select dt, {hour} as hour, count(*) as row_count, {slots} from candidate group by all
            union all
            select dt, {hour} as hour, count(*) as row_count, {slots} from history group by all),
        usual as (
            select v.dt, v.history_days, h.hour, min(h.row_count) as fewest_rows_before,
                min(h.slots) as fewest_slots_before
            from volume v join hour_rows h
                on h.dt < v.dt and h.dt >= v.dt - 7 * {settings.history_weeks} and dayofweek(h.dt) = dayofweek(v.dt)
            where v.row_count > 0
            group by v.dt, v.history_days, h.hour
            having count(*) = v.history_days)
        select dt, hour, fewest_rows_before, fewest_slots_before, history_days
        from usual anti join hour_rows using (dt, hour)
        -- an hour that the clock skips on that date can't have rows
        where timezone({zone}, timezone({zone}, dt + to_hours(hour))) = dt + to_hours(hour)""")


def _missing_dates(
    connection: duckdb.DuckDBPyConnection, candidates: Mapping[date, Path], lake: Mapping[date, Path]
) -> None:
    """Holes next to or between candidates, on weekdays that had a partition a week before (a Sunday off is no hole)."""
    connection.execute("create table missing_date (dt date, previous_date date, next_date date)")
    known = set(candidates) | set(lake)
    present = sorted(known)
    holes = [
        (previous + timedelta(days=step), previous, following)
        for previous, following in itertools.pairwise(present)
        if previous in candidates or following in candidates
        for step in range(1, (following - previous).days)
        if previous + timedelta(days=step - 7) in known
    ]
    if holes:
        connection.executemany("insert into missing_date values (?, ?, ?)", holes)


def _refused_share(connection: duckdb.DuckDBPyConnection) -> None:
    """A refused row has no date of its own: it counts against each candidate date that its object has rows of."""
    connection.execute("""
        create table refused_share as
        with refused_rows as (
            select split_part(source_file, '/', 1) as object_id, min(source_file) as source_file,
                count(*) as refused_rows, mode(rule) as most_common_rule
            from refused group by object_id),
        loaded_rows as (
            select split_part(source_file, '/', 1) as object_id, count(*) as loaded_rows
            from (select source_file from candidate union all select source_file from recent)
            group by object_id),
        dates as (select distinct dt, split_part(source_file, '/', 1) as object_id from candidate)
        select dates.dt, source_file, refused_rows, coalesce(loaded_rows, 0) as loaded_rows, most_common_rule
        from refused_rows left join loaded_rows using (object_id) left join dates using (object_id)""")
