-- Every KPI that stands on a board has its row there, with or without a value, and no board is without a mart.
with

shown as (
    select report_id, kpi_id, position from {{ ref('rpt_four_dimensions') }}
    union all
    select report_id, kpi_id, position from {{ ref('rpt_core_targets') }}
)

select
    wanted.report_id,
    wanted.kpi_id
from {{ ref('report_kpi') }} as wanted
left join shown
    on
        wanted.report_id = shown.report_id
        and wanted.kpi_id = shown.kpi_id
        and wanted.position = shown.position
where shown.kpi_id is null
