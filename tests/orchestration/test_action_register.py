"""The register of actions that people keep is read as it is saved by a spreadsheet, and a bad row stops no other."""

from __future__ import annotations

import csv
import io
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from orchestration.action_register import REGISTER, Lang, headers, register_feed, write_template
from orchestration.errors import InputError
from tests.orchestration.extract_kit import CENTRE, Kit

ZH = {
    "编号": "A-1", "问题": "重复来电", "责任部门": "客服部", "措施": "改话术", "指标": "m098", "目标值": "15%",
    "措施前": "22％", "立项日": "2026/3/2", "截止日": "2026年3月9日", "状态": "进行中", "影响": "4", "难度": "2",
}  # fmt: skip


def kit_of(folder: Path, lang: Lang) -> Kit:
    kit = Kit(folder, "canonical.action")
    feeds = yaml.safe_dump({"sources": {"canonical": {"feeds": register_feed(lang)}}}, allow_unicode=True)
    return kit.configure(CENTRE + feeds)


def register(*rows: dict[str, str], encoding: str = "utf-8-sig") -> bytes:
    """Rows as a spreadsheet saves them, under the template's headers."""
    out = io.StringIO()
    writer = csv.DictWriter(out, headers("zh"), restval="")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode(encoding)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_template_is_read_by_the_mapping_that_comes_with_it(tmp_path: Path, lang: Lang) -> None:
    made, fragment = write_template(tmp_path, lang)
    assert made.read_bytes().startswith(b"\xef\xbb\xbf") and yaml.safe_load(fragment.read_text("utf-8")) == (
        register_feed(lang)
    )
    kit = kit_of(tmp_path, lang)
    (row,) = kit.typed()
    assert kit.refused() == []
    wanted: dict[str, Any] = {
        "action_id": "A-001", "metric_id": "M098", "baseline_value": 0.22, "target_value": 0.15, "status": "doing",
        "impact_level": 4, "difficulty_level": 2, "created_at": datetime(2026, 3, 1, 16),
        "due_at": datetime(2026, 3, 31, 15, 59, 59), "done_at": None, "parent_action_id": None, "flags": None,
    }  # fmt: skip
    assert {name: row[name] for name in wanted} == wanted


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-8", "gb18030"])
def test_a_register_in_chinese_is_read_in_either_encoding_and_with_any_year_first_date(
    tmp_path: Path, encoding: str
) -> None:
    kit = kit_of(tmp_path, "zh")
    kit.write(REGISTER, register(ZH, ZH | {"编号": "A-2", "状态": "", "完成日": "2026-03-09"}, encoding=encoding))
    first, second = kit.typed()
    assert (first["baseline_value"], first["target_value"], first["metric_id"]) == (0.22, 0.15, "M098")
    assert first["created_at"] == datetime(2026, 3, 1, 16) and first["due_at"] == datetime(2026, 3, 9, 15, 59, 59)
    assert (first["status"], second["status"]) == ("doing", "done")
    assert second["done_at"] <= second["due_at"]  # done on the day it is due is in time


BAD = [
    ({"指标": "满意度"}, "unknown_metric", "metric_id"),
    ({"指标": "M184"}, "unknown_metric", "metric_id"),
    ({"目标值": "十五"}, "target_value_is_no_number", "target_value"),
    ({"影响": "6"}, "impact_level_out_of_range", "impact_level"),
    ({"难度": "高"}, "difficulty_level_out_of_range", "difficulty_level"),
    ({"截止日": "3/9/2026"}, "due_at_is_no_date", "due_at"),
    ({"截止日": "2026-03-01"}, "due_at_before_decision", "due_at"),
    ({"编号": ""}, "missing_key", "action_id"),
]


def test_a_bad_row_is_refused_with_line_column_rule_and_remedy_and_the_others_stay(tmp_path: Path) -> None:
    kit = kit_of(tmp_path, "zh")
    bad = [ZH | {"编号": f"B-{number}"} | change for number, (change, _, _) in enumerate(BAD)]
    kit.write(REGISTER, register(ZH, *bad, ZH | {"编号": "A-2"}))
    assert [row["action_id"] for row in kit.typed()] == ["A-1", "A-2"]
    refused = kit.refused()
    assert [(row["source_line"], row["rule"], row["column_name"]) for row in refused] == [
        (line, rule, column) for line, (_, rule, column) in enumerate(BAD, 3)
    ]
    assert "目标值" in refused[2]["reason"] and "15%" in refused[2]["reason"]


def test_an_edited_register_takes_the_place_of_the_former_one(tmp_path: Path) -> None:
    kit = kit_of(tmp_path, "zh")
    kit.write(REGISTER, register(ZH, ZH | {"编号": "A-2"}))
    kit.refresh()
    assert [row["status"] for row in kit.partition("2026-03-02")] == ["doing", "doing"]
    kit.write(REGISTER, register(ZH | {"状态": "已达标", "完成日": "2026-03-09"}))
    kit.refresh()
    (row,) = kit.partition("2026-03-02")
    assert (row["action_id"], row["status"]) == ("A-1", "verified")


def test_a_register_that_is_there_is_never_overwritten(tmp_path: Path) -> None:
    write_template(tmp_path, "zh")
    with pytest.raises(InputError, match="there already"):
        write_template(tmp_path, "en")
