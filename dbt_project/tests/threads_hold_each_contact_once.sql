-- The threads of a customer's issue have its contacts and repeats, each once, from the first start to the latest end. They
-- are made whole, and so judged whole.
with

of_contacts as (
    select
        customer_key,
        issue_id,
        cast(count(*) as bigint) as contact_count,
        cast(sum(case when is_repeat then 1 else 0 end) as bigint) as repeat_count,
        min(started_at) as started_at,
        max(ended_at) as ended_at
    from {{ ref('fct_contact_resolution') }}
    where is_matter_known
    group by customer_key, issue_id
),

of_threads as (
    select
        customer_key,
        issue_id,
        cast(sum(contact_count) as bigint) as contact_count,
        cast(sum(repeat_count) as bigint) as repeat_count,
        min(started_at) as started_at,
        max(ended_at) as ended_at
    from {{ ref('fct_issue_thread') }}
    group by customer_key, issue_id
),

only_of_contacts as (
    select * from of_contacts
    except
    select * from of_threads
),

only_of_threads as (
    select * from of_threads
    except
    select * from of_contacts
)

select 'contacts' as side, * from only_of_contacts
union all
select 'threads' as side, * from only_of_threads
