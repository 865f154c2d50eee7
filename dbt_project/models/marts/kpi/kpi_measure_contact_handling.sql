{{ config(materialized='incremental', incremental_strategy='window', on_schema_change='fail') }}

with

records as (
    select
        local_ended_date as local_date,
        handle_s,
        talk_s,
        channel_id as channel,
        cast(null as varchar) as queue,
        cast(null as varchar) as agent,
        region_code as region,
        cast(null as integer) as hour_of_day
    from {{ ref('fct_contact') }}
    where {{ measure_family_facts()['contact_handling'].row_filter }} and {{ in_window('local_ended_date') }}
),

{{ measure_rollup('records', 'contact_handling', [[], ['channel'], ['region']]) }}  -- noqa: PRS
