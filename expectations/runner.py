"""Runs checks through Great Expectations and keeps its Data Docs.

Belongs here: everything that touches `great_expectations`. Importing this module takes seconds, so only `validate.py`
does, and only when it validates. Does not belong here: rules, verdicts.
"""

from __future__ import annotations

import contextlib
import json
import warnings
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import great_expectations as gx
from great_expectations.data_context.types.base import DataContextConfig, ProgressBarsConfig
from great_expectations.data_context.types.resource_identifiers import (
    ExpectationSuiteIdentifier,
    ValidationResultIdentifier,
)

from expectations import dialect, overview
from expectations.check import Check
from expectations.errors import CheckDefectError

_SITE = "callmart"
_SUITES = "gx/expectations"
_EXPECTATIONS, _RESULTS, _DEFINITIONS, _CHECKPOINTS = "expectations", "results", "definitions", "checkpoints"


class Runner:
    """One Great Expectations context over one DuckDB file, open read-only."""

    def __init__(self, database: Path, docs_dir: Path) -> None:
        dialect.register()
        _drop_torn(docs_dir / _SUITES)
        self._context = gx.get_context(mode="ephemeral", project_config=_project(docs_dir))
        self._results_before = set(self._context.validation_results_store.list_keys())
        self._source = self._context.data_sources.add_sql(name="callmart", connection_string=dialect.url(database))

    def close(self) -> None:
        """Give the file back: an engine that is not disposed keeps DuckDB's lock."""
        for engine in (self._source.get_engine(), self._source.get_execution_engine().engine):
            engine.dispose()

    def run(
        self,
        suite_name: str,
        checks: Sequence[Check],
        columns: Mapping[str, str],
        table: str,
        schema: str | None = None,
    ) -> dict[str, int]:
        """Judge `table` and return the number of unexpected rows of each check that failed, by its name.

        Raises CheckDefectError when a check can't be run.
        """
        # all at once: to a suite that was stored before, each one added alone would write it anew
        suite = gx.ExpectationSuite(name=suite_name, expectations=[_expectation(check, columns) for check in checks])
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="`schema_name` is deprecated", category=DeprecationWarning)
            asset = self._source.add_table_asset(name=suite_name, table_name=table, schema_name=schema)
        definition = gx.ValidationDefinition(
            name=suite_name,
            data=asset.add_batch_definition_whole_table("all"),
            suite=self._context.suites.add_or_update(suite),
        )
        outcome = self._context.validation_definitions.add_or_update(definition).run(
            result_format={"result_format": "SUMMARY", "partial_unexpected_count": 20}
        )
        failed: dict[str, int] = {}
        for result in outcome.results:
            configuration: Any = result.expectation_config
            name = configuration.meta["check"]
            problem = _exception_message(result.exception_info)
            if problem:
                raise CheckDefectError(f"check {name} of {suite_name} could not be run: {problem}")
            if not result.success:
                found = result.result
                failed[name] = int(found.get("unexpected_count", found.get("observed_value", 0)))
        return failed

    def publish(self, keep: int, *, has_index: bool) -> None:
        """Drop all but the last `keep` results of each suite and add this runner's results to the Data Docs. Their
        first page is made with `has_index` alone, as the newest result of each suite is read for it."""
        store: Any = self._context.validation_results_store
        by_suite: dict[str, list[ValidationResultIdentifier]] = defaultdict(list)
        for key in store.list_keys():
            by_suite[key.expectation_suite_identifier.name].append(key)
        for keys in by_suite.values():
            for key in sorted(keys, key=lambda key: key.run_id.run_time, reverse=True)[keep:]:
                store.remove_key(key)
        # Only the pages of this run are rendered: rendering all kept results would cost more than judging.
        new = {key for keys in by_suite.values() for key in keys if key not in self._results_before}
        suites = {ExpectationSuiteIdentifier(name=key.expectation_suite_identifier.name) for key in new}
        # a set, as each kept result is looked up in it
        pages: Any = new | suites
        self._context.build_data_docs(site_names=[_SITE], resource_identifiers=pages, build_index=has_index)


@contextlib.contextmanager
def opened(database: Path, docs_dir: Path) -> Iterator[Runner]:
    """A runner whose file is given back at the end, whatever happens."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module="duckdb_engine")  # indices are not reflected; none is needed
        runner = Runner(database, docs_dir)
        try:
            yield runner
        finally:
            runner.close()


def _expectation(check: Check, columns: Mapping[str, str]) -> Any:
    wanted = check.rule.expectation(columns)
    return getattr(gx.expectations, wanted.kind)(
        **wanted.arguments,
        description=f"{check.name}: {check.reason}",
        notes=str(check.action),
        severity="critical" if check.blocking else "warning",
        meta={"check": check.name, "blocking": check.blocking},
    )


def _drop_torn(folder: Path) -> None:
    """Remove suites that a killed process left half written: Great Expectations can't read them, and each run writes
    its suites anew."""
    for file in folder.rglob("*.json"):
        try:
            json.loads(file.read_text("utf-8"))
        except ValueError:
            file.unlink()


def _exception_message(info: dict[str, Any] | None) -> str:
    """The message of the exception that a check raised; empty when it ran."""
    for entry in [info] if info and "raised_exception" in info else list((info or {}).values()):
        if entry["raised_exception"]:
            return str(entry["exception_message"])
    return ""


def _project(docs_dir: Path) -> DataContextConfig:
    """Results and Data Docs live in files under `docs_dir`; nothing is sent anywhere."""

    def files(folder: str) -> dict[str, Any]:
        return {
            "class_name": "TupleFilesystemStoreBackend",
            "root_directory": str(docs_dir.resolve()),
            "base_directory": folder,
            "suppress_store_backend_id": True,
        }

    memory = {"class_name": "InMemoryStoreBackend"}
    return DataContextConfig(
        config_version=4.0,
        analytics_enabled=False,
        progress_bars=ProgressBarsConfig(globally=False),
        expectations_store_name=_EXPECTATIONS,
        validation_results_store_name=_RESULTS,
        checkpoint_store_name=_CHECKPOINTS,
        stores={
            _EXPECTATIONS: {"class_name": "ExpectationsStore", "store_backend": files(f"{_SUITES}/")},
            _RESULTS: {"class_name": "ValidationResultsStore", "store_backend": files("gx/results/")},
            "validation_definition_store": {"class_name": "ValidationDefinitionStore", "store_backend": memory},
            _CHECKPOINTS: {"class_name": "CheckpointStore", "store_backend": memory},
        },
        data_docs_sites={
            _SITE: {
                "class_name": "SiteBuilder",
                "show_how_to_buttons": False,
                "store_backend": files("data_docs/"),
                "site_index_builder": {"module_name": overview.__name__, "class_name": overview.Overview.__name__},
            }
        },
    )
