"""Warehouses that several test modules of dbt models read. They are built once; a test that changes one copies it."""

from __future__ import annotations

import pytest

from tests.dbt_project import examples
from tests.dbt_project.warehouse import ZERO, Warehouse, capabilities


@pytest.fixture(scope="session")
def examples_warehouse(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """Both worked examples of DECISIONS.md on one date, all data tests passed."""
    warehouse = Warehouse(tmp_path_factory.mktemp("examples"))
    warehouse.write("centre.queue", ZERO, examples.QUEUES)
    warehouse.write("centre.number", ZERO, examples.NUMBERS)
    warehouse.write("centre.feed_capability", ZERO, capabilities("asterisk.queue_log", "asterisk.cdr"))
    warehouse.write_days("asterisk.queue_log", examples.CALLS_LOG + examples.AGENT_LOG)
    warehouse.write_days("asterisk.cdr", examples.CALLS_CDR)
    warehouse.build()
    return warehouse
