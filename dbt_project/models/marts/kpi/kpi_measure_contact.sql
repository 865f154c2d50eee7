{{ config(materialized='incremental', incremental_strategy='window', on_schema_change='fail') }}

with

records as (
    select
        *,
        channel_id as channel,
        cast(null as varchar) as queue,
        cast(null as varchar) as agent,
        region_code as region,
        local_hour as hour_of_day
    from {{ ref('fct_contact') }}
    where {{ measure_family_facts()['contact'].row_filter }} and {{ in_window('local_date') }}
),

{{ measure_rollup('records', 'contact', [[], ['channel'], ['region'], ['hour_of_day']]) }}  -- noqa: PRS
