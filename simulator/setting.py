"""What the simulated centre is: queues, numbers, staff, shifts, and how likely things are.

Belongs here: constants and the fixed part of the staff. Does not belong here: anything that happens (`centre`).
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from random import Random
from typing import Literal, NamedTuple

from simulator.local_time import midnight
from simulator.records import chance

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
    QueueSetting("sales", "销售", "Sales", "8001", 20, 0.26, 8, 21, 120, 101, 0.75, 22, "support"),
    QueueSetting("support", "技术支持", "Support", "8002", 30, 0.52, 0, 24, 300, 122, 0.70, 30, None),
    QueueSetting("billing", "账务", "Billing", "8003", 20, 0.22, 8, 21, 180, 90, 0.65, 20, "support"),
)
BY_ID = {queue.queue_id: queue for queue in QUEUES}

NUMBERS = (
    ("4008001001", "voice_400", 0.50),
    ("4008001002", "voice_website", 0.22),
    ("4008001003", "voice_app", 0.18),
    ("4008001004", "voice_ad", 0.10),
)
BACK_OFFICE = ("8101", "8102", "8103", "8104", "8105")
# trunks of two carriers, which take calls in turn
LINES = ("trunk-ct-1", "trunk-ct-2", "trunk-cu-1")

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

# chances
BLOCKED, FAILED, DIRECT = 0.004, 0.001, 0.018
IMPATIENT, PATIENCE_MEAN_S = 0.045, 150.0
PRESSES_KEY, QUEUE_EMPTY = 0.012, 0.0008
RING_NOT_ANSWERED = 0.03
TRANSFER_BY_ABILITY, TRANSFER_TO_DEPARTMENT, TRANSFER_BY_WISH = 0.016, 0.014, 0.007
TRANSFER_TO_RIGHT_QUEUE = 0.7
VERY_SHORT_TALK = 0.006
HAS_ACW = 0.86
LONGEST_TALK_S = 1500

# the desk for chats and mails; hours as above
CHATS_PER_CALL, MAILS_PER_CALL = 0.38, 0.06
CHAT_QUEUE_ID = "im"
CHAT_SLOTS = 3
CHAT_OPENS, CHAT_CLOSES = 8, 23
CHAT_BY_HOUR = (
    *(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 2.0, 4.0, 5.0, 5.0),
    *(5.0, 5.0, 5.0, 5.0, 5.0, 5.0, 5.0, 7.0, 10.5, 10.0, 4.0, 0.0),
)
# hours of a shift, and the share of the evening's peak that it must carry
CHAT_SHIFTS = (((7.9, 16.6), 0.6), ((14.4, 23.1), 1.0))
MAIL_OPENS, MAIL_CLOSES = 8, 22
MAIL_BY_HOUR = (
    *(0.5, 0.3, 0.2, 0.2, 0.2, 0.4, 1.0, 2.0, 4.0, 6.0, 7.0, 6.0),
    *(5.0, 5.0, 6.0, 6.0, 5.0, 4.5, 4.0, 4.0, 4.5, 4.0, 2.5, 1.0),
)

# the share of new calls of those that nobody foresees; the others try again, or come back on the same day
NEW_CALLS = 0.89
FEWEST_NEW_CALLS = 0.3
CUSTOMERS_PER_DAILY_CALL, FEWEST_CUSTOMERS = 30, 2000

ActivityKind = Literal["break", "lunch", "meeting", "training", "ticket", "outbound", "acw", "logoff", "busy"]


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
    ability: float  # 0 is usual, 1 a standard deviation better
    optimism: float  # in declaring things solved
    random: Random  # of the present shift

    session: int = 0
    is_logged_in: bool = False
    is_ready: bool = False
    is_held: bool = False  # does tickets until called to the telephone
    logged_in_at: int = 0
    login_channel: str = ""
    wants_logout: bool = False
    wants: deque[tuple[ActivityKind, int]] = field(default_factory=deque)
    pause_reason: str | None = None
    paused_at: int = 0


class PlannedShift(NamedTuple):
    """A shift as it is published."""

    agent_id: str
    day: int  # of the simulation
    begins: int
    ends: int


@dataclass(frozen=True, slots=True)
class Setting:
    """What is simulated. `first_day` counts local days since 1970-01-01; `shop_days` are the local days after the last
    one on which the centre is closed and customers buy of themselves."""

    first_day: int
    days: int
    agents: int
    seed: int
    calls_per_day: int
    shop_days: int = 0

    @property
    def begins(self) -> int:
        """The instant at which the first date begins."""
        return midnight(self.first_day)

    @property
    def ends(self) -> int:
        """The instant at which the centre closes for good: the end of its last date."""
        return midnight(self.first_day + self.days)

    @property
    def known_until(self) -> int:
        """The instant up to which the systems around the centre write."""
        return midnight(self.first_day + self.days + self.shop_days)

    @property
    def customers(self) -> int:
        """How many customers the company has at the end; each calls every month or two."""
        return max(FEWEST_CUSTOMERS, self.calls_per_day * CUSTOMERS_PER_DAILY_CALL)


def make_agents(n: int, seed: int) -> list[Agent]:
    """The staff of the telephone: every 15th or so works at night, the rest in day shifts with two days off a week."""
    night = max(2, round(n / 15))
    skills = SKILLS if n >= SMALL_CENTRE else SKILLS_OF_SMALL_CENTRE
    agents = []
    for i in range(n):
        extension = str(1001 + i)
        by_login = i % 17 == 16
        r = chance(seed, "agent", extension)
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
                ability=r.gauss(0, 1),
                optimism=r.gauss(0, 1),
                random=r,
            )
        )
    return agents
