"""A release against the recount of its centre, value by value.

Here belongs: under which key of kpi_value a true value must be found, and how nearly. Not here: centres and claims.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from typing import Any

from tests.end_to_end.centre import Centre

Key = tuple[Any, ...]
GRAINS = ("hour", "day", "week", "month")  # of which a truth is told
DIMENSIONS = ("queue", "channel", "agent", "team", "issue", "region", "segment", "hour_of_day", "member", "category")
# What the truth tells by class is a dimension of the warehouse, which a question can be asked by.
CLASSES = {"M084": "ticket_type", "M086": "ticket_type", "M087": "ticket_type", "M090": "ticket_type",
           "M088": "stage", "M089": "stage", "M091": "field", "M092": "field",
           "M047": "line", "M106": "section", "M112": "scenario", "M113": "scenario", "M118": "channel_pair",
           "M182": "scenario",
           **dict.fromkeys(("M123", "M127", "M128", "M129", "M130"), "complaint_type"),
           "M131": "complaint_level"}  # fmt: skip
# Parts of a whole: a part of 0 is not told.
SHARED_OUT = {("M114", "agents"), ("M117", "rated"), ("M127", "mix"), ("M131", "level")}
UNKNOWN = "unknown"  # the member of what has no name
# Dimensions of the truth that have no column of their own.
MEMBERS = ("department", "product", "lead_source", "campaign", "line", "line_of_business", "endpoint", "tool", "user",
           "node", "metric", "action")  # fmt: skip

Values = tuple[float | None, float | None, float | None]


def released_values(centre: Centre, grains: Collection[str] = GRAINS) -> dict[Key, Values]:
    """Numerator, denominator and value of each row of kpi_value of these grains."""
    listed = ", ".join(f"'{grain}'" for grain in grains)
    rows = centre.rows(
        "select kpi_id, variant, grain, strftime(period_start, '%Y-%m-%d %H:%M:%S'), dim_set, "
        f"{', '.join(DIMENSIONS)}, numerator, denominator, value from marts.kpi_value "
        f"where grain in ({listed})"
    )
    return {row[:-3]: row[-3:] for row in rows}


def defined_truth(centre: Centre, grains: Collection[str] = GRAINS) -> list[dict[str, Any]]:
    """The truth of what the registry defines; the truth of other KPIs waits for their definitions."""
    known = set(centre.rows("select kpi_id, variant from marts.kpi_definition"))
    return [it for it in centre.truth() if it["grain"] in grains and (it["kpi_id"], it["variant"]) in known]


def key_of(truth: dict[str, Any]) -> Key:
    """The key of kpi_value under which a true value must be found."""
    start = truth["period_start"]
    told = {"issue": None, "team": None, "region": None, "segment": truth.get("tier"), "member": None} | truth
    told["member"] = next((truth[name] for name in MEMBERS if name in truth), None)
    dim_set = truth["dim_set"].replace("tier", "segment")
    if truth["category"] is not None and truth["kpi_id"] in CLASSES:
        of_class = CLASSES[truth["kpi_id"]]
        dim_set = of_class if dim_set == "all" else f"{dim_set}+{of_class}"
        told |= {"member": truth["category"], "category": None}
    return (
        truth["kpi_id"], truth["variant"], truth["grain"], start if len(start) > 10 else f"{start} 00:00:00",
        dim_set, *(told[name] for name in DIMENSIONS),
    )  # fmt: skip


def same(found: float | None, true: float | None, relative: float) -> bool:
    if found is None or true is None:
        return found is None and true is None
    return math.isclose(found, true, rel_tol=relative, abs_tol=0)


def tolerance(true: float | None) -> float:
    """Counts and seconds are exact, what is divided or shared out is not."""
    return 0 if true is None or isinstance(true, int) else 1e-9


def told_slot(key: Key) -> Key:
    """What the truth tells as a whole or not at all: KPI, variant, grain and dimension set."""
    return (*key[:3], key[4])


def untold_values(truths: list[dict[str, Any]], released: dict[Key, Values]) -> list[tuple[Key, Values]]:
    """What was released beside the truth: figures other than 0 where the truth tells KPI, grain and dimensions.

    What has no name (a caller of no tier, a conversation of no queue) is not told; nor is a class that nobody is in.
    """
    keys = {key_of(truth) for truth in truths}
    slots = {told_slot(key) for key in keys}
    return [
        (key, values)
        for key, values in released.items()
        if told_slot(key) in slots and key not in keys and UNKNOWN not in key
        and (values[0] or (values[1] and (key[0], key[1]) not in SHARED_OUT))
    ]  # fmt: skip


def wrong_values(truths: list[dict[str, Any]], released: dict[Key, Values]) -> list[tuple[Any, ...]]:
    """Key, released and true figures of each true value that was released otherwise or not at all."""
    wrong = []
    for truth in truths:
        found = released.get(key_of(truth))
        if found is None or not (
            same(found[0], truth["numerator"], tolerance(truth["numerator"]))
            and same(found[1], truth["denominator"], tolerance(truth["denominator"]))
            and same(found[2], truth["value"], 1e-9)
        ):
            wrong.append((key_of(truth), found, truth["numerator"], truth["denominator"], truth["value"]))
    return wrong
