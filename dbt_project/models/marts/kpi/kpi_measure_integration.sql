{{ config(materialized='incremental', incremental_strategy='window', on_schema_change='fail') }}

{{ measure_rollup('integration', ref('fct_api_minute')) }}  -- noqa: PRS
