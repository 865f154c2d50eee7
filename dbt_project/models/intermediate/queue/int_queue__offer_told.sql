-- Ring attempts as an export tells each of them, of contacts that count as the export's, each with the queue visit that
-- it was made for. Rulings: DECISIONS.md, section 36.
with

offers as (
    select
        *,
        coalesce(ended_at, {{ add_seconds('offered_at', 'ring_s') }}, offered_at) as known_ended_at,
        coalesce(ring_s, {{ seconds_between('offered_at', 'ended_at') }}) as known_ring_s
    from {{ ref('stg_canonical__queue_offer') }}
    where {{ in_read_window('dt') }}
),

contacts as (
    select * from {{ ref('int_contact__unioned') }}
    where source_system = 'canonical' and outcome != 'invalid'
),

visits as (
    select * from {{ ref('int_queue__visit') }}
    where source_system = 'canonical'
),

numbered as (
    select
        contacts.contact_id,
        contacts.source_system,
        row_number() over (partition by contacts.contact_id order by offers.offered_at, offers.agent_id) as offer_no,
        offers.queue_id,
        offers.agent_id,
        offers.offered_at,
        offers.known_ended_at,
        offers.known_ring_s,
        offers.result
    from offers
    inner join contacts on 'canonical:' || offers.contact_id = contacts.contact_id
),

-- two clocks differ by up to two seconds
begun as (
    select
        numbered.contact_id,
        numbered.offer_no,
        max(visits.visit_no) as visit_no
    from numbered
    inner join visits
        on
            numbered.contact_id = visits.contact_id
            and visits.entered_at <= {{ add_seconds('numbered.offered_at', 2) }}
    group by numbered.contact_id, numbered.offer_no
)

select
    numbered.contact_id,
    -- of a visit that nobody tells the number is 0
    numbered.contact_id || ':' || coalesce(begun.visit_no, 0) as queue_visit_id,
    numbered.contact_id || ':' || coalesce(begun.visit_no, 0) || ':offer' || numbered.offer_no as queue_offer_id,
    numbered.source_system,
    coalesce(numbered.queue_id, visits.queue_id) as queue_id,
    numbered.agent_id,
    numbered.offered_at,
    numbered.known_ended_at as ended_at,
    numbered.known_ring_s as ring_s,
    case numbered.result when 'declined' then 'no_answer' else numbered.result end as result
from numbered
left join begun on numbered.contact_id = begun.contact_id and numbered.offer_no = begun.offer_no
left join visits on begun.contact_id = visits.contact_id and begun.visit_no = visits.visit_no
