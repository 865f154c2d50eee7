-- Run once in Metabase's own database (PostgreSQL) by its owner, here with Metabase's tables in the schema `public`. The
-- view holds neither the text of a query nor an error's, and its reader sees nothing else of the database.
create schema callmart;

create view callmart.query_log as
select
    runs.id,
    runs.started_at,
    runs.executor_id,
    runs.context,
    encode(runs.hash, 'hex') as query_hash,
    runs.card_id,
    concat_ws('.', tables.schema, tables.name) as table_name,
    runs.result_rows
from public.query_execution as runs
left join public.report_card as cards on runs.card_id = cards.id
left join public.metabase_table as tables on cards.table_id = tables.id
-- Rows get their ids when queries end, several at once: those below any row of the last hour are all there.
where runs.id < coalesce(
    (select min(recent.id) from public.query_execution as recent where recent.started_at > now() - interval '1 hour'),
    9223372036854775807
);

create role callmart_reader login password 'choose-one';
grant usage on schema callmart to callmart_reader;
grant select on callmart.query_log to callmart_reader;
