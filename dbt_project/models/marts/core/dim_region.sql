with

configured as (
    select * from {{ ref('region') }}
),

-- a region that only an export names keeps its own code: nothing is folded into `unknown`
seen as (
    select distinct region_code from {{ ref('fct_contact') }}
)

select
    region_code,
    province_zh,
    province_en,
    city_zh,
    city_en,
    number_prefix,
    true as is_configured
from configured
union all
select
    'unknown' as region_code,
    '未知' as province_zh,
    'Unknown' as province_en,
    '未知' as city_zh,
    'Unknown' as city_en,
    cast(null as string) as number_prefix,
    true as is_configured
union all
select
    region_code,
    region_code as province_zh,
    region_code as province_en,
    region_code as city_zh,
    region_code as city_en,
    cast(null as string) as number_prefix,
    false as is_configured
from seen
where region_code != 'unknown' and region_code not in (select configured.region_code from configured)
