-- Offers with the contact in which each was made, and the customer of that contact.
{{ config(materialized='incremental', incremental_strategy='window', on_schema_change='fail') }}

with

invites as (
    select
        *,
        cast(local_offered_at as date) as local_date
    from {{ ref('int_sales__invite') }}
),

contacts as (
    select * from {{ ref('fct_contact') }}
    where {{ in_read_window('local_date') }}
),

names as (
    {{ ids_of_contacts('contacts') }}
)

select
    invites.invite_id,
    contacts.contact_id,
    invites.contact_id as said_contact_id,
    contacts.customer_key,
    invites.agent_id,
    invites.campaign_id,
    invites.product_id,
    invites.offered_at,
    invites.timezone,
    invites.local_offered_at,
    invites.local_date,
    invites.is_accepted
from invites
left join names on invites.contact_id = names.named_id
left join contacts on names.contact_id = contacts.contact_id
where {{ in_window('invites.local_date') }}
