{{ config(materialized='incremental', incremental_strategy='window', on_schema_change='fail') }}

with

records as (
    select
        *,
        cast(null as varchar) as channel,
        coalesce(queue_id, 'unknown') as queue,
        cast(null as varchar) as agent,
        cast(null as varchar) as region,
        local_hour as hour_of_day
    from {{ ref('fct_queue_interval') }}
    where {{ measure_family_facts()['queue'].row_filter }} and {{ in_window('local_date') }}
),

{{ measure_rollup('records', 'queue', [['queue'], ['queue', 'hour_of_day']]) }}  -- noqa: PRS
