{{ config(
    materialized='incremental', incremental_strategy='window', window_by='touched', on_schema_change='fail'
) }}

{{ measure_rollup('lead', ref('fct_lead_day')) }}  -- noqa: PRS
