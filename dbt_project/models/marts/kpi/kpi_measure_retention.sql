{{ config(
    materialized='incremental', incremental_strategy='window', window_by='touched', on_schema_change='fail'
) }}

{{ measure_rollup('retention', ref('fct_retention')) }}  -- noqa: PRS
