"""Which planted cause must move which KPI, and the small centres in which it is planted.

Belongs here: data. Does not belong here: how a centre is simulated and what counts as a move (`moves`).

A centre differs from its base, which has the same seed, in its changes alone. They act on different systems, so that
several share one simulation: a KPI names the one that it must follow. What is decided in a month or a year is seen in
centres that close after their days, and whose customers go on buying for a year.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from simulator.scenarios.effects import Change

Direction = Literal["up", "down"]
AGENTS = "agents"  # a cause that is no change of an effect: more agents
BASE, A_YEAR_LATER = "base", "a year later"
SHOP_DAYS = 366  # beyond the year that begins with the month in the centre's days


def _change(
    effect: str, level: float | None = None, factor: float = 1.0, hours: tuple[int, int] | None = None, **where: str
) -> Change:
    return Change(effect, "before", level=level, factor=factor, where=where, hours=hours)


@dataclass(frozen=True, slots=True)
class Centre:
    """What a simulated centre has that the base centre hasn't."""

    name: str
    changes: tuple[Change, ...] = ()
    agents: int | None = None
    shop_days: int = 0

    @property
    def base(self) -> str:
        """The centre that it is compared with."""
        return A_YEAR_LATER if self.shop_days else BASE

    @property
    def causes(self) -> frozenset[str]:
        """Names of what differs."""
        return frozenset(change.effect for change in self.changes) | ({AGENTS} if self.agents else set())

    def alone(self, effect: str) -> Centre:
        """The same centre with one of its causes, or several that are joined by `+`."""
        changes = tuple(change for change in self.changes if change.effect in effect.split("+"))
        return Centre(f"{self.name}/{effect}", changes, self.agents if effect == AGENTS else None, self.shop_days)


@dataclass(frozen=True, slots=True)
class Cause:
    """The cause that a KPI must follow, in which centre and in which direction. `effect`: several are joined by `+`
    where one alone does not move it. `variant`: which one is looked at where the registry has none; `where`: a class or
    member of the truth, all of it without one."""

    kpi_id: str
    centre: str
    effect: str
    direction: Direction
    variant: str = ""
    where: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


_DISPATCH = "service>after_sales"
# the changes of the worked case S2-3, which together make callers impatient
_IMPATIENCE = "queue_hangup+hangup_within_30_s+wait_limit_s"
CENTRES = (
    Centre(
        "impatient",
        (
            _change("queue_hangup", 0.23),
            _change("hangup_within_30_s", 0.60),
            _change("wait_limit_s", 90.0),
            _change("lead_converted", 0.60),
            _change("api_failed", 0.10),
            _change("labour_cost", factor=1.6),
            _change("capture_down", 0.10),
            _change("ticket_route_s", 40 * 3600.0),
        ),
    ),
    Centre(
        "unsolved",
        (
            _change("solved", 0.50),
            _change("returns", 1.0),
            _change("ring_missed", 0.30),
            _change("invite_accepted", 0.90),
            _change("item_failed", factor=25.0),
            _change("survey_answered", factor=0.4),
        ),
    ),
    Centre(
        "neglected",
        (
            _change("menu_hangup", 0.40),
            _change("outbound_reached", 0.20),
            _change("reply_s", 40.0),
            _change("survey_points", 50.0),
            _change("bad_line", 0.40),
            _change("ring_slow", factor=3.0),
            _change("field_synced", 0.40),
            _change("missing_field", 0.20),
            _change("wrong_category", 0.50),
            _change("strong_emotion", 0.60),
            _change("alert_handled", 0.02),
            _change("recording_deleted_early", 0.90),
            _change("query_anonymous", 0.40),
        ),
    ),
    Centre(
        "congested",
        (
            _change("line_connected", 0.60),
            _change("talk_s", 400.0),
            _change("ticket_rework", 0.60),
            _change("complaint_escalated", 0.90),
            _change("requirement_forgotten", factor=10.0),
            _change("order_price", factor=3.0),
            _change("lead_closing", factor=0.1),
        ),
    ),
    Centre(
        "staffed",
        (
            _change("very_short_talk", 0.30),
            _change("arrival_share", 0.70, medium="im"),
            _change("arrival_share", 0.40, topic="complaint"),
            _change("complaint_share", 0.80, complaint_type="installation"),
            _change("entry_share", 0.80, channel="voice_ad"),
        ),
        agents=16,
    ),
    Centre(
        "busy",
        (
            _change("arrivals", factor=2.0),
            _change("arrivals", factor=6.0, hours=(20, 22)),
            _change("arrivals", factor=12.0, hours=(0, 6)),
            _change("ticket_stage_s", 36 * 3600.0, stage=_DISPATCH),
        ),
    ),
    Centre(
        "loyal",
        (
            _change("buys_again", factor=3.0),
            _change("complaint_again", 0.60),
            _change("lead_converted", 0.60),
        ),
        shop_days=SHOP_DAYS,
    ),
)
BASES = (Centre(BASE), Centre(A_YEAR_LATER, shop_days=SHOP_DAYS))
"""Simulated beside the others, without any change."""


def _of(centre: str, effect: str, direction: Direction, *kpi_ids: str, variant: str = "", **where: str) -> list[Cause]:
    return [Cause(kpi_id, centre, effect, direction, variant, where) for kpi_id in kpi_ids]


CAUSES = {
    cause.kpi_id: cause
    for cause in (
        *_of("busy", "arrivals", "up", "M001", "M002", "M006", "M007", "M008", "M009", "M041", "M063", "M065", "M066"),
        *_of("busy", "arrivals", "up", "M067", "M069", "M070", "M082", "M084", "M010", "M011"),
        *_of("busy", "arrivals", "up", "M123", variant="opened"),
        *_of("busy", "ticket_stage_s", "up", "M089", category=_DISPATCH),
        *_of("staffed", AGENTS, "up", "M003", "M071", "M143"),
        *_of("staffed", "entry_share", "up", "M014", channel="voice_ad"),
        *_of("staffed", "arrival_share", "up", "M124"),
        *_of("staffed", "arrival_share", "up", "M126", "M125", variant="contacts"),
        *_of("staffed", "complaint_share", "up", "M127", variant="mix", category="installation"),
        *_of("staffed", "very_short_talk", "up", "M081"),
        *_of("impatient", "wait_limit_s", "down", "M021"),
        *_of("impatient", "wait_limit_s", "up", "M022", "M024", "M025"),
        *_of("impatient", _IMPATIENCE, "up", "M026", "M033", "M034"),
        *_of("impatient", _IMPATIENCE, "up", "M035", category="gt_10_le_30"),
        *_of("impatient", _IMPATIENCE, "up", "M036", category="le_10"),
        *_of("impatient", "lead_converted", "up", "M139", "M144"),
        *_of("loyal", "lead_converted", "up", "M145", "M146"),
        *_of("loyal", "complaint_again", "up", "M130"),
        *_of("loyal", "buys_again", "up", "M137"),
        *_of("impatient", "api_failed", "down", "M048"),
        *_of("impatient", "capture_down", "down", "M049"),
        *_of("impatient", "labour_cost", "up", "M150", "M151"),
        *_of("impatient", "ticket_route_s", "up", "M086", "M088"),
        *_of("impatient", "ticket_route_s", "down", "M085", "M090"),
        *_of("congested", "line_connected", "down", "M029", "M030", "M032", "M177"),
        *_of("congested", "line_connected", "up", "M042", category="not_connected"),
        *_of("congested", "talk_s", "up", "M061", "M062", "M064"),
        *_of("congested", "ticket_rework", "up", "M091"),
        *_of("congested", "complaint_escalated", "up", "M131", variant="opened"),
        *_of("congested", "requirement_forgotten", "down", "M156"),
        *_of("congested", "order_price", "up", "M147"),
        *_of("congested", "lead_closing", "down", "M141"),
        *_of("neglected", "outbound_reached", "down", "M031"),
        *_of("neglected", "reply_s", "up", "M023", variant="turns"),
        *_of("neglected", "menu_hangup", "down", "M052", variant="centre"),
        *_of("neglected", "menu_hangup", "down", "M058", variant="all"),
        *_of("neglected", "survey_points", "down", "M112", "M115"),
        *_of("neglected", "survey_points", "down", "M113", category="enquiry"),
        *_of("neglected", "survey_points", "up", "M116"),
        *_of("neglected", "survey_points", "down", "M117", category="5"),
        *_of("neglected", "survey_points", "down", "M114", variant="agents", category="ge_90"),
        *_of("neglected", "bad_line", "down", "M047"),
        *_of("neglected", "field_synced", "down", "M118"),
        *_of("neglected", "missing_field", "down", "M092"),
        *_of("neglected", "wrong_category", "down", "M087"),
        *_of("neglected", "strong_emotion", "up", "M119", variant="contacts"),
        *_of("neglected", "strong_emotion", "up", "M120", variant="alerts"),
        *_of("neglected", "alert_handled", "down", "M121", variant="within_60"),
        *_of("neglected", "recording_deleted_early", "down", "M160"),
        *_of("neglected", "query_anonymous", "down", "M164"),
        *_of("unsolved", "ring_missed", "up", "M068"),
        *_of("neglected", "ring_slow", "up", "M040"),
        *_of("unsolved", "solved", "down", "M093", "M094", "M095", "M096"),
        *_of("unsolved", "solved", "up", "M097", "M098", "M099"),
        *_of("unsolved", "solved+returns", "up", "M183"),
        *_of("unsolved", "item_failed", "down", "M106", "M107", "M108"),
        *_of("unsolved", "survey_answered", "down", "M182"),
        *_of("unsolved", "invite_accepted", "up", "M136", "M138", "M140", "M142", "M148", "M149"),
    )
}
"""KPI id -> its cause. A KPI that stands here and not in the registry waits for its definition."""


def base_of(kpi_id: str) -> str:
    """The centre without changes in which a KPI must have a value."""
    cause = CAUSES.get(kpi_id)
    return next(centre.base for centre in CENTRES if centre.name == cause.centre) if cause else BASE
