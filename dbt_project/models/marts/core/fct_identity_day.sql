{{ config(materialized='incremental', incremental_strategy='window', on_schema_change='fail') }}

select
    local_date,
    source_system,
    channel_id,
    direction,
    count(*) as contact_count,
    count(customer_key) as customer_known_count,
    count(caller_hash) as caller_known_count,
    count(issue_id) as issue_known_count
from {{ ref('fct_contact') }}
where {{ in_window('local_date') }}
group by local_date, source_system, channel_id, direction
