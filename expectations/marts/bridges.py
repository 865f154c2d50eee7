"""What must hold of the bridges before they are released.

Belongs here: that each bridge arrives where it says, and that little of it is what logs have lost. That nothing stays
unexplained is a reconciliation, which is a dbt test.
"""

from __future__ import annotations

from expectations.marts.common import LOOK_AT_SOURCE, MartSuite, breaks, no_phone_number, warns

# Steps that tell of records that a log lacks, not of how a centre works.
_LOST = ("visit_not_logged", "after_hang_up", "after_unknown_exit", "wait_by_clock", "end_unknown", "agent_unknown",
         "told_apart")  # fmt: skip
_LOST_SHARE = 0.05
_FEWEST = 20


def _suite(mart: str, *by: str) -> MartSuite:
    key = ", ".join(("local_date", *by, "measure"))
    return MartSuite(
        mart,
        (
            no_phone_number(*key.split(", "), "step"),
            breaks(
                "bridge_arrives",
                "起点 + 各步骤 + 未解释差额 不等于终点，或缺少起点、终点",
                "start + steps + unexplained is not the end, or one of both ends is missing",
                f"""
                select {key}, sum(case when step = 'end' then amount else -amount end) as gap,
                    count(*) filter (where step in ('start', 'end', 'unexplained')) as ends
                from {{batch}} group by {key}
                having abs(gap) > 0.01 or ends <> 3""",
            ),
            warns(
                "lost_records",
                f"一天中超过 {_LOST_SHARE:.0%} 的差额来自日志缺失的记录",
                f"more than {_LOST_SHARE:.0%} of a date is bridged by records that a log lacks",
                f"""
                select local_date, measure,
                    sum(abs(amount)) filter (where step in {_LOST}) as lost, sum(amount) filter (where step = 'start')
                        as started
                from {{batch}} group by local_date, measure
                having started >= {_FEWEST} and lost > {_LOST_SHARE} * started""",
                LOOK_AT_SOURCE,
            ),
        ),
    )


SUITES = (
    _suite("rpt_bridge_queue"),
    _suite("rpt_bridge_queue_handling"),
    _suite("rpt_bridge_agent"),
    _suite("rpt_bridge_interval", "local_hour"),
    _suite("rpt_bridge_agent_clock", "local_hour"),
)
