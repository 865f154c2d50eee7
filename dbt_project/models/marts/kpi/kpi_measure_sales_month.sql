{{ config(
    materialized='incremental', incremental_strategy='window', window_by='month', on_schema_change='fail'
) }}

{{ measure_rollup('sales_month', ref('fct_sales_month')) }}  -- noqa: PRS
