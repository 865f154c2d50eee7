{{ config(materialized='incremental', incremental_strategy='window', on_schema_change='fail') }}

-- An answered inbound visit by two clocks (Q9): volume of the hour of entry, handling of the hour in which it ended.
{%- set measures = ['answered', 'handle_s'] %}
with

visits as (
    select
        local_date as entry_date, local_hour as entry_hour,
        cast(local_ended_at as date) as ended_date, cast(extract(hour from local_ended_at) as integer) as ended_hour,
        case
            when ended_at is null then 'end_unknown'
            when cast(local_ended_at as date) != local_date then 'date'
            when extract(hour from local_ended_at) != local_hour then 'hour'
        end as apart_by,
        1 as answered,
        coalesce(handle_s, 0) as handle_s
    from {{ ref('fct_queue_visit') }}
    where {{ in_read_window('local_date') }} and exit_kind = 'answered' and direction = 'inbound' and medium = 'voice'
),

movements as ( -- noqa: disable=AL03
    select entry_date as local_date, entry_hour as local_hour, 'start' as step, answered, handle_s from visits
    union all
    select entry_date, entry_hour, 'end_unknown', -answered, -handle_s from visits
    where apart_by = 'end_unknown'
    union all
    {%- for apart_by, leaves, arrives in [
        ('hour', 'ends_in_later_hour', 'began_in_earlier_hour'), ('date', 'ends_on_later_date', 'began_on_earlier_date')
    ] %}
    select entry_date, entry_hour, '{{ leaves }}', -answered, -handle_s from visits
    where apart_by = '{{ apart_by }}'
    union all
    select ended_date, ended_hour, '{{ arrives }}', answered, handle_s from visits
    where apart_by = '{{ apart_by }}'
    union all
    {%- endfor %}
    select local_date, local_hour, 'end', handled_legs, handle_s from {{ ref('fct_queue_interval') }}
    where direction = 'inbound' and medium = 'voice'
),

{{ bridge_rows('interval', measures, by=['local_date', 'local_hour']) }}
