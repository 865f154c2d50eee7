"""What must hold of the boards before they are released.

Belongs here: verdicts that follow from value and target, doubts about the data behind a board. That a row is one of
kpi_value, and that none is lost, are dbt tests.
"""

from __future__ import annotations

from expectations.check import Check
from expectations.marts.common import MartSuite, breaks, no_phone_number, warns

_SHOWN = "kpi_id, variant, grain, period_start, value, operator, target, lower, upper, status"
# More of the rows in quarantine than this, and a KPI may well be another one.
_MUCH_REFUSED = 0.05


def _checks() -> tuple[Check, ...]:
    return (
        no_phone_number("kpi_id", "period_start"),
        breaks(
            "verdict",
            "达标判断与数值、目标不符",
            "a verdict is not what value and target give",
            f"""
            select {_SHOWN} from {{batch}}
            where status in ('met', 'missed') and (status = 'met') is distinct from (case operator
                when '>=' then value >= target when '>' then value > target
                when '<=' then value <= target when '<' then value < target
                when 'band' then value between lower and upper end)""",
        ),
        breaks(
            "verdict_of_nothing",
            "没有数值或尚未定型却作出判断",
            "there is a verdict without a value, or on a period that is not decided",
            f"""
            select {_SHOWN}, is_mature from {{batch}}
            where status in ('met', 'missed', 'few_records') and (value is null or not is_mature)""",
        ),
        warns(
            "much_in_quarantine",
            f"指标所需数据源近 30 日被隔离的行超过 {_MUCH_REFUSED:.0%}",
            f"more than {_MUCH_REFUSED:.0%} of the rows behind a KPI are in quarantine, of the last 30 dates",
            f"select {_SHOWN}, feeds, quarantined_rate from {{batch}} where quarantined_rate > {_MUCH_REFUSED}",
        ),
    )


# A board holds one period of each KPI, however old: all of it is judged each time.
DIMENSIONS_SUITE = MartSuite("rpt_four_dimensions", _checks(), window="true")
TARGETS_SUITE = MartSuite("rpt_core_targets", _checks(), window="true")
SEGMENT_SUITE = MartSuite(
    "rpt_weakest_segment",
    (
        no_phone_number("kpi_id", "period_start"),
        breaks(
            "holds_more_than_its_volume",
            "薄弱环节的缺口占比不高于业务量占比",
            "a weakest segment has no more of the shortfall than of the volume",
            "select kpi_id, period_start, dim_set, member_path, volume_share, shortfall_share from {batch} "
            "where shortfall_share <= volume_share",
        ),
    ),
    window="true",
)
