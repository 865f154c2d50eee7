{{ config(materialized='incremental', incremental_strategy='window', on_schema_change='fail') }}

{{ measure_rollup('sound_agent', ref('fct_audio_quality')) }}  -- noqa: PRS
