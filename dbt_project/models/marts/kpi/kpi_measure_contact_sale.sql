{{ config(
    materialized='incremental', incremental_strategy='window', window_by='touched', on_schema_change='fail'
) }}

{{ measure_rollup('contact_sale', ref('fct_contact_sale_day')) }}  -- noqa: PRS
