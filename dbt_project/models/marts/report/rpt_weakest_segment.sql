-- Where a missed target is missed: members of the dimension sets, by how much more of the shortfall is theirs than of
-- the volume. People are no places to mend: no set with agents.
with

missed as (
    select distinct
        kpi_id,
        variant,
        grain,
        period_start,
        denominator as denominator_of_all,
        value as value_of_all,
        target,
        min_n,
        case when value < target then 1 else -1 end as sign,
        abs(target * denominator - numerator) as shortfall
    from {{ ref('rpt_board_row') }}
    where status = 'missed' and kind in ('ratio', 'mean') and denominator > 0 and value <> target
),

members as (
    select
        missed.*,
        kpi_values.dim_set,
        {{ first_member('kpi_values') }} as first_member,
        {{ member_path('kpi_values') }} as member_path,
        kpi_values.numerator,
        kpi_values.denominator,
        kpi_values.value,
        kpi_values.n
    from missed
    inner join {{ ref('kpi_value') }} as kpi_values
        on
            missed.kpi_id = kpi_values.kpi_id
            and missed.variant = kpi_values.variant
            and missed.grain = kpi_values.grain
            and missed.period_start = kpi_values.period_start
    where kpi_values.dim_set <> 'all' and kpi_values.category is null and kpi_values.denominator > 0
),

segments as (
    select
        *,
        sign * (target * denominator - numerator) / shortfall as shortfall_share,
        denominator / denominator_of_all as volume_share
    from members
    where
        n >= coalesce(min_n, 1)
        and '+' || dim_set || '+' not like '%+agent+%'
        and ' → ' || member_path || ' → ' not like '% → unknown → %'
),

ranked as (
    select
        *,
        row_number() over (
            partition by kpi_id, grain order by shortfall_share - volume_share desc, dim_set asc, member_path asc
        ) as segment_rank
    from segments
    where shortfall_share > volume_share
)

select
    ranked.kpi_id,
    ranked.grain,
    cast(ranked.segment_rank as integer) as segment_rank,
    ranked.variant,
    ranked.period_start,
    ranked.dim_set,
    ranked.member_path,
    ranked.numerator,
    ranked.denominator,
    ranked.value,
    ranked.n,
    ranked.value_of_all,
    ranked.target,
    around.value as value_of_first_member,
    ranked.volume_share,
    ranked.shortfall_share
from ranked
left join members as around
    on
        ranked.kpi_id = around.kpi_id
        and ranked.grain = around.grain
        and ranked.dim_set like around.dim_set || '+%'
        and ranked.first_member = around.first_member
where ranked.segment_rank <= 3
