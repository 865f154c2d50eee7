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
        {{ sum_seconds("coalesce(hold_s, 0)") }} as hold_s,
        {{ sum_seconds("consult_s") }} as consult_s,
        {{ sum_seconds("acw_s") }} as acw_s,
        {{ sum_seconds("handle_s") }} as handle_s
    from legs
    group by contact_id
)

select
    totals.*,
    first_legs.agent_id as first_agent_id,
    last_legs.agent_id as last_agent_id
from totals
inner join first_legs on totals.contact_id = first_legs.contact_id
inner join last_legs on totals.contact_id = last_legs.contact_id
