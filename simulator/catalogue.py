"""What the simulated company sells, what its customers ask, and who does what: names in Chinese and English.

Belongs here: the two-level tree of issues, products, departments, the telephone menu, and the fixed properties of each.
Does not belong here: anything that happens, chances that scenarios change (`setting`).

The company, 禾木生活 (Hemu Living), sells household appliances, memberships, instalment plans and online courses.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Issue:
    """What a customer comes with. `share`: of all contacts; `queue_id`: the telephone queue that knows it; `solved`:
    how often the first contact solves it; `has_ticket`: how often it takes a ticket; `self_service`: how often the menu
    alone solves it; `talk_factor`: of the queue's median talk."""

    issue_id: str
    parent_id: str
    name_zh: str
    name_en: str
    queue_id: str
    share: float
    solved: float
    has_ticket: float
    department_id: str
    self_service: float = 0.0
    talk_factor: float = 1.0


# level one of the tree
TOPICS = {
    "logistics": ("物流", "Logistics"),
    "billing": ("账单与还款", "Billing and repayment"),
    "activation": ("开通激活", "Activation"),
    "membership": ("会员", "Membership"),
    "repair": ("安装维修", "Installation and repair"),
    "purchase": ("选购", "Buying"),
    "complaint": ("投诉", "Complaint"),
}

ISSUES = (
    Issue("delivery_status", "logistics", "物流进度查询", "Delivery status",
          "support", 0.14, 0.90, 0.03, "logistics", 0.30, 1.2),
    Issue("delivery_delay", "logistics", "配送延误", "Delayed delivery",
          "support", 0.06, 0.78, 0.45, "logistics", 0.05),
    Issue("address_change", "logistics", "修改收货地址", "Change of address",
          "support", 0.03, 0.95, 0.05, "logistics", 0.10, 0.7),
    Issue("bill_explained", "billing", "账单明细解释", "Explaining a bill",
          "billing", 0.09, 0.80, 0.03, "finance", 0.10, 1.2),
    Issue("repayment", "billing", "分期还款", "Instalment repayment",
          "billing", 0.08, 0.90, 0.04, "finance", 0.25, 0.8),
    Issue("refund", "billing", "退款进度", "Refund",
          "billing", 0.05, 0.82, 0.35, "finance", 0.10),
    Issue("account_activation", "activation", "账户激活", "Account activation",
          "support", 0.06, 0.84, 0.06, "it", 0.08, 1.1),
    Issue("device_setup", "activation", "设备配网", "Connecting a device",
          "support", 0.05, 0.80, 0.10, "it", 0.02, 1.4),
    Issue("member_benefit", "membership", "会员权益咨询", "Member benefits",
          "sales", 0.07, 0.86, 0.02, "membership", 0.12, 0.9),
    Issue("member_renewal", "membership", "会员续费", "Membership renewal",
          "sales", 0.04, 0.92, 0.02, "membership", 0.15, 0.8),
    Issue("installation", "repair", "预约安装", "Booking an installation",
          "support", 0.07, 0.86, 0.70, "after_sales", 0.05, 1.1),
    Issue("repair_request", "repair", "报修", "Repair request",
          "support", 0.07, 0.74, 0.90, "after_sales", 0.0, 1.3),
    Issue("property_service", "repair", "物业报事", "Property service",
          "support", 0.03, 0.76, 0.90, "property", 0.0),
    Issue("appliance_advice", "purchase", "家电选购", "Choosing an appliance",
          "sales", 0.06, 0.93, 0.01, "marketing", 0.0, 1.2),
    Issue("course_advice", "purchase", "课程咨询", "Course advice",
          "sales", 0.05, 0.93, 0.01, "marketing", 0.0, 1.3),
    Issue("promotion", "purchase", "优惠活动", "Promotions",
          "sales", 0.03, 0.95, 0.01, "marketing", 0.20, 0.8),
    Issue("service_complaint", "complaint", "服务投诉", "Complaint about service",
          "support", 0.02, 0.62, 1.0, "quality", 0.0, 1.6),
)  # fmt: skip
ISSUE_BY_ID = {issue.issue_id: issue for issue in ISSUES}
# somebody has to come: no contact can solve it
NOT_RESOLVABLE = frozenset({"repair_request"})

DEPARTMENTS = {
    "service": ("客服中心", "Customer service"),
    "logistics": ("物流部", "Logistics"),
    "finance": ("财务部", "Finance"),
    "it": ("技术部", "IT"),
    "membership": ("会员运营部", "Membership"),
    "after_sales": ("售后部", "After-sales"),
    "property": ("物业部", "Property"),
    "marketing": ("市场部", "Marketing"),
    "quality": ("质控部", "Quality"),
}


@dataclass(frozen=True, slots=True)
class Product:
    """What is sold. `price` in yuan; `again_in_days`: mean time to the next purchase of a customer who stays."""

    product_id: str
    line_id: str
    name_zh: str
    name_en: str
    price: float
    again_in_days: int


PRODUCT_LINES = {
    "appliance": ("家电", "Appliances"),
    "membership": ("会员", "Memberships"),
    "instalment": ("分期", "Instalment plans"),
    "course": ("在线课程", "Online courses"),
}
PRODUCTS = (
    Product("air_conditioner", "appliance", "变频空调", "Air conditioner", 3299.0, 900),
    Product("water_heater", "appliance", "燃气热水器", "Water heater", 1899.0, 900),
    Product("robot_vacuum", "appliance", "扫地机器人", "Robot vacuum", 2199.0, 500),
    Product("filter_set", "appliance", "净水滤芯套装", "Water filter set", 269.0, 150),
    Product("gold_membership", "membership", "金卡会员年费", "Gold membership, a year", 298.0, 365),
    Product("instalment_12", "instalment", "12 期分期服务", "Twelve instalments", 199.0, 400),
    Product("children_course", "course", "儿童英语课", "Children's English course", 1980.0, 200),
    Product("adult_course", "course", "成人职场课", "Adults' career course", 1280.0, 260),
)
PRODUCT_BY_ID = {product.product_id: product for product in PRODUCTS}


@dataclass(frozen=True, slots=True)
class Node:
    """A node of the telephone menu; `keys`: key -> node or, at the end, `queue:<queue_id>` or `done`."""

    node_id: str
    name_zh: str
    name_en: str
    keys: dict[str, str]


MENU = {
    node.node_id: node
    for node in (
        Node("welcome", "欢迎语", "Welcome",
             {"1": "sales_menu", "2": "service_menu", "3": "bill_menu", "0": "queue:support"}),
        Node("sales_menu", "选购与会员", "Buying and membership",
             {"1": "queue:sales", "2": "promotion_news", "9": "welcome"}),
        Node("service_menu", "售后服务", "After-sales service",
             {"1": "delivery_query", "2": "queue:support", "3": "setup_guide", "9": "welcome"}),
        Node("bill_menu", "账单与还款", "Bills and repayment",
             {"1": "bill_query", "2": "queue:billing", "9": "welcome"}),
        Node("delivery_query", "物流自助查询", "Delivery query",
             {"#": "done", "0": "queue:support"}),
        Node("setup_guide", "激活安装指引", "Activation and installation guide", {"#": "done", "0": "queue:support"}),
        Node("bill_query", "账单自助查询", "Bill query", {"#": "done", "0": "queue:billing"}),
        Node("promotion_news", "活动播报", "Promotion news", {"#": "done", "0": "queue:sales"}),
    )
}  # fmt: skip

# nodes that a menu of more levels puts before the caller's goal, in this order; any key of theirs leads on
MORE_LEVELS = (
    Node("customer_kind", "个人或企业客户", "Personal or enterprise customer", {"1": "", "2": ""}),
    Node("product_group", "产品类别选择", "Choice of a product group", {"1": "", "2": "", "3": ""}),
    Node("region_choice", "所在地区选择", "Choice of a region", {"1": "", "2": "", "3": ""}),
)
