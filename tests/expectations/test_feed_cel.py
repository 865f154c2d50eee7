"""The suite of asterisk.cel accepts a clean day and rejects one defect per check."""

from __future__ import annotations

import pytest

from expectations.catalogue import checks_of
from expectations.contracts import contract
from tests.expectations.feed_lake import Defect, FeedLake, Judged, judge
from tests.expectations.test_feed_derived import clean_day, defects

CEL = contract("asterisk.cel")
DEFECTS = defects(CEL) | {
    "unknown_events": Defect(["update day set is_known_event = false where source_line % 10 = 0"]),
    "unknown_events_most": Defect(["update day set is_known_event = false where source_line % 5 > 0"]),
}


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Judged:
    return judge(FeedLake(tmp_path_factory.mktemp("cel"), CEL.feed, clean_day(CEL)), DEFECTS)


def test_every_check_has_a_defect_that_it_must_reject() -> None:
    assert set(DEFECTS) == {check.name for check in checks_of("asterisk.cel")}


def test_a_clean_day_passes_and_each_defect_is_rejected(judged: Judged) -> None:
    assert [result.name for result in judged.verdict.checks if judged.clean in result.failing_dates] == []
    for check in DEFECTS:
        judged.assert_rejected(check)
    blocking = {check.name for check in checks_of("asterisk.cel") if check.blocking}
    assert set(judged.verdict.blocked_dates) == {judged.days[name] for name in blocking}
