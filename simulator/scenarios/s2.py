"""The worked cases of the article on the reports of a call system's back office (S2).

Belongs here: data. Does not belong here: code. Numbers that the article does not give are those it implies.
"""

from __future__ import annotations

from simulator.scenarios.effects import Change
from simulator.scenarios.measures import Measure
from simulator.scenarios.scenario import Expected, Scenario

# in a day shift in every centre of 8 to 97 agents, as every 15th works at night
AGENT = "1007"

REPAYMENT = Scenario(
    "S2-1",
    "还款日前后三天来电 2.5 倍",
    "Two and a half times the calls around repayment day",
    "还款日前后 3 天呼入量为平日 2.5 倍；弹性排班后接通率 +30%",
    "Three days around repayment 2.5 times the usual volume; a rota for it raises the connect rate by 30 %",
    (
        Change("arrivals", "always", level=2.5, where={"medium": "voice"}, occasion="repayment"),
        Change("staffing", "after", factor=1.5, occasion="repayment"),
    ),
    (
        Expected("M012", "before", 2.5, 0.15, {"occasion": "repayment", "medium": "voice"}),
        Expected("M030", "change", 0.30, 0.10, {"occasion": "repayment", "medium": "voice"}, "relative"),
    ),
    (
        Measure(
            "rota", "还款日前后呼入量激增，接通率骤降", "还款日前后三天弹性排班，兼职坐席支援",
            "A rota with part-time agents for the days around repayment",
            "service", "M030", 5, 2, 0.56, 0.70, 0.73,
        ),
    ),
)  # fmt: skip

AFTER_SALES = Scenario(
    "S2-2",
    "售后占呼入 45%",
    "After-sales is 45 % of inbound",
    "售后投诉类呼入占 45%",
    "After-sales is 45 % of inbound",
    (Change("arrival_share", "before", level=0.45, where={"topic": "repair"}),),
    (Expected("M005", "before", 0.45, 0.02, {"topic": "repair"}),),
)

IMPATIENT_QUEUE = Scenario(
    "S2-3",
    "排队放弃率超过 20%，六成在 30 秒内放弃",
    "Over 20 % abandon in the queue, 60 % of them within 30 s",
    "排队放弃率 > 20%，其中 30 秒内放弃占 60%",
    "Queue abandonment above 20 %, 60 % of it within 30 s",
    (
        Change("queue_hangup", "before", level=0.23),
        Change("hangup_within_30_s", "before", level=0.60),
        Change("wait_limit_s", "before", level=90.0),
    ),
    (
        Expected("M034", "before", 0.23, 0.025),
        Expected("M035", "before", 0.60, 0.04, {"category": "within_30"}),
    ),
    (
        Measure(
            "answer_faster", "排队放弃率超过 20%，六成客户 30 秒内挂断", "高峰时段增派坐席并播报预计等待时间",
            "More agents at the peak, and callers are told how long it will take",
            "service", "M034", 5, 3, 0.23, 0.15, 0.13, False,
        ),
    ),
)  # fmt: skip

INSTALLATION_COMPLAINTS = Scenario(
    "S2-4",
    "安装投诉占 35%，二次发生率 20%",
    "Installation is 35 % of complaints, and 20 % come up again",
    "安装投诉占 35%，二次发生率 20%，整改后 −40%",
    "Installation 35 % of complaints; recurrence 20 %, then −40 %",
    (
        Change("complaint_share", "always", level=0.35, where={"complaint_type": "installation"}),
        Change("complaint_again", "before", level=0.20, where={"complaint_type": "installation"}),
        Change("complaint_again", "after", level=0.12, where={"complaint_type": "installation"}),
    ),
    (
        Expected("M127", "before", 0.35, 0.04, {"complaint_type": "installation"}),
        Expected("M130", "before", 0.20, 0.05, {"complaint_type": "installation"}),
        Expected("M130", "change", -0.40, 0.20, {"complaint_type": "installation"}, "relative"),
    ),
    (
        Measure(
            "installers", "安装投诉占 35%，20% 重复投诉", "安装工持证上岗并在 24 小时内回访",
            "Certified installers, and a call within 24 hours after each installation",
            "after_sales", "M130", 4, 3, 0.20, 0.12, 0.12, False,
        ),
    ),
)  # fmt: skip

LEAD_SOURCES = Scenario(
    "S2-5",
    "老客户转化 15%，陌生客户 2%；儿童课是成人课的 2.3 倍",
    "Former customers convert at 15 %, strangers at 2 %; the children's course sells 2.3 times as well",
    "线索转化率：老客户 15%，陌生客户 2%；儿童课成单率为成人课 2.3 倍，调整后成单率 +25%",
    "Lead conversion 15 % against 2 %; children's course 2.3 times the adults'; the close rate then rises by 25 %",
    (
        Change("lead_converted", "always", level=0.15, where={"lead_source": "old_customer"}),
        Change("lead_converted", "always", level=0.02, where={"lead_source": "cold_list"}),
        Change("invite_accepted", "always", level=0.345, where={"product_id": "children_course"}),
        Change("invite_accepted", "always", level=0.15, where={"product_id": "adult_course"}),
        Change("invite_accepted", "after", factor=1.25),
    ),
    (
        Expected("M146", "before", 0.15, 0.02, {"lead_source": "old_customer"}),
        Expected("M146", "before", 0.02, 0.01, {"lead_source": "cold_list"}),
        Expected("M149", "before", 2.3, 0.45, {"product_id": "children_course/adult_course"}, "ratio"),
        Expected("M138", "change", 0.25, 0.08, {"campaign": "none"}, "relative"),
    ),
    (
        Measure(
            "course_first", "成人课投入多、成单低，线索分配不看来源", "优先分配老客户线索与儿童课商机，更新邀约话术",
            "Former customers and the children's course first, with a new script",
            "marketing", "M140", 4, 2, 0.20, 0.24, 0.25,
        ),
    ),
)  # fmt: skip

SLOW_AGENT = Scenario(
    "S2-6",
    "某坐席日均 50 通、工单完成率 60%",
    "An agent with 50 calls a day and 60 % of tickets completed",
    "某坐席日均接听 50 通，工单完成率 60%",
    "50 calls a day, ticket completion 60 %",
    (
        Change("contacts_per_agent_day", "before", level=50.0, where={"agent": AGENT}),
        Change("ticket_completed", "before", level=0.60, where={"agent": AGENT}),
    ),
    (
        Expected("M069", "before", 50.0, 5.0, {"agent": AGENT}),
        Expected("M085", "before", 0.60, 0.08, {"agent": AGENT}),
    ),
)

ABSENT_AGENT = Scenario(
    "S2-7",
    "某坐席小休超过 1 小时、示忙 30%",
    "An agent with over an hour of breaks and 30 % busy",
    "某坐席小休总时长 > 1 小时/天，示忙占比 30%",
    "Breaks above an hour a day, busy 30 %",
    (
        Change("break_s", "before", level=4500.0, where={"agent": AGENT}),
        Change("busy_share", "before", level=0.30, where={"agent": AGENT}),
    ),
    (
        Expected("M074", "before", 4500.0, 600.0, {"agent": AGENT}),
        Expected("M076", "before", 0.30, 0.05, {"agent": AGENT}),
    ),
)

NODE_TO_AGENT = Scenario(
    "S2-8",
    "某 IVR 节点 90% 转人工",
    "A menu node from which 90 % go to an agent",
    "自助查询节点转人工率 90%",
    "90 % leave the node for an agent",
    (Change("menu_to_agent", "before", level=0.90, where={"node_id": "delivery_query"}),),
    (Expected("M052", "before", 0.90, 0.03, {"node_id": "delivery_query"}),),
)

AFTER_SALES_SCORE = Scenario(
    "S2-9",
    "售后满意度 65 分",
    "After-sales satisfaction at 65 of 100",
    "售后场景满意度 65 分（百分制）",
    "After-sales CSAT 65 of 100",
    (Change("survey_points", "before", level=65.0, where={"topic": "repair"}),),
    (Expected("M113", "before", 65.0, 3.0, {"topic": "repair"}),),
)

ELDERLY = Scenario(
    "S2-10",
    "老年客户投诉 IVR 语速过快",
    "Elderly customers complain that the menu speaks too fast",
    "60 岁以上客户集中投诉 IVR 语速",
    "Customers of 60 and more complain of the menu's speed",
    (
        Change("complaint_share", "before", level=0.45, where={"age_band": "60+", "complaint_type": "ivr_speed"}),
        Change("complaint_share", "after", level=0.08, where={"age_band": "60+", "complaint_type": "ivr_speed"}),
    ),
    (Expected("M133", "before", 0.45, 0.08, {"complaint_type": "ivr_speed", "age_band": "60+"}),),
    (
        Measure(
            "slower_menu", "老年客户投诉 IVR 语速过快", "60 岁以上客户进入慢速菜单，按 0 直达人工",
            "A slow menu for customers of 60 and more, with 0 for an agent",
            "it", "M133", 3, 2, 0.45, 0.15, 0.08, False,
        ),
    ),
)  # fmt: skip

CASES = (
    REPAYMENT, AFTER_SALES, IMPATIENT_QUEUE, INSTALLATION_COMPLAINTS, LEAD_SOURCES,
    SLOW_AGENT, ABSENT_AGENT, NODE_TO_AGENT, AFTER_SALES_SCORE, ELDERLY,
)  # fmt: skip
