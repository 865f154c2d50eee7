"""What must hold of kpi_value before it is released.

Belongs here: arithmetic of numerator, denominator and value; sanity of a day against the same weekdays before it.
Which rows exist (keys, dimensions, variants) is a matter of dbt tests; what a KPI means, of the registry.
"""

from __future__ import annotations

from expectations.check import Check, Text
from expectations.marts.common import DAY_S, MartSuite, breaks, no_phone_number, warns

_SHOWN = "kpi_id, variant, grain, period_start, dim_set, category, numerator, denominator, value, n"
_PROMO = Text(
    "核对当日的业务事件与各数据源完整性；属实则无需处理",
    "check the day's events and the feeds' completeness; if it is true, nothing is to be done",
)


def _unlike_before(name: str, zh: str, en: str, kpi_id: str, departs: str) -> Check:
    """Warn when the centre's official value of a day departs from the median of the same weekday.

    `departs` is SQL over `value` and `usual_value`. Judged with at least 3 such days in 8 weeks and 20 records.
    """
    return warns(
        name,
        zh,
        en,
        f"""
        with official as (
            select kpi_id, variant, cast(period_start as date) as local_date, value, n from {{mart}}
            where kpi_id = '{kpi_id}' and is_official and grain = 'day' and dim_set = 'all' and category is null
              and value is not null and cast(period_start as date) >= {{since}} - interval 56 day),
        compared as (
            select today.kpi_id, today.variant, today.local_date, today.value, today.n,
                median(earlier.value) as usual_value, count(distinct earlier.local_date) as history_days
            from official as today join official as earlier
                on earlier.variant = today.variant and earlier.local_date < today.local_date
                and earlier.local_date >= today.local_date - interval 56 day
                and dayofweek(earlier.local_date) = dayofweek(today.local_date)
            where today.local_date >= {{since}} and today.n >= 20
            group by all)
        select * from compared where history_days >= 3 and ({departs})""",
        _PROMO,
    )


SUITE = MartSuite(
    "kpi_value",
    (
        no_phone_number("kpi_id", "variant", "grain", "period_start", "dim_set"),
        breaks(
            "rate_range",
            "比率不在 0 与 1 之间",
            "a rate is not between 0 and 1",
            f"""
            with rate as (select distinct kpi_id, variant, true as is_rate from {{registry}} where unit = 'rate')
            select {_SHOWN} from {{batch}} join rate using (kpi_id, variant)
            where not (value between -0.000000001 and 1.000000001)""",
        ),
        breaks(
            "seconds_range",
            "时长为负，或与联络、排队有关的每次时长超过一天",
            "a mean or extreme of seconds is negative, or exceeds a day though it is about contacts or queues",
            f"""
            with timed as (
                select distinct kpi_id, variant,
                    regexp_matches(needs, '(^|;)(contact|queue_visit|queue_offer)(;|$)') as is_of_contacts
                from {{registry}} where unit = 's' and kind in ('mean', 'max', 'min', 'percentile'))
            select {_SHOWN} from {{batch}} join timed using (kpi_id, variant)
            where value < 0 or (is_of_contacts and value > {DAY_S})""",
        ),
        breaks(
            "zero_denominator",
            "分母为 0 时数值必须为空，分母大于 0 且已成熟时必须有值",
            "a value without denominator, or none though the denominator is above 0 and the period mature",
            f"""
            select {_SHOWN}, is_mature from {{batch}}
            where (denominator = 0 and value is not null) or (denominator > 0 and value is null and is_mature)""",
        ),
        breaks(
            "value_is_quotient",
            "数值不等于分子除以分母",
            "the value is not numerator divided by denominator",
            f"""
            select {_SHOWN} from {{batch}}
            where denominator > 0 and abs(value - numerator / denominator) > 0.000001 * greatest(1, abs(value))""",
        ),
        breaks(
            "finite",
            "数值为无穷或非数",
            "a value is infinite or not a number",
            f"""
            select {_SHOWN} from {{batch}}
            where not isfinite(value) or not isfinite(numerator) or not isfinite(denominator)""",
        ),
        breaks(
            "not_negative",
            "分母或记录数为负",
            "a denominator or a number of records is negative",
            f"select {_SHOWN} from {{batch}} where denominator < 0 or n < 0",
        ),
        _unlike_before(
            "service_level_drop",
            "服务水平比以往同一星期几的中位数低 15 个百分点以上",
            "service level is more than 15 points below the median of the same weekday",
            "M021",
            "value < usual_value - 0.15",
        ),
        _unlike_before(
            "abandonment_rise",
            "放弃率比以往同一星期几的中位数高 10 个百分点以上",
            "the abandonment rate is more than 10 points above the median of the same weekday",
            "M033",
            "value > usual_value + 0.10",
        ),
        _unlike_before(
            "volume_jump",
            "总话务量不到以往同一星期几中位数的一半，或超过两倍",
            "contacts are below half or above twice the median of the same weekday",
            "M001",
            "value < 0.5 * usual_value or value > 2 * usual_value",
        ),
        _unlike_before(
            "handle_time_shift",
            "平均处理时长与以往同一星期几的中位数相差一半以上",
            "mean handling time is more than half off the median of the same weekday",
            "M061",
            "abs(value - usual_value) > 0.5 * usual_value",
        ),
    ),
    # a longer period that begins before the window is rebuilt too, at most the twelve months that roll
    window="""period_start >= {since}
        or (grain not in ('hour', 'day') and period_start >= {since} - interval 400 day)""",
)
