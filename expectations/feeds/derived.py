"""What must hold of a feed for which no suite is written: everything that its contract says, and what is known of it.

Belongs here: putting the shared checks together from a contract. What the order of a row's values can tell (solved
after created, a score within its scale) goes into the contract's `ordered`, other knowledge of a feed into known.py.
"""

from __future__ import annotations

import itertools

from expectations.check import Check
from expectations.contracts import Contract
from expectations.feeds.common import (
    completeness_checks,
    contract_checks,
    contract_range_checks,
    order_checks,
    tolerance,
    value_order_checks,
)
from expectations.feeds.known import known_checks, unknown_share_checks
from expectations.settings import FeedSettings


def suite(contract: Contract, settings: FeedSettings) -> list[Check]:
    """Checks of one run over candidate dates of any feed, from its contract."""
    instants = [chain for chain in contract.ordered if contract.column(chain[0]).type == "TIMESTAMP"]
    values = [chain for chain in contract.ordered if chain not in instants]
    checks = [
        *contract_checks(contract, settings),
        *completeness_checks(settings, contract.steady),
        *contract_range_checks(contract, settings),
    ]
    if instants:
        steps = tuple(dict.fromkeys(step for chain in instants for step in chain))
        pairs = dict.fromkeys(pair for chain in instants for pair in itertools.combinations(chain, 2))
        key = next(name for name in contract.natural_key if name not in steps)
        checks += order_checks(steps, tolerance(contract, settings), settings, key=key, pairs=tuple(pairs))
    if values:
        checks += value_order_checks(values, settings)
    within = tolerance(contract, settings)
    return [*checks, *unknown_share_checks(contract, settings), *known_checks(contract, within)]
