-- Versions of customers that differ in something that reports ask for. The first one holds for all time before it too:
-- nothing else is known; `known_from` says since when it is more than that.
{{ config(materialized='view') }}
{%- set compared = [
    'customer_type', 'tier', 'is_high_value', 'age_band', 'spend_tier', 'region_code', 'owner_agent_id', 'status'
] %}

with

records as (
    select
        *,
        {% for column in compared -%}
        coalesce(cast({{ column }} as string), '') || '|' {{ '|| ' if not loop.last }}
        {%- endfor %} as described
    from {{ ref('stg_canonical__customer') }}
),

compared as (
    select
        *,
        lag(described) over (partition by customer_key order by record_updated_at) as described_before,
        min(joined_at) over (partition by customer_key) as first_joined_at
    from records
),

versions as (
    select
        *,
        row_number() over (partition by customer_key order by record_updated_at) as version_no,
        lead(record_updated_at) over (partition by customer_key order by record_updated_at) as valid_to
    from compared
    where described_before is null or described != described_before
)

select
    customer_key,
    cast(version_no as integer) as version_no,
    {{ compared | join(',\n    ') }},
    first_joined_at as joined_at,
    record_updated_at as known_from,
    case when version_no = 1 then timestamp '1900-01-01 00:00:00' else record_updated_at end as valid_from,
    valid_to,
    valid_to is null as is_current
from versions
