"""The staging models of the canonical feeds are what the contracts say."""

from __future__ import annotations

import pytest

from expectations.contracts import all_contracts
from expectations.staging import COMMAND, FOLDER, HAND_WRITTEN, files, staged

STALE = f"stale: run {COMMAND}"


@pytest.mark.parametrize("name", sorted(files()))
def test_a_staging_model_is_what_its_contract_says(name: str) -> None:
    assert (FOLDER / name).read_text("utf-8") == files()[name], STALE


def test_no_staging_model_is_left_of_a_feed_that_is_gone() -> None:
    written = {file.name for file in FOLDER.iterdir() if COMMAND in file.read_text("utf-8")}
    assert written == set(files())


def test_every_canonical_feed_has_a_staging_model() -> None:
    canonical = {name for name, said in all_contracts().items() if said.source == "canonical"}
    assert {said.feed for said in staged()} | set(HAND_WRITTEN) == canonical
    for feed in HAND_WRITTEN:
        assert (FOLDER / f"stg_canonical__{feed.partition('.')[2]}.sql").exists()
