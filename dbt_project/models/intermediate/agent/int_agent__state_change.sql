-- What each agent does from one change to the next, found by counting what begins and what ends: nothing can overlap.
-- Where several hold at once the first of talk, acw, ringing, busy, break, ready wins (ruling in DECISIONS.md).
with

presence as (
    select * from {{ ref('int_agent__presence') }}
),

told as (
    select * from {{ ref('int_agent__state_told') }}
),

-- a conversation shows the state of an agent only where the telephone logs states at all; an export's states tell
-- conversations themselves
legs as (
    select * from {{ ref('int_agent__leg') }}
    where
        source_system = 'asterisk'
        and agent_id is not null
        and exists (
            select 1 from {{ ref('stg_centre__feed_capability') }} as capabilities
            where
                capabilities.capability = 'agent_state'
                and capabilities.is_declared
                and capabilities.feed like 'asterisk.%'
        )
),

offers as (
    select * from {{ ref('stg_asterisk__queue_offer') }}
),

settings as (
    select * from {{ ref('stg_centre__setting') }}
),

spans as (
    select agent_id, presence_state as state, pause_reason as reason_code, started_at, ended_at from presence
    union all
    select agent_id, state, reason_code, started_at, ended_at from told
    union all
    select
        agent_id, 'talk' as state, via as reason_code, answered_at as started_at,
        least(ended_at, {{ add_seconds('answered_at', var('max_call_s')) }}) as ended_at
    from legs
    union all
    select agent_id, 'ringing' as state, cast(null as string) as reason_code, offered_at as started_at, ended_at
    from offers
    union all
    select
        legs.agent_id, 'acw' as state, 'wrap_up' as reason_code, legs.ended_at as started_at,
        {{ add_seconds('legs.ended_at', 'settings.wrap_up_s') }} as ended_at
    from legs
    cross join settings
    where settings.wrap_up_s > 0 and legs.via in ('queue', 'outbound')
),

-- counts as doubles: exact, and a window adds them three times as fast as integers
edges as (
    select agent_id, started_at as happened_at, state, reason_code, cast(1 as double) as change
    from spans
    where started_at < ended_at
    union all
    select agent_id, ended_at as happened_at, state, cast(null as string) as reason_code, cast(-1 as double) as change
    from spans
    where started_at < ended_at
),

instants as (
    select
        agent_id,
        happened_at,
        {%- for state in ['talk', 'acw', 'ringing', 'busy', 'break', 'ready'] %}
        sum(case when state = '{{ state }}' then change else 0 end) as {{ state }}_change,
        {%- endfor %}
        max(case when state in ('busy', 'break') then reason_code end) as pause_reason
    from edges
    group by agent_id, happened_at
),

running as (
    select
        agent_id,
        happened_at,
        {%- for state in ['talk', 'acw', 'ringing', 'busy', 'break', 'ready'] %}
        sum({{ state }}_change) over so_far as {{ state }}_count,
        {%- endfor %}
        count(pause_reason) over so_far as pause_group,
        pause_reason
    from instants
    window so_far as (partition by agent_id order by happened_at rows between unbounded preceding and current row)
)

select
    agent_id,
    happened_at as started_at,
    case
        when talk_count > 0 then 'talk'
        when acw_count > 0 then 'acw'
        when ringing_count > 0 then 'ringing'
        when busy_count > 0 then 'busy'
        when break_count > 0 then 'break'
        when ready_count > 0 then 'ready'
        else 'offline'
    end as state,
    case
        when talk_count = 0 and acw_count = 0 and ringing_count = 0 and busy_count + break_count > 0
            then first_value(pause_reason) over (partition by agent_id, pause_group order by happened_at)
    end as reason_code
from running
