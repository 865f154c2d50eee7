{{ config(
    materialized='incremental', incremental_strategy='window', window_by='month', on_schema_change='fail'
) }}

{{ measure_rollup('ledger', ref('fct_cost')) }}  -- noqa: PRS
