-- What channels and queues bear of a month is its ledger, and what bears it are its handled contacts.
with

shared as (
    select
        local_date,
        sum(total_cost) as cost,
        sum(contact_count) as contacts
    from {{ ref('fct_cost_month') }}
    where {{ in_touched_months('local_date') }}
    group by local_date
),

booked as (
    select
        month as local_date,
        sum(own_amount) as cost
    from {{ ref('fct_cost') }}
    where {{ in_touched_months('month') }} and own_amount is not null
    group by month
),

handled as (
    select
        cast(date_trunc('month', local_ended_date) as date) as local_date,
        count(*) as contacts
    from {{ ref('fct_contact') }}
    where {{ in_touched_months('local_ended_date') }} and outcome = 'answered'
    group by cast(date_trunc('month', local_ended_date) as date)
)

select
    booked.local_date,
    booked.cost,
    shared.cost as shared_cost,
    handled.contacts,
    shared.contacts as sharing_contacts
from booked
left join shared on booked.local_date = shared.local_date
left join handled on booked.local_date = handled.local_date
where
    shared.local_date is null
    or abs(booked.cost - shared.cost) > 0.01
    or coalesce(handled.contacts, 0) != shared.contacts
