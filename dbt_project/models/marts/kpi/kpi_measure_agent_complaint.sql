{{ config(
    materialized='incremental', incremental_strategy='window', window_by='touched', on_schema_change='fail'
) }}

{{ measure_rollup('agent_complaint', ref('fct_agent_complaint_day')) }}  -- noqa: PRS
