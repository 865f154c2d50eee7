{{ config(materialized='incremental', incremental_strategy='window', on_schema_change='fail') }}

{{ measure_rollup('hand_over', ref('fct_interaction_sync')) }}  -- noqa: PRS
