-- Measurements of a contact's sound, judged, each with the judgement over all of its contact, of its agent's part and
-- of its line's part. A contact is dated by its first measurement.
{{ config(materialized='view') }}
{%- set parts = {
    'contact': 'contact_id', 'agent': 'contact_id, agent_id', 'line': 'contact_id, line_id'
} %}

with

measurements as (
    select * from {{ ref('stg_canonical__audio_quality') }}
    where {{ in_read_touched_dates('dt', 2, 2) }} and mos is not null
),

settings as (
    select * from {{ ref('stg_centre__setting') }}
),

judged as (
    select
        *,
        mos >= {{ var('audio_mos_min') }}
        and coalesce(latency_ms <= {{ var('audio_latency_max_ms') }}, true)
        and not coalesce(is_noisy, false) as is_good
    from measurements
),

compared as (
    select
        *,
        {%- for part, columns in parts.items() %}
        min(cast(is_good as integer)) over (partition by {{ columns }}) = 1 as is_{{ part }}_good,
        row_number() over (partition by {{ columns }} order by measured_at) = 1 as is_first_of_{{ part }},
        {%- endfor %}
        min(measured_at) over (partition by contact_id) as first_measured_at
    from judged
),

told as (
    select
        compared.*,
        settings.timezone,
        {{ to_local('compared.measured_at', 'settings.timezone') }} as local_measured_at,
        cast({{ to_local('compared.first_measured_at', 'settings.timezone') }} as date) as local_date
    from compared
    cross join settings
)

select * from told
