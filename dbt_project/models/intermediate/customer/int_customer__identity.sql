{{ config(materialized='view') }}

select
    customer_key,
    identity_type,
    identity_hash,
    linked_at as valid_from,
    unlinked_at as valid_to,
    unlinked_at is null as is_current
from {{ ref('stg_canonical__customer_identity') }}
