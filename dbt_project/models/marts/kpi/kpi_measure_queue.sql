{{ config(materialized='incremental', incremental_strategy='window', on_schema_change='fail') }}

{{ measure_rollup('queue', ref('fct_queue_interval')) }}  -- noqa: PRS
