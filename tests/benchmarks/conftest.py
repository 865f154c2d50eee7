"""A benchmark at a tiny size, whose data several test modules share."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.settings import Settings
from benchmarks.stage import Stage
from tests.parsed import give_parsed_project


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A large centre of some thousand calls, and one short history in the place of both."""
    folder = tmp_path_factory.mktemp("bench")
    return Settings(folder, calls=3000, repeats=1, histories=(2, 2), history_calls=60)


@pytest.fixture(scope="session")
def stage(settings: Settings) -> Stage:
    """Its data, made as they are asked for; dbt's project is parsed."""
    stage = Stage(settings)
    give_parsed_project(stage.large().root)
    return stage


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """Where a run writes its page."""
    return tmp_path / "RESULTS.md"
