-- What handled contacts sold, by the date on which the contact ended: an order counts for the contact that won it,
-- whenever it was paid.
{{ config(
    materialized='incremental', incremental_strategy='window', window_by='touched', on_schema_change='fail'
) }}

with

contacts as (
    select * from {{ ref('fct_contact') }}
    where {{ in_touched_dates('local_ended_date') }} and outcome = 'answered'
),

names as (
    {{ ids_of_contacts('contacts') }}
),

issues as (
    select * from {{ ref('dim_issue') }}
),

won as (
    select
        names.contact_id,
        count(*) as order_count
    from {{ ref('fct_order') }} as orders
    inner join names on orders.contact_id = names.named_id
    where orders.is_won
    group by names.contact_id
),

offered as (
    select distinct contact_id from {{ ref('fct_invite') }}
    where contact_id is not null
),

told as (
    select
        contacts.local_ended_date,
        contacts.channel_id,
        contacts.last_agent_id,
        contacts.medium,
        contacts.direction = 'inbound' and coalesce(issues.purpose, 'service') != 'purchase' as is_service,
        offered.contact_id is not null as is_offered,
        coalesce(won.order_count, 0) as order_count
    from contacts
    left join issues on contacts.issue_id = issues.issue_id
    left join won on contacts.contact_id = won.contact_id
    left join offered on contacts.contact_id = offered.contact_id
)

select
    local_ended_date as local_date,
    channel_id,
    last_agent_id as agent_id,
    medium,
    cast(count(*) as bigint) as handled_count,
    cast(sum(case when is_service then 1 else 0 end) as bigint) as service_count,
    cast(sum(case when is_service and order_count > 0 then 1 else 0 end) as bigint) as service_sold_count,
    cast(sum(case when is_service and is_offered then 1 else 0 end) as bigint) as service_offered_count,
    cast(sum(case when is_service and is_offered and order_count > 0 then 1 else 0 end) as bigint)
        as service_offered_sold_count,
    cast(sum(order_count) as bigint) as won_order_count
from told
group by local_ended_date, channel_id, last_agent_id, medium
