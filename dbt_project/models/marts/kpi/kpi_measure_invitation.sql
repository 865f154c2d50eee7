{{ config(materialized='incremental', incremental_strategy='window', on_schema_change='fail') }}

{{ measure_rollup('invitation', ref('fct_survey_invitation')) }}  -- noqa: PRS
