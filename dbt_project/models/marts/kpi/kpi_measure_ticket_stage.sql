{{ config(
    materialized='incremental', incremental_strategy='window', window_by='touched', on_schema_change='fail'
) }}

{{ measure_rollup('ticket_stage', ref('fct_ticket_stage')) }}  -- noqa: PRS
