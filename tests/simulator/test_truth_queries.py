"""The recount of the logs of queries gives the worked example of DECISIONS.md, section 39."""

from __future__ import annotations

from simulator.records import Record
from simulator.truth.queries import FEED, recount_queries

MIDNIGHT = 1772380800  # 2026-03-02 00:00 in Shanghai
MINUTE_S, DAY_S = 60, 86_400
# minute of the day, tool, user, run by, what names the query, whether it was exported, hash before, own hash
LOG = (
    (540, "bi", "u1", "person", "query_hash", False, None, None),
    (545, "bi", None, "link", "query_hash", True, None, None),
    (550, "bi", "u1", "person", "query_hash", True, None, None),
    (600, "bi", None, "system", "query_hash", False, None, None),
    (605, "bi", "u2", "schedule", "query_hash", True, None, None),
    (660, "crm", "u1", "person", "table_names", True, "x", "a"),
    (670, "crm", "u3", "person", "saved_query_id", False, "a", "b"),
    (680, "crm", "u3", "person", "query_hash", True, "y", "c"),
    (690, "crm", "u1", "person", None, False, "c", "d"),
    (1440, "crm", "u3", "person", "query_hash", False, "c", "e"),
)


def records() -> list[Record]:
    found = []
    for minute, tool, user, run_by, asked, is_exported, before, own in LOG:
        at = MIDNIGHT + minute * MINUTE_S
        row = {"tool_name": tool, "executed_at": at, "user_id": user, "run_by": run_by, "is_exported": is_exported,
               "previous_chain_hash": before, "chain_hash": own}  # fmt: skip
        row |= {name: "named" if name == asked else None for name in ("query_hash", "saved_query_id", "table_names")}
        found.append(Record(FEED, at, row))
    return found


def test_the_worked_example_of_decision_39_gives_its_values() -> None:
    found = {
        (value.variant, value.period_start, value.user or value.tool): value.figures
        for value in recount_queries(records(), MIDNIGHT + 2 * DAY_S)
        if value.grain == "day" and (value.dim_set == "all" or value.variant == "operations")
    }
    assert found == {
        ("operations", "2026-03-02", None): (6, 8, 0.75),
        ("operations", "2026-03-02", "u1"): (3, 4, 0.75),
        ("operations", "2026-03-02", "u2"): (1, 1, 1.0),
        ("operations", "2026-03-02", "u3"): (2, 2, 1.0),
        ("operations", "2026-03-02", "unknown"): (0, 1, 0.0),
        ("operations", "2026-03-02", "bi"): (3, 4, 0.75),
        ("operations", "2026-03-02", "crm"): (3, 4, 0.75),
        ("exports", "2026-03-02", None): (4, 5, 0.8),
        ("chained", "2026-03-02", None): (2, 8, 0.25),
        ("operations", "2026-03-03", None): (1, 1, 1.0),
        ("operations", "2026-03-03", "u3"): (1, 1, 1.0),
        ("operations", "2026-03-03", "crm"): (1, 1, 1.0),
        ("chained", "2026-03-03", None): (0, 1, 0.0),
    }


def test_upkeep_that_exported_counts() -> None:
    upkeep = records()[3]
    dumped = upkeep._replace(row=upkeep.row | {"is_exported": True})
    counted = recount_queries([upkeep, dumped], MIDNIGHT + DAY_S)
    assert {value.figures for value in counted if value.variant == "operations"} == {(0, 1, 0.0)}


def test_what_is_not_yet_known_does_not_count() -> None:
    days = {value.period_start for value in recount_queries(records(), MIDNIGHT + DAY_S) if value.grain == "day"}
    assert days == {"2026-03-02"}
