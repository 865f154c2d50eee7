{{ config(materialized='incremental', incremental_strategy='window', on_schema_change='fail') }}

{{ measure_rollup('ring', ref('fct_queue_offer')) }}  -- noqa: PRS
