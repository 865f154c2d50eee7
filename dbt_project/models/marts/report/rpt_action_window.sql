-- The KPI of each improvement action before it was decided and after it was done: the official variant for the whole
-- centre, added up over as many dates on both sides.
{%- set days = var('review_window_days') %}

with

actions as (
    select * from {{ ref('fct_action') }}
    where metric_id is not null
),

-- what has a sum for each date; a longest wait or a share of a distribution has none
definitions as (
    select * from {{ ref('kpi_definition') }}
    where kind in ('count', 'sum', 'ratio', 'mean')
),

daily as (
    select * from {{ ref('kpi_value') }}
    where grain = 'day' and dim_set = 'all' and category is null
),

-- the variant that is official last stands on both sides, as two variants can't be compared
latest as (
    select kpi_id, variant from daily
    where is_official
    qualify row_number() over (partition by kpi_id order by period_start desc, variant asc) = 1
),

chosen as (
    select
        latest.kpi_id,
        latest.variant,
        definitions.maturity_days
    from latest
    inner join definitions on latest.kpi_id = definitions.kpi_id and latest.variant = definitions.variant
),

days as (
    select
        daily.kpi_id,
        cast(daily.period_start as date) as local_date,
        daily.numerator,
        daily.denominator,
        daily.n
    from daily
    inner join chosen on daily.kpi_id = chosen.kpi_id and daily.variant = chosen.variant
),

first_days as (
    select
        kpi_id,
        min(local_date) as first_known_date
    from days
    -- before its feed began a KPI has rows of nothing
    where numerator is not null and n > 0
    group by kpi_id
),

sides as (
    select
        action_id,
        metric_id,
        'before' as side,
        cast(local_created_date - interval '{{ days }}' day as date) as first_date,
        cast(local_created_date - interval '1' day as date) as last_date
    from actions
    union all
    select
        action_id,
        metric_id,
        'after' as side,
        cast(local_done_date + interval '1' day as date) as first_date,
        cast(local_done_date + interval '{{ days }}' day as date) as last_date
    from actions
    where local_done_date is not null
),

counted as (
    select
        sides.action_id,
        sides.side,
        sides.metric_id,
        sides.first_date,
        sides.last_date,
        chosen.variant,
        first_days.first_known_date,
        {{ add_seconds("cast(sides.last_date as timestamp)", '(1 + coalesce(chosen.maturity_days, 0)) * 86400') }}
        <= timestamp '{{ var("as_of") }}' as is_over,
        {{ exact_sum('days.numerator') }} as numerator,
        -- of a count nothing is divided: it is compared per date
        case
            when count(days.denominator) = 0 then cast({{ days }} as double) else {{ exact_sum('days.denominator') }}
        end as denominator
    from sides
    left join chosen on sides.metric_id = chosen.kpi_id
    left join first_days on sides.metric_id = first_days.kpi_id
    left join days
        on sides.metric_id = days.kpi_id and days.local_date between sides.first_date and sides.last_date
    group by
        sides.action_id, sides.side, sides.metric_id, sides.first_date, sides.last_date, chosen.variant,
        chosen.maturity_days, first_days.first_known_date
)

select
    action_id,
    side,
    metric_id,
    variant,
    first_date,
    last_date,
    numerator,
    case when numerator is not null then denominator end as denominator,
    is_over,
    is_over and coalesce(first_date >= first_known_date, false) as is_full,
    case when is_over and first_date >= first_known_date then numerator / nullif(denominator, 0) end as value
from counted
