-- Who was spoken to, who was offered something, and who bought, once a month: what rates of people are counted from.
{{ config(
    materialized='incremental', incremental_strategy='window', window_by='month', on_schema_change='fail'
) }}

with

contacts as (
    select * from {{ ref('fct_contact') }}
    where {{ in_touched_months('local_ended_date') }} and outcome = 'answered'
),

invites as (
    select
        *,
        coalesce(customer_key, contact_id, said_contact_id, 'invite:' || invite_id) as person_key
    from {{ ref('fct_invite') }}
),

orders as (
    select * from {{ ref('fct_order') }}
    where {{ in_touched_months('local_paid_date') }}
),

-- to whom each product was offered in each contact
offers as (
    select
        said_contact_id,
        product_id,
        min(person_key) as person_key
    from invites
    where said_contact_id is not null and product_id is not null
    group by said_contact_id, product_id
),

told as (
    select
        local_ended_date as told_date,
        'contacted' as kind,
        last_agent_id as agent_id,
        cast(null as string) as product_id,
        coalesce(customer_key, contact_id) as person_key,
        cast(null as decimal(18, 4)) as gross_amount,
        cast(null as decimal(18, 4)) as net_amount
    from contacts
    union all
    select
        local_date as told_date, 'offered' as kind, agent_id, product_id, person_key,
        null as gross_amount, null as net_amount
    from invites
    where {{ in_touched_months('local_date') }}
    union all
    select
        local_paid_date as told_date, 'won' as kind, agent_id, product_id, null as person_key, gross_amount, net_amount
    from orders
    where is_won
    union all
    select
        local_paid_date as told_date, 'paid' as kind, null as agent_id, product_id,
        coalesce(customer_key, order_id) as person_key, gross_amount, net_amount
    from orders
    union all
    select
        orders.local_paid_date as told_date, 'bought_offer' as kind, orders.agent_id, orders.product_id,
        offers.person_key, null as gross_amount, null as net_amount
    from orders
    inner join offers on orders.contact_id = offers.said_contact_id and orders.product_id = offers.product_id
    where orders.is_won
)

select
    cast(date_trunc('month', told_date) as date) as local_date,
    kind,
    agent_id,
    product_id,
    person_key,
    cast(count(*) as bigint) as record_count,
    cast(sum(case when net_amount != 0 then 1 else 0 end) as bigint) as earning_order_count,
    cast(sum(gross_amount) as decimal(18, 4)) as gross_amount,
    cast(sum(net_amount) as decimal(18, 4)) as net_amount
from told
group by cast(date_trunc('month', told_date) as date), kind, agent_id, product_id, person_key
