select
    kpi_id,
    variant,
    target_profile,
    valid_from,
    valid_to
from {{ lake('centre', 'official_variant') }}
