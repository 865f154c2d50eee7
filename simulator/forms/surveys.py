"""The survey platform: daily CSV files in GB18030 with Chinese headers, as such platforms hand them out.

Belongs here: names and words of the platform. Does not belong here: how files are written (`files`).
"""

from __future__ import annotations

from simulator.forms.shapes import Shape, Style

STYLE = Style(instants="slashes", flags=("是", "否"))
SCENARIO = "业务场景"


def survey_files() -> dict[str, Shape]:
    """Beginning of the file's name -> what stands in it."""
    return {
        "invitations": Shape(
            "canonical.survey_invitation",
            STYLE,
            {
                "survey_id": "邀评编号",
                "contact_id": "服务记录号",
                "ticket_id": "工单编号",
                "agent_id": "坐席工号",
                "channel_id": "发送渠道",
                "scenario": SCENARIO,
                "sent_at": "发送时间",
            },
        ),
        "answers": Shape(
            "canonical.survey_response",
            STYLE,
            {
                "survey_id": "邀评编号",
                "question_id": "题目编号",
                "question_kind": "题目类型",
                "contact_id": "服务记录号",
                "agent_id": "坐席工号",
                "channel_id": "答卷渠道",
                "scenario": SCENARIO,
                "sent_at": "发送时间",
                "responded_at": "作答时间",
                "score": "得分",
                "scale_min": "最低分",
                "scale_max": "最高分",
                "is_resolved": "问题是否解决",
                "is_problem_restated": "是否重复陈述",
                "is_praise": "是否表扬",
            },
            {
                "question_kind": {
                    "csat": "满意度",
                    "nps": "推荐意愿",
                    "ces": "费力度",
                    "resolved": "是否解决",
                    "other": "其他",
                }
            },
        ),
    }
