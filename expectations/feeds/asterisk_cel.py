"""What must hold of asterisk.cel before it enters the lake.

Belongs here: rules about channel events beyond what the contract says; what transfers mean is the models' affair.
"""

from __future__ import annotations

from expectations.check import Check
from expectations.contracts import Contract
from expectations.feeds import derived
from expectations.feeds.common import unknown_event_checks
from expectations.settings import FeedSettings


def suite(contract: Contract, settings: FeedSettings) -> list[Check]:
    """Checks of one run over candidate dates of the channel event log."""
    return [*derived.suite(contract, settings), *unknown_event_checks(settings, "CEL log")]
