select
    region_code,
    province_zh,
    province_en,
    city_zh,
    city_en,
    number_prefix
from {{ ref('region') }}
union all
select
    'unknown' as region_code,
    '未知' as province_zh,
    'Unknown' as province_en,
    '未知' as city_zh,
    'Unknown' as city_en,
    cast(null as varchar) as number_prefix
