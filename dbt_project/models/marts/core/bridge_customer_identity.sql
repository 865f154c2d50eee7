select
    customer_key,
    identity_type,
    identity_hash,
    valid_from,
    valid_to,
    is_current
from {{ ref('int_customer__identity') }}
