{{ config(materialized='incremental', incremental_strategy='window', on_schema_change='fail') }}

with

records as (
    select
        *,
        cast(null as varchar) as channel,
        cast(null as varchar) as queue,
        agent_id as agent,
        cast(null as varchar) as region,
        cast(null as integer) as hour_of_day
    from {{ ref('fct_agent_interval') }}
    where {{ in_window('local_date') }} and {{ measure_family_facts()['agent'].row_filter }}
),

{{ measure_rollup('records', 'agent', [[], ['agent']]) }}  -- noqa: PRS
