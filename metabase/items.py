"""What is to be in Metabase, one item for each thing, with references in place of numbers that only Metabase knows.

Belongs here: items, their stable ids and fingerprints. Not here: what they say (render.py), how they get there
(provision.py).
"""

from __future__ import annotations

import base64
import hashlib
import json
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from metabase.formula import Ref

Kind = Literal["collection", "timeline", "timeline_event", "card", "dashboard", "alert", "table", "field"]


@dataclass(frozen=True)
class Item:
    """`body` is what Metabase gets, with `Ref` where a number belongs; `name` is what people call it. `synced` is the
    description that Metabase takes from the catalogue by itself."""

    kind: Kind
    key: str
    name: str
    body: dict[str, Any]
    synced: str | None = None

    @property
    def wanted(self) -> str:
        """Fingerprint of what is authored, the same in every Metabase."""
        return fingerprint(self.body)

    def refs(self) -> Iterator[Ref]:
        """What it refers to."""
        yield from _refs(self.body)


def entity_id(kind: str, key: str) -> str:
    """21 characters, always the same for one authored key, as Metabase's own random ids look."""
    digest = hashlib.sha256(f"callmart/{kind}/{key}".encode()).digest()
    return base64.urlsafe_b64encode(digest)[:21].decode()


def clause_id(key: str) -> str:
    """A UUID of version 4 by its form, always the same for one key, by which a clause is referred to."""
    return str(uuid.UUID(bytes=hashlib.sha256(f"callmart/clause/{key}".encode()).digest()[:16], version=4))


def fingerprint(value: Any) -> str:
    """Ten characters that change with the value."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, default=lambda ref: f"{ref.kind}:{ref.key}")
    return hashlib.sha256(text.encode()).hexdigest()[:10]


def resolve(value: Any, number: Callable[[Ref], int]) -> Any:
    """The same value with numbers in place of references."""
    if isinstance(value, Ref):
        return number(value)
    if isinstance(value, dict):
        return {name: resolve(part, number) for name, part in value.items()}
    if isinstance(value, list):
        return [resolve(part, number) for part in value]
    return value


def _refs(value: Any) -> Iterator[Ref]:
    if isinstance(value, Ref):
        yield value
    elif isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _refs(part)
