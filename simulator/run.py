"""`simulate`: one folder with source files, a configuration that builds them, and the truth about them.

Belongs here: the public function, its settings, and the way from the centre to its files: the telephone centre, the
company around it, forms, truth.json. Does not belong here: what happens in the centre, file formats of the
source systems, callmart.yaml (`configuration`), counting.
"""

from __future__ import annotations

import gc
import json
import math
import os
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from simulator.asterisk_files import CdrLog, CelLog, QueueLog
from simulator.centre import Centre
from simulator.company import Company
from simulator.configuration import config_text
from simulator.errors import ForeignFolderError, SettingError
from simulator.events import CentreRules, QueueRules
from simulator.forms import writer
from simulator.forms.writer import Crm, Forms
from simulator.occasions import Calendar
from simulator.scenarios.effects import Effects
from simulator.scenarios.planting import figures, planting
from simulator.setting import QUEUES, Setting
from simulator.truth.telephone import recount
from simulator.truth.values import Value

FEWEST_AGENTS = 8
GENERATOR = "callmart simulate"
Around = Callable[[Setting, Forms, Effects], Company] | None

SHORT_ABANDON_S = 5
RULES = CentreRules(
    queues={queue.queue_id: QueueRules(queue.sl_target_s, SHORT_ABANDON_S) for queue in QUEUES},
    short_abandon_s=SHORT_ABANDON_S,
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
    records: int


def simulate(
    out: Path,
    days: int,
    agents: int,
    seed: int,
    start: date = date(2026, 3, 2),
    calls_per_day: int | None = None,
    *,
    crm: Crm = "sqlite",
    defects: Collection[str] = (),
    scenarios: Collection[str] = (),
    company: Around = Company,
) -> SimulationSummary:
    """Simulate `days` local dates from `start`: all systems' files, callmart.yaml and truth.json below `out`.

    `calls_per_day` is the mean number of inbound calls (weekdays have more, weekends fewer; outbound calls come on
    top); by default `usual_calls_per_day`. `crm` says where the CRM's tables are read from: its SQLite file, or the
    PostgreSQL database whose url the environment keeps. `defects` are names of `simulator.forms.defects.DEFECTS` that
    happen to files on their way; `scenarios` are worked cases with their switch, as `scenarios.planting` reads them.
    `company` makes the systems around the telephone; None leaves Asterisk's logs alone. The same arguments give the
    same bytes. Files of an earlier simulation in `out` are replaced. Raises SettingError for impossible settings,
    ForeignFolderError if `out` holds logs that are not a simulation's.
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

    crm_url = None if crm == "sqlite" else _crm_url()
    with _no_cycle_search():
        setting = Setting((start - date(1970, 1, 1)).days, days, agents, seed, calls_per_day)
        forms = Forms(out, start, days, crm_url, defects)
        effects = Effects([planting(text) for text in scenarios], Calendar(seed))
        around = None if company is None else company(setting, forms, effects)
        return _simulate(out, setting, start, forms, effects, around)


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


def _crm_url() -> str:
    """The url of the CRM's PostgreSQL database, which the environment keeps. Raises SettingError without one."""
    url = os.environ.get(writer.CRM_URL_VARIABLE, "")
    if not url.startswith(("postgresql://", "postgres://")):
        raise SettingError(f"set {writer.CRM_URL_VARIABLE} to the postgresql:// url of the database of the CRM.")
    return url


def _simulate(
    out: Path, setting: Setting, start: date, forms: Forms, effects: Effects, company: Company | None
) -> SimulationSummary:
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
    if company is None:
        centre = Centre(setting, queue_log, cdr, effects=effects)
        centre.run()
        values = recount(centre.history, RULES)
    else:
        cel_folder = asterisk / "cel-custom"
        cel_folder.mkdir(exist_ok=True)
        cel = CelLog(cel_folder, setting.first_day, last_day)
        centre = Centre(setting, queue_log, cdr, cel, company.contact, company.record, effects)
        company.begin(centre)
        centre.run()
        cel.close()
        company.close()
        values = recount(centre.history, RULES)
        values += company.values([*centre.history.contacts, *centre.history.digital])
    queue_log.close()
    cdr.close()
    config = out / "callmart.yaml"
    chat_agents = centre.chat_agents if company is not None else ()
    config.write_text(
        config_text(out, start, centre.agents, chat_agents, RULES, forms.feeds(), GENERATOR), encoding="utf-8"
    )
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
        "records": dict(sorted(forms.rows.items())),
    }
    planted = queue_log.dirt | centre.planted | (company.planted if company else {})
    parts = {
        "meta": meta,
        "planted": dict(sorted(planted.items())),
        "transport": forms.defects.as_truth(),
        "scenarios": figures(effects.plantings),
    }
    _write_truth(truth, parts, values)
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
        records=forms.rows.total(),
    )


def _clear(out: Path) -> None:
    """Remove the files of an earlier simulation, which a shorter one would leave beside its own."""
    asterisk = out / "asterisk"
    old = [*asterisk.glob("queue_log*"), *(file for kind in ("cdr", "cel") for file in asterisk.glob(f"{kind}-c*/*"))]
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
    writer.clear(out)


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


def _write_truth(path: Path, parts: dict[str, Any], values: list[Value]) -> None:
    """One value a line, so that two truths can be compared with a text tool."""
    encode = json.JSONEncoder(ensure_ascii=False).encode
    with path.open("w", encoding="utf-8") as file:
        file.write("{" + "".join(f"{encode(name)}: {encode(part)},\n" for name, part in parts.items()))
        file.write('"values": [\n')
        file.write(",\n".join(encode(value.row) for value in values))
        file.write("\n]}\n")
