{{ config(materialized='incremental', incremental_strategy='window', on_schema_change='fail') }}

with

logged as (
    select * from {{ ref('int_audit__query') }}
),

queries as (
    select * from logged
    where {{ in_read_window('dt') }} and {{ in_window('local_date') }}
),

-- rows that those of the window say to follow; they may be of any age, as a tool may rest for weeks
sought as (
    select distinct
        tool_name,
        previous_chain_hash
    from queries
    where previous_chain_hash is not null
),

present as (
    select distinct
        sought.tool_name,
        sought.previous_chain_hash
    from logged
    inner join sought on logged.tool_name = sought.tool_name and logged.chain_hash = sought.previous_chain_hash
),

followers as (
    select
        logged.tool_name,
        logged.query_id,
        row_number() over (
            partition by logged.tool_name, logged.previous_chain_hash order by logged.executed_at, logged.query_id
        ) as follower_no
    from logged
    inner join sought
        on logged.tool_name = sought.tool_name and logged.previous_chain_hash = sought.previous_chain_hash
),

begun as (
    select
        tool_name,
        min(executed_at) as begun_at
    from logged
    where chain_hash is not null
    group by tool_name
),

linked as (
    select
        queries.*,
        case
            when queries.chain_hash is null then 'none'
            when present.tool_name is not null and followers.follower_no = 1 then 'follows'
            when present.tool_name is not null then 'forked'
            when queries.executed_at = begun.begun_at then 'begins'
            else 'cut'
        end as chain_state
    from queries
    left join present
        on queries.tool_name = present.tool_name and queries.previous_chain_hash = present.previous_chain_hash
    left join followers on queries.tool_name = followers.tool_name and queries.query_id = followers.query_id
    left join begun on queries.tool_name = begun.tool_name
)

select
    tool_name,
    query_id,
    executed_at,
    timezone,
    local_executed_at,
    local_date,
    cast(extract(hour from local_executed_at) as integer) as local_hour,
    user_id,
    run_by,
    query_hash,
    saved_query_id,
    table_names,
    row_count,
    is_exported,
    chain_state,
    is_counted,
    is_traceable,
    is_traceable and chain_state in ('begins', 'follows') as is_vouched
from linked
