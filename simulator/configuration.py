"""callmart.yaml of a simulated centre, as its user would write it.

Belongs here: what the configuration says of the centre, its queues, agents and numbers, and of Asterisk's logs. Does
not belong here: the mappings of the other systems, which their forms know (`forms`).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from simulator.asterisk_files import CDR_COLUMNS
from simulator.catalogue import NOT_RESOLVABLE
from simulator.digital import ChatAgent
from simulator.events import CentreRules
from simulator.setting import CHAT_QUEUE_ID, NUMBERS, QUEUES, Agent

_CHAT_QUEUE = {
    "queue_id": CHAT_QUEUE_ID,
    "name": {"zh": "在线客服", "en": "Chat"},
    "skill_group_id": CHAT_QUEUE_ID,
    "sl_target_s": 30,
    "short_abandon_s": 5,
}
DIRECTION = (
    "case when dcontext = 'from-trunk' then 'inbound' "
    "when dcontext = 'from-internal' and length(dst) > 6 then 'outbound' "
    "when dcontext = 'from-internal' then 'internal' "
    "else 'other' end"
)


def config_text(
    out: Path,
    start: date,
    agents: Iterable[Agent],
    chat_agents: Iterable[ChatAgent],
    rules: CentreRules,
    feeds: dict[str, Any],
    generator: str,
) -> str:
    """callmart.yaml of the simulation in `out`; `feeds` are the canonical ones that had records."""
    config = {
        "centre": {
            "site_id": "demo",
            "name": {"zh": "示例呼叫中心", "en": "Demo contact centre"},
            "timezone": "Asia/Shanghai",
            "currency": "CNY",
            "first_date": start,
            "sl_target_s": rules.sl_target_s,
            "sl_target_rate": 0.8,
            "short_abandon_s": rules.short_abandon_s,
            "invalid_call_s": rules.invalid_call_s,
            "anomalous_short_s": rules.anomalous_short_s,
            "acw_pause_reasons": ["ACW", "Wrapup", "话后处理"],
            "wrap_up_s": 0,
            "shift_day_start": "00:00",
            "agent_silence_max_s": 57600,
            "number_length_internal": 6,
            "not_resolvable_issues": sorted(NOT_RESOLVABLE) if feeds else [],
            "target_profile": "default",
        },
        "queues": [
            {
                "queue_id": queue.queue_id,
                "name": {"zh": queue.name_zh, "en": queue.name_en},
                "skill_group_id": queue.queue_id,
                "sl_target_s": queue.sl_target_s,
                "short_abandon_s": rules.queues[queue.queue_id].short_abandon_s,
            }
            for queue in QUEUES
        ]
        + ([_CHAT_QUEUE] if feeds else []),
        "agents": [
            *(
                {"agent_id": agent.agent_id, "names": sorted({agent.log_name, agent.peer}), "team_id": agent.team}
                for agent in agents
            ),
            *({"agent_id": agent.agent_id, "names": [agent.agent_id], "team_id": agent.team} for agent in chat_agents),
        ],
        "numbers": [{"number": number, "channel": channel} for number, channel, _ in NUMBERS],
        "sources": {"asterisk": {"feeds": _asterisk(out)}} | ({"canonical": {"feeds": feeds}} if feeds else {}),
        "retention": {"releases": 10},
    }
    head = f"# Written by `{generator}`, for the files beside it. truth.json says what a build must find.\n"
    if any("http" in feed for feed in feeds.values()):
        head += "# A simulated API answers while `python -m simulator.serve FOLDER -- COMMAND` runs.\n"
    return head + yaml.safe_dump(config, allow_unicode=True, sort_keys=False, width=120)


def _asterisk(out: Path) -> dict[str, Any]:
    feeds: dict[str, Any] = {
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
            "options": {"columns": list(CDR_COLUMNS), "direction": DIRECTION, "campaign": "accountcode"},
        },
    }
    if any((out / "asterisk" / "cel-custom").glob("Master.csv*")):
        feeds["cel"] = {
            "paths": ["asterisk/cel-custom/Master.csv*"],
            "timezone": "Asia/Shanghai",
            "critical": False,
        }
    return feeds
