-- The business clock at each instant at which a complaint was opened or closed: the seconds of office hours until then.
with

complaints as (
    select * from {{ ref('stg_canonical__complaint') }}
),

settings as (
    select * from {{ ref('stg_centre__setting') }}
),

instants as (
    select opened_at as instant from complaints
    union
    select closed_at as instant from complaints
    where closed_at is not null
),

{{ worked_at() }}
