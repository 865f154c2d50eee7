-- Records other than contacts that rows of other feeds name.
{{ config(materialized='view') }}

select feed, named_id, dt from {{ ref('stg_canonical__named') }}
