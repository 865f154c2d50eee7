"""The worked cases of the article on KPI definitions and data-driven improvement (S0).

Belongs here: data. Does not belong here: code. Numbers that the article does not give are those it implies.
"""

from __future__ import annotations

from simulator.scenarios.effects import Change
from simulator.scenarios.measures import Measure
from simulator.scenarios.scenario import Expected, Scenario

_IM_SHARE = (0.70 - 0.65) / (0.82 - 0.65)
_AFTER_SALES_SHARE = 0.17
_OTHER_CALLS_SOLVED = (0.65 - _AFTER_SALES_SHARE * 0.58) / (1 - _AFTER_SALES_SHARE)
# how much sooner customers must come back for 12 % more of them within a year, by the shop's usual products
_PACE_FOR_RETENTION = 1.31
_AFTER_SALES_CALL = {"medium": "voice", "topic": "repair"}
# one-stop completion is that of first contacts; if repeats failed as often, there would be 83 % fewer, not 70 %
_FIRST = {"attempt": "first"}

ONE_STOP = Scenario(
    "S0-1",
    "一次办结率 70%：电话售后拖累整体",
    "One-stop completion at 70 %: after-sales by phone drags it down",
    "一次办结率 70%：在线 82%，电话 65%，其中电话售后 58%；整改后电话售后 89%，重复咨询 −70%，满意度 +15 分",
    "One-stop 70 % = chat 82 %, phone 65 %, after-sales by phone 58 %; afterwards 89 %, repeats −70 %, CSAT +15 points",
    (
        Change("arrival_share", "always", level=_IM_SHARE, where={"medium": "im"}),
        Change("arrival_share", "always", level=1 - _IM_SHARE, where={"medium": "voice"}),
        Change("arrival_share", "always", level=_AFTER_SALES_SHARE, where=_AFTER_SALES_CALL),
        Change("returns", "always", level=1.0),
        Change("solved", "always", level=0.82, where={"medium": "im"} | _FIRST),
        Change("solved", "always", level=_OTHER_CALLS_SOLVED, where={"medium": "voice"} | _FIRST),
        Change("solved", "before", level=0.58, where=_AFTER_SALES_CALL | _FIRST),
        Change("solved", "after", level=0.89, where=_AFTER_SALES_CALL | _FIRST),
        Change("survey_points", "before", level=72.0, where={"topic": "repair"}),
        Change("survey_points", "after", level=87.0, where={"topic": "repair"}),
    ),
    (
        Expected("M093", "before", 0.70, 0.02),
        Expected("M093", "before", 0.82, 0.03, {"medium": "im"}),
        Expected("M093", "before", 0.65, 0.02, {"medium": "voice"}),
        Expected("M093", "before", 0.58, 0.03, _AFTER_SALES_CALL),
        Expected("M093", "after", 0.89, 0.03, _AFTER_SALES_CALL),
        Expected("M099", "change", -0.70, 0.08, _AFTER_SALES_CALL, "relative"),
        Expected("M112", "change", 15.0, 3.0, {"topic": "repair"}, "points"),
    ),
    (
        Measure(
            "logistics_api", "电话售后一次办结率仅 58%，坐席看不到维修与物流进度",
            "打通维修派单与物流接口，坐席界面直接显示进度",
            "Show the progress of repairs and deliveries on the agent's screen",
            "after_sales", "M093", 5, 3, 0.58, 0.85, 0.89,
        ),
    ),
)  # fmt: skip

COMPLAINTS = Scenario(
    "S0-2",
    "投诉满意度 78 分：强负面情绪未及时介入",
    "Complaint satisfaction at 78: strong emotion without help in time",
    "投诉满意度 78→93，投诉升级率 −42%，客户留存率 +12%；投诉来电 30% 有强负面情绪",
    "Complaint CSAT 78 to 93, escalation −42 %, retention +12 %; 30 % of complaint calls with strong negative emotion",
    (
        Change("strong_emotion", "always", level=0.30, where={"topic": "complaint"}),
        Change("survey_points", "before", level=78.0, where={"topic": "complaint"}),
        Change("survey_points", "after", level=93.0, where={"topic": "complaint"}),
        Change("complaint_escalated", "before", level=0.12),
        Change("complaint_escalated", "after", level=0.12 * (1 - 0.42)),
        Change("buys_again", "after", factor=_PACE_FOR_RETENTION),
    ),
    (
        Expected("M112", "before", 78.0, 3.0, {"topic": "complaint"}),
        Expected("M112", "after", 93.0, 3.0, {"topic": "complaint"}),
        Expected("M131", "change", -0.42, 0.12, kind="relative"),
        Expected("M137", "change", 0.12, 0.04, kind="relative"),
        Expected("M119", "before", 0.30, 0.04, {"topic": "complaint"}),
    ),
    (
        Measure(
            "emotion_alert", "投诉来电 30% 出现强负面情绪且未及时介入",
            "上线三级情绪预警，班组长 60 秒内介入高等级来电",
            "Three-level emotion alert; a team leader steps in within 60 s",
            "quality", "M113", 5, 3, 78.0, 90.0, 93.0,
        ),
    ),
)  # fmt: skip

PRODUCTIVITY = Scenario(
    "S0-3",
    "人均日处理 75 通：手工操作占 35%",
    "75 contacts per agent and day: 35 % manual work",
    "坐席人均日处理 75→130，手工操作占工时 35%、减少 60%，团队规模 −25%，年省 300 万元",
    "75 to 130 per agent-day, manual time 35 % cut by 60 %, team −25 %, 3 million yuan a year",
    (
        Change("contacts_per_agent_day", "before", level=75.0),
        Change("contacts_per_agent_day", "after", level=130.0),
        Change("manual_share", "before", level=0.35),
        Change("manual_share", "after", level=0.35 * (1 - 0.60)),
        Change("headcount", "after", factor=0.75),
        # three quarters of the people, each with 130 for 75: so many more contacts must there be
        Change("arrivals", "after", factor=0.75 * 130 / 75),
    ),
    (
        Expected("M070", "before", 75.0, 5.0),
        Expected("M070", "after", 130.0, 8.0),
        Expected("M077", "before", 0.35, 0.03),
        Expected("M077", "change", -0.60, 0.06, kind="relative"),
        Expected("M180", "change", -0.25, 0.02, kind="relative"),
        Expected("M152", "change", -0.25, 0.05, {"cost_type": "labour"}, "relative"),
    ),
    (
        Measure(
            "auto_ticket", "建单与查询占坐席工时 35%", "自动建单、来电弹屏与话术推荐上线",
            "Automatic tickets, screen pop and suggested replies", "it", "M070", 5, 4, 75.0, 120.0, 130.0,
        ),
    ),
)  # fmt: skip

MEMBERSHIP = Scenario(
    "S0-4",
    "会员咨询一次办结率仍低；在线 20–22 点高峰",
    "Membership enquiries still not done at once; chat peaks at 20–22 h",
    "物流接口打通后，会员咨询一次办结率仍低；在线咨询高峰 20–22 点",
    "After the logistics interface, membership stays low on one-stop completion; chat peaks from 20 to 22 h",
    (
        Change("solved", "before", level=0.62, where={"topic": "membership"}),
        Change("returns", "always", level=1.0, where={"topic": "membership"}),
        Change("arrivals", "always", factor=3.0, where={"medium": "im"}, hours=(20, 22)),
    ),
    (
        Expected("M093", "before", 0.62, 0.03, {"topic": "membership"}),
        Expected("M010", "before", 20.0, 1.0, {"medium": "im"}),
    ),
)

CASES = (ONE_STOP, COMPLAINTS, PRODUCTIVITY, MEMBERSHIP)
