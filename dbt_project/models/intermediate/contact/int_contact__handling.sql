-- What agents did on a contact, summed over their legs.
with

legs as (
    select * from {{ ref('int_agent__handled_leg') }}
),

first_legs as (
    select contact_id, agent_id from legs
    qualify row_number() over (partition by contact_id order by answered_at, leg_no) = 1
),

last_legs as (
    select contact_id, agent_id from legs
    qualify row_number() over (partition by contact_id order by answered_at desc, leg_no desc) = 1
),

-- seconds in which a contact's conversations ran at once
followed as (
    select
        contact_id,
        answered_at,
        ended_at,
        max(ended_at) over (
            partition by contact_id order by answered_at, leg_no rows between unbounded preceding and 1 preceding
        ) as spoken_until
    from legs
    where is_told
),

parallels as (
    select
        contact_id,
        {{ sum_seconds(seconds_between('answered_at', 'least(ended_at, spoken_until)')) }} as parallel_s
    from followed
    where answered_at < spoken_until and answered_at < ended_at
    group by contact_id
),

totals as (
    select
        contact_id,
        min(answered_at) as first_agent_at,
        max(ended_at) as last_leg_ended_at,
        cast(count(*) as integer) as leg_count,
        cast(count(distinct agent_id) as integer) as agent_count,
        {{ sum_seconds("ring_s") }} as ring_s,
        -- of a contact with a conversation of unknown length nobody knows how long it talked
        case when count(talk_s) = count(*) then {{ sum_seconds("talk_s") }} end as talk_s,
        max(talk_s) as longest_talk_s,
        {{ sum_seconds("coalesce(hold_s, 0)") }} as hold_s,
        {{ sum_seconds("consult_s") }} as consult_s,
        {{ sum_seconds("acw_s") }} as acw_s,
        {{ sum_seconds("handle_s") }} as handle_s,
        max(case when is_answer_timed then 1 else 0 end) = 1 as is_answer_timed,
        greatest(count(*) - 1, max(case when is_told then 1 else 0 end)) > 0 as is_told_apart,
        {{ count_if("via = 'transfer'") }} as handed_on_count
    from legs
    group by contact_id
),

-- a contact talked no less than in its longest conversation
saved as (
    select
        parallels.contact_id,
        least(parallels.parallel_s, totals.talk_s - totals.longest_talk_s) as saved_s
    from parallels
    inner join totals on parallels.contact_id = totals.contact_id
    where totals.talk_s is not null
)

select
    totals.contact_id,
    totals.first_agent_at,
    totals.last_leg_ended_at,
    totals.leg_count,
    totals.agent_count,
    totals.ring_s,
    totals.talk_s - coalesce(saved.saved_s, 0) as talk_s,
    totals.hold_s,
    totals.consult_s,
    totals.acw_s,
    totals.handle_s - coalesce(saved.saved_s, 0) as handle_s,
    totals.is_answer_timed,
    totals.is_told_apart,
    totals.handed_on_count,
    first_legs.agent_id as first_agent_id,
    last_legs.agent_id as last_agent_id
from totals
inner join first_legs on totals.contact_id = first_legs.contact_id
inner join last_legs on totals.contact_id = last_legs.contact_id
left join saved on totals.contact_id = saved.contact_id
