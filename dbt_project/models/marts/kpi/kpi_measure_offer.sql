{{ config(materialized='incremental', incremental_strategy='window', on_schema_change='fail') }}

{{ measure_rollup('offer', ref('fct_invite')) }}  -- noqa: PRS
