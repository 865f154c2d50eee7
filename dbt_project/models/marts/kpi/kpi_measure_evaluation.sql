{{ config(materialized='incremental', incremental_strategy='window', on_schema_change='fail') }}

{{ measure_rollup('evaluation', ref('fct_qa_evaluation')) }}  -- noqa: PRS
