{{ config(
    materialized='incremental', incremental_strategy='window', window_by='touched', on_schema_change='fail'
) }}

{{ measure_rollup('action', ref('fct_action_day')) }}  -- noqa: PRS
