"""Whether customers who were served buy again within a year, from the CRM of the years around a measure.

Belongs here: M137. Does not belong here: how these years' files come about (`evidence.years`).
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import date
from pathlib import Path

from simulator.evidence.feeds import Feeds
from simulator.evidence.sample import Sample, share
from simulator.evidence.slices import Slice

_SERVED = "select distinct member_no from service_record where member_no is not null and end_time < ?"
_BOUGHT = "select distinct member_no from sales_order where pay_time >= ? and pay_time < ?"


def retention(feeds: Feeds, _: Slice) -> Sample:
    """M137: customers who were served before an anchor, with a paid purchase in the twelve months after it."""
    rows = []
    for year in feeds.years:
        served = _members(year.crm, _SERVED, year.anchor)
        bought = _members(year.crm, _BOUGHT, year.anchor, year.anchor.replace(year=year.anchor.year + 1))
        rows += [(year.anchor, customer in bought) for customer in sorted(served)]
    return share(rows)


def _members(crm: Path, query: str, *dates: date) -> set[str]:
    with closing(sqlite3.connect(crm)) as db:
        return {member for (member,) in db.execute(query, [str(day) for day in dates])}
