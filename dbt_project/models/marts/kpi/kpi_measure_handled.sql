{{ config(
    materialized='incremental', incremental_strategy='window', window_by='touched', on_schema_change='fail'
) }}

{{ measure_rollup('handled', ref('fct_contact_resolution')) }}  -- noqa: PRS
