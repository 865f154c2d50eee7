"""What a scenario may change of an aftermath, as the families ask for it.

Belongs here: the form of the question, and the answer of a centre without scenarios. Does not belong here: scenarios.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

Member = str | int | None


class Effects(Protocol):
    """Tells what holds at an instant for a thing; a property that the thing lacks is told as None."""

    def level(self, effect: str, base: float, at: int, **of: Member) -> float:
        """`base`, or what a scenario makes of it."""

    def shares(self, effect: str, by: str, base: Mapping[str, float], at: int, **of: Member) -> dict[str, float]:
        """How a whole is shared out; sums to 1."""


class NoEffects:
    """A centre to which nothing happens."""

    def level(self, effect: str, base: float, at: int, **of: Member) -> float:
        """`base`."""
        return base

    def shares(self, effect: str, by: str, base: Mapping[str, float], at: int, **of: Member) -> dict[str, float]:
        """`base` in parts of 1."""
        total = sum(base.values())
        return {name: share / total for name, share in base.items()}
