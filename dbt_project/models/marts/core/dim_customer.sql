select
    customer_key,
    version_no,
    customer_type,
    tier,
    is_high_value,
    age_band,
    spend_tier,
    region_code,
    owner_agent_id,
    status,
    joined_at,
    known_from,
    valid_from,
    valid_to,
    is_current
from {{ ref('int_customer__version') }}
