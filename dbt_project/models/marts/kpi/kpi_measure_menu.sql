{{ config(materialized='incremental', incremental_strategy='window', on_schema_change='fail') }}

{{ measure_rollup('menu', ref('fct_ivr_visit')) }}  -- noqa: PRS
