"""What the simulated centre is: queues, numbers, staff, shifts, and how likely things are.

Belongs here: constants and the fixed part of the staff. Does not belong here: anything that happens (`centre`).
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Literal

HOUR = 3600


@dataclass(frozen=True, slots=True)
class QueueSetting:
    """A queue: its opening hours (local, [open, close)), and how its calls behave. Seconds."""

    queue_id: str
    name_zh: str
    name_en: str
    extension: str
    sl_target_s: int
    share: float
    opens: int
    closes: int
    timeout_s: int
    talk_median_s: float
    talk_sigma: float
    acw_mean_s: float
    overflow_to: str | None


QUEUES = (
    QueueSetting("sales", "销售", "Sales", "8001", 20, 0.26, 8, 21, 120, 98, 0.75, 22, "support"),
    QueueSetting("support", "技术支持", "Support", "8002", 30, 0.52, 0, 24, 300, 119, 0.70, 30, None),
    QueueSetting("billing", "账务", "Billing", "8003", 20, 0.22, 8, 21, 180, 88, 0.65, 20, "support"),
)
BY_ID = {queue.queue_id: queue for queue in QUEUES}

NUMBERS = (
    ("4008001001", "voice_400", 0.50),
    ("4008001002", "voice_website", 0.22),
    ("4008001003", "voice_app", 0.18),
    ("4008001004", "voice_ad", 0.10),
)
BACK_OFFICE = ("8101", "8102", "8103", "8104", "8105")
TRUNK = "PJSIP/trunk-ct"

# relative number of calls that begin in each local hour, and on each weekday from Monday
BY_HOUR = (
    *(0.6, 0.4, 0.3, 0.25, 0.25, 0.4, 0.8, 1.8, 4.8, 8.2, 9.3, 8.0),
    *(6.0, 6.4, 7.6, 7.9, 7.3, 6.0, 4.6, 4.4, 3.5, 2.0, 1.3, 0.9),
)
BY_WEEKDAY = (1.13, 1.05, 1.02, 1.0, 1.02, 0.92, 0.86)

SKILLS = (
    ("support",),
    ("sales",),
    ("support", "billing"),
    ("support",),
    ("sales", "billing"),
    ("support",),
    ("billing", "support"),
    ("sales", "support"),
)
# a small centre cannot afford specialists
SMALL_CENTRE = 24
SKILLS_OF_SMALL_CENTRE = (
    ("support", "billing"),
    ("sales", "billing"),
    ("support", "sales"),
    ("sales", "support", "billing"),
)
# begin and end of the day shifts in local hours
SHIFTS = ((8.5, 17.5), (12.5, 21.2), (7.5, 16.0), (13.0, 22.0), (8.0, 16.5), (11.0, 20.0), (9.0, 18.0))
NIGHT_BEGINS = 21.5
NIGHT_ENDS = 7.5
TEAMS = ("a", "b", "c", "d")

AREA_CODES = (
    *("010", "021", "020", "0755", "0571", "028", "027", "022"),
    *("025", "029", "023", "0512", "0574", "0531", "0731", "0451"),
)
SURNAMES = ("王", "李", "张", "刘", "陈", "杨", "赵", "黄", "周", "吴", "Li", "Wang", "Chen")

# chances
BLOCKED, FAILED, DIRECT = 0.004, 0.001, 0.018
MENU_HANGUP = 0.06
REPEAT_CALLER = 0.18
ANONYMOUS, LANDLINE = 0.02, 0.22
IMPATIENT, PATIENCE_MEAN_S = 0.045, 150.0
PRESSES_KEY, QUEUE_EMPTY = 0.012, 0.0008
RING_NOT_ANSWERED = 0.03
BLIND_TRANSFER, ATTENDED_TRANSFER = 0.035, 0.02
VERY_SHORT_TALK = 0.006
HAS_ACW = 0.86
LONGEST_TALK_S = 1500

ActivityKind = Literal["break", "lunch", "meeting", "training", "ticket", "outbound", "acw", "logoff"]


@dataclass(slots=True)
class Agent:
    """An agent: what is fixed, then what the simulation knows at the moment."""

    agent_id: str
    log_name: str
    peer: str
    team: str
    skills: tuple[str, ...]
    shift: tuple[float, float] | None  # None: night
    days_off: tuple[int, int]
    acw_reason: str
    logs_in_by_agent_login: bool
    adds_itself: bool  # by a feature code, so that the log names its own call
    pauses_all: bool
    logs_off_for_lunch: bool

    session: int = 0
    is_logged_in: bool = False
    is_ready: bool = False
    logged_in_at: int = 0
    login_channel: str = ""
    wants_logout: bool = False
    wants: deque[tuple[ActivityKind, int]] = field(default_factory=deque)
    pause_reason: str | None = None
    paused_at: int = 0


@dataclass(frozen=True, slots=True)
class Setting:
    """What is simulated. `first_day` counts local days since 1970-01-01."""

    first_day: int
    days: int
    agents: int
    seed: int
    calls_per_day: int


def make_agents(n: int) -> list[Agent]:
    """The staff: every 15th or so works at night, the rest in day shifts with two days off a week."""
    night = max(2, round(n / 15))
    skills = SKILLS if n >= SMALL_CENTRE else SKILLS_OF_SMALL_CENTRE
    agents = []
    for i in range(n):
        extension = str(1001 + i)
        by_login = i % 17 == 16
        day = i - night
        agents.append(
            Agent(
                agent_id=extension,
                log_name=f"Agent/{extension}" if by_login else f"PJSIP/{extension}",
                peer=f"PJSIP/{extension}",
                team="night" if day < 0 else TEAMS[day % len(TEAMS)],
                skills=("support",) if day < 0 else skills[day % len(skills)],
                shift=None if day < 0 else SHIFTS[day % len(SHIFTS)],
                days_off=(5, 6) if n >= SMALL_CENTRE and day % 6 == 0 else (day % 7, (day + 3) % 7),
                acw_reason="Wrapup" if i % 9 == 8 else "ACW",
                logs_in_by_agent_login=by_login,
                adds_itself=i % 11 == 10,
                pauses_all=i % 6 == 5,
                logs_off_for_lunch=i % 14 == 13,
            )
        )
    return agents
