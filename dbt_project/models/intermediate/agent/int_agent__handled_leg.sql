-- Legs with their after-call work: what the leg's own record tells, else logged pauses, else the contact's figure, else
-- the configured wrap-up.
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
            legs.told_acw_s,
            acw.acw_s,
            case when legs.is_first then contacts.acw_s end,
            case when legs.via != 'direct' and settings.wrap_up_s > 0 then settings.wrap_up_s end,
            0
        ) as acw_s,
        -- a source tells these seconds of the contact, and its first leg carries them
        coalesce(legs.told_consult_s, case when legs.is_first then contacts.consult_s end, 0) as consult_s
    from legs
    inner join contacts on legs.contact_id = contacts.contact_id
    cross join settings
    left join acw on legs.leg_id = acw.leg_id
)

select
    *,
    coalesce(talk_s, 0) + coalesce(hold_s, 0) + consult_s + acw_s as handle_s
from completed
