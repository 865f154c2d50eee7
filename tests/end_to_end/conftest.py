"""The small centre that end-to-end tests start from, built once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.end_to_end.centre import Centre, simulated


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Centre:
    """Four dates of a small centre, released once. Tests work on copies."""
    centre = simulated(tmp_path_factory.mktemp("centre") / "base", days=4, agents=12, seed=7)
    centre.build()
    return centre


@pytest.fixture
def copy(built: Centre, tmp_path: Path) -> Callable[[], Centre]:
    """A fresh copy of the built centre."""
    return lambda: built.copy_to(tmp_path / "copy")
