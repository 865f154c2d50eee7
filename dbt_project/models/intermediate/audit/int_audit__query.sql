-- Queries and exports with their local time in the zone of the centre, and what each row says by itself.
{{ config(materialized='view') }}

with

queries as (
    select * from {{ ref('stg_canonical__query_log') }}
),

settings as (
    select * from {{ ref('stg_centre__setting') }}
),

told as (
    select
        queries.*,
        settings.timezone,
        {{ to_local('queries.executed_at', 'settings.timezone') }} as local_executed_at,
        -- a text is no hash, and may hold the numbers that were searched for
        case when position(' ' in trim(queries.query_hash)) = 0 then queries.query_hash end as plain_hash
    from queries
    cross join settings
)

select
    tool_name,
    query_id,
    executed_at,
    timezone,
    local_executed_at,
    cast(local_executed_at as date) as local_date,
    user_id,
    run_by,
    plain_hash as query_hash,
    saved_query_id,
    table_names,
    case when row_count >= 0 then row_count end as row_count,
    is_exported,
    -- a row that names itself follows none
    nullif(previous_chain_hash, chain_hash) as previous_chain_hash,
    chain_hash,
    coalesce(run_by, 'other') != 'system' or coalesce(is_exported, false) as is_counted,
    user_id is not null and coalesce(plain_hash, saved_query_id, table_names) is not null as is_traceable,
    dt
from told
