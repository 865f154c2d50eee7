"""The helpdesk, whose API tells changes of tickets: its resources, and the members of their JSON.

Belongs here: names and words of the helpdesk. Does not belong here: the server that answers for it (`simulator.serve`).
"""

from __future__ import annotations

from simulator.forms.shapes import Shape, Style

STYLE = Style(instants="offset", holder="members")
STATUS = {
    "open": "待处理",
    "in_progress": "处理中",
    "waiting": "待客户",
    "solved": "已解决",
    "archived": "已归档",
    "cancelled": "已取消",
}


def helpdesk_resources() -> dict[str, Shape]:
    """Resource of the API -> what its records have. A member behind a dot lies inside another one."""
    return {
        "tickets": Shape(
            "canonical.ticket",
            STYLE,
            {
                "customer_id": "requester.member_no",
                "ticket_id": "id",
                "contact_id": "source.record_no",
                "channel_id": "source.channel",
                "ticket_type": "type",
                "issue_id": "category",
                "priority": "priority",
                "created_by_agent_id": "creator_no",
                "assigned_agent_id": "assignee.staff_no",
                "assigned_department_id": "assignee.department",
                "creation_started_at": "draft_at",
                "created_at": "created_at",
                "assigned_at": "assigned_at",
                "due_at": "due_at",
                "first_solved_at": "first_solved_at",
                "solved_at": "solved_at",
                "archived_at": "archived_at",
                "status": "status",
                "reopened_count": "reopen_times",
                "returned_count": "return_times",
                "required_field_count": "fields.required",
                "filled_field_count": "fields.filled",
                "initial_category": "first_label",
                "final_category": "final_label",
                "repeat_reason": "repeat_reason",
                "is_complaint": "is_complaint",
                "record_updated_at": "updated_at",
            },
            {"status": STATUS},
        ),
        "ticket_events": Shape(
            "canonical.ticket_event",
            STYLE,
            {
                "ticket_id": "ticket_id",
                "event_id": "id",
                "happened_at": "happened_at",
                "kind": "action",
                "actor_agent_id": "operator_no",
                "from_department_id": "department.from",
                "to_department_id": "department.to",
                "from_status": "status.from",
                "to_status": "status.to",
                "reason": "reason",
                "missing_field": "missing_field",
                "priority": "priority",
            },
        ),
        "ticket_fields": Shape(
            "canonical.ticket_field",
            STYLE,
            {
                "ticket_id": "ticket_id",
                "field_name": "field",
                "ticket_created_at": "ticket_created_at",
                "is_required": "required",
                "is_filled_at_creation": "filled_at_creation",
                "is_filled": "filled",
                "record_updated_at": "updated_at",
            },
        ),
    }
