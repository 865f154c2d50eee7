-- Offers with their local times.
{{ config(materialized='view') }}

with

invites as (
    select * from {{ ref('stg_canonical__invite') }}
    where {{ in_read_window('dt') }}
),

settings as (
    select * from {{ ref('stg_centre__setting') }}
)

select
    invites.*,
    settings.timezone,
    {{ to_local('invites.offered_at', 'settings.timezone') }} as local_offered_at
from invites
cross join settings
