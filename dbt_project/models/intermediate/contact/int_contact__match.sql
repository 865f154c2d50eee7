-- Contacts of an export that the telephone system lists too, if there are two systems (DECISIONS.md, section 15).
with

listed as (
    select * from {{ ref('int_contact__listed') }}
),

settings as (
    select * from {{ ref('stg_centre__setting') }}
    where (select count(distinct listed.source_system) from listed) > 1
),

timed as (
    select
        listed.contact_id,
        listed.source_system,
        listed.call_id,
        listed.telephony_call_id,
        listed.direction,
        listed.caller_hash,
        listed.dialled_number,
        listed.started_at,
        listed.queue_visit_count,
        settings.contact_match_s,
        -- starts that can be a pair lie in the same stretch of time or in neighbouring ones
        {{ trunc_time('listed.started_at', '(settings.contact_match_s + 1)') }} as stretch
    from listed
    cross join settings
    where listed.medium = 'voice'
),

telephone as (
    select * from timed
    where source_system = 'asterisk'
),

named as (
    select * from timed
    where source_system = 'canonical' and telephony_call_id is not null
),

unnamed as (
    select
        timed.*,
        {{ add_seconds('timed.stretch', '(steps.n - 1) * (timed.contact_match_s + 1)') }} as near_stretch
    from timed
    cross join {{ spine(2) }} as steps
    where timed.source_system = 'canonical' and timed.telephony_call_id is null and timed.caller_hash is not null
),

meant as (
    select contact_id, started_at, queue_visit_count, telephony_call_id as call_id from named
    union
    select named.contact_id, named.started_at, named.queue_visit_count, names.call_id
    from named
    inner join {{ ref('stg_asterisk__call_name') }} as names on named.telephony_call_id = names.said_id
),

candidates as (
    select
        telephone.contact_id as left_id,
        meant.contact_id as right_id,
        'call_id' as match_rule,
        abs({{ seconds_between('telephone.started_at', 'meant.started_at') }}) as distance_s,
        telephone.queue_visit_count = 0 and meant.queue_visit_count > 0 as is_right_kept
    from meant
    inner join telephone on meant.call_id = telephone.call_id
    union all
    select
        telephone.contact_id as left_id,
        unnamed.contact_id as right_id,
        'number_and_start' as match_rule,
        abs({{ seconds_between('telephone.started_at', 'unnamed.started_at') }}) as distance_s,
        telephone.queue_visit_count = 0 and unnamed.queue_visit_count > 0 as is_right_kept
    from unnamed
    inner join telephone
        on
            unnamed.caller_hash = telephone.caller_hash
            and unnamed.direction = telephone.direction
            and unnamed.near_stretch = telephone.stretch
    where
        abs({{ seconds_between('telephone.started_at', 'unnamed.started_at') }}) <= telephone.contact_match_s
        and coalesce(telephone.dialled_number = unnamed.dialled_number, true)
),

{{ pairs_of_nearest('candidates', 'pairs', 'match_rule, distance_s') }},

sides as (
    select left_id as contact_id, right_id as other_id, match_rule, distance_s, not is_right_kept as is_kept
    from candidates
    union all
    select right_id as contact_id, left_id as other_id, match_rule, distance_s, is_right_kept as is_kept
    from candidates
),

choices as (
    select contact_id, count(*) as candidate_count from sides
    group by contact_id
),

paired as (
    select left_id as contact_id, right_id as other_id from pairs
    union all
    select right_id as contact_id, left_id as other_id from pairs
)

select
    choices.contact_id,
    paired.other_id as matched_contact_id,
    sides.match_rule,
    sides.distance_s,
    coalesce(sides.is_kept, true) as is_kept,
    cast(choices.candidate_count as integer) as candidate_count,
    choices.candidate_count > 1 or coalesce(others.candidate_count, 0) > 1 or paired.other_id is null as is_ambiguous
from choices
left join paired on choices.contact_id = paired.contact_id
left join choices as others on paired.other_id = others.contact_id
left join sides on paired.contact_id = sides.contact_id and paired.other_id = sides.other_id
