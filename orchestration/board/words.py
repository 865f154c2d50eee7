"""What a board says of a line beside its numbers, as sentences in both languages.

Belongs here: why there is no verdict, which period is shown, how far the data can be trusted, where a target is missed.
Does not belong here: layout and colours (terminal_reports.py, html.py), how a number is written (display.py).
"""

from __future__ import annotations

from orchestration.board.reports import Line, Segment
from orchestration.board.verdict import Lang, Text
from orchestration.display import format_value
from orchestration.kpi import period_text

REASONS: dict[str, Text] = {
    "few_records": {"zh": "样本不足", "en": "Too few records"},
    "no_target": {"zh": "无目标", "en": "No target"},
    "no_data": {"zh": "无数据", "en": "No data"},
    "not_decided": {"zh": "尚未定型", "en": "Not decided"},
    "not_available": {"zh": "缺数据源", "en": "Not connected"},
    "not_defined": {"zh": "未定义", "en": "Not defined"},
}
_GRAINS: dict[str, Text] = {
    "day": {"zh": "日", "en": "day"},
    "week": {"zh": "周", "en": "week"},
    "month": {"zh": "月", "en": "month"},
    "quarter": {"zh": "季", "en": "quarter"},
    "year": {"zh": "年", "en": "year"},
    "rolling_12_months": {"zh": "滚动十二个月", "en": "rolling year"},
}


def period_words(line: Line) -> Text:
    """The period shown, and why it is not the latest; empty without one."""
    if line.period_start is None:
        return {"zh": "", "en": ""}
    text = period_text(line.period_start, line.grain)
    if line.is_mature and line.maturity_days:
        return {
            "zh": f"{text}（{line.maturity_days} 天后定型，最近已定型）",
            "en": f"{text} (decided after {line.maturity_days} days; the last decided)",
        }
    if not line.is_mature:
        return {"zh": f"{text}（进行中）", "en": f"{text} (still running)"}
    return {"zh": text, "en": text}


def why_no_value(line: Line) -> Text | None:
    """What must be done before the KPI has a value; None where it has one."""
    if line.reason == "not_available":
        feeds = line.missing_feeds or "–"
        return {"zh": f"需接入：{feeds}", "en": f"Needs {feeds}"}
    if line.reason == "not_defined":
        return {"zh": "指标注册表中尚无定义", "en": "The registry has no definition yet"}
    if line.reason == "no_data" and line.period_start is None:
        grain = _GRAINS.get(line.grain, {"zh": line.grain, "en": line.grain})
        days = line.maturity_days
        decided = {"zh": f"，{days} 天后定型", "en": f", decided after {days} days"} if days else {"zh": "", "en": ""}
        return {
            "zh": f"按{grain['zh']}统计{decided['zh']}，尚无一期",
            "en": f"By {grain['en']}{decided['en']}; none yet",
        }
    return None


def doubts(line: Line) -> list[Text]:
    """What speaks against trusting the value as it stands."""
    found: list[Text] = []
    if line.value is not None and not line.is_mature:
        found.append({"zh": "尚未定型，数值仍会变化", "en": "Not final: the value still changes"})
    if line.is_behind:
        found.append({"zh": "更晚的周期没有数值", "en": "Later periods have no value"})
    if line.is_small:
        zh, en = (f"，95% 区间 {line.shown_interval('zh')}", f", 95% interval {line.shown_interval('en')}")
        found.append(
            {
                "zh": f"样本少：{line.n} 条{zh if line.interval else ''}",
                "en": f"Few records: {line.n}{en if line.interval else ''}",
            }
        )
    if line.data_age_s:
        days = max(1, round(line.data_age_s / 86_400))
        found.append({"zh": f"数据落后 {days} 天", "en": f"Data are {days} day{'s' if days > 1 else ''} behind"})
    if line.stale_feeds:
        found.append({"zh": f"数据源滞后：{line.stale_feeds}", "en": f"Feed behind: {line.stale_feeds}"})
    if line.quarantined_rate:
        share = f"{line.quarantined_rate:.2%}" if line.quarantined_rate >= 0.0001 else "< 0.01%"
        found.append({"zh": f"隔离 {share}", "en": f"{share} of the rows in quarantine"})
    return found


def trust(line: Line) -> Text:
    """How far the data reach, and `sound` where nothing speaks against them; empty without a feed."""
    if line.data_until is None:
        return {"zh": "", "en": ""}
    sound = not (line.stale_feeds or line.quarantined_rate or line.data_age_s)
    return {
        "zh": f"数据至 {line.data_until:%m-%d}" + ("，完整" if sound else ""),
        "en": f"Data to {line.data_until:%m-%d}" + (", complete" if sound else ""),
    }


def weakest(line: Line, segment: Segment) -> Text:
    """Where the target is missed, in one sentence."""
    return {"zh": _weakest(line, segment, "zh"), "en": _weakest(line, segment, "en")}


def _weakest(line: Line, segment: Segment, lang: Lang) -> str:
    steps = [name[lang] for name in segment.path]
    if segment.value_of_first is not None:
        steps[0] += f" {format_value(segment.value_of_first, line.unit, lang)}"
    steps[-1] += f" {format_value(segment.value, line.unit, lang)}"
    path = " → ".join(steps)
    volume = f"{segment.volume_share:.0%}"
    if segment.shortfall_share >= 1:
        zh, en = f"{path}：量占 {volume}，缺口全在此处", f"{path}: the whole shortfall, {volume} of volume"
        return zh if lang == "zh" else en
    share = f"{segment.shortfall_share:.0%}"
    if lang == "zh":
        return f"{path}：量占 {volume}，缺口占 {share}"
    return f"{path}: {share} of the shortfall, {volume} of volume"
