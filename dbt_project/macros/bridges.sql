{#- Bridges between counts of the same events on different grounds (DECISIONS.md, section 31): the names of their steps,
    and how movements become rows. What moves is written in `rpt_bridge_*`, each step from the records that make it. -#}

{#- Steps of a bridge in the order in which they are told: name, Chinese, English. Every bridge begins with `start` and
    ends with `end` and `unexplained`; there is no step for the rest, so that what nobody named stays unexplained. -#}
{% macro bridge_steps(bridge) %}
    {%- set ways = [
        ('blind_transfer', '盲转之后', 'After a blind transfer'),
        ('attended_transfer', '协商转接之后', 'After an attended transfer'),
        ('return', '通话之后再次进入，日志未记转接', 'Again after a conversation that no log calls a transfer'),
    ] -%}
    {%- set dates = [
        ('on_another_date', '联络属于本日，而此处计在他日', 'Counted here on another date than the contact'),
        ('of_another_date', '联络属于他日，而此处计在本日', 'Of contacts of another date'),
    ] -%}
    {%- set invalid = ('ruled_invalid', '判为无效的联络', 'Of contacts ruled invalid') -%}
    {%- set outside = ('outside_queue', '离开队列后由坐席直接接起', 'Answered outside the queue that was left') -%}
    {%- set direct = ('without_queue', '未经排队由坐席直接接起', 'Answered without queueing') -%}
    {%- set handed_on = ('handed_on', '由另一坐席转来，未再排队', 'Handed on by another agent, without queueing again') -%}
    {%- set told_apart = ('told_apart', '联络与其各段通话所记的秒数之差', 'Seconds that a contact and its conversations tell differently') -%}
    {%- set endless = ('end_unknown', '通话结束时刻未知', 'Conversations whose end is not known') -%}
    {%- set nobody = ('agent_unknown', '坐席未知的通话', 'Conversations of an unknown agent') -%}
    {%- set steps = {
        'queue': [
            ('start', '中心：请求人工的呼入联络，每个联络计一次', 'Centre: inbound contacts that asked for an agent, each once'),
            direct,
            ('visit_not_logged', '排过队但没有排队记录', 'Queued, but the visit is not logged'),
            invalid,
        ] + ways + [
            ('overflow', '溢出到其他队列', 'Flowed out into another queue'),
            ('requeue', '溢出后重回同一队列', 'Flowed out and queued again in the same queue'),
            ('after_hang_up', '记为放弃之后又有排队记录', 'Again after what was logged as an abandon'),
            ('after_unknown_exit', '离队未记录之后又有排队记录', 'Again after a visit whose exit is not logged'),
            ('short_by_own_wait', '短时放弃：中心按全程等待判断，队列按该次等待判断', 'Short abandon judged by the whole wait at the centre, by its own wait at the queue'),
            outside,
            ('between_visits', '两次排队之间的时间（菜单、拨号）', 'Time between visits (menus, dialling), which is in no queue'),
            ('wait_by_clock', '记录的等待不可信，中心取时钟之差', 'The logged wait is not believed; the centre takes the clock'),
        ] + dates + [('end', '队列：排队次数之和', 'Queues: sum of their visits')],
        'queue_handling': [
            ('start', '中心：有坐席处理的联络，按联络结束归日', 'Centre: contacts that an agent handled, by the end of the contact'),
            ('outbound', '呼出联络', 'Outbound contacts'),
            told_apart,
            direct,
            outside,
            handed_on,
            endless,
        ] + dates + [('end', '队列：由排队而来的呼入通话，按通话结束归日', 'Queues: inbound conversations from them, by their own end')],
        'agent': [
            ('start', '中心：坐席接起的呼入联络', 'Centre: inbound contacts that an agent answered'),
            ('outbound', '接通的呼出联络', 'Outbound contacts that were answered'),
            invalid,
        ] + ways + [outside, handed_on, told_apart, endless, nobody] + dates + [('end', '坐席：各自处理的通话之和', 'Agents: sum of the conversations of each')],
        'interval': [
            ('start', '按入队的钟点：接起的排队', 'By hour of queue entry: answered visits'),
            endless,
            ('ends_in_later_hour', '本钟点入队，同日其他钟点结束', 'Entered in this hour, ended in another one of the date'),
            ('ends_on_later_date', '本钟点入队，他日结束', 'Entered in this hour, ended on another date'),
            ('began_in_earlier_hour', '同日其他钟点入队，本钟点结束', 'Entered in another hour of the date, ended in this one'),
            ('began_on_earlier_date', '他日入队，本钟点结束', 'Entered on another date, ended in this hour'),
            ('end', '按通话结束的钟点：处理的通话', 'By hour of the end: conversations that were handled'),
        ],
        'agent_clock': [
            ('start', '按通话结束的钟点：记录的通话秒数', 'By hour of the end: seconds of talk as logged'),
            ('logged_not_clock', '时钟跨度与记录的通话秒数之差', 'Span on the clock less the seconds of talk that were logged'),
            ('spoken_in_other_hours', '本钟点结束的通话在其他钟点所占', 'Spoken in other hours, of conversations that ended in this one'),
            ('of_other_hours', '其他钟点结束的通话在本钟点所占', 'Spoken in this hour, of conversations that ended in other ones'),
            ('not_calls', '电话以外媒介的通话', 'Conversations that are no calls'),
            ('no_states', '没有坐席状态的通话', 'Conversations for which no states are logged'),
            ('at_once', '同一坐席同时进行的通话只占一次', 'Two conversations of an agent at once take the time of one'),
            endless,
            ('end', '按时钟切分：坐席处于通话状态的秒数', 'On the clock: seconds in which agents were in the state talk'),
        ],
    } -%}
    {{ return(steps[bridge] + [('unexplained', '未解释的差额，应为零', 'Not explained; zero unless records contradict each other')]) }}
{% endmacro %}

{#- How a queue visit led to the next one of its contact; `visits` have exit_kind, is_transfer, transfer_kind, queue_id,
    next_queue_id. -#}
{% macro way_to_next_visit() -%}
    case
        when exit_kind = 'answered' then {{ way_after_conversation() }}
        when exit_kind = 'abandoned' then 'after_hang_up'
        when exit_kind = 'waiting' then 'after_unknown_exit'
        when queue_id = next_queue_id then 'requeue'
        else 'overflow'
    end
{%- endmacro %}

{#- How an answered visit led to a further conversation. -#}
{% macro way_after_conversation() -%}
    case
        when not is_transfer then 'return'
        when transfer_kind = 'attended' then 'attended_transfer'
        else 'blind_transfer'
    end
{%- endmacro %}

{#- CTE `told_apart` from the CTEs `contacts` and `conversations` of a bridge: an export's contacts tell how long they were
    spoken with, and its conversations tell it too, in parallel or by another clock (DECISIONS.md, section 36). Of a
    telephone's log the contact is the sum of its conversations, and a difference stays unexplained. -#}
{% macro told_apart() -%}
told_apart as (
    select
        contacts.direction,
        contacts.local_ended_date,
        {%- for seconds in ['talk_s', 'handle_s'] %}
        {{ sum_seconds('coalesce(conversations.' ~ seconds ~ ', 0)') }} - coalesce(contacts.{{ seconds }}, 0) as {{ seconds }}{{ ',' if not loop.last }}
        {%- endfor %}
    from contacts
    inner join conversations on contacts.contact_id = conversations.contact_id
    where contacts.source_system = 'canonical' and contacts.outcome = 'answered'
    group by
        contacts.contact_id, contacts.direction, contacts.local_ended_date, contacts.talk_s, contacts.handle_s
)
{%- endmacro %}

{#- Rows of a bridge from the CTE `movements` (the columns `by`, step, one column per measure): each step that occurred,
    start, end and what they leave unexplained. A measure in seconds ends in _s, every other one counts. -#}
{% macro bridge_rows(bridge, measures, by=['local_date']) %}
{%- set steps = bridge_steps(bridge) %}
sums as (
    select
        {{ by | join(', ') }},
        step,
        {%- for measure in measures %}
        coalesce(sum(cast({{ measure }} as double)), 0) as {{ measure }}{{ ',' if not loop.last }}
        {%- endfor %}
    from movements
    where {{ in_window('local_date') }}
    group by {{ by | join(', ') }}, step
),

long as (
    select {{ by | join(', ') }}, step, measure, amount
    from sums unpivot (amount for measure in ({{ measures | join(', ') }}))
),

told as (
    select {{ by | join(', ') }}, measure, step, amount from long
    where amount != 0 and step not in ('start', 'end')
    union all
    -- both ends are told of every date that has a movement, also where one of them is nothing
    select
        {{ by | join(', ') }}, measure, ends.step,
        sum(case when long.step = ends.step then long.amount else 0 end) as amount
    from long
    cross join (select * from (values ('start'), ('end')) as v (step)) as ends
    group by {{ by | join(', ') }}, measure, ends.step
    union all
    select
        {{ by | join(', ') }}, measure, 'unexplained' as step,
        sum(case when step = 'end' then amount else -amount end) as amount
    from long
    group by {{ by | join(', ') }}, measure
),

steps as (
    select * from (values
        {%- for name, zh, en in steps %}
        ({{ loop.index }}, '{{ name }}', '{{ zh }}', '{{ en }}'){{ ',' if not loop.last }}
        {%- endfor %}
    ) as v (position, step, step_zh, step_en)
)

select
    {%- for column in by %}
    told.{{ column }},
    {%- endfor %}
    told.measure,
    cast(steps.position as integer) as position,
    told.step,
    steps.step_zh,
    steps.step_en,
    case when right(told.measure, 2) = '_s' then 's' else 'count' end as unit,
    -- sums of seconds differ in their last digits
    round(told.amount, 3) as amount
from told
inner join steps on told.step = steps.step
{%- endmacro %}

{#- CTE `legs_in_states`: agents' conversations, and whether the states that are logged of their agent show them. A
    telephone's conversations make its states; an export's show in the states that it tells of the same agent, unless the
    telephone logs this agent, too (DECISIONS.md, section 36). -#}
{% macro legs_in_states() -%}
agents_in_states as (
    select distinct agent_id, local_date from {{ ref('fct_agent_state') }}
    where state = 'talk' and {{ in_read_window('local_date') }}
),

legs_in_states as (
    select
        spoken.*,
        spoken.source_system = 'asterisk'
        or (
            agents_in_states.agent_id is not null
            and max(case when spoken.source_system = 'asterisk' then 1 else 0 end)
                over (partition by spoken.agent_id, spoken.local_date) = 0
        ) as is_in_states
    from {{ ref('fct_agent_leg') }} as spoken
    left join agents_in_states
        on spoken.agent_id = agents_in_states.agent_id and spoken.local_date = agents_in_states.local_date
    where spoken.agent_id is not null and {{ in_read_window('spoken.local_date') }}
)
{%- endmacro %}
