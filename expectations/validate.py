"""Validates candidate partitions of a feed before they enter the lake, and marts before they are released.

Belongs here: from files to a verdict. Does not belong here: which checks exist (`feeds/`, `marts/`), how Great
Expectations is driven (`runner.py`, imported only when something is validated), what happens to a held partition.
"""

from __future__ import annotations

import importlib
import re
import tempfile
import threading
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from expectations import candidate, catalogue
from expectations.check import Check, NoPhoneNumber, Windowed, for_duckdb, quoted
from expectations.contracts import Contract
from expectations.errors import MissingTableError, UnknownSuiteError
from expectations.marts.common import MartSuite
from expectations.settings import FeedSettings
from expectations.verdict import SAMPLE_ROWS, CheckResult, FeedVerdict, MartVerdict, Offence

KEEP_RESULTS = 30
_EARLIEST = date(1900, 1, 1)
_DATE_COLUMNS = ("dt", "local_date", "period_start", "partition_date", "month", "local_created_date", "first_date")


def load_early() -> None:
    """Begin to import Great Expectations in a thread: seconds in which a run lands its feeds and waits for dbt."""
    threading.Thread(target=importlib.import_module, args=("expectations.runner",), daemon=True).start()


def validate_candidates(
    feed: str,
    candidates: Mapping[date, Path],
    history: Sequence[Path],
    refused: Sequence[Path],
    contract: Contract,
    settings: FeedSettings,
    docs_dir: Path,
    *,
    scratch: Path | None = None,
    keep_results: int = KEEP_RESULTS,
) -> FeedVerdict:
    """Judge all candidate dates of a feed in one run and name the dates that are to be held.

    `candidates` maps local dates to Parquet files with the contract's columns; `history` are files of the feed's lake
    (they may include the candidates' own dates, and the zero-row file); `refused` are the quarantine's files of the
    landed objects behind the candidates (its files of duplicates, by date, are not refused rows). Data Docs go to
    `docs_dir`, where the last `keep_results` results of each suite are kept; their index is made anew when a check
    fails. `scratch` is an existing folder for what is needed meanwhile (None: the system's). Without candidate dates
    every check passes.

    Raises UnknownSuiteError for a feed without suite, CheckDefectError for a check that can't be run.
    """
    checks = catalogue.feed_suite(feed)(contract, settings)
    if not candidates:
        return FeedVerdict(feed, (), tuple(CheckResult(check, True) for check in checks))
    if contract.event_time is None:
        raise UnknownSuiteError(f"{feed} has no event time: reference feeds have no partitions by date to validate")
    dates = tuple(sorted(candidates))
    ordered = {day: candidates[day] for day in dates}
    with tempfile.TemporaryDirectory(prefix="callmart-validate-", dir=scratch) as folder:
        database = Path(folder) / "candidate.duckdb"
        columns = candidate.build(database, ordered, history, refused, contract.event_time, settings)
        from expectations import runner

        with runner.opened(database, docs_dir) as run:
            failed = run.run(feed, checks, columns, table="candidate")
            run.publish(keep_results, has_index=bool(failed))
        with duckdb.connect(str(database), read_only=True) as connection:
            results = tuple(_result(connection, check, failed, columns, "candidate") for check in checks)
    return FeedVerdict(feed, dates, results)


def validate_marts(
    warehouse_path: Path,
    schema: str,
    docs_dir: Path,
    *,
    since: date | None = None,
    marts: Collection[str] | None = None,
    own_numbers: Collection[str] = (),
    keep_results: int = KEEP_RESULTS,
) -> dict[str, MartVerdict]:
    """Judge marts of a warehouse that no process has open for writing; one verdict per mart, by its name.

    `marts` names them (what a release publishes); None judges every table of the schema. `since` is the first local
    date that is judged (a build passes the start of its window); None judges all rows. `own_numbers` are the centre's
    numbers, which are no personal data.

    Raises MissingTableError for a mart that is named, or has a suite, and is not in the warehouse, CheckDefectError for
    a check that can't be run.
    """
    with duckdb.connect(str(warehouse_path), read_only=True) as connection:
        tables = _tables(connection, schema)
        registry = _registry(connection, warehouse_path)
    wanted = set(catalogue.mart_suites()) if marts is None else set(marts)
    missing = sorted(wanted - set(tables))
    if missing:
        raise MissingTableError(
            f"{warehouse_path}: schema {schema} has no {', '.join(missing)}; build all models before validating them"
        )
    shapes = {mart: columns for mart, columns in tables.items() if marts is None or mart in wanted}
    from expectations import runner

    judged: dict[str, list[Check]] = {}
    failed: dict[str, dict[str, int]] = {}
    with runner.opened(warehouse_path, docs_dir) as run:
        for mart, columns in shapes.items():
            table = f"{quoted(schema)}.{quoted(mart)}"
            suite = catalogue.mart_suite(mart, columns)
            judged[mart] = _windowed(suite, table, registry, since or _EARLIEST, own_numbers)
            failed[mart] = run.run(f"mart.{mart}", judged[mart], columns, table=mart, schema=schema)
        run.publish(keep_results, has_index=True)
    verdicts: dict[str, MartVerdict] = {}
    with duckdb.connect(str(warehouse_path), read_only=True) as connection:
        for mart, columns in shapes.items():
            table = f"{quoted(schema)}.{quoted(mart)}"
            results = tuple(_result(connection, check, failed[mart], columns, table) for check in judged[mart])
            verdicts[mart] = MartVerdict(mart, results)
    return verdicts


def _windowed(suite: MartSuite, table: str, registry: str, since: date, own_numbers: Collection[str]) -> list[Check]:
    """The suite's checks over the rows that a build from `since` on can have changed."""
    checks = []
    for check in suite.checks:
        rule = check.rule
        if isinstance(rule, NoPhoneNumber):
            rule = replace(rule, allowed=tuple(sorted(own_numbers)))
        checks.append(replace(check, rule=Windowed(rule, table, registry, suite.window, since)))
    return checks


def _registry(connection: duckdb.DuckDBPyConnection, warehouse_path: Path) -> str:
    """The KPI definitions as SQL names them; dbt decides in which schema seeds live."""
    found = connection.execute(
        "select table_schema from information_schema.tables where table_name = 'kpi_definition' order by table_schema"
    ).fetchall()
    if not found:
        raise MissingTableError(f"{warehouse_path}: no table kpi_definition; load the seeds before validating marts")
    return f"{quoted(found[0][0])}.kpi_definition"


def _tables(connection: duckdb.DuckDBPyConnection, schema: str) -> dict[str, dict[str, str]]:
    """Columns and types of each table of the schema, by its name."""
    tables: dict[str, dict[str, str]] = {}
    rows = connection.execute(
        "select table_name, column_name, data_type from information_schema.columns "
        "where table_schema = ? order by table_name, ordinal_position",
        [schema],
    ).fetchall()
    for table, column, kind in rows:
        tables.setdefault(table, {})[column] = kind
    return tables


def _result(
    connection: duckdb.DuckDBPyConnection,
    check: Check,
    failed: Mapping[str, int],
    columns: Mapping[str, str],
    relation: str,
) -> CheckResult:
    """The result of a check, with the offending rows of each date looked up only when it failed."""
    if check.name not in failed:
        return CheckResult(check, True)
    rows = for_duckdb(check.rule.offending_rows(columns), relation)
    names = [column[0] for column in connection.execute(f"select * from ({rows}) limit 0").description or []]
    dated = next((name for name in _DATE_COLUMNS if name in names), None)
    day = f"cast({dated} as date)" if dated else "null::date"
    # The smallest rows, not any: two runs over the same rows must say the same.
    found = connection.execute(
        f"select {day} as day, count(*), min(broken, {SAMPLE_ROWS}) from ({rows}) as broken "
        "group by day order by day nulls last"
    ).fetchall()
    offences = tuple(
        Offence(at, count, tuple({name: _plain(value) for name, value in row.items()} for row in sample))
        for at, count, sample in found
    )
    return CheckResult(check, False, failed[check.name], offences)


def _plain(value: Any) -> str | int | float | bool | None:
    """A value for a sample row; a telephone number that slipped through is hidden once more."""
    if value is None or isinstance(value, bool | int | float):
        return value
    return re.sub(r"(1[3-9]\d)[- ]?\d{4}[- ]?(\d{4})", r"\1****\2", str(value))
