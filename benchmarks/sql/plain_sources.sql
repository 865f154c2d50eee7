-- The opponent of "Sources": what one would write by hand to bring queue visits from a file or a table into Parquet
-- files by local date. `records` is the view of the source, all columns text; the variable `out` is the folder.

copy (
    with

    typed as (
        select
            contact_id,
            queue_id,
            strptime(entered_at, '%Y-%m-%d %H:%M:%S') at time zone 'Asia/Shanghai' at time zone 'UTC' as entered_at,
            strptime(left_at, '%Y-%m-%d %H:%M:%S') at time zone 'Asia/Shanghai' at time zone 'UTC' as left_at,
            cast(wait_s as double) as wait_s,
            exit_kind,
            nullif(agent_id, '') as agent_id,
            cast(priority as integer) as priority,
            cast(null as varchar) as flags,
            'source' as source_file,
            row_number() over () as source_line,
            cast(current_timestamp as timestamp) as ingested_at,
            cast(strptime(entered_at, '%Y-%m-%d %H:%M:%S') as date) as dt
        from records
    )

    select
        * exclude (dt),
        md5(cast(json_array(
            contact_id, queue_id, entered_at, left_at, wait_s, exit_kind, agent_id, priority, flags
        ) as varchar)) as row_hash,
        dt
    from typed
) to (getvariable('out')) (format parquet, compression zstd, partition_by (dt));
