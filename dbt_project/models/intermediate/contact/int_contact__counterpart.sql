{{ config(materialized='table') }}

-- What the other system's record of a contact says, of the record that counts. A table of its own: of millions of pairs
-- the join that finds it has no memory left beside the other joins of int_contact__unioned.
with

matches as (
    select
        *,
        case when is_kept then matched_contact_id end as filling_contact_id
    from {{ ref('int_contact__match') }}
)

select
    matches.contact_id,
    matches.matched_contact_id,
    matches.match_rule,
    matches.is_kept,
    matches.is_ambiguous,
    others.root_call_id,
    others.root_contact_id,
    others.source_channel_id,
    others.channel_id,
    others.dialled_number,
    others.customer_key,
    others.caller_hash,
    others.caller_masked,
    others.caller_prefix,
    others.number_type,
    others.region_code,
    others.ivr_s,
    others.acw_s,
    others.hangup_cause,
    others.issue_id,
    others.disposition_code,
    others.line_id,
    others.campaign_id,
    others.line_of_business,
    others.declared_resolved,
    others.is_ruled_invalid,
    others.quality_flags
from matches
left join {{ ref('int_contact__listed') }} as others on matches.filling_contact_id = others.contact_id
