-- A row is made again by the date of its ticket's creation, on which it counts.
{{ config(
    materialized='incremental', incremental_strategy='window', window_by='touched', on_schema_change='fail'
) }}

with

tickets as (
    select * from {{ ref('fct_ticket') }}
    where {{ in_touched_dates('local_created_date') }}
),

returns as (
    select * from {{ ref('fct_ticket_event') }}
    where kind = 'returned' and missing_field is not null
)

select
    tickets.ticket_id,
    returns.missing_field,
    tickets.ticket_type,
    tickets.issue_id,
    tickets.local_created_date as local_date,
    min(returns.happened_at) as first_returned_at,
    cast(count(*) as integer) as returned_count
from tickets
inner join returns on tickets.ticket_id = returns.ticket_id
group by
    tickets.ticket_id, returns.missing_field, tickets.ticket_type, tickets.issue_id, tickets.local_created_date
