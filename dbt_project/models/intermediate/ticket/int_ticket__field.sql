-- Fields of tickets with the local date of their ticket's creation.
{{ config(materialized='view') }}

with

fields as (
    select * from {{ ref('stg_canonical__ticket_field') }}
),

settings as (
    select * from {{ ref('stg_centre__setting') }}
)

select
    fields.ticket_id,
    fields.field_name,
    fields.ticket_created_at,
    cast({{ to_local('fields.ticket_created_at', 'settings.timezone') }} as date) as local_created_date,
    fields.is_required,
    fields.is_filled_at_creation,
    fields.is_filled,
    fields.dt as partition_date,
    fields.row_hash as record_hash
from fields
cross join settings
