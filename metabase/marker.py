"""What an object in Metabase carries so that it is known again, and a change by people with it.

Belongs here: the line at the end of a description, and what of an object is compared. Not here: what follows from it.

`[callmart card/metric_m021 1f0c… 9a7b…]`: the authored key, the fingerprint of what was authored, and that of what
Metabase then showed, `-` until all of it was written. Metabase rewrites what it is given (it adds ids and types), so
only what it showed can tell later whether a person changed something.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from metabase.items import fingerprint

_LINE = re.compile(r"\s*\[callmart (?P<kind>\w+)/(?P<key>[\w.]+) (?P<wanted>\w+) (?P<seen>[\w-]+)\]\s*$")
_COMPARED = {
    "collection": ("name", "parent_id"),
    "card": ("name", "type", "display", "dataset_query", "visualization_settings", "collection_id"),
    "dashboard": ("name", "collection_id", "parameters"),
    "timeline": ("name", "icon", "collection_id"),
    "timeline_event": ("name", "timestamp", "timezone", "time_matters", "icon", "timeline_id"),
}
_OF_DASHCARD = ("card_id", "row", "col", "size_x", "size_y", "parameter_mappings", "visualization_settings")
# Given by Metabase to each clause and renewed when it likes.
_PASSING = ("lib/uuid", "ident")


@dataclass(frozen=True)
class Marker:
    """The line's parts; `seen` is None while the object is unfinished."""

    kind: str
    key: str
    wanted: str
    seen: str | None

    def on(self, description: str) -> str:
        """The description with the line below."""
        return f"{description}\n\n[callmart {self.kind}/{self.key} {self.wanted} {self.seen or '-'}]"


def marker_of(described: dict[str, Any]) -> Marker | None:
    """The marker of an object as Metabase tells it; None for one of people."""
    found = _LINE.search(described.get("description") or "")
    if found is None:
        return None
    return Marker(found["kind"], found["key"], found["wanted"], None if found["seen"] == "-" else found["seen"])


def shown(kind: str, described: dict[str, Any]) -> str:
    """Fingerprint of what people see of an object and can change."""
    compared: dict[str, Any] = {name: described.get(name) for name in _COMPARED[kind]}
    compared["description"] = _LINE.sub("", described.get("description") or "")
    if kind == "dashboard":
        tabs = [tab["id"] for tab in described.get("tabs") or []]
        compared["tabs"] = [tab["name"] for tab in described.get("tabs") or []]
        cards = [_dashcard(card, tabs) for card in described.get("dashcards") or []]
        compared["dashcards"] = sorted(cards, key=lambda card: (card["tab"], card["row"], card["col"]))
    return fingerprint(_lasting(compared))


def _dashcard(card: dict[str, Any], tabs: list[int]) -> dict[str, Any]:
    tab = card.get("dashboard_tab_id")
    return {name: card.get(name) for name in _OF_DASHCARD} | {"tab": tabs.index(tab) if tab in tabs else 0}


def _lasting(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _lasting(part) for name, part in value.items() if name not in _PASSING}
    if isinstance(value, list):
        return [_lasting(part) for part in value]
    return value
