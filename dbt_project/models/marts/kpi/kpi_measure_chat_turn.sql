{{ config(materialized='incremental', incremental_strategy='window', on_schema_change='fail') }}

{{ measure_rollup('chat_turn', ref('fct_chat_turn')) }}  -- noqa: PRS
