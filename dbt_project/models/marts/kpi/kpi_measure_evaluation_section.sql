{{ config(materialized='incremental', incremental_strategy='window', on_schema_change='fail') }}

{{ measure_rollup('evaluation_section', ref('fct_qa_section')) }}  -- noqa: PRS
