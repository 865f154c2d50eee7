{#- Identities of the event model (its section D.7), always on and without exclusion lists. On a fact they look at the
    build window only (get_where_subquery). -#}

{#- 1. Fails for an offered contact whose outcome is none of those that offered contacts can have: offered = answered +
    abandoned + short-abandoned + flowed out + still waiting. -#}
{% test offered_contact_has_one_result(model) %}
select contact_id, local_date, outcome
from {{ model }}
where is_offered and outcome not in ('answered', 'abandoned_queue', 'short_abandon', 'flow_out', 'waiting')
{% endtest %}

{#- 1. Fails for a row whose parts do not add up to their total. -#}
{% test parts_add_up(model, total, parts) %}
select *
from {{ model }}
where {{ total }} != {{ parts | join(' + ') }}
{% endtest %}

{#- 2. Fails where the outcome says answered and no agent's time does, or the reverse. -#}
{% test answered_means_an_agent_spoke(model) %}
select contact_id, local_date, outcome, first_agent_at
from {{ model }}
where (outcome = 'answered') != (first_agent_at is not null)
{% endtest %}

{#- 3. Fails for a row in which one of the instants `columns` lies before an earlier one by more than the clock
    tolerance; instants that are NULL did not happen. -#}
{% test times_are_ordered(model, columns, clock_tolerance_s=2) %}
select *
from {{ model }}
where
    false
    {%- for earlier in columns %}
    {%- for later in columns[loop.index:] %}
    or {{ seconds_between(later, earlier) }} > {{ clock_tolerance_s }}
    {%- endfor %}
    {%- endfor %}
{% endtest %}

{#- 5. Fails for a stretch of time that begins before the one before it ended. -#}
{% test does_not_overlap(model, by) %}
with

followed as (
    select
        {{ by }},
        started_at,
        ended_at,
        lead(started_at) over (partition by {{ by }} order by started_at, ended_at) as next_started_at
    from {{ model }}
)

select *
from followed
where {{ seconds_between('next_started_at', 'ended_at') }} > 0.001
{% endtest %}

{#- 5. Fails for more seconds on a date than the longest date has: 25 hours, at the end of daylight saving time. -#}
{% test fits_into_the_day(model, by, day, seconds) %}
select {{ by }}, {{ day }}, sum({{ seconds }}) as day_s
from {{ model }}
group by {{ by }}, {{ day }}
having sum({{ seconds }}) > 90000.001
{% endtest %}

{#- 7. Fails for a value of NULL over a denominator that is not 0, and for a value over one that is. -#}
{% test zero_denominator_and_only_it_gives_null(model) %}
select kpi_id, variant, grain, period_start, dim_set, numerator, denominator, value
from {{ model }}
where coalesce(denominator = 0, false) != (value is null)
{% endtest %}

{#- 7. Fails for a rate below 0 or above 1. -#}
{% test rates_lie_between_zero_and_one(model) %}
with

records as (
    select * from {{ model }}
),

rates as (
    select distinct kpi_id, variant from {{ ref('kpi_definition') }}
    where unit = 'rate'
)

select records.kpi_id, records.variant, records.grain, records.period_start, records.dim_set, records.value
from records
inner join rates on records.kpi_id = rates.kpi_id and records.variant = rates.variant
where records.value < -0.000000001 or records.value > 1.000000001
{% endtest %}

{#- 12. Fails where a fact's sum by the expressions `by` is not that of another fact by `other_by` (as a rule the same).
    The last of them is the local date. -#}
{% test sums_agree(model, value, by, other, other_value, other_by=none, other_where='true') %}
{%- set theirs = other_by or by %}
with

records as (
    select * from {{ model }}
),

both_sides as (
    select
        {%- for expression in by %}
        {{ expression }} as key_{{ loop.index }},
        {%- endfor %}
        {{ value }} as ours,
        0 as theirs
    from records
    union all
    select
        {%- for expression in theirs %}
        {{ expression }} as key_{{ loop.index }},
        {%- endfor %}
        0 as ours,
        {{ other_value }} as theirs
    from {{ other }}
    where {{ in_window(theirs[-1]) }} and {{ other_where }}
)

select
    {%- for expression in by %}
    key_{{ loop.index }},
    {%- endfor %}
    sum(ours) as ours,
    sum(theirs) as theirs
from both_sides
group by {% for expression in by %}key_{{ loop.index }}{{ ', ' if not loop.last }}{% endfor %}
having abs(coalesce(sum(ours), 0) - coalesce(sum(theirs), 0)) > 0.01
{% endtest %}
