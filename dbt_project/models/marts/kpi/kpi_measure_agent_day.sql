{{ config(materialized='incremental', incremental_strategy='window', on_schema_change='fail') }}

{{ measure_rollup('agent_day', ref('fct_agent_day')) }}  -- noqa: PRS
