-- Triggers that fire, on official values and the centre's target profile: in the last mature period of a day or longer,
-- in each hour of the last date. One fires when it holds for as many periods in a row as it asks; triggers of a group
-- fire together or not at all.
with

triggers as (
    select
        targets.*,
        split_part(targets.scope, ':', 1) as dim_set,
        split_part(targets.scope, ':', 2) as category
    from {{ ref('kpi_target') }} as targets
    where targets.kind = 'trigger' and {{ valid_on(last_known_date(), 'targets') }}
),

judged as (
    select
        triggers.kpi_id,
        triggers.variant,
        triggers.rule_group,
        triggers.scope,
        triggers.operator,
        triggers.target_value as limit_value,
        triggers.for_periods,
        triggers.eval_grain as grain,
        kpi_values.period_start,
        {{ member_path('kpi_values') }} as member,
        kpi_values.value,
        kpi_values.n,
        max(kpi_values.period_start) over (
            partition by triggers.kpi_id, triggers.variant, triggers.profile, triggers.scope, triggers.eval_grain
        ) as last_period_start,
        coalesce(kpi_values.n >= triggers.min_n, true)
        and case triggers.operator
            when '<' then kpi_values.value < triggers.target_value
            when '<=' then kpi_values.value <= triggers.target_value
            when '>' then kpi_values.value > triggers.target_value
            else kpi_values.value >= triggers.target_value
        end as is_held
    from triggers
    inner join {{ ref('kpi_value') }} as kpi_values
        on
            triggers.kpi_id = kpi_values.kpi_id
            and triggers.variant = kpi_values.variant
            and triggers.profile = kpi_values.target_profile
            and triggers.eval_grain = kpi_values.grain
            and triggers.dim_set = kpi_values.dim_set
            and triggers.category = coalesce(kpi_values.category, '')
    where
        kpi_values.is_official and kpi_values.is_mature and kpi_values.value is not null
        and kpi_values.period_start < timestamp '{{ var("as_of") }}'
),

held as (
    select
        *,
        lag(period_start) over (partition by kpi_id, variant, scope, grain, member order by period_start)
            as held_before_start
    from judged
    where is_held
),

parted as (
    select
        *,
        sum(case when held_before_start = {{ period_beside('grain', 'period_start', '-') }} then 0 else 1 end) over (
            partition by kpi_id, variant, scope, grain, member order by period_start
            rows between unbounded preceding and current row
        ) as run_no
    from held
),

counted as (
    select
        *,
        row_number() over (partition by kpi_id, variant, scope, grain, member, run_no order by period_start)
            as held_period_count
    from parted
),

fired as (
    select *
    from counted
    where
        held_period_count >= coalesce(for_periods, 1)
        and case
            when grain = 'hour' then cast(period_start as date) = {{ last_known_date() }}
            else period_start = last_period_start
        end
),

group_triggers as (
    select rule_group, count(distinct kpi_id) as kpi_count from triggers
    where rule_group is not null
    group by rule_group
),

group_fired as (
    select rule_group, count(distinct kpi_id) as kpi_count from fired
    where rule_group is not null
    group by rule_group
)

select
    fired.kpi_id,
    fired.variant,
    fired.rule_group,
    fired.scope,
    fired.grain,
    fired.period_start,
    fired.member,
    fired.value,
    fired.n,
    fired.operator,
    fired.limit_value,
    cast(fired.held_period_count as bigint) as held_period_count
from fired
left join group_triggers on fired.rule_group = group_triggers.rule_group
left join group_fired on fired.rule_group = group_fired.rule_group
where fired.rule_group is null or group_triggers.kpi_count = group_fired.kpi_count
