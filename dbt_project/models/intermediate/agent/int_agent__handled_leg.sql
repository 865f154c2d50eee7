-- Legs with their after-call work: logged pauses, else the source's own figure, else the configured wrap-up.
with

legs as (
    select * from {{ ref('int_agent__leg') }}
),

acw as (
    select * from {{ ref('int_agent__acw') }}
),

contacts as (
    select * from {{ ref('int_contact__unioned') }}
),

settings as (
    select * from {{ ref('stg_centre__setting') }}
),

completed as (
    select
        legs.*,
        coalesce(
            acw.acw_s,
            case when legs.leg_no in (1, 1000) then contacts.acw_s end,
            case when legs.via in ('queue', 'outbound') and settings.wrap_up_s > 0 then settings.wrap_up_s end,
            0
        ) as acw_s,
        -- a source tells these seconds of the contact, and its first leg carries them
        case when legs.leg_no in (1, 1000) then coalesce(contacts.consult_s, 0) else 0 end as consult_s
    from legs
    inner join contacts on legs.contact_id = contacts.contact_id
    cross join settings
    left join acw on legs.leg_id = acw.leg_id
)

select
    *,
    coalesce(talk_s, 0) + coalesce(hold_s, 0) + consult_s + acw_s as handle_s
from completed
