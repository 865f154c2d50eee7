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

moments as (
    select
        instants.instant,
        {{ to_local('instants.instant', 'settings.timezone') }} as local_at
    from instants
    cross join settings
),

placed as (
    select
        instant,
        cast(local_at as date) as local_date,
        {{ seconds_between("cast(cast(local_at as date) as timestamp)", 'local_at') }} as second_of_day
    from moments
)

select
    placed.instant,
    max(dates.open_before_s)
    + coalesce(
        sum(least(greatest(placed.second_of_day - opened.opens_s, 0), opened.closes_s - opened.opens_s)), 0
    ) as worked_s
from placed
inner join {{ ref('int_calendar__open_date') }} as dates on placed.local_date = dates.local_date
left join {{ ref('int_calendar__open_interval') }} as opened on placed.local_date = opened.local_date
group by placed.instant
