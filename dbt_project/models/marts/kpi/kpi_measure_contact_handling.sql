{{ config(materialized='incremental', incremental_strategy='window', on_schema_change='fail') }}

{{ measure_rollup('contact_handling', ref('fct_contact')) }}  -- noqa: PRS
