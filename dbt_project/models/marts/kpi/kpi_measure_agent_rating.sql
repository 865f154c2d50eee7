{{ config(
    materialized='incremental', incremental_strategy='window', window_by='month', on_schema_change='fail'
) }}

{{ measure_rollup('agent_rating', ref('fct_agent_rating_month')) }}  -- noqa: PRS
