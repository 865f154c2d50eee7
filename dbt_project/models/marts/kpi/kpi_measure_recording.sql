{{ config(
    materialized='incremental', incremental_strategy='window', window_by='touched', on_schema_change='fail'
) }}

{{ measure_rollup('recording', ref('fct_recording_day')) }}  -- noqa: PRS
