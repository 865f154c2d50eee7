"""The company's CRM: which tables it has, and what its columns are called.

Belongs here: the names and codes of the CRM. Does not belong here: how a database is written (`database`).

Its clocks are local and its columns of type DATETIME carry no zone, as in most Chinese CRMs: the feed's `timezone` says
which. Flags are `Y` and `N`.
"""

from __future__ import annotations

from simulator.forms.shapes import Shape, Style

STYLE = Style(flags=("Y", "N"))
TIER = {"new": "NEW", "regular": "REG", "vip": "VIP"}


def crm_tables() -> dict[str, Shape]:
    """Table -> what stands in it. A row is the latest state of its thing, but for the history of members."""
    return {
        "member_history": Shape(
            "canonical.customer",
            STYLE,
            {
                "customer_id": "member_no",
                "customer_type": "member_type",
                "tier": "member_level",
                "is_high_value": "high_value_flag",
                "age_band": "age_band",
                "spend_tier": "spend_level",
                "region_code": "city_code",
                "owner_agent_id": "keeper_no",
                "status": "member_status",
                "joined_at": "join_time",
                "last_active_at": "last_active_time",
                "record_updated_at": "valid_from",
            },
            {
                "customer_type": {"personal": "P", "enterprise": "E"},
                "tier": TIER,
                "status": {"active": "A", "dormant": "D", "left": "L"},
            },
        ),
        "member_identity": Shape(
            "canonical.customer_identity",
            STYLE,
            {
                "customer_id": "member_no",
                "identity_number": "phone",
                "identity_value": "account",
                "identity_type": "identity_kind",
                "linked_at": "bind_time",
                "unlinked_at": "unbind_time",
                "record_updated_at": "update_time",
            },
            {"identity_type": {"phone": "PHONE", "email": "EMAIL", "open_id": "OPENID", "account": "ACCOUNT"}},
        ),
        "service_record": Shape(
            "canonical.contact",
            STYLE,
            {
                "caller_number": "phone",
                "customer_id": "member_no",
                "contact_id": "record_no",
                "root_contact_id": "root_record_no",
                "telephony_call_id": "call_uuid",
                "channel_id": "channel_code",
                "direction": "direction",
                "queue_id": "skill_group",
                "agent_id": "staff_no",
                "dialled_number": "hotline",
                "region_code": "city_code",
                "started_at": "begin_time",
                "started_at_raw": "begin_time_text",
                "system_answered_at": "system_answer_time",
                "queue_entered_at": "queue_in_time",
                "queue_left_at": "queue_out_time",
                "agent_answered_at": "staff_answer_time",
                "ended_at": "end_time",
                "ivr_s": "ivr_seconds",
                "queue_wait_s": "queue_seconds",
                "ring_s": "ring_seconds",
                "talk_s": "talk_seconds",
                "hold_s": "hold_seconds",
                "consult_s": "consult_seconds",
                "acw_s": "acw_seconds",
                "total_s": "total_seconds",
                "outcome": "result_code",
                "outcome_raw": "result_text",
                "hangup_side": "hangup_side",
                "hangup_cause": "hangup_cause",
                "priority": "priority_no",
                "issue_id": "issue_code",
                "disposition_code": "disposition_code",
                "line_id": "line_no",
                "campaign_id": "campaign_no",
                "line_of_business": "business_line",
                "transfer_count": "transfer_times",
                "declared_resolved": "solved_flag",
                "record_updated_at": "update_time",
                "is_invalid": "invalid_flag",
            },
            {"direction": {"inbound": "IN", "outbound": "OUT", "internal": "INNER"}},
        ),
        "sales_lead": Shape(
            "canonical.lead",
            STYLE,
            {
                "customer_id": "member_no",
                "lead_id": "lead_no",
                "lead_source": "source_code",
                "list_id": "call_list_no",
                "campaign_id": "campaign_no",
                "owner_agent_id": "staff_no",
                "created_at": "create_time",
                "qualified_at": "qualify_time",
                "intent": "intent_level",
                "converted_at": "deal_time",
                "record_updated_at": "update_time",
            },
            {"intent": {"none": "0", "weak": "1", "clear": "2"}},
        ),
        "sales_invite": Shape(
            "canonical.invite",
            STYLE,
            {
                "invite_id": "invite_no",
                "contact_id": "record_no",
                "agent_id": "staff_no",
                "campaign_id": "campaign_no",
                "product_id": "product_code",
                "offered_at": "offer_time",
                "is_accepted": "accept_flag",
            },
        ),
        "sales_order": Shape(
            "canonical.order",
            STYLE,
            {
                "customer_id": "member_no",
                "order_id": "order_no",
                "lead_id": "lead_no",
                "contact_id": "record_no",
                "agent_id": "staff_no",
                "campaign_id": "campaign_no",
                "product_id": "product_code",
                "created_at": "create_time",
                "paid_at": "pay_time",
                "refunded_at": "refund_time",
                "status": "order_status",
                "amount": "order_amount",
                "currency": "currency",
                "record_updated_at": "update_time",
            },
            {"status": {"created": "NEW", "paid": "PAID", "cancelled": "CANCEL", "refunded": "REFUND"}},
        ),
        "channel_sync": Shape(
            "canonical.interaction_sync",
            STYLE,
            {
                "customer_id": "member_no",
                "contact_id": "record_no",
                "from_channel_id": "from_channel",
                "to_channel_id": "to_channel",
                "expected_field_count": "expected_fields",
                "synced_field_count": "synced_fields",
                "synced_at": "sync_time",
            },
        ),
        "call_blacklist": Shape(
            "canonical.do_not_call",
            STYLE,
            {
                "callee_number": "phone",
                "kind": "list_kind",
                "scope": "scope",
                "added_at": "add_time",
                "removed_at": "remove_time",
                "record_updated_at": "update_time",
            },
            {"kind": {"customer_optout": "CUSTOMER", "regulator": "REGULATOR", "internal": "INTERNAL"}},
        ),
    }
