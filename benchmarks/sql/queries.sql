-- What people ask of the marts: boards, drill-downs, lists and joins, on the catalogue of a release.

-- query: today's official KPIs of the centre
select kpi_id, variant, value, target, status
from marts.kpi_value
where is_official and grain = 'day' and dim_set = 'all' and period_start = (select as_of - interval 1 day from marts.release)
order by kpi_id, category;

-- query: service level by month and queue
select period_start, queue, value, n
from marts.kpi_value
where kpi_id = 'M021' and is_official and grain = 'month' and dim_set = 'queue'
order by period_start, queue;

-- query: service level of the last 30 days, day by day
select period_start, value, target
from marts.kpi_value
where
    kpi_id = 'M021' and is_official and grain = 'day' and dim_set = 'all'
    and period_start >= (select as_of - interval 30 day from marts.release)
order by period_start;

-- query: offered and answered by hour of day over all dates
select local_hour, sum(offered) as offered, sum(answered) as answered, sum(answered) / sum(offered) as rate
from marts.fct_queue_interval
where direction = 'inbound'
group by local_hour
order by local_hour;

-- query: outcomes by channel and month
select channel.channel_name_en, date_trunc('month', contact.local_date) as month, contact.outcome, count(*) as contacts
from marts.fct_contact as contact
inner join marts.dim_channel as channel using (channel_id)
group by all
order by all;

-- query: all contacts of one caller
select contact_id, local_counted_at, outcome, queue_wait_s, talk_s
from marts.fct_contact
where caller_hash = (select min(caller_hash) from marts.fct_contact where local_date = (select max(local_date) from marts.fct_contact))
order by counted_at;

-- query: the hundred longest waits of the last week
select contact_id, first_queue_id, local_counted_at, queue_wait_s, outcome
from marts.fct_contact
where local_date >= (select cast(as_of - interval 7 day as date) from marts.release)
order by queue_wait_s desc nulls last, contact_id
limit 100;

-- query: callers who called again within a week
select count(*) filter (days_since <= 7) / count(*) as repeat_rate
from (
    select
        date_diff('day', lag(started_at) over (partition by caller_hash order by started_at), started_at) as days_since
    from marts.fct_contact
    where direction = 'inbound' and caller_hash is not null
);

-- query: agents of each team by handling time, last month
select agent.team_id, leg.agent_id, count(*) as conversations, sum(leg.handle_s) / count(*) as aht_s
from marts.fct_agent_leg as leg
inner join marts.dim_agent as agent on leg.agent_id = agent.agent_id and agent.is_current
where leg.local_date >= (select cast(date_trunc('month', as_of - interval 1 day) as date) from marts.release)
group by all
order by aht_s desc;

-- query: how an agent spent yesterday
select state, reason_code, local_started_at, duration_s
from marts.fct_agent_state
where
    local_date = (select cast(as_of - interval 1 day as date) from marts.release)
    and agent_id = (select min(agent_id) from marts.dim_agent)
order by started_at;
