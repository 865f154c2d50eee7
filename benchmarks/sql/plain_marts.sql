-- The opponent of "lake to marts": the marts of an Asterisk centre in plain DuckDB SQL, as an analyst would write them
-- by hand for this one lake. Same names, columns and rows as callmart's marts; no tests, no window, no lineage.
-- Variables: lake, seeds (folders). Left out, as no data go into them: kpi_measure_definition, release.

create schema marts;
create schema work;

-- 1. What the centre and its analysts decide ---------------------------------------------------------------------------

create table work.setting as from read_parquet(getvariable('lake') || '/centre/setting/*/*.parquet');
create table work.queue as
select
    *,
    cast(valid_from as timestamp) at time zone timezone at time zone 'UTC' as begins_at,
    coalesce(cast(valid_to as timestamp) at time zone timezone at time zone 'UTC', timestamp 'infinity') as ends_at
from read_parquet(getvariable('lake') || '/centre/queue/*/*.parquet');
create table work.agent as from read_parquet(getvariable('lake') || '/centre/agent/*/*.parquet');
create table work.team as
select distinct on (agent_id, valid_from)
    agent_id, team_id, valid_from, coalesce(valid_to, date 'infinity') as ends_on
from work.agent;
create table work.number as from read_parquet(getvariable('lake') || '/centre/number/*/*.parquet');
create table work.choice as from read_parquet(getvariable('lake') || '/centre/official_variant/*/*.parquet');
create table work.capability as from read_parquet(getvariable('lake') || '/centre/feed_capability/*/*.parquet');
create table work.channel as from read_csv(getvariable('seeds') || '/channel.csv', all_varchar = true);
create table work.region as from read_csv(getvariable('seeds') || '/region.csv', all_varchar = true);
create table work.needed_capability as from read_csv(getvariable('seeds') || '/kpi_capability.csv', all_varchar = true);
create table work.grain_set as from read_csv(getvariable('seeds') || '/kpi_grain_set.csv', all_varchar = true);
create table marts.kpi_definition as
from read_csv(
    getvariable('seeds') || '/kpi_definition.csv', all_varchar = false, nullstr = '',
    types = {'maturity_days': 'integer', 'is_default_official': 'boolean', 'valid_from': 'date', 'valid_to': 'date'}
);
create table marts.kpi_target as
from read_csv(
    getvariable('seeds') || '/kpi_target.csv', nullstr = '',
    types = {
        'operator': 'varchar', 'target_value': 'double', 'lower': 'double', 'upper': 'double', 'for_periods': 'integer',
        'min_n': 'integer', 'rule_group': 'varchar', 'valid_from': 'timestamp', 'valid_to': 'timestamp'
    }
);

set variable site_id = (select site_id from work.setting);
set variable zone = (select timezone from work.setting);
set variable sl_target_s = (select sl_target_s from work.setting);
set variable short_abandon_s = (select short_abandon_s from work.setting);
set variable invalid_call_s = (select invalid_call_s from work.setting);
set variable anomalous_short_s = (select anomalous_short_s from work.setting);
set variable acw_reasons = (select acw_pause_reasons from work.setting);
set variable wrap_up_s = (select wrap_up_s from work.setting);
set variable shift_begins_s = (select shift_day_start_s from work.setting);
set variable silence_s = (select agent_silence_max_s from work.setting);

create view work.queue_log as from read_parquet(
    getvariable('lake') || '/asterisk/queue_log/*/*.parquet', hive_partitioning = true, hive_types = {'dt': date}
);
create view work.cdr as from read_parquet(
    getvariable('lake') || '/asterisk/cdr/*/*.parquet', hive_partitioning = true, hive_types = {'dt': date}
);
set variable as_of = (
    select cast(max(dt) + 1 as timestamp) from (select dt from work.queue_log union all select dt from work.cdr)
);

create macro work.seconds(earlier, later) as (epoch_us(later) - epoch_us(earlier)) / 1000000.0;
create macro work.later(moment, seconds) as moment + to_microseconds(cast(1000000.0 * seconds as bigint));
create macro work.quarter_hour(moment) as time_bucket(interval 15 minute, moment);
create macro work.local(moment, zone) as case
    when zone = getvariable('zone') then moment at time zone 'UTC' at time zone getvariable('zone')
    else moment at time zone 'UTC' at time zone zone
end;
create macro work.utc(moment) as moment at time zone getvariable('zone') at time zone 'UTC';

-- 2. Events of the queue log -------------------------------------------------------------------------------------------

create table work.log_file as
select source_file, min(event_at) as begins_at from work.queue_log group by source_file;

create view work.event as
select
    log.event_at, log_file.begins_at, log.source_line, log.call_id, log.queue_id,
    coalesce(agent.agent_id, log.agent_raw) as agent_id, log.event, log.data1, log.data2, log.data3, log.data4,
    log.caller_hash, log.caller_masked, log.caller_prefix, log.caller_number_type
from work.queue_log as log
inner join work.log_file using (source_file)
left join work.agent
    on
        log.agent_raw = agent.agent_raw
        and log.dt >= agent.valid_from
        and log.dt < coalesce(agent.valid_to, date '9999-12-31');

create table work.call_event as
select
    *,
    -- a running sum of doubles is the cheapest count that a window has
    cast(sum(case when event = 'ENTERQUEUE' then 1e0 else 0e0 end) over so_far as integer) as visit_no,
    row_number() over so_far as event_no
from work.event
where call_id is not null
window so_far as (partition by call_id order by event_at, begins_at, source_line rows unbounded preceding);

-- Of each kind of event the first in a visit counts.
create table work.visit as
with

grouped as (
    select
        call_id, visit_no,
        coalesce(max(queue_id) filter (event = 'ENTERQUEUE'), min(queue_id)) as queue_id,
        max(event_at) filter (event = 'ENTERQUEUE') as logged_entered_at,
        arg_min(
            {
                'agent_id': agent_id, 'moment': event_at, 'wait_s': try_cast(data1 as double),
                'ring_s': try_cast(data3 as double)
            },
            event_no
        ) filter (event = 'CONNECT') as answer,
        arg_min(
            {
                'agent_id': agent_id, 'moment': event_at, 'event': event,
                'wait_s': try_cast(case when event like 'COMPLETE%' then data1 else data3 end as double),
                'talk_s': try_cast(case when event like 'COMPLETE%' then data2 else data4 end as double)
            },
            event_no
        ) filter (event in ('COMPLETEAGENT', 'COMPLETECALLER', 'TRANSFER', 'BLINDTRANSFER', 'ATTENDEDTRANSFER'))
            as finish,
        arg_min(
            {
                'moment': event_at, 'event': event,
                'wait_s': try_cast(case when event = 'EXITWITHKEY' then data4 else data3 end as double)
            },
            event_no
        ) filter (event in ('ABANDON', 'EXITWITHTIMEOUT', 'EXITWITHKEY', 'EXITEMPTY')) as leave
    from work.call_event
    where
        event in (
            'ENTERQUEUE', 'CONNECT', 'ABANDON', 'EXITWITHTIMEOUT', 'EXITWITHKEY', 'EXITEMPTY',
            'COMPLETEAGENT', 'COMPLETECALLER', 'TRANSFER', 'BLINDTRANSFER', 'ATTENDEDTRANSFER'
        )
    group by call_id, visit_no
),

flat as (
    select
        call_id, visit_no, queue_id, logged_entered_at,
        coalesce(answer.agent_id, finish.agent_id) as agent_id,
        coalesce(answer.moment, work.later(finish.moment, -finish.talk_s)) as answered_at,
        answer.ring_s as ring_s,
        finish.moment as finished_at,
        coalesce(finish.talk_s, work.seconds(answer.moment, finish.moment)) as talk_s,
        finish.event as finish_event,
        coalesce(answer.wait_s, finish.wait_s) as answer_wait_s,
        leave.moment as exited_at,
        leave.event as exit_event,
        leave.wait_s as exit_wait_s
    from grouped
)

select
    call_id, visit_no, queue_id,
    coalesce(
        logged_entered_at, work.later(answered_at, -answer_wait_s), work.later(exited_at, -exit_wait_s),
        answered_at, exited_at
    ) as entered_at,
    logged_entered_at is null as is_entry_reconstructed,
    case
        when answered_at is not null then 'answered'
        when exit_event = 'ABANDON' then 'abandoned'
        when exit_event = 'EXITWITHTIMEOUT' then 'timeout'
        when exit_event = 'EXITWITHKEY' then 'exit_key'
        when exit_event = 'EXITEMPTY' then 'empty'
    end as exit_kind,
    coalesce(answered_at, exited_at) as left_at,
    case
        when answered_at is not null then coalesce(answer_wait_s, work.seconds(entered_at, answered_at))
        else coalesce(exit_wait_s, work.seconds(entered_at, exited_at))
    end as wait_s,
    agent_id, answered_at, ring_s,
    case when answered_at is not null then finished_at end as ended_at,
    case when answered_at is not null then talk_s end as talk_s,
    case finish_event when 'COMPLETEAGENT' then 'agent' when 'COMPLETECALLER' then 'caller' end as hangup_side,
    coalesce(finish_event not like 'COMPLETE%', false) as is_transfer,
    case finish_event
        when 'ATTENDEDTRANSFER' then 'attended' when 'BLINDTRANSFER' then 'blind' when 'TRANSFER' then 'blind'
    end as transfer_kind
from flat
where coalesce(logged_entered_at, answered_at, exited_at) is not null;

create table work.offer as
select
    call_id, visit_no, event_no, queue_id, agent_id, event_at as ended_at,
    case event when 'CONNECT' then try_cast(data3 as double) else try_cast(data1 as double) / 1000 end as ring_s,
    work.later(event_at, -coalesce(ring_s, 0)) as offered_at,
    case event when 'CONNECT' then 'answered' when 'RINGNOANSWER' then 'no_answer' else 'caller_gone' end as result
from work.call_event
where event in ('RINGNOANSWER', 'RINGCANCELED', 'CONNECT') and agent_id is not null;

-- 3. Contacts: calls of the queue log and calls that the CDR alone knows -----------------------------------------------

create table work.queue_call as
with

-- the visit that decides the outcome: the first that was answered, else the last
calls as (
    select
        call_id,
        min(entered_at) as first_queue_at,
        max(coalesce(ended_at, left_at, entered_at)) as ended_at,
        max(exit_kind = 'answered') as is_answered,
        cast(count(*) filter (is_transfer) as integer) as transfer_count,
        cast(count(*) as integer) as queue_visit_count,
        min(visit_no) as first_no,
        max(visit_no) as last_no,
        min(visit_no) filter (exit_kind = 'answered') as first_answered_no,
        max(visit_no) filter (exit_kind = 'answered') as last_answered_no
    from work.visit
    group by call_id
)

select
    calls.*,
    last_visit.exit_kind as last_exit_kind,
    last_visit.left_at as last_left_at,
    last_visit.hangup_side,
    first_visit.queue_id as first_queue_id,
    first_visit.entered_at as first_entered_at,
    coalesce(last_answered.queue_id, first_visit.queue_id) as answering_queue_id,
    deciding.exit_kind,
    case
        when deciding.visit_no = first_visit.visit_no then case when deciding.wait_s >= 0 then deciding.wait_s end
        else work.seconds(first_visit.entered_at, deciding.left_at)
    end as queue_wait_s
from calls
inner join work.visit as first_visit
    on calls.call_id = first_visit.call_id and calls.first_no = first_visit.visit_no
inner join work.visit as last_visit
    on calls.call_id = last_visit.call_id and calls.last_no = last_visit.visit_no
inner join work.visit as deciding
    on
        calls.call_id = deciding.call_id
        and coalesce(calls.first_answered_no, calls.last_no) = deciding.visit_no
left join work.visit as last_answered
    on calls.call_id = last_answered.call_id and calls.last_answered_no = last_answered.visit_no;

create table work.cdr_call as
with

keyed as (
    select
        cdr.*,
        coalesce(by_call.call_id, by_link.call_id) as queue_call_id,
        coalesce(by_call.call_id, by_link.call_id, cdr.linked_id, cdr.call_id, cdr.row_hash) as call_key,
        case
            when cdr.direction = 'outbound' then coalesce(caller.agent_id, cdr.source_peer)
            else coalesce(callee.agent_id, cdr.destination_peer)
        end as agent_id,
        case
            when cdr.direction = 'outbound' and callee.agent_id is null then cdr.destination_peer
            when cdr.direction != 'outbound' and caller.agent_id is null then cdr.source_peer
        end as line_peer
    from work.cdr as cdr
    left join work.queue_call as by_call on cdr.call_id = by_call.call_id
    left join work.queue_call as by_link on cdr.linked_id = by_link.call_id
    left join work.agent as caller
        on
            cdr.source_peer = caller.agent_raw and cdr.dt >= caller.valid_from
            and cdr.dt < coalesce(caller.valid_to, date '9999-12-31')
    left join work.agent as callee
        on
            cdr.destination_peer = callee.agent_raw and cdr.dt >= callee.valid_from
            and cdr.dt < coalesce(callee.valid_to, date '9999-12-31')
),

ranked as (
    select
        *,
        row_number() over (
            partition by call_key order by started_at, coalesce(sequence_no, 0), source_file, source_line
        ) as record_no,
        disposition = 'ANSWERED' and destination_peer is not null and queue_call_id is null as is_conversation
    from keyed
),

totals as (
    select
        call_key,
        max(queue_call_id) as queue_call_id,
        min(started_at) as started_at,
        min(answered_at) as system_answered_at,
        max(coalesce(ended_at, work.later(started_at, coalesce(duration_s, 0)))) as ended_at,
        coalesce(max(disposition = 'ANSWERED'), false) as is_answered,
        coalesce(max(disposition = 'CONGESTION'), false) as is_congested,
        coalesce(max(disposition = 'FAILED'), false) as is_failed,
        coalesce(max(disposition = 'BUSY'), false) as is_busy,
        min(record_no) filter (is_conversation) as conversation_no
    from ranked
    group by call_key
)

select
    totals.*,
    ranked.direction,
    ranked.last_app,
    ranked.queue_id,
    ranked.destination_peer is not null as has_destination,
    case when ranked.line_peer not like 'Local/%' then split_part(ranked.line_peer, '/', 2) end as line_id,
    ranked.campaign_id,
    ranked.dialled_number,
    ranked.customer_hash, ranked.customer_masked, ranked.customer_prefix, ranked.customer_number_type,
    spoken.agent_id as talk_agent_id,
    spoken.answered_at as talk_answered_at,
    coalesce(spoken.ended_at, work.later(spoken.answered_at, spoken.billsec_s)) as talk_ended_at,
    spoken.billsec_s as talk_s
from totals
inner join ranked on totals.call_key = ranked.call_key and ranked.record_no = 1
left join ranked as spoken
    on totals.call_key = spoken.call_key and totals.conversation_no = spoken.record_no;

create table work.contact as
with

dids as (
    select call_id, arg_min(data1, event_no) as dialled_number
    from work.call_event
    where event = 'DID'
    group by call_id
),

callers as (
    select
        call_id,
        arg_min(
            {
                'hash': caller_hash, 'masked': caller_masked, 'prefix': caller_prefix, 'kind': caller_number_type
            },
            case when caller_hash is null then 1000000 else 0 end + event_no
        ) as shown
    from work.call_event
    where event = 'ENTERQUEUE'
    group by call_id
),

contacts as (
    select
        'asterisk:' || coalesce(queued.call_id, calls.call_key) as contact_id,
        coalesce(calls.direction, 'inbound') as direction,
        coalesce(calls.started_at, queued.first_queue_at) as started_at,
        calls.system_answered_at,
        queued.call_id is not null as is_logged,
        calls.last_app = 'Queue' as is_queue_app,
        coalesce(
            queued.first_queue_at,
            case when calls.talk_answered_at is null and is_queue_app then calls.system_answered_at end
        ) as first_queue_at,
        coalesce(
            queued.last_left_at, case when calls.talk_answered_at is null and is_queue_app then calls.ended_at end
        ) as queue_left_at,
        coalesce(calls.ended_at, queued.ended_at) as ended_at,
        case
            when is_logged and queued.is_answered then 'answered'
            when is_logged and queued.last_exit_kind = 'abandoned' then 'abandoned_queue'
            when is_logged and queued.last_exit_kind is not null then 'flow_out'
            when is_logged then null
            when calls.talk_answered_at is not null then 'answered'
            when calls.is_answered and calls.direction = 'inbound' and is_queue_app then 'abandoned_queue'
            when calls.is_answered and calls.direction = 'inbound' then 'abandoned_ivr'
            when calls.is_answered then 'no_answer'
            when calls.is_congested then 'blocked'
            when calls.is_failed then 'failed'
            when calls.is_busy then 'busy'
            when calls.direction = 'inbound' and not calls.has_destination then 'abandoned_ivr'
            else 'no_answer'
        end as outcome,
        case
            when is_logged then queued.hangup_side
            when not coalesce(calls.is_answered, false) then null
            when calls.talk_answered_at is null and calls.direction = 'inbound' then 'caller'
        end as hangup_side,
        coalesce(queued.transfer_count, 0) as transfer_count,
        coalesce(queued.queue_visit_count, 0) as queue_visit_count,
        case when not is_logged and is_queue_app then calls.queue_id end as unlogged_queue_id,
        coalesce(dids.dialled_number, case when calls.direction = 'inbound' then calls.dialled_number end)
            as dialled_number,
        coalesce(callers.shown.hash, calls.customer_hash) as caller_hash,
        coalesce(callers.shown.masked, calls.customer_masked) as caller_masked,
        coalesce(callers.shown.prefix, calls.customer_prefix) as caller_prefix,
        coalesce(callers.shown.kind, calls.customer_number_type) as number_type,
        calls.talk_agent_id, calls.talk_answered_at, calls.talk_ended_at, calls.talk_s, calls.line_id, calls.campaign_id,
        queued.first_queue_id, queued.answering_queue_id, queued.first_entered_at, queued.exit_kind,
        queued.queue_wait_s
    from work.queue_call as queued
    full outer join work.cdr_call as calls on queued.call_id = calls.queue_call_id
    left join dids on coalesce(queued.call_id, calls.call_key) = dids.call_id
    left join callers on queued.call_id = callers.call_id
)

select
    contacts.*,
    coalesce(
        number.channel_id, case when contacts.direction = 'outbound' then 'voice_outbound' else 'voice_unknown' end
    ) as channel_id,
    coalesce(region.region_code, 'unknown') as region_code
from contacts
left join work.number on contacts.dialled_number = number.dialled_number
left join work.region
    on case when contacts.number_type = 'landline' then contacts.caller_prefix end = region.number_prefix
where contacts.direction in ('inbound', 'outbound');

drop table work.cdr_call;
drop table work.queue_call;

-- 4. Queue visits and conversations ------------------------------------------------------------------------------------

create table work.queue_visit as
select
    contact.contact_id || ':' || visit.visit_no as queue_visit_id,
    contact.contact_id, visit.visit_no, visit.queue_id, contact.channel_id, contact.direction,
    visit.entered_at, visit.left_at,
    coalesce(queue.timezone, getvariable('zone')) as timezone,
    case when visit.wait_s >= 0 then visit.wait_s end as wait_s,
    visit.exit_kind,
    coalesce(queue.sl_target_s, getvariable('sl_target_s')) as sl_target_s,
    coalesce(queue.short_abandon_s, getvariable('short_abandon_s')) as short_abandon_s,
    visit.agent_id, visit.answered_at, visit.ended_at,
    case when visit.ring_s >= 0 then visit.ring_s end as ring_s,
    case when visit.talk_s >= 0 then visit.talk_s end as talk_s,
    visit.hangup_side, visit.is_transfer, visit.transfer_kind, visit.is_entry_reconstructed
from work.visit
inner join work.contact on 'asterisk:' || visit.call_id = contact.contact_id
left join work.queue
    on
        visit.queue_id = queue.queue_id
        and visit.entered_at >= queue.begins_at and visit.entered_at < queue.ends_at;

create table work.leg as
with

legs as (
    select
        queue_visit_id as leg_id, contact_id, visit_no as leg_no, agent_id, queue_id, channel_id, direction,
        'queue' as via, answered_at, coalesce(ended_at, work.later(answered_at, talk_s)) as ended_at, ring_s, talk_s
    from work.queue_visit
    where exit_kind = 'answered'
    union all
    select
        contact_id || ':1000' as leg_id, contact_id, 1000 as leg_no, talk_agent_id as agent_id, null as queue_id,
        channel_id, direction, case when direction = 'outbound' then 'outbound' else 'direct' end as via,
        talk_answered_at as answered_at, coalesce(talk_ended_at, work.later(talk_answered_at, talk_s)) as ended_at,
        null as ring_s, case when talk_s >= 0 then talk_s end as talk_s
    from work.contact
    where outcome = 'answered' and talk_answered_at is not null
)

select *, work.local(ended_at, getvariable('zone')) as local_ended_at from legs;

-- 5. Agents: presence, after-call work, states -------------------------------------------------------------------------

create table work.presence as
with

events as (
    select
        agent_id, event_at, event,
        row_number() over (partition by agent_id order by event_at, begins_at, source_line) as event_no,
        case
            when event in ('ADDMEMBER', 'AGENTLOGIN', 'AGENTCALLBACKLOGIN') then 1
            when event in ('REMOVEMEMBER', 'AGENTLOGOFF', 'AGENTCALLBACKLOGOFF') then 0
        end as joins,
        case when event in ('ADDMEMBER', 'REMOVEMEMBER') then queue_id else '*' end as membership,
        case when event in ('PAUSE', 'PAUSEALL') then coalesce(nullif(trim(data1), ''), 'unknown') end as reason
    from work.event
    where
        agent_id is not null
        and event in (
            'AGENTLOGIN', 'AGENTCALLBACKLOGIN', 'ADDMEMBER', 'AGENTLOGOFF', 'AGENTCALLBACKLOGOFF', 'REMOVEMEMBER',
            'PAUSE', 'PAUSEALL', 'UNPAUSE', 'UNPAUSEALL', 'CONNECT', 'RINGNOANSWER'
        )
),

-- a membership of a queue lasts until the next change of it, at most three days
changes as (
    select *, lead(event_at) over same as next_at, lead(event_no) over same as next_no
    from events
    where joins is not null
    window same as (partition by agent_id, membership order by event_no)
),

edges as (
    select agent_id, event_at as changed_at, event_no, joins as change from changes
    union all
    select
        agent_id, least(coalesce(next_at, event_at + interval 3 day), event_at + interval 3 day) as changed_at,
        case when next_at <= event_at + interval 3 day then next_no else 0 end as event_no, -1 as change
    from changes
    where joins = 1
),

memberships as (
    select
        agent_id, event_no,
        sum(sum(change)) over (partition by agent_id order by changed_at, event_no rows unbounded preceding) as joined
    from edges
    group by agent_id, changed_at, event_no
),

present as (
    select
        events.agent_id, events.event_at, events.event_no, events.event, events.reason,
        events.joins is null or events.joins = 1 or coalesce(memberships.joined, 0) > 0 as is_logged_in
    from events
    left join memberships
        on events.agent_id = memberships.agent_id and events.event_no = memberships.event_no
),

grouped as (
    select
        *,
        lead(event_at) over per_agent as next_at,
        sum(case when event in ('PAUSE', 'PAUSEALL', 'UNPAUSE', 'UNPAUSEALL') or not is_logged_in then 1e0 else 0e0 end)
            over per_agent as pause_no
    from present
    window per_agent as (partition by agent_id order by event_no rows unbounded preceding)
),

paused as (
    select
        agent_id, event_at, next_at, pause_no, is_logged_in,
        first_value(reason) over same as first_reason,
        first_value(event_at) over same as decided_at
    from grouped
    window same as (partition by agent_id, pause_no order by event_no)
)

select
    agent_id, pause_no, event_at as started_at,
    least(
        coalesce(next_at, work.later(event_at, getvariable('silence_s'))),
        work.later(event_at, getvariable('silence_s'))
    ) as ended_at,
    case when decided_at >= event_at - interval 6 day then first_reason end as reason,
    case
        when reason is null then 'ready'
        when contains(getvariable('acw_reasons'), '|' || lower(reason) || '|') then 'acw'
        when regexp_matches(lower(reason), '^(busy|示忙|ticket|工单|meeting|会议|training|培训|outbound|外呼)') then 'busy'
        else 'break'
    end as state
from paused
where is_logged_in;

-- After-call work is the pause that begins within five seconds after a conversation.
create table work.handled_leg as
with

pauses as (
    select agent_id, min(started_at) as started_at, max(ended_at) as ended_at
    from work.presence
    where state = 'acw'
    group by agent_id, pause_no
),

ended as (
    select agent_id, ended_at, max(leg_id) as leg_id
    from work.leg
    where via in ('queue', 'outbound') and ended_at is not null
    group by agent_id, ended_at
),

logged as (
    select ended.leg_id, sum(work.seconds(pauses.started_at, pauses.ended_at)) as paused_s
    from pauses
    asof inner join ended on pauses.agent_id = ended.agent_id and pauses.started_at >= ended.ended_at
    where work.seconds(ended.ended_at, pauses.started_at) <= 5
    group by ended.leg_id
)

select
    leg.*,
    coalesce(
        logged.paused_s,
        case when leg.via in ('queue', 'outbound') and getvariable('wrap_up_s') > 0 then getvariable('wrap_up_s') end, 0
    ) as acw_s,
    coalesce(leg.talk_s, 0) + acw_s as handle_s
from work.leg
left join logged using (leg_id);

-- At each instant the first of talk, acw, ringing, busy, break, ready holds.
create table work.agent_state as
with

spans as (
    select agent_id, state, reason, started_at, ended_at from work.presence
    union all
    select
        agent_id, 'talk' as state, null as reason, answered_at as started_at,
        least(ended_at, work.later(answered_at, 86400)) as ended_at
    from work.leg
    where agent_id is not null
    union all
    select agent_id, 'ringing' as state, null as reason, offered_at as started_at, ended_at from work.offer
    union all
    select
        agent_id, 'acw' as state, null as reason, ended_at as started_at,
        work.later(ended_at, getvariable('wrap_up_s')) as ended_at
    from work.leg
    where agent_id is not null and getvariable('wrap_up_s') > 0 and via in ('queue', 'outbound')
),

edges as (
    select agent_id, started_at as moment, state, reason, 1e0 as change from spans where started_at < ended_at
    union all
    select agent_id, ended_at as moment, state, null as reason, -1e0 as change from spans where started_at < ended_at
),

instants as (
    select
        agent_id, moment,
        sum(case when state = 'talk' then change else 0 end) as talk,
        sum(case when state = 'acw' then change else 0 end) as acw,
        sum(case when state = 'ringing' then change else 0 end) as ringing,
        sum(case when state = 'busy' then change else 0 end) as busy,
        sum(case when state = 'break' then change else 0 end) as break,
        sum(case when state = 'ready' then change else 0 end) as ready,
        max(reason) filter (state in ('busy', 'break')) as reason
    from edges
    group by agent_id, moment
),

running as (
    select
        agent_id, moment,
        sum(talk) over so_far as talk,
        sum(acw) over so_far as acw,
        sum(ringing) over so_far as ringing,
        sum(busy) over so_far as busy,
        sum(break) over so_far as break,
        sum(ready) over so_far as ready,
        last_value(reason ignore nulls) over so_far as reason
    from instants
    window so_far as (partition by agent_id order by moment rows unbounded preceding)
),

named as (
    select
        agent_id, moment,
        case
            when talk > 0 then 'talk'
            when acw > 0 then 'acw'
            when ringing > 0 then 'ringing'
            when busy > 0 then 'busy'
            when break > 0 then 'break'
            when ready > 0 then 'ready'
            else 'offline'
        end as state,
        case when state in ('busy', 'break') then reason end as reason,
        work.local(moment, getvariable('zone')) as local_at
    from running
),

kept as (
    select *
    from named
    window per_agent as (partition by agent_id order by moment)
    qualify
        lag(state) over per_agent is null
        or state != lag(state) over per_agent
        or coalesce(reason, '') != coalesce(lag(reason) over per_agent, '')
        or cast(local_at as date) != lag(cast(local_at as date)) over per_agent
),

closed as (
    select
        *,
        least(lead(moment) over (partition by agent_id order by moment), work.utc(getvariable('as_of'))) as ended_at,
        work.local(ended_at, getvariable('zone')) as local_ended_at
    from kept
),

-- cut at local midnight
days as (
    select *, unnest(range(0, 1 + date_diff('day', local_at, local_ended_at))) as n
    from closed
    where state != 'offline' and moment < ended_at
)

select
    agent_id, state, reason as reason_code,
    case when n = 0 then moment else work.utc(date_trunc('day', local_at) + n * interval 1 day) end as started_at,
    least(ended_at, work.utc(date_trunc('day', local_at) + (n + 1) * interval 1 day)) as ended_at,
    case when n = 0 then local_at else date_trunc('day', local_at) + n * interval 1 day end as local_started_at,
    least(local_ended_at, date_trunc('day', local_at) + (n + 1) * interval 1 day) as local_ended_at,
    n > 0 as is_continued
from days;

drop table work.presence;

-- 6. Facts -------------------------------------------------------------------------------------------------------------

create table marts.fct_agent_state as
select
    agent_id, state, reason_code, started_at, ended_at,
    work.seconds(started_at, ended_at) as duration_s,
    getvariable('zone') as timezone,
    local_started_at, local_ended_at,
    cast(local_started_at as date) as local_date,
    cast(work.later(local_started_at, -getvariable('shift_begins_s')) as date) as shift_date,
    is_continued
from work.agent_state
where started_at < ended_at;

create table marts.fct_agent_leg as
select
    leg_id, contact_id, 'asterisk' as source_system, leg.agent_id, queue_id, channel_id, 'voice' as medium, direction, via, answered_at,
    ended_at, getvariable('zone') as timezone, local_ended_at,
    cast(local_ended_at as date) as local_date,
    cast(hour(local_ended_at) as integer) as local_hour,
    ring_s, talk_s, cast(null as double) as hold_s, cast(0 as double) as consult_s, acw_s, handle_s, false as is_told,
    team_id
from work.handled_leg as leg
left join work.team
    on
        leg.agent_id = team.agent_id and cast(local_ended_at as date) >= valid_from
        and cast(local_ended_at as date) < ends_on
where local_ended_at is not null;

create table marts.fct_queue_offer as
with

zoned as (
    select offer.*, coalesce(queue.timezone, getvariable('zone')) as timezone
    from work.offer
    left join work.queue
        on
            offer.queue_id = queue.queue_id
            and offer.ended_at >= queue.begins_at and offer.ended_at < queue.ends_at
)

select
    'asterisk:' || call_id || ':' || visit_no || ':' || event_no as queue_offer_id,
    'asterisk:' || call_id || ':' || visit_no as queue_visit_id,
    'asterisk:' || call_id as contact_id,
    'asterisk' as source_system,
    queue_id, agent_id, offered_at, ended_at, timezone,
    getvariable('zone') as site_timezone,
    work.local(ended_at, timezone) as local_ended_at,
    cast(local_ended_at as date) as local_date,
    cast(hour(local_ended_at) as integer) as local_hour,
    case when ring_s >= 0 then ring_s end as ring_s,
    result
from zoned;

create table marts.fct_queue_visit as
select
    visit.queue_visit_id, visit.contact_id, visit.visit_no, 'asterisk' as source_system, visit.queue_id,
    visit.channel_id, 'voice' as medium, visit.direction, visit.entered_at, visit.left_at, visit.timezone,
    work.local(visit.entered_at, visit.timezone) as local_entered_at,
    cast(local_entered_at as date) as local_date,
    cast(hour(local_entered_at) as integer) as local_hour,
    visit.wait_s,
    coalesce(visit.exit_kind, 'waiting') as exit_kind,
    coalesce(visit.exit_kind = 'abandoned' and visit.wait_s < visit.short_abandon_s, false) as is_short_abandon,
    coalesce(visit.exit_kind, 'waiting') not in ('answered', 'abandoned', 'waiting') as is_flow_out,
    coalesce(visit.wait_s <= visit.sl_target_s, false) as is_within_target,
    visit.sl_target_s, visit.short_abandon_s, visit.agent_id, visit.answered_at, visit.ended_at,
    work.local(visit.ended_at, visit.timezone) as local_ended_at,
    visit.ring_s, visit.talk_s, cast(null as double) as hold_s, leg.acw_s, leg.handle_s, visit.hangup_side,
    visit.is_transfer, visit.transfer_kind, visit.is_entry_reconstructed
from work.queue_visit as visit
left join work.handled_leg as leg on visit.queue_visit_id = leg.leg_id;

create table marts.fct_contact as
with

handling as (
    select
        contact_id,
        arg_min(coalesce(agent_id, ''), (answered_at, leg_no)) as first_agent_id,
        arg_max(coalesce(agent_id, ''), (answered_at, leg_no)) as last_agent_id,
        min(answered_at) as first_agent_at,
        max(ended_at) as last_ended_at,
        cast(count(distinct agent_id) as integer) as agent_count,
        sum(ring_s) as ring_s,
        case when count(talk_s) = count(*) then sum(talk_s) end as talk_s,
        sum(acw_s) as acw_s,
        sum(handle_s) as handle_s
    from work.handled_leg
    group by contact_id
),

settings as (
    select
        contact_id, arg_min(sl_target_s, visit_no) as sl_target_s, arg_min(short_abandon_s, visit_no) as short_abandon_s,
        arg_min(timezone, visit_no) as timezone
    from work.queue_visit
    group by contact_id
),

joined as (
    select
        contact.*,
        coalesce(contact.answering_queue_id, contact.unlogged_queue_id) as answering_id,
        coalesce(contact.first_entered_at, contact.first_queue_at) as queue_at,
        coalesce(settings.sl_target_s, getvariable('sl_target_s')) as sl_target_s,
        coalesce(settings.short_abandon_s, getvariable('short_abandon_s')) as short_abandon_s,
        coalesce(settings.timezone, getvariable('zone')) as timezone,
        handling.first_agent_at, handling.last_ended_at,
        nullif(handling.first_agent_id, '') as first_agent_id, nullif(handling.last_agent_id, '') as last_agent_id,
        coalesce(handling.agent_count, 0) as agent_count,
        handling.ring_s, handling.talk_s as legs_talk_s, handling.acw_s, handling.handle_s
    from work.contact
    left join settings on contact.contact_id = settings.contact_id
    left join handling on contact.contact_id = handling.contact_id
),

decided as (
    select
        *,
        case
            when first_agent_at is not null then 'answered'
            when
                outcome = 'abandoned_queue'
                and coalesce(queue_wait_s, work.seconds(queue_at, queue_left_at)) < short_abandon_s
                then 'short_abandon'
            else coalesce(outcome, 'waiting')
        end as settled,
        case
            when queue_at is not null
                then coalesce(queue_wait_s, work.seconds(queue_at, coalesce(first_agent_at, queue_left_at)))
            when first_agent_at is not null and direction = 'inbound' then 0
        end as wait_s,
        coalesce(queue_at, started_at) as counted_at,
        coalesce(ended_at, last_ended_at, queue_left_at) as settled_ended_at,
        work.local(counted_at, timezone) as local_counted_at,
        cast(local_counted_at as date) as local_date,
        work.local(settled_ended_at, timezone) as local_ended_at,
        coalesce(system_answered_at, queue_at, first_agent_at) is not null as is_connected,
        is_connected
        and work.seconds(coalesce(system_answered_at, queue_at, started_at), settled_ended_at)
        < getvariable('invalid_call_s') as is_short_total
    from joined
),

limits as (
    select local_date, direction, answering_id, quantile_cont(legs_talk_s, 0.995) as long_talk_s
    from decided
    where settled = 'answered' and legs_talk_s is not null
    group by local_date, direction, answering_id
),

judged as (
    select
        decided.*,
        case
            when decided.settled != 'answered' or decided.legs_talk_s is null then null
            when decided.legs_talk_s < coalesce(queue.anomalous_short_s, getvariable('anomalous_short_s')) then 'short'
            when decided.legs_talk_s > coalesce(queue.anomalous_long_s, limits.long_talk_s) then 'long'
        end as anomaly_kind
    from decided
    left join limits
        on
            decided.local_date = limits.local_date and decided.direction = limits.direction
            and decided.answering_id is not distinct from limits.answering_id
    left join work.queue
        on
            decided.answering_id = queue.queue_id and decided.local_date >= queue.valid_from
            and decided.local_date < coalesce(queue.valid_to, date '9999-12-31')
)

select
    contact_id, contact_id as root_contact_id, 'asterisk' as source_system, getvariable('site_id') as site_id,
    channel_id, 'voice' as medium, direction, first_queue_id, answering_id as answering_queue_id, first_agent_id, last_agent_id,
    dialled_number, cast(null as varchar) as customer_key, cast(null as varchar) as segment, caller_hash, caller_masked, region_code, number_type,
    started_at, system_answered_at, queue_at as first_queue_at, first_agent_at, settled_ended_at as ended_at,
    counted_at, timezone, local_counted_at, local_date,
    cast(hour(local_counted_at) as integer) as local_hour,
    local_ended_at,
    cast(local_ended_at as date) as local_ended_date,
    cast(null as double) as ivr_s,
    wait_s as queue_wait_s,
    case when first_agent_at >= started_at then work.seconds(started_at, first_agent_at) end as response_s,
    case when first_agent_at >= queue_at then work.seconds(queue_at, first_agent_at) end as queue_response_s,
    ring_s, legs_talk_s as talk_s,
    case when first_agent_at is not null then cast(0 as double) end as hold_s,
    case when first_agent_at is not null then cast(0 as double) end as consult_s,
    acw_s, handle_s,
    work.seconds(started_at, settled_ended_at) as total_s,
    settled as outcome,
    exit_kind as last_exit_kind,
    case when settled in ('abandoned_ivr', 'abandoned_queue', 'short_abandon') then 'caller' else hangup_side end
        as hangup_side,
    cast(null as varchar) as hangup_cause,
    case
        when settled in ('abandoned_ivr', 'abandoned_queue', 'short_abandon') then 'caller_hangup'
        when settled = 'answered' then 'completed'
        when settled in ('failed', 'blocked', 'busy', 'no_answer', 'flow_out') then 'not_connected'
    end as hangup_reason,
    agent_count, transfer_count, queue_visit_count, sl_target_s, short_abandon_s,
    direction = 'inbound' and (queue_at is not null or first_agent_at is not null) as is_offered,
    is_short_total,
    settled = 'answered' and coalesce(legs_talk_s < getvariable('invalid_call_s'), false) as is_short_talk,
    coalesce(is_short_total, false) as is_invalid,
    anomaly_kind is not null as is_anomalous,
    anomaly_kind,
    cast(null as varchar) as issue_id, cast(null as varchar) as disposition_code,
    line_id, campaign_id,
    cast(null as varchar) as line_of_business, cast(null as boolean) as declared_resolved,
    cast(null as varchar) as quality_flags,
    -- one system alone lists contacts
    cast(null as varchar) as matched_contact_id, cast(null as varchar) as match_rule, false as is_match_ambiguous
from judged;

create table marts.fct_queue_interval as
with

entries as (
    select
        work.quarter_hour(entered_at) as interval_start, local_date, local_hour, queue_id, channel_id, direction,
        count(*) as offered,
        count(*) filter (exit_kind = 'answered') as answered,
        count(*) filter (exit_kind = 'answered' and is_within_target) as answered_in_target,
        count(*) filter (exit_kind = 'abandoned' and not is_short_abandon) as abandoned,
        count(*) filter (exit_kind = 'abandoned' and not is_short_abandon and is_within_target) as abandoned_in_target,
        count(*) filter (is_short_abandon) as short_abandoned,
        count(*) filter (is_short_abandon and is_within_target) as short_abandoned_in_target,
        count(*) filter (is_flow_out) as flowed_out,
        count(*) filter (is_flow_out and is_within_target) as flowed_out_in_target,
        count(*) filter (exit_kind = 'callback' and is_within_target) as callback_in_target,
        count(*) filter (exit_kind = 'waiting') as still_waiting,
        count(*) filter (exit_kind = 'answered' and wait_s is not null) as answered_with_wait,
        count(*) filter (wait_s is not null and exit_kind != 'waiting') as left_with_wait,
        count(*) filter (exit_kind = 'answered' and ring_s is not null) as answered_with_ring,
        count(*) filter (exit_kind = 'abandoned' and wait_s <= 10) as abandoned_le_10,
        count(*) filter (exit_kind != 'waiting' and wait_s <= 10) as left_le_10,
        count(*) filter (exit_kind = 'abandoned' and wait_s > 10 and wait_s <= 30) as abandoned_gt_10_le_30,
        count(*) filter (exit_kind != 'waiting' and wait_s > 10 and wait_s <= 30) as left_gt_10_le_30,
        count(*) filter (exit_kind = 'abandoned' and wait_s > 30 and wait_s <= 60) as abandoned_gt_30_le_60,
        count(*) filter (exit_kind != 'waiting' and wait_s > 30 and wait_s <= 60) as left_gt_30_le_60,
        count(*) filter (exit_kind = 'abandoned' and wait_s > 60 and wait_s <= 120) as abandoned_gt_60_le_120,
        count(*) filter (exit_kind != 'waiting' and wait_s > 60 and wait_s <= 120) as left_gt_60_le_120,
        count(*) filter (exit_kind = 'abandoned' and wait_s > 120) as abandoned_gt_120,
        count(*) filter (exit_kind != 'waiting' and wait_s > 120) as left_gt_120,
        sum(coalesce(wait_s, 0)) filter (exit_kind = 'answered') as answered_wait_s,
        sum(coalesce(wait_s, 0)) filter (exit_kind != 'waiting') as queue_wait_s,
        max(wait_s) filter (exit_kind != 'waiting') as queue_wait_max_s,
        sum(coalesce(ring_s, 0)) filter (exit_kind = 'answered') as answered_ring_s
    from marts.fct_queue_visit
    group by all
),

endings as (
    select
        work.quarter_hour(ended_at) as interval_start, cast(local_ended_at as date) as local_date,
        cast(hour(local_ended_at) as integer) as local_hour, queue_id, channel_id, direction,
        count(*) as handled_legs,
        count(talk_s) as legs_with_talk,
        sum(coalesce(talk_s, 0)) as talk_s,
        sum(coalesce(acw_s, 0)) as acw_s,
        sum(coalesce(handle_s, 0)) as handle_s,
        sum(case when talk_s is null then 0 else coalesce(handle_s, 0) end) as handle_with_talk_s,
        max(talk_s) as talk_max_s,
        min(talk_s) as talk_min_s
    from marts.fct_queue_visit
    where exit_kind = 'answered' and ended_at is not null
    group by all
),

rings as (
    select
        work.quarter_hour(offer.ended_at) as interval_start, offer.local_date, offer.local_hour, offer.queue_id,
        visit.channel_id, visit.direction,
        count(*) as ring_attempts,
        count(*) filter (offer.result = 'no_answer') as ring_attempts_unanswered,
        count(offer.ring_s) as ring_attempts_with_ring,
        sum(coalesce(offer.ring_s, 0)) as ring_attempts_ring_s
    from marts.fct_queue_offer as offer
    inner join marts.fct_queue_visit as visit on offer.queue_visit_id = visit.queue_visit_id
    group by all
),

-- one row an interval: every column comes from one part, and adds nothing to the others
parts as (
    from entries
    union all by name
    from endings
    union all by name
    from rings
)

select
    interval_start, local_date, local_hour, queue_id, channel_id, 'voice' as medium, direction,
    cast(coalesce(sum(columns(
        '^(offered|(?:answered|abandoned|short_abandoned|flowed_out|callback)(?:_in_target)?|still_waiting|'
        || '(?:answered|left)_with_(?:wait|ring)|(?:abandoned|left)_(?:le|gt)_.*)$'
    )), 0) as bigint),
    coalesce(sum(answered_wait_s), 0) as answered_wait_s,
    coalesce(sum(queue_wait_s), 0) as queue_wait_s,
    max(queue_wait_max_s) as queue_wait_max_s,
    coalesce(sum(answered_ring_s), 0) as answered_ring_s,
    cast(coalesce(sum(handled_legs), 0) as bigint) as handled_legs,
    cast(coalesce(sum(legs_with_talk), 0) as bigint) as legs_with_talk,
    coalesce(sum(talk_s), 0) as talk_s,
    cast(0 as double) as hold_s,
    coalesce(sum(acw_s), 0) as acw_s,
    coalesce(sum(handle_s), 0) as handle_s,
    coalesce(sum(handle_with_talk_s), 0) as handle_with_talk_s,
    max(talk_max_s) as talk_max_s,
    min(talk_min_s) as talk_min_s,
    cast(coalesce(sum(ring_attempts), 0) as bigint) as ring_attempts,
    cast(coalesce(sum(ring_attempts_unanswered), 0) as bigint) as ring_attempts_unanswered,
    cast(coalesce(sum(ring_attempts_with_ring), 0) as bigint) as ring_attempts_with_ring,
    coalesce(sum(ring_attempts_ring_s), 0) as ring_attempts_ring_s
from parts
group by all;

create table marts.fct_agent_interval as
with

pieces as (
    select
        agent_id, state, started_at, ended_at,
        unnest(range(
            work.quarter_hour(started_at), ended_at, interval 15 minute
        )) as interval_start
    from marts.fct_agent_state
),

records as (
    select
        interval_start, agent_id, state,
        work.seconds(
            greatest(started_at, interval_start), least(ended_at, interval_start + interval 15 minute)
        ) as state_s,
        null as direction, null as talk_s, null as acw_s, null as handle_s, 0 as leg, 0 as unanswered
    from pieces
    union all
    select
        work.quarter_hour(ended_at), agent_id, null, 0, direction, talk_s, acw_s, handle_s, 1, 0
    from marts.fct_agent_leg
    where agent_id is not null
    union all
    select
        work.quarter_hour(ended_at), agent_id, null, 0, null, null, null, null, 0, cast(result = 'no_answer' as integer)
    from marts.fct_queue_offer
),

summed as (
    select
        interval_start, agent_id,
        sum(state_s) as logged_in_s,
        coalesce(sum(state_s) filter (state = 'ready'), 0) as ready_state_s,
        coalesce(sum(state_s) filter (state = 'ringing'), 0) as ringing_state_s,
        coalesce(sum(state_s) filter (state = 'talk'), 0) as talk_state_s,
        coalesce(sum(state_s) filter (state = 'acw'), 0) as acw_state_s,
        coalesce(sum(state_s) filter (state = 'break'), 0) as break_state_s,
        coalesce(sum(state_s) filter (state = 'busy'), 0) as busy_state_s,
        cast(sum(leg) as bigint) as handled_legs,
        count(*) filter (leg = 1 and direction = 'inbound') as handled_inbound_legs,
        count(*) filter (leg = 1 and direction = 'outbound') as handled_outbound_legs,
        coalesce(sum(talk_s), 0) as talk_s,
        coalesce(sum(acw_s), 0) as acw_s,
        coalesce(sum(handle_s), 0) as handle_s,
        max(talk_s) as talk_max_s,
        min(talk_s) as talk_min_s,
        cast(sum(unanswered) as bigint) as ring_attempts_unanswered
    from records
    group by interval_start, agent_id
)

select
    interval_start, summed.agent_id,
    cast(work.local(interval_start, getvariable('zone')) as date) as local_date,
    cast(hour(work.local(interval_start, getvariable('zone'))) as integer) as local_hour,
    summed.* exclude (interval_start, agent_id),
    team_id
from summed
left join work.team
    on
        summed.agent_id = team.agent_id
        and cast(work.local(interval_start, getvariable('zone')) as date) >= valid_from
        and cast(work.local(interval_start, getvariable('zone')) as date) < ends_on;

create table marts.fct_agent_day as
with

presence as (
    select
        agent_id, shift_date as local_date,
        min(started_at) as first_login_at,
        max(ended_at) as last_logout_at,
        sum(duration_s) as logged_in_s,
        coalesce(sum(duration_s) filter (state = 'break'), 0) as break_s,
        coalesce(sum(duration_s) filter (state = 'busy'), 0) as busy_s
    from marts.fct_agent_state
    group by agent_id, shift_date
),

handled as (
    select
        agent_id, local_date, count(*) as handled_legs,
        count(*) filter (direction = 'inbound') as handled_inbound_legs
    from marts.fct_agent_leg
    where agent_id is not null
    group by agent_id, local_date
)

select
    days.agent_id, days.local_date, first_login_at, last_logout_at,
    coalesce(logged_in_s, 0) as logged_in_s,
    coalesce(work.seconds(first_login_at, last_logout_at) - logged_in_s, 0) as offline_s,
    coalesce(break_s, 0) as break_s,
    coalesce(busy_s, 0) as busy_s,
    coalesce(handled_legs, 0) as handled_legs,
    coalesce(handled_inbound_legs, 0) as handled_inbound_legs,
    cast(coalesce(logged_in_s, 0) >= 3600 as bigint) as agent_days,
    team_id
from (from presence full outer join handled using (agent_id, local_date)) as days
left join work.team
    on days.agent_id = team.agent_id and days.local_date >= valid_from and days.local_date < ends_on;

-- 7. Dimensions --------------------------------------------------------------------------------------------------------

create table marts.dim_agent as
select distinct on (agent_id, valid_from)
    agent_id, team_id, true as is_configured, valid_from, valid_to, valid_to is null as is_current
from work.agent
union all
select distinct agent_id, cast(null as varchar), false, date '1900-01-01', cast(null as date), true
from (
    select agent_id from marts.fct_agent_leg union all select agent_id from marts.fct_agent_state
    union all select agent_id from marts.fct_queue_visit union all select agent_id from marts.fct_queue_offer
)
where agent_id not in (select agent_id from work.agent);

create table marts.dim_queue as
select
    queue_id, coalesce(queue_name_zh, queue_id) as queue_name_zh, coalesce(queue_name_en, queue_id) as queue_name_en,
    skill_group_id, timezone, sl_target_s, sl_target_rate, short_abandon_s, true as is_configured, valid_from, valid_to,
    valid_to is null as is_current
from work.queue
union all
select
    seen.queue_id, seen.queue_id, seen.queue_id, null, setting.timezone, setting.sl_target_s, setting.sl_target_rate,
    setting.short_abandon_s, false, date '1900-01-01', null, true
from (
    select distinct queue_id from (
        select queue_id from marts.fct_queue_visit union all select answering_queue_id from marts.fct_contact
        union all select queue_id from marts.fct_queue_offer
    )
    where queue_id not in (select queue_id from work.queue)
) as seen
cross join work.setting;

create table marts.fct_identity_day as
select local_date, source_system, channel_id, direction, count(*) as contact_count,
    count(customer_key) as customer_known_count, count(caller_hash) as caller_known_count,
    count(issue_id) as issue_known_count
from marts.fct_contact
group by all;

create table marts.dim_channel as
select channel_id, kind, entry_point, channel_name_zh, channel_name_en, true as is_configured from work.channel
union all
select distinct channel_id, cast(null as varchar), cast(null as varchar), channel_id, channel_id, false
from marts.fct_contact
where channel_id not in (select channel_id from work.channel);

create table marts.dim_region as
select region_code, province_zh, province_en, city_zh, city_en, number_prefix, true as is_configured from work.region
union all
select 'unknown', '未知', 'Unknown', '未知', 'Unknown', null, true;

create table marts.dim_date as
with

bounds as (
    select min(local_date) as first_date, max(local_date) as last_date
    from (
        select min(local_date) as local_date from marts.fct_contact
        union all select max(local_date) from marts.fct_contact
        union all select min(local_date) from marts.fct_queue_visit
        union all select max(local_date) from marts.fct_queue_visit
        union all select min(local_date) from marts.fct_queue_offer
        union all select max(local_date) from marts.fct_queue_offer
        union all select min(local_date) from marts.fct_agent_leg
        union all select max(local_date) from marts.fct_agent_leg
        union all select min(local_date) from marts.fct_agent_state
        union all select max(local_date) from marts.fct_agent_state
        union all select min(local_date) from marts.fct_agent_day
        union all select max(local_date) from marts.fct_agent_day
    )
),

dates as (
    select
        cast(unnest(range(
            date_trunc('year', first_date), date_trunc('year', last_date) + interval 1 year, interval 1 day
        )) as date) as local_date
    from bounds
)

select
    local_date,
    cast(year(local_date) as integer) as year_no,
    cast(quarter(local_date) as integer) as quarter_no,
    cast(month(local_date) as integer) as month_no,
    cast(day(local_date) as integer) as day_no,
    cast(week(local_date) as integer) as iso_week_no,
    cast(date_trunc('week', local_date) as date) as week_start,
    cast(date_trunc('month', local_date) as date) as month_start,
    cast(date_trunc('quarter', local_date) as date) as quarter_start,
    cast(isodow(local_date) as integer) as iso_weekday_no
from dates;

create table marts.dim_interval as
select
    cast(n as integer) as interval_no,
    cast(n // 4 as integer) as hour_of_day,
    cast(n % 4 * 15 as integer) as minute_of_hour,
    format('{:02d}:{:02d}', n // 4, n % 4 * 15) as interval_label
from range(96) as intervals (n);

-- 8. KPIs --------------------------------------------------------------------------------------------------------------

create table marts.kpi_availability as
with

needs as (
    select kpi_id, variant, unnest(string_split(needs, ';')) as capability from marts.kpi_definition
),

met as (
    select
        needs.kpi_id, needs.variant, needs.capability,
        coalesce(bool_or(capability.is_declared), false) as is_met,
        max(capability.feed) filter (capability.is_declared and capability.is_stale) as stale_feed,
        string_agg(distinct capability.feed, ' / ' order by capability.feed) as possible_feeds
    from needs
    semi join work.needed_capability using (capability)
    left join work.capability using (capability)
    group by needs.kpi_id, needs.variant, needs.capability
)

select
    kpi_id, variant, bool_and(is_met) as is_available,
    string_agg(capability, ', ' order by capability) filter (not is_met) as missing_capabilities,
    string_agg(coalesce(possible_feeds, 'no feed yet'), ', ' order by capability) filter (not is_met) as missing_feeds,
    string_agg(distinct stale_feed, ', ' order by stale_feed) as stale_feeds
from met
group by kpi_id, variant;

-- What each KPI divides, added up by date; the part of a name after two underscores is the class of a distribution.
-- Dimensions that do not apply are '' (hour of day: -1), so that numerators meet their denominators by equality.

create table work.contact_day as
select
    local_date,
    case
        when grouping(channel_id) = 0 then 'channel'
        when grouping(region_code) = 0 then 'region'
        when grouping(local_hour) = 0 then 'hour_of_day'
        else 'all'
    end as dim_set,
    coalesce(channel_id, '') as channel, '' as queue, '' as agent, coalesce(region_code, '') as region,
    coalesce(local_hour, -1) as hour_of_day,
    count(*) as contacts,
    count(*) filter (not is_invalid) as contacts_valid,
    count(*) filter (direction = 'inbound') as inbound,
    count(*) filter (direction = 'inbound' and not is_invalid) as inbound_valid,
    count(*) filter (direction = 'outbound') as outbound,
    count(*) filter (direction = 'outbound' and not is_invalid) as outbound_valid,
    count(*) filter (is_offered) as offered,
    count(*) filter (is_offered and outcome != 'short_abandon') as offered_net_short,
    count(*) filter (is_offered and outcome = 'answered') as answered,
    count(*) filter (is_offered and outcome = 'answered' and is_within) as answered_in_target,
    count(*) filter (is_offered and outcome = 'abandoned_queue') as abandoned,
    count(*) filter (is_offered and is_hang_up) as abandoned_gross,
    count(*) filter (is_offered and (outcome = 'answered' or (outcome = 'abandoned_queue' and is_beyond)))
        as answered_or_abandoned_after_target,
    count(*) filter (is_offered and (outcome = 'answered' or is_hang_up) and is_within)
        as answered_or_hung_up_in_target,
    count(*) filter (is_offered and (outcome = 'answered' or is_hang_up)) as answered_or_hung_up,
    count(*) filter (is_offered and ((outcome = 'answered' and is_within) or is_past)) as cisco_ignore_base,
    count(*) filter (is_offered and ((outcome in ('answered', 'abandoned_queue') and is_within) or is_past))
        as cisco_base,
    count(*) filter (is_offered and outcome in ('answered', 'abandoned_queue') and is_within)
        as answered_or_abandoned_in_target,
    count(*) filter (is_queued) as queued,
    count(*) filter (is_queued and outcome != 'short_abandon') as queued_net_short,
    count(*) filter (is_queued and (outcome = 'answered' or is_hang_up or last_exit_kind = 'callback') and is_within)
        as removed_in_target,
    count(*) filter (is_offered and outcome in ('answered', 'abandoned_queue', 'flow_out')) as genesys_base,
    count(*) filter (is_offered or is_refused) as asked_or_failed,
    count(*) filter (is_offered or is_refused or direction = 'outbound') as connectable,
    count(*) filter ((is_offered or direction = 'outbound') and outcome = 'answered') as connected,
    count(*) filter (direction = 'outbound' and outcome = 'answered') as outbound_answered,
    count(*) filter (direction = 'inbound' and outcome not in ('answered', 'self_served', 'waiting'))
        as unanswered_inbound,
    count(*) filter (is_offered and outcome = 'answered' and queue_wait_s is not null) as answered_with_wait,
    count(*) filter (is_offered and outcome != 'waiting' and queue_wait_s is not null) as offered_with_wait,
    count(*) filter (has_left) as left_with_wait,
    count(*) filter (is_short_total) as invalid,
    count(*) filter (is_short_talk) as invalid_talk,
    count(*) filter (is_anomalous) as anomalous,
    count(hangup_reason) as decided,
    sum(case when is_offered and outcome = 'answered' then queue_wait_s else 0 end) as answered_wait_s,
    sum(case when is_offered and outcome != 'waiting' then queue_wait_s else 0 end) as offered_wait_s,
    sum(case when has_left then queue_wait_s else 0 end) as left_wait_s,
    count(response_s) filter (direction = 'inbound') as responded,
    sum(case when direction = 'inbound' then coalesce(response_s, 0) else 0 end) as responded_s,
    count(queue_response_s) filter (direction = 'inbound') as responded_from_queue,
    sum(case when direction = 'inbound' then coalesce(queue_response_s, 0) else 0 end) as responded_from_queue_s,
    count(*) filter (direction = 'inbound' and outcome not in ('blocked', 'failed')) as line_connected,
    max(queue_wait_s) filter (has_left) as left_wait_max_s,
    count(*) filter (hangup_reason = 'caller_hangup') as ended__caller_hangup,
    count(*) filter (hangup_reason = 'not_connected') as ended__not_connected,
    count(*) filter (hangup_reason = 'completed') as ended__completed,
    count(*) filter (is_abandon and queue_wait_s <= 10) as abandoned_by_wait__le_10,
    count(*) filter (is_abandon and queue_wait_s > 10 and queue_wait_s <= 30) as abandoned_by_wait__gt_10_le_30,
    count(*) filter (is_abandon and queue_wait_s > 30 and queue_wait_s <= 60) as abandoned_by_wait__gt_30_le_60,
    count(*) filter (is_abandon and queue_wait_s > 60 and queue_wait_s <= 120) as abandoned_by_wait__gt_60_le_120,
    count(*) filter (is_abandon and queue_wait_s > 120) as abandoned_by_wait__gt_120,
    count(*) filter (has_left and queue_wait_s <= 10) as left_by_wait__le_10,
    count(*) filter (has_left and queue_wait_s > 10 and queue_wait_s <= 30) as left_by_wait__gt_10_le_30,
    count(*) filter (has_left and queue_wait_s > 30 and queue_wait_s <= 60) as left_by_wait__gt_30_le_60,
    count(*) filter (has_left and queue_wait_s > 60 and queue_wait_s <= 120) as left_by_wait__gt_60_le_120,
    count(*) filter (has_left and queue_wait_s > 120) as left_by_wait__gt_120,
    count(*) filter (is_abandon and queue_wait_s <= 10) as abandoned_within__within_10,
    count(*) filter (is_abandon and queue_wait_s <= 30) as abandoned_within__within_30,
    count(*) filter (is_abandon and queue_wait_s <= 60) as abandoned_within__within_60,
    count(*) filter (is_abandon and queue_wait_s <= 120) as abandoned_within__within_120
from (
    select
        *,
        outcome in ('abandoned_queue', 'short_abandon') as is_hang_up,
        coalesce(queue_wait_s <= sl_target_s, false) as is_within,
        coalesce(queue_wait_s > sl_target_s, false) as is_beyond,
        outcome in ('answered', 'abandoned_queue', 'flow_out') and is_beyond as is_past,
        direction = 'inbound' and first_queue_at is not null as is_queued,
        is_queued and outcome != 'waiting' and queue_wait_s is not null as has_left,
        direction = 'inbound' and outcome in ('blocked', 'failed') as is_refused,
        direction = 'inbound' and is_hang_up and queue_wait_s is not null as is_abandon
    from marts.fct_contact
)
group by grouping sets (
    (local_date), (local_date, channel_id), (local_date, region_code), (local_date, local_hour)
);

create table work.handling_day as
select
    local_ended_date as local_date,
    case
        when grouping(channel_id) = 0 then 'channel' when grouping(region_code) = 0 then 'region' else 'all'
    end as dim_set,
    coalesce(channel_id, '') as channel, '' as queue, '' as agent, coalesce(region_code, '') as region,
    -1 as hour_of_day,
    count(talk_s) as contacts_with_talk,
    sum(case when talk_s is null then 0 else handle_s end) as contact_handle_s,
    sum(coalesce(talk_s, 0)) as contact_talk_s
from marts.fct_contact
where outcome = 'answered' and local_ended_date is not null
group by grouping sets ((local_ended_date), (local_ended_date, channel_id), (local_ended_date, region_code));

create table work.queue_day as
select
    local_date,
    case when grouping(local_hour) = 0 then 'queue+hour_of_day' else 'queue' end as dim_set,
    '' as channel, coalesce(queue_id, 'unknown') as queue, '' as agent, '' as region,
    coalesce(local_hour, -1) as hour_of_day,
    sum(offered) as offered,
    sum(offered - short_abandoned) as offered_net_short,
    sum(answered) as answered,
    sum(answered_in_target) as answered_in_target,
    sum(abandoned) as abandoned,
    sum(abandoned + short_abandoned) as abandoned_gross,
    sum(answered + abandoned - abandoned_in_target) as answered_or_abandoned_after_target,
    sum(answered_in_target + abandoned_in_target + short_abandoned_in_target) as answered_or_hung_up_in_target,
    sum(answered + abandoned + short_abandoned) as answered_or_hung_up,
    sum(answered + abandoned - abandoned_in_target + flowed_out - flowed_out_in_target) as cisco_ignore_base,
    sum(answered + abandoned + flowed_out - flowed_out_in_target) as cisco_base,
    sum(answered_in_target + abandoned_in_target) as answered_or_abandoned_in_target,
    sum(offered) as queued,
    sum(offered - short_abandoned) as queued_net_short,
    sum(answered_in_target + abandoned_in_target + short_abandoned_in_target + callback_in_target)
        as removed_in_target,
    sum(answered + abandoned + flowed_out) as genesys_base,
    sum(offered) as asked_or_failed,
    sum(answered_with_wait) as answered_with_wait,
    sum(left_with_wait) as offered_with_wait,
    sum(left_with_wait) as left_with_wait,
    sum(answered_wait_s) as answered_wait_s,
    sum(queue_wait_s) as offered_wait_s,
    sum(queue_wait_s) as left_wait_s,
    sum(handled_legs) as handled_legs,
    sum(legs_with_talk) as legs_with_talk,
    sum(handle_with_talk_s) as leg_handle_s,
    sum(talk_s) as leg_talk_s,
    max(queue_wait_max_s) as left_wait_max_s,
    max(talk_max_s) as leg_talk_max_s,
    min(talk_min_s) as leg_talk_min_s,
    sum(abandoned_le_10) as abandoned_by_wait__le_10,
    sum(abandoned_gt_10_le_30) as abandoned_by_wait__gt_10_le_30,
    sum(abandoned_gt_30_le_60) as abandoned_by_wait__gt_30_le_60,
    sum(abandoned_gt_60_le_120) as abandoned_by_wait__gt_60_le_120,
    sum(abandoned_gt_120) as abandoned_by_wait__gt_120,
    sum(left_le_10) as left_by_wait__le_10,
    sum(left_gt_10_le_30) as left_by_wait__gt_10_le_30,
    sum(left_gt_30_le_60) as left_by_wait__gt_30_le_60,
    sum(left_gt_60_le_120) as left_by_wait__gt_60_le_120,
    sum(left_gt_120) as left_by_wait__gt_120,
    sum(abandoned_le_10) as abandoned_within__within_10,
    sum(abandoned_le_10 + abandoned_gt_10_le_30) as abandoned_within__within_30,
    sum(abandoned_le_10 + abandoned_gt_10_le_30 + abandoned_gt_30_le_60) as abandoned_within__within_60,
    sum(abandoned_le_10 + abandoned_gt_10_le_30 + abandoned_gt_30_le_60 + abandoned_gt_60_le_120)
        as abandoned_within__within_120
from marts.fct_queue_interval
where direction = 'inbound'
group by grouping sets ((local_date, queue_id), (local_date, queue_id, local_hour));

create table work.leg_day as
select
    local_date,
    case when grouping(agent_id) = 0 then 'agent' else 'all' end as dim_set,
    '' as channel, '' as queue,
    case when grouping(agent_id) = 0 then coalesce(agent_id, 'unknown') else '' end as agent, '' as region,
    -1 as hour_of_day,
    count(*) as handled_legs,
    count(*) filter (direction = 'inbound') as handled_inbound_legs,
    count(talk_s) as legs_with_talk,
    sum(case when talk_s is null then 0 else handle_s end) as leg_handle_s,
    sum(coalesce(talk_s, 0)) as leg_talk_s,
    max(talk_s) as leg_talk_max_s,
    min(talk_s) as leg_talk_min_s
from marts.fct_agent_leg
group by grouping sets ((local_date), (local_date, agent_id));

create table work.ring_day as
select
    local_date,
    case when grouping(queue_id) = 0 then 'queue' when grouping(agent_id) = 0 then 'agent' else 'all' end as dim_set,
    '' as channel,
    case when grouping(queue_id) = 0 then coalesce(queue_id, 'unknown') else '' end as queue,
    case when grouping(agent_id) = 0 then coalesce(agent_id, 'unknown') else '' end as agent, '' as region,
    -1 as hour_of_day,
    count(ring_s) as ring_attempts,
    sum(ring_s) as ring_attempts_s,
    count(ring_s) filter (result = 'answered') as ring_answered,
    sum(case when result = 'answered' then ring_s else 0 end) as ring_answered_s,
    count(*) filter (result = 'no_answer') as ring_unanswered
from marts.fct_queue_offer
group by grouping sets ((local_date), (local_date, queue_id), (local_date, agent_id));

create table work.agent_day as
select
    local_date,
    case when grouping(agent_id) = 0 then 'agent' else 'all' end as dim_set,
    '' as channel, '' as queue, coalesce(agent_id, '') as agent, '' as region, -1 as hour_of_day,
    sum(logged_in_s) as logged_in_s,
    sum(logged_in_s - break_state_s) as logged_in_less_break_s,
    sum(talk_state_s) as talk_state_s,
    sum(talk_state_s + acw_state_s) as handle_state_s,
    sum(talk_state_s + acw_state_s + ready_state_s + ringing_state_s) as handle_or_ready_s
from marts.fct_agent_interval
where logged_in_s > 0
group by grouping sets ((local_date), (local_date, agent_id));

create table work.shift_day as
select
    local_date,
    case when grouping(agent_id) = 0 then 'agent' else 'all' end as dim_set,
    '' as channel, '' as queue, coalesce(agent_id, '') as agent, '' as region, -1 as hour_of_day,
    sum(agent_days) as agent_days,
    -- exact whatever the order of rows: it is a count of records too, and is rounded to one
    sum(cast(logged_in_s / 28800.0 as decimal(32, 12))) as fte_days,
    sum(offline_s) as offline_s,
    sum(logged_in_s) as shift_logged_in_s
from marts.fct_agent_day
group by grouping sets ((local_date), (local_date, agent_id));

-- A date and the periods that it is part of: itself, a week from Monday, … and the years that end in one of twelve
-- months. An hour of a date is a period of its own.
create table work.period as
with

dates as (
    select distinct local_date from (
        select local_date from work.contact_day union all select local_date from work.handling_day
        union all select local_date from work.queue_day union all select local_date from work.leg_day
        union all select local_date from work.ring_day union all select local_date from work.agent_day
        union all select local_date from work.shift_day
    )
)

select local_date, 'day' as grain, cast(local_date as timestamp) as period_start from dates
union all
select local_date, 'week', cast(date_trunc('week', local_date) as timestamp) from dates
union all
select local_date, 'month', cast(date_trunc('month', local_date) as timestamp) from dates
union all
select local_date, 'quarter', cast(date_trunc('quarter', local_date) as timestamp) from dates
union all
select local_date, 'year', cast(date_trunc('year', local_date) as timestamp) from dates
union all
select dates.local_date, 'rolling_12_months', cast(ends.month - interval 11 month as timestamp)
from dates
inner join (select distinct date_trunc('month', local_date) as month from dates) as ends
    on
        dates.local_date >= ends.month - interval 11 month
        and dates.local_date < ends.month + interval 1 month;

create macro work.in_periods(days) as table
select
    period.grain, period.period_start, days.dim_set, days.channel, days.queue, days.agent, days.region,
    days.hour_of_day,
    max(columns(name -> name like '%_max_s')),
    min(columns(name -> name like '%_min_s')),
    cast(sum(columns(name -> name not like '%_max_s' and name not like '%_min_s' and name not in (
        'local_date', 'grain', 'period_start', 'dim_set', 'channel', 'queue', 'agent', 'region', 'hour_of_day'
    ))) as double)
from query_table(days) as days
inner join work.period using (local_date)
group by all;

create view work.call_day as
from work.contact_day
union all by name
from work.handling_day
union all by name
from work.queue_day;

create view work.staff_day as
from work.leg_day
union all by name
from work.ring_day
union all by name
from work.agent_day
union all by name
from work.shift_day;

create table work.call_period as from work.in_periods('work.call_day');
create table work.staff_period as from work.in_periods('work.staff_day');

-- An hour of a date is a period of its own.
create view work.call_hour as
select
    'hour' as grain, local_date + hour_of_day * interval 1 hour as period_start,
    case dim_set when 'hour_of_day' then 'all' else 'queue' end as dim_set,
    * exclude (local_date, dim_set, hour_of_day), -1 as hour_of_day
from work.call_day
where dim_set in ('hour_of_day', 'queue+hour_of_day');

create table work.measure as
with

amounts as (
    unpivot work.call_period
    on columns(* exclude (grain, period_start, dim_set, channel, queue, agent, region, hour_of_day))
    into name measure_column value amount
    union all by name
    unpivot work.staff_period
    on columns(* exclude (grain, period_start, dim_set, channel, queue, agent, region, hour_of_day))
    into name measure_column value amount
    union all by name
    unpivot work.call_hour
    on columns(* exclude (grain, period_start, dim_set, channel, queue, agent, region, hour_of_day))
    into name measure_column value amount
)

select
    * exclude (measure_column),
    split_part(measure_column, '__', 1) as measure,
    split_part(measure_column, '__', 2) as category
from amounts;

create table marts.kpi_value as
with

split as (
    select distinct measure from work.measure where category != ''
),

definitions as (
    select
        definition.*, sets.grain, sets.dim_set,
        denominator in (select measure from split) as is_denominator_split,
        n_measure in (select measure from split) as is_n_split
    from marts.kpi_definition as definition
    inner join work.grain_set as sets using (grain_set)
),

-- a share is taken of the whole, every other rate of its own dimension members
numerators as (
    select
        definitions.kpi_id, definitions.variant, definitions.denominator as denominator_name, definitions.n_measure,
        above.*,
        case when definitions.kind = 'share' then 'all' else above.dim_set end as base_set,
        case when definitions.kind = 'share' then '' else above.channel end as base_channel,
        case when definitions.is_denominator_split then above.category else '' end as base_category,
        case when definitions.is_n_split then above.category else '' end as n_category
    from definitions
    inner join work.measure as above
        on
            definitions.numerator = above.measure and definitions.grain = above.grain
            and definitions.dim_set = above.dim_set
            and cast(above.period_start as date) >= definitions.valid_from
            and cast(above.period_start as date) < coalesce(definitions.valid_to, date '9999-12-31')
    where definitions.kind not in ('peak', 'trough')
),

-- the busiest and the quietest hour of day
ranked_hours as (
    select
        grain, period_start, measure, amount, hour_of_day,
        row_number() over (partition by grain, period_start, measure order by amount desc, hour_of_day) as from_top,
        row_number() over (partition by grain, period_start, measure order by amount, hour_of_day) as from_bottom
    from work.measure
    where dim_set = 'hour_of_day' and measure = 'inbound' and amount > 0
),

results as (
    select
        numerators.kpi_id, numerators.variant, numerators.grain, numerators.period_start, numerators.dim_set,
        numerators.channel, numerators.queue, numerators.agent, numerators.region, numerators.hour_of_day,
        nullif(numerators.category, '') as category,
        numerators.amount as numerator, below.amount as denominator, records.amount as n,
        case
            when numerators.denominator_name is null then numerators.amount
            else numerators.amount / nullif(below.amount, 0)
        end as value
    from numerators
    left join work.measure as below
        on
            numerators.denominator_name = below.measure and numerators.base_category = below.category
            and numerators.grain = below.grain and numerators.period_start = below.period_start
            and numerators.base_set = below.dim_set and numerators.base_channel = below.channel
            and numerators.queue = below.queue and numerators.agent = below.agent
            and numerators.region = below.region and numerators.hour_of_day = below.hour_of_day
    left join work.measure as records
        on
            numerators.n_measure = records.measure and numerators.n_category = records.category
            and numerators.grain = records.grain and numerators.period_start = records.period_start
            and numerators.base_set = records.dim_set and numerators.base_channel = records.channel
            and numerators.queue = records.queue and numerators.agent = records.agent
            and numerators.region = records.region and numerators.hour_of_day = records.hour_of_day
    where numerators.denominator_name is null or below.amount is not null
    union all
    select
        definitions.kpi_id, definitions.variant, ranked_hours.grain, ranked_hours.period_start, 'all', '', '', '', '',
        -1, format('{:02d}:00', ranked_hours.hour_of_day), ranked_hours.amount, null, ranked_hours.amount,
        ranked_hours.amount
    from definitions
    inner join ranked_hours
        on
            definitions.numerator = ranked_hours.measure and definitions.grain = ranked_hours.grain
            and (
                (definitions.kind = 'peak' and ranked_hours.from_top = 1)
                or (definitions.kind = 'trough' and ranked_hours.from_bottom = 1)
            )
            and cast(ranked_hours.period_start as date) >= definitions.valid_from
            and cast(ranked_hours.period_start as date) < coalesce(definitions.valid_to, date '9999-12-31')
),

targets as (
    select * from marts.kpi_target
    where kind = 'target'
)

select
    results.kpi_id, results.variant, results.grain, results.period_start, results.dim_set,
    nullif(results.channel, '') as channel, cast(null as varchar) as direction, nullif(results.queue, '') as queue,
    nullif(results.agent, '') as agent, cast(null as varchar) as team, cast(null as varchar) as issue,
    nullif(results.region, '') as region, cast(null as varchar) as segment,
    nullif(results.hour_of_day, -1) as hour_of_day, cast(null as varchar) as member,
    results.category, results.numerator, results.denominator, results.value, cast(results.n as bigint) as n,
    coalesce(choice.variant, official.variant) = results.variant as is_official,
    coalesce(choice.target_profile, 'default') as target_profile,
    coalesce(targets.target_value, case when results.value < targets.lower then targets.lower else targets.upper end)
        as target,
    case
        when results.value is null then 'no_data'
        when targets.operator is null then 'no_target'
        when results.n < targets.min_n then 'few_records'
        when
            case targets.operator
                when '>=' then results.value >= targets.target_value
                when '>' then results.value > targets.target_value
                when '<=' then results.value <= targets.target_value
                when '<' then results.value < targets.target_value
                when 'band' then results.value between targets.lower and targets.upper
            end
            then 'met'
        else 'missed'
    end as status,
    case results.grain
        when 'hour' then results.period_start + interval 1 hour
        when 'day' then results.period_start + interval 1 day
        when 'week' then results.period_start + interval 7 day
        when 'month' then results.period_start + interval 1 month
        when 'quarter' then results.period_start + interval 3 month
        else results.period_start + interval 12 month
    end <= getvariable('as_of') as is_mature,
    getvariable('as_of') as as_of
from results
inner join marts.kpi_definition as official on results.kpi_id = official.kpi_id and official.is_default_official
left join work.choice as choice
    on
        results.kpi_id = choice.kpi_id and cast(results.period_start as date) >= choice.valid_from
        and cast(results.period_start as date) < coalesce(choice.valid_to, date '9999-12-31')
left join targets
    on
        results.kpi_id = targets.kpi_id and results.variant = targets.variant
        and coalesce(choice.target_profile, 'default') = targets.profile and results.dim_set = targets.scope
        and cast(results.period_start as date) >= targets.valid_from
        and cast(results.period_start as date) < coalesce(targets.valid_to, date '9999-12-31');

drop schema work cascade;
