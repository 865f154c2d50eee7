-- Entries of the cost ledger with what each is shared out by and its amount in the centre's currency; the latest
-- version of each. What is booked in another currency is left out until somebody converts it, and a check says so.
{{ config(materialized='view') }}

with

entries as (
    select * from {{ ref('stg_canonical__cost') }}
),

settings as (
    select * from {{ ref('stg_centre__setting') }}
)

select
    entries.*,
    cast(date_trunc('month', entries.month) as date) as cost_month,
    coalesce(entries.currency, settings.currency) as entry_currency,
    case when coalesce(entries.currency, settings.currency) = settings.currency then entries.amount end as own_amount,
    -- what the ledger names comes first, then what is usual for the type
    case
        when entries.driver in ('handle_time', 'seats', 'calls', 'headcount') then entries.driver
        when entries.cost_type = 'labour' then 'handle_time'
        when entries.cost_type in ('technology', 'telecom') then 'calls'
        when entries.cost_type = 'facility' then 'seats'
        else 'headcount'
    end as shared_by,
    settings.timezone,
    entries.dt as partition_date,
    entries.row_hash as record_hash
from entries
cross join settings
