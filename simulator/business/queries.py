"""What people look up and export, as the reporting tool and the CRM log it.

Belongs here: who runs what, and what the logs say of it. Does not belong here: rows that somebody takes out of a log
afterwards (`defects`), the records that are looked at.

The CRM chains its log: each row has a hash of its own and that of the row before it. The hash stands for one; nobody
but the tool that made it can check what it was made of, so nothing more is needed of it than that it is new.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import Any

from simulator.local_time import HOUR_S, midnight
from simulator.records import Record, chance
from simulator.scenarios.effects import NO_EFFECTS, Effects

REPORTING, CRM = "reporting", "crm"
FEED = "canonical.query_log"
_A_DAY = {REPORTING: (56, 72), CRM: (40, 52)}
_ANALYSTS = ("analyst_1", "analyst_2", "quality_1", "manager_1")
_QUERIES = 60  # that people have saved
_TABLES = ("customer", "sales_order", "service_record", "customer,sales_order")
_EXPORTED = {"person": 0.08, "schedule": 1.0, "link": 0.10, "system": 0.0}
_RUN_BY = (("person", 0.86), ("schedule", 0.10), ("system", 0.04))
_ANONYMOUS = 0.01
_MADE_ON_THE_SPOT = 0.3
_NO_CHAIN: dict[str, str | None] = {"previous_chain_hash": None, "chain_hash": None}


def of_day(seed: int, day: int, agents: Sequence[str], effects: Effects = NO_EFFECTS) -> Iterator[Record]:
    """The rows that both tools log on a local day, each tool's in the order of time. `agents`: who use the CRM."""
    for tool in (REPORTING, CRM) if agents else (REPORTING,):
        r = chance(seed, "queries", tool, day)
        count = _count(seed, tool, day)
        begins = midnight(day)
        seconds = sorted(r.sample(range(8 * HOUR_S, 20 * HOUR_S), count))
        for number, second in enumerate(seconds):
            at = begins + second
            said = _of_reporting(r, at, effects) if tool == REPORTING else _of_crm(r, agents)
            chain = _chain(seed, day, number) if tool == CRM else _NO_CHAIN
            row = {"tool_name": tool, "query_id": f"{day}-{number}", "executed_at": at, **said, **chain}
            yield Record(FEED, at, row)


def _of_reporting(r: random.Random, at: int, effects: Effects) -> dict[str, Any]:
    is_anonymous = r.random() < effects.level("query_anonymous", _ANONYMOUS, at)
    chosen = r.choices([name for name, _ in _RUN_BY], [share for _, share in _RUN_BY])[0]
    run_by = "link" if is_anonymous else chosen
    user = r.choice(_ANALYSTS)
    query = r.randrange(_QUERIES)
    is_saved = run_by != "person" or r.random() >= _MADE_ON_THE_SPOT
    return {
        "user_id": user if run_by in ("person", "schedule") else None,
        "run_by": run_by,
        "query_hash": _hash("query", query if is_saved else r.random()),
        "saved_query_id": str(query) if is_saved else None,
        "table_names": None,
        "row_count": int(r.expovariate(1 / 120)),
        "is_exported": r.random() < _EXPORTED[run_by],
    }


def _of_crm(r: random.Random, agents: Sequence[str]) -> dict[str, Any]:
    is_exported = r.random() < _EXPORTED["person"]
    return {
        "user_id": r.choice(agents),
        "run_by": "person",
        "query_hash": None,
        "saved_query_id": None,
        "table_names": r.choice(_TABLES),
        "row_count": int(r.expovariate(1 / 400)) if is_exported else r.randint(0, 20),
        "is_exported": is_exported,
    }


def _chain(seed: int, day: int, number: int) -> dict[str, str | None]:
    """The hash of a row of the CRM and that of the row before it, which for the first of a day is yesterday's last."""
    before = (day, number - 1) if number else (day - 1, _count(seed, CRM, day - 1) - 1)
    return {
        "previous_chain_hash": _hash(seed, "row", *before),
        "chain_hash": _hash(seed, "row", day, number),
    }


def _count(seed: int, tool: str, day: int) -> int:
    return chance(seed, "queries a day", tool, day).randint(*_A_DAY[tool])


def _hash(*parts: object) -> str:
    return sha256("/".join(map(str, parts)).encode()).hexdigest()
