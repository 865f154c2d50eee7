{{ config(
    materialized='incremental', incremental_strategy='window', window_by='month', on_schema_change='fail'
) }}

{{ measure_rollup('cost', ref('fct_cost_month')) }}  -- noqa: PRS
