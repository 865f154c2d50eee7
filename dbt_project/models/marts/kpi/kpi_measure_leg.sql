{{ config(materialized='incremental', incremental_strategy='window', on_schema_change='fail') }}

with

records as (
    select
        *,
        cast(null as varchar) as channel,
        cast(null as varchar) as queue,
        coalesce(agent_id, 'unknown') as agent,
        cast(null as varchar) as region,
        cast(null as integer) as hour_of_day
    from {{ ref('fct_agent_leg') }}
    where {{ measure_family_facts()['leg'].row_filter }} and {{ in_window('local_date') }}
),

{{ measure_rollup('records', 'leg', [[], ['agent']]) }}  -- noqa: PRS
