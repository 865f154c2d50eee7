"""`simulate`: one folder with source files, a configuration that builds them, and the truth about them.

Belongs here: the public function, its settings and what it writes around the logs (callmart.yaml, truth.json). Does
not belong here: what happens in the centre, file formats of the source systems, counting.
"""

from __future__ import annotations

import gc
import json
import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from simulator.asterisk_files import CDR_COLUMNS, CdrLog, QueueLog
from simulator.centre import Centre
from simulator.errors import ForeignFolderError, SettingError
from simulator.events import CentreRules, QueueRules
from simulator.setting import NUMBERS, QUEUES, Agent, Setting
from simulator.truth.telephone import recount
from simulator.truth.values import Value

FEWEST_AGENTS = 8
GENERATOR = "callmart simulate"

SHORT_ABANDON_S = 5
RULES = CentreRules(
    queues={queue.queue_id: QueueRules(queue.sl_target_s, SHORT_ABANDON_S) for queue in QUEUES},
    short_abandon_s=SHORT_ABANDON_S,
)

DIRECTION = (
    "case when dcontext = 'from-trunk' then 'inbound' "
    "when dcontext = 'from-internal' and length(dst) > 6 then 'outbound' "
    "when dcontext = 'from-internal' then 'internal' "
    "else 'other' end"
)


@dataclass(frozen=True, slots=True)
class SimulationSummary:
    """What `simulate` wrote. Rates are fractions of the whole period at centre level."""

    out: Path
    config: Path
    truth: Path
    first_date: date
    last_date: date
    agents: int
    contacts: int
    queue_log_lines: int
    cdr_rows: int
    service_level: float | None
    abandonment: float | None
    values: int


def simulate(
    out: Path,
    days: int,
    agents: int,
    seed: int,
    start: date = date(2026, 3, 2),
    calls_per_day: int | None = None,
) -> SimulationSummary:
    """Simulate `days` local dates from `start` and write logs, callmart.yaml and truth.json below `out`.

    `calls_per_day` is the mean number of inbound calls (weekdays have more, weekends fewer; outbound calls come on
    top); by default `usual_calls_per_day`. The same arguments give the same bytes. Files of an earlier simulation in
    `out` are replaced. Raises SettingError for impossible settings, ForeignFolderError if `out` holds logs that are
    not a simulation's.
    """
    if days < 1:
        raise SettingError(f"days is {days}: simulate at least 1 day (--days 1).")
    if agents < FEWEST_AGENTS:
        raise SettingError(f"agents is {agents}: three queues and a night team need --agents {FEWEST_AGENTS} or more.")
    if agents > 8000:
        raise SettingError(f"agents is {agents}: extensions have four digits, so take 8000 or fewer.")
    if calls_per_day is None:
        calls_per_day = usual_calls_per_day(agents)
    if calls_per_day < 0:
        raise SettingError(f"calls_per_day is {calls_per_day}: take 0 or more.")

    with _no_cycle_search():
        return _simulate(out, Setting((start - date(1970, 1, 1)).days, days, agents, seed, calls_per_day), start)


def usual_calls_per_day(agents: int) -> int:
    """Inbound calls a day that leave a centre of this size with an ordinary service level: 5,000 for 60 agents.

    A small group needs a larger share of its agents idle, by the square-root rule of staffing: 63 calls an agent for
    12 agents, 83 for 60, 88 for 120.
    """
    return round((100 * agents - 129 * math.sqrt(agents)) / 10) * 10


@contextmanager
def _no_cycle_search() -> Iterator[None]:
    """The records hold no cycles, and to search a million of them again and again takes half of the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _simulate(out: Path, setting: Setting, start: date) -> SimulationSummary:
    _clear(out)
    truth = out / "truth.json"
    out.mkdir(parents=True, exist_ok=True)
    # marks the folder as a simulation's own, should this run be interrupted
    truth.write_text(f'{{"meta": {{"generator": "{GENERATOR}", "unfinished": true}}}}\n', encoding="utf-8")
    asterisk, cdr_folder = out / "asterisk", out / "asterisk" / "cdr-csv"
    cdr_folder.mkdir(parents=True, exist_ok=True)
    last_day = setting.first_day + setting.days - 1
    queue_log = QueueLog(asterisk, setting.first_day, last_day, setting.seed, [queue.queue_id for queue in QUEUES])
    cdr = CdrLog(cdr_folder, setting.first_day, last_day)
    centre = Centre(setting, queue_log, cdr)
    centre.run()
    queue_log.close()
    cdr.close()

    values = recount(centre.history, RULES)
    config = out / "callmart.yaml"
    config.write_text(_config_text(start, centre.agents), encoding="utf-8")
    last_date = date.fromordinal(start.toordinal() + setting.days - 1)
    meta = {
        "generator": GENERATOR,
        "seed": setting.seed,
        "days": setting.days,
        "agents": setting.agents,
        "calls_per_day": setting.calls_per_day,
        "first_date": str(start),
        "last_date": str(last_date),
        "timezone": "Asia/Shanghai",
        "contacts": len(centre.history.contacts),
        "queue_log_lines": queue_log.lines,
        "cdr_rows": cdr.rows,
    }
    planted = dict(sorted((queue_log.dirt | centre.planted).items()))
    _write_truth(truth, meta, planted, values)
    rates = _whole_period(values)
    return SimulationSummary(
        out=out,
        config=config,
        truth=truth,
        first_date=start,
        last_date=last_date,
        agents=setting.agents,
        contacts=len(centre.history.contacts),
        queue_log_lines=queue_log.lines,
        cdr_rows=cdr.rows,
        service_level=rates["M021"],
        abandonment=rates["M033"],
        values=len(values),
    )


def _clear(out: Path) -> None:
    """Remove the logs of an earlier simulation, which a shorter one would leave beside its own."""
    asterisk = out / "asterisk"
    old = [*asterisk.glob("queue_log*"), *asterisk.glob("cdr-csv/Master.csv*")]
    if not old:
        return
    truth = out / "truth.json"
    if not truth.is_file() or GENERATOR not in _head(truth):
        raise ForeignFolderError(
            f"{asterisk} holds logs that no simulation wrote (no truth.json beside them, e.g. {old[0].name}): "
            "choose another --out folder, or move them away."
        )
    for path in old:
        path.unlink()


def _head(path: Path) -> str:
    with path.open("rb") as file:
        return file.read(200).decode(errors="replace")


def _whole_period(values: list[Value]) -> dict[str, float | None]:
    """Default service level and abandonment of all days together."""
    rates: dict[str, float | None] = {}
    for kpi_id in ("M021", "M033"):
        days = [
            value
            for value in values
            if (value.kpi_id, value.variant, value.grain, value.dim_set) == (kpi_id, "offered_net_short", "day", "all")
        ]
        denominator = sum(value.denominator or 0 for value in days)
        rates[kpi_id] = sum(value.numerator or 0 for value in days) / denominator if denominator else None
    return rates


def _write_truth(path: Path, meta: dict[str, Any], planted: dict[str, int], values: list[Value]) -> None:
    """One value a line, so that two truths can be compared with a text tool."""
    encode = json.JSONEncoder(ensure_ascii=False).encode
    with path.open("w", encoding="utf-8") as file:
        file.write(f'{{"meta": {encode(meta)},\n"planted": {encode(planted)},\n"values": [\n')
        fields = Value._fields
        file.write(",\n".join(encode(dict(zip(fields, value, strict=True))) for value in values))
        file.write("\n]}\n")


def _config_text(start: date, agents: list[Agent]) -> str:
    config = {
        "centre": {
            "site_id": "demo",
            "name": {"zh": "示例呼叫中心", "en": "Demo contact centre"},
            "timezone": "Asia/Shanghai",
            "currency": "CNY",
            "first_date": start,
            "sl_target_s": RULES.sl_target_s,
            "sl_target_rate": 0.8,
            "short_abandon_s": RULES.short_abandon_s,
            "invalid_call_s": RULES.invalid_call_s,
            "anomalous_short_s": RULES.anomalous_short_s,
            "acw_pause_reasons": ["ACW", "Wrapup", "话后处理"],
            "wrap_up_s": 0,
            "shift_day_start": "00:00",
            "agent_silence_max_s": 57600,
            "number_length_internal": 6,
            "target_profile": "default",
        },
        "queues": [
            {
                "queue_id": queue.queue_id,
                "name": {"zh": queue.name_zh, "en": queue.name_en},
                "skill_group_id": queue.queue_id,
                "sl_target_s": queue.sl_target_s,
                "short_abandon_s": SHORT_ABANDON_S,
            }
            for queue in QUEUES
        ],
        "agents": [
            {"agent_id": agent.agent_id, "names": sorted({agent.log_name, agent.peer}), "team_id": agent.team}
            for agent in agents
        ],
        "numbers": [{"number": number, "channel": channel} for number, channel, _ in NUMBERS],
        "sources": {
            "asterisk": {
                "feeds": {
                    "queue_log": {
                        "paths": ["asterisk/queue_log*"],
                        "timezone": "Asia/Shanghai",
                        "encoding": "auto",
                        "critical": True,
                        "clock_tolerance_s": 2,
                    },
                    "cdr": {
                        "paths": ["asterisk/cdr-csv/Master.csv*"],
                        "timezone": "Asia/Shanghai",
                        "critical": True,
                        "options": {"columns": list(CDR_COLUMNS), "direction": DIRECTION},
                    },
                }
            }
        },
        "retention": {"releases": 10},
    }
    head = f"# Written by `{GENERATOR}`, for the logs beside it. truth.json says what a build must find.\n"
    return head + yaml.safe_dump(config, allow_unicode=True, sort_keys=False, width=120)
