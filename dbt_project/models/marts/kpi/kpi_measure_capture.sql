{{ config(materialized='incremental', incremental_strategy='window', on_schema_change='fail') }}

with

records as (
    select
        *,
        cast(null as varchar) as channel,
        cast(null as varchar) as queue,
        cast(null as varchar) as agent,
        cast(null as varchar) as region,
        local_hour as hour_of_day
    from {{ ref('fct_capture_check') }}
    where {{ in_window('local_date') }}
),

{{ measure_rollup('records', 'capture', [[], ['hour_of_day']]) }}  -- noqa: PRS
