-- The business clock at each instant at which a ticket was created or solved: the seconds of office hours until then.
with

tickets as (
    select * from {{ ref('stg_canonical__ticket') }}
),

settings as (
    select * from {{ ref('stg_centre__setting') }}
),

instants as (
    select created_at as instant from tickets
    union
    select solved_at as instant from tickets
    where solved_at is not null
),

{{ worked_at() }}
