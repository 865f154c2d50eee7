{{ config(materialized='incremental', incremental_strategy='window', on_schema_change='fail') }}

{{ measure_rollup('rating', ref('fct_survey_answer')) }}  -- noqa: PRS
