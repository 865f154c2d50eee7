-- Every row of every board, in one place; a board's own mart takes its rows from here.
with

lines as (
    select *, coalesce(grain, '') as asked_grain from {{ ref('report_kpi') }}
),

choices as (
    select * from {{ ref('rpt_kpi_choice') }}
),

definitions as (
    select * from {{ ref('kpi_definition') }} as definition
    where {{ valid_on(last_known_date(), 'definition') }}
),

periods as (
    select * from {{ ref('rpt_kpi_trend') }}
),

judged as (
    select
        choices.*,
        targets.operator,
        targets.target_value,
        targets.lower,
        targets.upper,
        targets.min_n
    from choices
    left join {{ ref('kpi_target') }} as targets
        on
            choices.kpi_id = targets.kpi_id
            and choices.variant = targets.variant
            and choices.target_profile = targets.profile
            and targets.scope = 'all'
            and targets.kind = 'target'
            and {{ valid_on('coalesce(choices.period_start, ' ~ last_known_date() ~ ')', 'targets') }}
    qualify row_number() over (
        partition by choices.kpi_id, choices.asked_grain order by targets.valid_from desc
    ) = 1
)

select
    lines.report_id, lines.report_name_zh, lines.report_name_en, lines.section, lines.section_zh, lines.section_en,
    lines.position, lines.kpi_id, judged.variant,
    coalesce(definitions.name_zh, lines.name_zh, lines.kpi_id) as name_zh,
    coalesce(definitions.name_en, lines.name_en, lines.kpi_id) as name_en,
    definitions.variant_name_zh, definitions.variant_name_en, definitions.kind, definitions.unit,
    definitions.direction, judged.grain, judged.period_start, shown.numerator, shown.denominator, shown.value, shown.n,
    coalesce(shown.is_mature, false) as is_mature,
    definitions.maturity_days,
    judged.target_profile, judged.operator,
    coalesce(shown.target, judged.target_value) as target,
    judged.lower, judged.upper, judged.min_n,
    case
        when definitions.kpi_id is null then 'not_defined'
        when not availability.is_available then 'not_available'
        when not shown.is_mature then 'not_decided'
        else coalesce(shown.status, 'no_data')
    end as status,
    availability.missing_feeds,
    before.value as value_before,
    shown.value - before.value as change_before,
    week_before.value as value_week_before,
    shown.value - week_before.value as change_week_before,
    coalesce(
        (definitions.unit in ('rate', 'rate_difference') or definitions.kind = 'mean') and shown.n > 0
        and shown.n < {{ var('small_sample_n') }}, false
    ) as is_small_sample,
    -- a later period is over and decided, and yet nothing is known of it
    coalesce(
        {{ add_seconds(
            '(' ~ period_end('judged.grain', '(' ~ period_beside('judged.grain', 'judged.period_start', '+') ~ ')') ~ ')',
            'definitions.maturity_days * 86400'
        ) }} <= timestamp '{{ var("as_of") }}', false
    ) as is_behind,
    trust.data_until, trust.data_age_s, trust.feeds,
    coalesce(trust.stale_feed_count, 0) as stale_feed_count,
    trust.stale_feeds, trust.quarantined_rate,
    timestamp '{{ var("as_of") }}' as as_of
from lines
inner join judged on lines.kpi_id = judged.kpi_id and lines.asked_grain = judged.asked_grain
left join definitions on judged.kpi_id = definitions.kpi_id and judged.variant = definitions.variant
left join {{ ref('kpi_availability') }} as availability
    on judged.kpi_id = availability.kpi_id and judged.variant = availability.variant
left join {{ ref('rpt_kpi_trust') }} as trust on judged.kpi_id = trust.kpi_id and judged.variant = trust.variant
left join periods as shown
    on judged.kpi_id = shown.kpi_id and judged.grain = shown.grain and judged.period_start = shown.period_start
left join periods as before
    on
        judged.kpi_id = before.kpi_id and judged.grain = before.grain
        and before.period_start = {{ period_beside('judged.grain', 'judged.period_start', '-') }}
left join periods as week_before
    on
        judged.kpi_id = week_before.kpi_id and judged.grain = week_before.grain and judged.grain = 'day'
        and week_before.period_start = judged.period_start - interval '7' day
