{{ config(materialized='incremental', incremental_strategy='window', on_schema_change='fail') }}

{{ measure_rollup('agent', ref('fct_agent_interval')) }}  -- noqa: PRS
