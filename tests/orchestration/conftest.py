"""What the tests of this folder share: the hash key, and a kit for each adapter. Not here: the kit itself
(extract_kit.py)."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestration.config import DEMO_HASH_KEY, HASH_KEY_VARIABLE
from tests.orchestration.extract_kit import CDR, CONTACT, QUEUE_LOG, Kit


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    """Builds need a key; a test of its absence takes it away."""
    monkeypatch.setenv(HASH_KEY_VARIABLE, DEMO_HASH_KEY)


@pytest.fixture
def log(tmp_path: Path) -> Kit:
    """A queue_log feed."""
    return Kit(tmp_path, "asterisk.queue_log").configure(QUEUE_LOG)


@pytest.fixture
def cdr(tmp_path: Path) -> Kit:
    """A feed of Asterisk's call records."""
    return Kit(tmp_path, "asterisk.cdr").configure(CDR)


@pytest.fixture
def contact(tmp_path: Path) -> Kit:
    """A feed of a flat export, mapped to canonical contacts."""
    return Kit(tmp_path, "canonical.contact").configure(CONTACT)
