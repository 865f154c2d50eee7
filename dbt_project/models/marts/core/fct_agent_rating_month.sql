{{ config(
    materialized='incremental', incremental_strategy='window', window_by='month', on_schema_change='fail'
) }}

with

ratings as (
    select * from {{ ref('fct_survey_answer') }}
    where {{ in_touched_months('local_date') }} and is_rating and is_top_two is not null and agent_id is not null
)

select
    cast(date_trunc('month', local_date) as date) as local_date,
    agent_id,
    cast(count(*) as bigint) as rating_count,
    cast(sum(case when is_top_two then 1 else 0 end) as bigint) as top_count,
    count(*) >= {{ var('agent_ratings_min') }} as is_counted
from ratings
group by cast(date_trunc('month', local_date) as date), agent_id
