{{ config(materialized='incremental', incremental_strategy='window', on_schema_change='fail') }}

{{ measure_rollup('contact', ref('fct_contact')) }}  -- noqa: PRS
