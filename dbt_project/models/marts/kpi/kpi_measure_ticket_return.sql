{{ config(
    materialized='incremental', incremental_strategy='window', window_by='touched', on_schema_change='fail'
) }}

{{ measure_rollup('ticket_return', ref('fct_ticket_return')) }}  -- noqa: PRS
