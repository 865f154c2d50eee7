"""Alerts: what the strategy rules of the registry watch, whom a rule tells, and when.

Belongs here: reading the rules from `seeds/`, and an alert's form in Metabase. Not here: when a trigger fires, which
the mart rpt_alarm says; the question behind an alert (render.py), which has rows only while its trigger fires.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from metabase.formula import Ref
from metabase.items import Item
from metabase.marts import Text
from seeds import SEEDS, seed_rows

# Quartz: second minute hour day month weekday year, in Metabase's report time zone. A rule on days or hours is told
# after the night's build, one on longer periods once a week: its rows stay until the next period.
_DAILY, _WEEKLY = "0 0 8 * * ? *", "0 0 8 ? * MON *"
_OFTEN = ("hour", "day")


@dataclass(frozen=True)
class Rule:
    """A row of the strategy table with triggers, those of a group as one; `grains` are those of its triggers."""

    key: str
    kpi_ids: tuple[str, ...]
    group: str | None
    trigger: Text
    measure: Text
    owner_role: str
    grains: frozenset[str]

    @property
    def condition(self) -> str:
        """Which rows of rpt_alarm are its own, in SQL."""
        return f"rule_group = '{self.group}'" if self.group else f"kpi_id = '{self.kpi_ids[0]}' and rule_group is null"


def read_rules(seeds: Path = SEEDS) -> list[Rule]:
    """Rules whose triggers hold today; one without a trigger can't fire."""
    grains: dict[tuple[str, str], set[str]] = {}
    for row in seed_rows("kpi_target", seeds):
        if row["kind"] == "trigger" and not row["valid_to"]:
            grains.setdefault((row["kpi_id"], row["rule_group"]), set()).add(row["eval_grain"])
    by_key: dict[str, list[dict[str, str]]] = {}
    for row in seed_rows("strategy_rule", seeds):
        if (row["kpi_id"], row["rule_group"]) in grains:
            by_key.setdefault(row["rule_group"] or row["kpi_id"].lower(), []).append(row)
    return [_rule(key, rows, grains) for key, rows in by_key.items()]


def alerts(rules: Sequence[Rule], groups: dict[str, str]) -> Iterator[Item]:
    """A mail to the group of the role that answers for a rule; `groups` are their names by role."""
    for rule in rules:
        recipient = {
            "type": "notification-recipient/group",
            "permissions_group_id": Ref("group", groups[rule.owner_role]),
        }
        schedule = _DAILY if rule.grains & set(_OFTEN) else _WEEKLY
        body: dict[str, Any] = {
            "payload_type": "notification/card",
            "payload": {"card_id": Ref("card", card_key(rule)), "send_condition": "has_result", "send_once": False},
            "subscriptions": [{"type": "notification-subscription/cron", "cron_schedule": schedule}],
            "handlers": [{"channel_type": "channel/email", "recipients": [recipient]}],
            "active": True,
        }
        yield Item("alert", rule.key, rule.trigger.en, body)


def card_key(rule: Rule) -> str:
    """Of the question that it watches."""
    return f"alert_{rule.key}"


def _rule(key: str, rows: Sequence[dict[str, str]], grains: dict[tuple[str, str], set[str]]) -> Rule:
    first = rows[0]
    own = frozenset().union(*(grains[row["kpi_id"], row["rule_group"]] for row in rows))
    return Rule(
        key,
        tuple(row["kpi_id"] for row in rows),
        first["rule_group"] or None,
        Text(first["trigger_zh"], first["trigger_en"]),
        Text(first["measure_zh"], first["measure_en"]),
        first["owner_role"],
        own,
    )
