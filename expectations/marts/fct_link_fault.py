"""What rows of one feed name in another must be there, and must not begin after them: one check for each link of the
contracts, one for each feed whose rows follow a contact. All are warnings: the rows count.

Belongs here: the words of these checks. Which column names what is said by the contracts (`links`, `follows`), when a
name can be judged by `int_link__record`.
"""

from __future__ import annotations

from expectations.check import Check, Text, literal
from expectations.contracts import CONTACT, Contract, all_contracts, links_of
from expectations.marts.common import MartSuite, no_phone_number, warns

_SHOWN = "local_date, source_file, source_line, record_id"
_LATE = Text(
    "所指记录的文件可能缺失或不完整；否则在源系统中核对这些行的编号",
    "the file of the named records may be missing or cut; else look up the ids of these rows in their source",
)
_CLOCK = Text(
    "核对两个系统的时钟与数据源声明的时区；整份文件都错多半是时区，否则是时钟或认错了联系",
    "compare the clocks of the two systems and the zone declared for the feed: a whole file is a zone, some rows are a "
    "clock, or the wrong contact",
)


def unknown_name(said: Contract, column: str) -> str:
    """The name of the check on what a column names."""
    return f"unknown_{said.name}_{column}"


def before_name(said: Contract) -> str:
    """The name of the check on the times of a feed."""
    return f"{said.name}_before_its_contact"


def _unknown(said: Contract, column: str, named: Contract) -> Check:
    about = "联系" if named.feed == CONTACT else named.title.zh
    return warns(
        unknown_name(said, column),
        f"{said.title.zh}的 {column} 所指的记录不存在（{about}）",
        f"{said.feed} names in {column} what no feed knows ({named.name})",
        f"""
        select {_SHOWN}, named_id, feed_row_count from {{batch}}
        where fault = 'unknown' and feed = {literal(said.feed)} and link_column = {literal(column)}""",
        _LATE,
    )


def _before(said: Contract) -> Check:
    return warns(
        before_name(said),
        f"{said.title.zh}早于所指联系的开始，超出时钟容差",
        f"{said.feed} has rows that lie before the start of their contact, by more than clocks differ",
        f"""
        select {_SHOWN}, happened_at, contact_started_at, feed_row_count from {{batch}}
        where fault = 'before' and feed = {literal(said.feed)}""",
        _CLOCK,
    )


SUITE = MartSuite(
    "fct_link_fault",
    (
        no_phone_number("feed", "link_column", "local_date", "source_line"),
        *(_unknown(*link) for link in links_of(all_contracts().values())),
        *(_before(said) for said in all_contracts().values() if said.follows),
    ),
)
