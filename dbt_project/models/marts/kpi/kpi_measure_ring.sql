{{ config(materialized='incremental', incremental_strategy='window', on_schema_change='fail') }}

with

records as (
    select
        *,
        cast(null as varchar) as channel,
        coalesce(queue_id, 'unknown') as queue,
        coalesce(agent_id, 'unknown') as agent,
        cast(null as varchar) as region,
        cast(null as integer) as hour_of_day
    from {{ ref('fct_queue_offer') }}
    where {{ in_window('local_date') }}
),

{{ measure_rollup('records', 'ring', [[], ['queue'], ['agent']]) }}  -- noqa: PRS
