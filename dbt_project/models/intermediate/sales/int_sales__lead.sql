-- Leads with their local dates; the latest version of each.
{{ config(materialized='view') }}

with

leads as (
    select * from {{ ref('stg_canonical__lead') }}
),

settings as (
    select * from {{ ref('stg_centre__setting') }}
),

told as (
    select
        leads.*,
        settings.timezone,
        {{ to_local('leads.created_at', 'settings.timezone') }} as local_created_at,
        {{ to_local('leads.qualified_at', 'settings.timezone') }} as local_qualified_at
    from leads
    cross join settings
)

select
    *,
    cast(local_created_at as date) as local_created_date,
    cast(local_qualified_at as date) as local_qualified_date,
    dt as partition_date,
    row_hash as record_hash
from told
