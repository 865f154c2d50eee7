{{ config(
    materialized='incremental', incremental_strategy='window', window_by='touched', on_schema_change='fail'
) }}

{{ measure_rollup('order', ref('fct_order')) }}  -- noqa: PRS
