-- The ledger of a month shared out over the channels and queues of its handled contacts. A month without entries has no
-- row; what nothing can be shared out by stays with the channel and queue that the ledger names, or with none.
{{ config(
    materialized='incremental', incremental_strategy='window', window_by='month', on_schema_change='fail'
) }}
{%- set cost_types = ['labour', 'technology', 'telecom', 'facility', 'management', 'other'] %}

with

costs as (
    select
        month,
        cost_type,
        shared_by,
        coalesce(channel_id, '') as of_channel,
        coalesce(queue_id, '') as of_queue,
        {{ exact_sum('own_amount') }} as amount
    from {{ ref('fct_cost') }}
    where {{ in_touched_months('month') }} and own_amount is not null
    group by month, cost_type, shared_by, coalesce(channel_id, ''), coalesce(queue_id, '')
),

handling as (
    select * from {{ ref('fct_handling_month') }}
    where {{ in_touched_months('local_date') }}
),

weights as (
    {%- for driver, column in {
        'handle_time': 'spent_s', 'calls': 'contact_count', 'seats': 'seat_days', 'headcount': 'heads'
    }.items() %}
    select
        local_date as month,
        channel_id,
        queue_id,
        '{{ driver }}' as shared_by,
        cast({{ column }} as double) as weight
    from handling
    where {{ column }} > 0
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

matched as (
    select
        costs.month,
        costs.cost_type,
        costs.amount,
        case when weights.weight is null then nullif(costs.of_channel, '') else weights.channel_id end as channel_id,
        case when weights.weight is null then nullif(costs.of_queue, '') else weights.queue_id end as queue_id,
        weights.weight,
        -- seats and heads are fractions: as doubles their sum would be that of their order
        cast(sum(cast(weights.weight as decimal(28, 12))) over (
            partition by costs.month, costs.cost_type, costs.shared_by, costs.of_channel, costs.of_queue
        ) as double) as whole
    from costs
    left join weights
        on
            costs.month = weights.month
            and costs.shared_by = weights.shared_by
            and (costs.of_channel = '' or costs.of_channel = weights.channel_id)
            and (costs.of_queue = '' or costs.of_queue = weights.queue_id)
),

shared as (
    select
        month,
        channel_id,
        queue_id,
        cost_type,
        case when weight is null then amount else amount * (weight / whole) end as cost,
        0 as contact_count
    from matched
    union all
    select
        handling.local_date as month,
        handling.channel_id,
        handling.queue_id,
        cast(null as string) as cost_type,
        0 as cost,
        handling.contact_count
    from handling
    where handling.local_date in (select costs.month from costs)
)

select
    month as local_date,
    channel_id,
    queue_id,
    cast(sum(contact_count) as bigint) as contact_count,
    {%- for cost_type in cost_types %}
    {{ exact_sum("case when cost_type = '" ~ cost_type ~ "' then cost else 0 end") }} as {{ cost_type }}_cost,
    {%- endfor %}
    {{ exact_sum('cost') }} as total_cost
from shared
group by month, channel_id, queue_id
