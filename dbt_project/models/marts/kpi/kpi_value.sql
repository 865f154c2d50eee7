-- What a value is worth depends on how far the data reach, which moves with every build; the value itself does not.
{{ config(materialized='view') }}

select
    kpi_id,
    variant,
    grain,
    period_start,
    dim_set,
    {{ kpi_members() }},
    category,
    numerator,
    denominator,
    value,
    n,
    is_official,
    target_profile,
    target,
    status,
    mature_from <= timestamp '{{ var("as_of") }}' as is_mature,
    timestamp '{{ var("as_of") }}' as as_of
from {{ ref('kpi_judged') }}
