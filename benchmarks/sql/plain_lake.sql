-- The opponent of "CSV to lake": one COPY a feed, as one would write it by hand for these two logs. The same columns as
-- the lake, numbers as they are. Variables: queue_logs, cdr_logs (lists of files), queue_log_out, cdr_out (folders).

copy (
    with

    split as (
        select
            trim(moment) as event_at_raw,
            nullif(nullif(trim(call), ''), 'NONE') as call_id,
            nullif(nullif(trim(queue), ''), 'NONE') as queue_id,
            nullif(nullif(trim(agent), ''), 'NONE') as agent_raw,
            upper(trim(event)) as event,
            nullif(trim(p1), '') as data1,
            nullif(trim(p2), '') as p2,
            nullif(trim(p3), '') as data3,
            nullif(trim(p4), '') as data4,
            nullif(trim(p5), '') as data5,
            filename as source_file
        from read_csv(
            getvariable('queue_logs'), delim = '|', quote = '', header = false, auto_detect = false,
            null_padding = true, ignore_errors = true, filename = true,
            columns = {
                'moment': 'varchar', 'call': 'varchar', 'queue': 'varchar', 'agent': 'varchar', 'event': 'varchar',
                'p1': 'varchar', 'p2': 'varchar', 'p3': 'varchar', 'p4': 'varchar', 'p5': 'varchar'
            }
        )
    ),

    typed as (
        select
            make_timestamp(cast(cast(event_at_raw as double) * 1000000 as bigint)) as event_at,
            event_at_raw,
            case when call_id not in ('MANAGER', 'REALTIME') then call_id end as call_id,
            queue_id,
            agent_raw,
            event,
            event in (
                'ABANDON', 'ADDMEMBER', 'AGENTCALLBACKLOGIN', 'AGENTCALLBACKLOGOFF', 'AGENTDUMP', 'AGENTLOGIN',
                'AGENTLOGOFF', 'ATTENDEDTRANSFER', 'BLINDTRANSFER', 'COMPLETEAGENT', 'COMPLETECALLER', 'CONFIGRELOAD',
                'CONNECT', 'DID', 'ENTERQUEUE', 'EXITEMPTY', 'EXITWITHKEY', 'EXITWITHTIMEOUT', 'INFO', 'PAUSE',
                'PAUSEALL', 'PENALTY', 'QUEUESTART', 'REMOVEMEMBER', 'RINGCANCELED', 'RINGNOANSWER', 'SYSCOMPAT',
                'TRANSFER', 'UNPAUSE', 'UNPAUSEALL'
            ) as is_known_event,
            data1,
            case when event != 'ENTERQUEUE' then p2 end as data2,
            data3,
            data4,
            data5,
            case when event = 'ENTERQUEUE' then p2 end as caller_hash,
            case when event = 'ENTERQUEUE' then p2 end as caller_masked,
            case when event = 'ENTERQUEUE' then left(p2, 3) end as caller_prefix,
            case when event = 'ENTERQUEUE' then case when p2 like '1%' then 'mobile' else 'landline' end end
                as caller_number_type,
            cast(null as varchar) as flags,
            source_file,
            row_number() over () as source_line,
            cast(current_timestamp as timestamp) as ingested_at
        from split
    )

    select
        *,
        md5(cast(json_array(
            event_at, event_at_raw, call_id, queue_id, agent_raw, event, is_known_event, data1, data2, data3, data4,
            data5, caller_hash, caller_masked, caller_prefix, caller_number_type, flags
        ) as varchar)) as row_hash,
        cast(event_at at time zone 'UTC' at time zone 'Asia/Shanghai' as date) as dt
    from typed
) to (getvariable('queue_log_out')) (format parquet, compression zstd, partition_by (dt));

copy (
    with

    typed as (
        select
            nullif(uniqueid, '') as call_id,
            nullif(linkedid, '') as linked_id,
            sequence as sequence_no,
            case
                when dcontext = 'from-trunk' then 'inbound'
                when dcontext = 'from-internal' and length(dst) > 6 then 'outbound'
                when dcontext = 'from-internal' then 'internal'
                else 'other'
            end as direction,
            "start" at time zone 'Asia/Shanghai' at time zone 'UTC' as started_at,
            cast("start" as varchar) as started_at_raw,
            answer at time zone 'Asia/Shanghai' at time zone 'UTC' as answered_at,
            "end" at time zone 'Asia/Shanghai' at time zone 'UTC' as ended_at,
            duration as duration_s,
            billsec as billsec_s,
            upper(disposition) as disposition,
            dcontext as context,
            nullif(lastapp, '') as last_app,
            case when lower(lastapp) = 'queue' then nullif(regexp_extract(lastdata, '^[^,|]*'), '') end as queue_id,
            nullif(regexp_replace(channel, '-[0-9a-fA-F]+(;[12])?$', ''), '') as source_peer,
            nullif(regexp_replace(dstchannel, '-[0-9a-fA-F]+(;[12])?$', ''), '') as destination_peer,
            case when length(src) <= 6 then src end as source_extension,
            case when length(dst) <= 6 or dst like '400%' then dst end as dialled_number,
            case direction when 'inbound' then src when 'outbound' then dst end as customer_hash,
            case direction when 'inbound' then src when 'outbound' then dst end as customer_masked,
            left(customer_hash, 3) as customer_prefix,
            case when customer_hash like '1%' then 'mobile' else 'landline' end as customer_number_type,
            nullif(accountcode, '') as account_code,
            account_code as campaign_id,
            cast(null as varchar) as flags,
            filename as source_file,
            row_number() over () as source_line,
            cast(current_timestamp as timestamp) as ingested_at,
            cast("start" as date) as dt
        from read_csv(
            getvariable('cdr_logs'), delim = ',', quote = '"', header = false, auto_detect = false, filename = true,
            columns = {
                'accountcode': 'varchar', 'src': 'varchar', 'dst': 'varchar', 'dcontext': 'varchar', 'clid': 'varchar',
                'channel': 'varchar', 'dstchannel': 'varchar', 'lastapp': 'varchar', 'lastdata': 'varchar',
                'start': 'timestamp', 'answer': 'timestamp', 'end': 'timestamp', 'duration': 'double',
                'billsec': 'double', 'disposition': 'varchar', 'amaflags': 'varchar', 'uniqueid': 'varchar',
                'userfield': 'varchar', 'peeraccount': 'varchar', 'linkedid': 'varchar', 'sequence': 'bigint'
            }
        )
    )

    select
        * exclude (dt),
        md5(cast(json_array(
            call_id, linked_id, sequence_no, direction, started_at, started_at_raw, answered_at, ended_at, duration_s,
            billsec_s, disposition, context, last_app, queue_id, source_peer, destination_peer, source_extension,
            dialled_number, customer_hash, customer_masked, customer_prefix, customer_number_type, account_code,
            campaign_id, flags
        ) as varchar)) as row_hash,
        dt
    from typed
) to (getvariable('cdr_out')) (format parquet, compression zstd, partition_by (dt));
