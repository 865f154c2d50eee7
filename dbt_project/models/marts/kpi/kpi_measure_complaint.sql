{{ config(
    materialized='incremental', incremental_strategy='window', window_by='touched', on_schema_change='fail'
) }}

{{ measure_rollup('complaint', ref('fct_complaint_day')) }}  -- noqa: PRS
