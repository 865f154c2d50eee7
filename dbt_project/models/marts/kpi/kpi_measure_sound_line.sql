{{ config(materialized='incremental', incremental_strategy='window', on_schema_change='fail') }}

{{ measure_rollup('sound_line', ref('fct_audio_quality')) }}  -- noqa: PRS
