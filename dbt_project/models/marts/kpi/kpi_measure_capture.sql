{{ config(materialized='incremental', incremental_strategy='window', on_schema_change='fail') }}

{{ measure_rollup('capture', ref('fct_capture_check')) }}  -- noqa: PRS
