{{ config(
    materialized='incremental', incremental_strategy='window', window_by='touched', on_schema_change='fail'
) }}

{{ measure_rollup('one_touch', ref('fct_ticket')) }}  -- noqa: PRS
