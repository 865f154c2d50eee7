"""Quality assurance: a workbook a week with a sheet of evaluations and one of their items, as its office keeps them.

Belongs here: names and words of the workbooks. Does not belong here: how a workbook is written (`workbooks`).
"""

from __future__ import annotations

from simulator.forms.shapes import Shape, Style

STYLE = Style(flags=("是", "否"))


def quality_sheets() -> dict[str, Shape]:
    """Sheet -> what stands in it."""
    return {
        "质检评分": Shape(
            "canonical.qa_evaluation",
            STYLE,
            {
                "evaluation_id": "质检编号",
                "contact_id": "服务记录号",
                "recording_id": "录音编号",
                "agent_id": "坐席工号",
                "evaluator_type": "质检方式",
                "evaluator_id": "质检员",
                "form_id": "评分表",
                "form_version": "评分表版本",
                "sampled_by": "抽样方式",
                "score": "得分",
                "score_max": "满分",
                "is_passed": "是否合格",
                "is_fatal_fail": "触犯致命项",
                "evaluated_at": "质检时间",
                "record_updated_at": "更新时间",
            },
            {
                "evaluator_type": {"human": "人工", "ai": "智能", "other": "其他"},
                "sampled_by": {"random": "随机抽样", "targeted": "定向抽样", "anomaly": "异常通话", "other": "其他"},
            },
        ),
        "评分项明细": Shape(
            "canonical.qa_evaluation_item",
            STYLE,
            {
                "evaluation_id": "质检编号",
                "item_id": "评分项",
                "section": "质检维度",
                "evaluated_at": "质检时间",
                "score": "得分",
                "score_max": "满分",
                "is_applicable": "是否适用",
                "is_fatal": "致命项",
                "violation_type": "违规类别",
                "record_updated_at": "更新时间",
            },
            {
                "section": {
                    "courtesy": "礼貌",
                    "process": "流程",
                    "accuracy": "准确",
                    "compliance": "合规",
                    "attitude": "态度",
                    "professionalism": "专业",
                    "other": "其他",
                }
            },
        ),
    }
