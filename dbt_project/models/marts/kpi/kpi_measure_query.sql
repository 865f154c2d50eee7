{{ config(materialized='incremental', incremental_strategy='window', on_schema_change='fail') }}

{{ measure_rollup('query', ref('fct_query')) }}  -- noqa: PRS
