{{ config(
    materialized='incremental', incremental_strategy='window', window_by='touched', on_schema_change='fail'
) }}

{{ measure_rollup('agent_paid', ref('fct_agent_paid_day')) }}  -- noqa: PRS
