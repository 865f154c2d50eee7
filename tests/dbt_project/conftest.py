"""The warehouse that several test modules of dbt models read. It is built once; a test that changes it copies it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.dbt_project import examples
from tests.dbt_project.warehouse import ZERO, Warehouse, capabilities


def later(rows: list[dict[str, Any]], days: int) -> list[dict[str, Any]]:
    """Rows of the queue log, so many days later."""
    moved = timedelta(days=days)
    return [row | {"dt": row["dt"] + moved, "event_at": row["event_at"] + moved} for row in rows]


@pytest.fixture(scope="session")
def examples_warehouse(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """The worked examples of DECISIONS.md, the second three days after the first; all data tests passed."""
    warehouse = Warehouse(tmp_path_factory.mktemp("examples"))
    warehouse.write("centre.queue", ZERO, examples.QUEUES)
    warehouse.write("centre.number", ZERO, examples.NUMBERS)
    warehouse.write("centre.feed_capability", ZERO, capabilities("asterisk.queue_log", "asterisk.cdr"))
    warehouse.write_days("asterisk.queue_log", examples.CALLS_LOG + later(examples.AGENT_LOG, 3))
    warehouse.write_days("asterisk.cdr", examples.CALLS_CDR)
    warehouse.build()
    return warehouse
