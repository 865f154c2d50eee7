{{ config(materialized='incremental', incremental_strategy='window', on_schema_change='fail') }}

{{ measure_rollup('leg', ref('fct_agent_leg')) }}  -- noqa: PRS
