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
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from itertools import chain
from pathlib import Path
from typing import Any

from simulator.asterisk_files import CdrLog, CelLog, QueueLog
from simulator.books import Books, Written
from simulator.books_process import BooksProcess, Order
from simulator.centre import Centre
from simulator.company import Company
from simulator.configuration import config_text
from simulator.customers import Population
from simulator.defect_kinds import as_truth
from simulator.errors import ForeignFolderError, SettingError
from simulator.events import CentreRules, QueueRules
from simulator.forms import writer
from simulator.forms.writer import Crm
from simulator.occasions import Calendar
from simulator.records import Record
from simulator.scenarios.cases import SCENARIOS
from simulator.scenarios.effects import Effects, Planting
from simulator.scenarios.planting import figures, planting
from simulator.setting import QUEUES, Setting
from simulator.truth.regions import by_listed_customer, by_number_or_customer
from simulator.truth.telephone import TelephoneRecount
from simulator.truth.values import Value

FEWEST_AGENTS = 8
GENERATOR = "callmart simulate"
TRUTH = "truth.json"
Around = Callable[[Setting, Books | BooksProcess, Effects, Collection[str]], Company] | None

SHORT_ABANDON_S = 5
RULES = CentreRules(
    queues={queue.queue_id: QueueRules(queue.sl_target_s, SHORT_ABANDON_S) for queue in QUEUES},
    short_abandon_s=SHORT_ABANDON_S,
)


@dataclass(frozen=True, slots=True)
class SimulationSummary:
    """What `simulate` wrote; `contacts` are those of the telephone. Rates are fractions of the whole period at centre
    level."""

    out: Path
    config: Path
    truth: Path
    first_date: date
    last_date: date
    agents: int
    contacts: int
    chats_and_mails: int
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
    plantings: Collection[Planting] = (),
    company: Around = Company,
    processes: int = 1,
    shop_days: int = 0,
) -> SimulationSummary:
    """Simulate `days` local dates from `start`: all systems' files, callmart.yaml and truth.json below `out`.

    `calls_per_day` is the mean number of inbound calls (weekdays have more, weekends fewer; outbound calls come on
    top); by default `usual_calls_per_day`. `crm` says where the CRM's tables are read from: its SQLite file, or the
    PostgreSQL database whose url the environment keeps. `defects` are names of `simulator.defect_kinds.DEFECTS`, all
    of the systems around the telephone; `scenarios` are worked cases with their switch, as `scenarios.planting` reads
    them, `plantings` changes beside them that are no worked case and are not told in the truth. `company` makes the
    systems around the telephone; None leaves Asterisk's logs alone. With two `processes` one writes and counts what the
    other simulates. On `shop_days` local dates after the last one the centre is closed: customers buy in the shop, and
    what the company's systems had begun ends. The same arguments give the same bytes, whatever the number of processes.
    Files of an earlier simulation in `out` are replaced. Raises SettingError for impossible settings,
    ForeignFolderError if `out` holds logs that are not a simulation's, SimulatorError where a process was killed.
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
    if shop_days < 0:
        raise SettingError(f"shop_days is {shop_days}: take 0 or more.")

    setting = Setting((start - date(1970, 1, 1)).days, days, agents, seed, calls_per_day, shop_days)
    order = Order(setting, out, start, None if crm == "sqlite" else _crm_url(), tuple(defects))
    forms = order.forms()  # made before anything is written, so that wrong settings leave all as it is
    effects = Effects([*map(planting, scenarios), *plantings], Calendar(seed))
    with _no_cycle_search():
        _begin(out)
        if company is None:
            return _simulate(order, effects, None)
        if processes == 1:
            return _simulate(order, effects, company(setting, Books(setting, forms), effects, defects))
        with BooksProcess(order) as books:
            return _simulate(order, effects, company(setting, books, effects, defects))


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


def _begin(out: Path) -> None:
    """An empty folder, marked as a simulation's own, should this run be interrupted."""
    _clear(out)
    out.mkdir(parents=True, exist_ok=True)
    mark = f'{{"meta": {{"generator": "{GENERATOR}", "unfinished": true}}}}\n'
    (out / TRUTH).write_text(mark, encoding="utf-8")


def _simulate(order: Order, effects: Effects, company: Company | None) -> SimulationSummary:
    setting, out = order.setting, order.out
    asterisk, cdr_folder = out / "asterisk", out / "asterisk" / "cdr-csv"
    cdr_folder.mkdir(parents=True, exist_ok=True)
    last_day = setting.first_day + setting.days - 1
    queue_log = QueueLog(asterisk, setting.first_day, last_day, setting.seed, [queue.queue_id for queue in QUEUES])
    cdr = CdrLog(cdr_folder, setting.first_day, last_day)
    if company is None:
        telephone = TelephoneRecount(RULES)
        centre = Centre(setting, queue_log, cdr, effects=effects, listener=telephone)
        centre.run()
        written = Written(Counter(), [], {})
        values: Iterable[Value] = telephone.values(_teams(centre))
    else:
        cel_folder = asterisk / "cel-custom"
        cel_folder.mkdir(exist_ok=True)
        cel = CelLog(cel_folder, setting.first_day, last_day)
        population = Population.of(setting)
        region_of = by_number_or_customer(population.city)
        business_of = by_listed_customer(lambda customer_id: population.known(customer_id).customer_type)
        telephone = TelephoneRecount(RULES, True, region_of, business_of, setting.known_until)

        def write(record: Record) -> None:
            company.record(record)
            telephone.add_record(record)

        centre = Centre(setting, queue_log, cdr, cel, company.contact, write, effects, telephone)
        company.begin(centre)
        centre.run()
        cel.close()
        written = company.close()
        values = chain(telephone.values(_teams(centre)), company.values())
    queue_log.close()
    cdr.close()
    config = out / "callmart.yaml"
    chat_agents = centre.chat_agents if company is not None else ()
    config.write_text(
        config_text(out, order.start, centre.agents, chat_agents, RULES, written.feeds, GENERATOR), encoding="utf-8"
    )
    last_date = date.fromordinal(order.start.toordinal() + setting.days - 1)
    meta = {
        "generator": GENERATOR,
        "seed": setting.seed,
        "days": setting.days,
        "shop_days": setting.shop_days,
        "agents": setting.agents,
        "calls_per_day": setting.calls_per_day,
        "first_date": str(order.start),
        "last_date": str(last_date),
        "timezone": "Asia/Shanghai",
        "contacts": centre.history.contacts.number,
        "queue_log_lines": queue_log.lines,
        "cdr_rows": cdr.rows,
        "records": dict(sorted(written.rows.items())),
    }
    parts = {
        "meta": meta,
        "planted": dict(sorted((queue_log.dirt | centre.planted).items())),
        "defects": as_truth([*written.defects, *(company.planted if company else ())]),
        "scenarios": figures(it for it in effects.plantings if it.scenario_id in SCENARIOS),
    }
    sums = _write_truth(out / TRUTH, parts, values)
    return SimulationSummary(
        out=out,
        config=config,
        truth=out / TRUTH,
        first_date=order.start,
        last_date=last_date,
        agents=setting.agents,
        contacts=centre.history.contacts.number,
        chats_and_mails=centre.history.digital.number,
        queue_log_lines=queue_log.lines,
        cdr_rows=cdr.rows,
        service_level=sums.rate("M021"),
        abandonment=sums.rate("M033"),
        values=sums.number,
        records=written.rows.total(),
    )


def _teams(centre: Centre) -> dict[str, str]:
    return {agent.agent_id: agent.team for agent in centre.agents}


def _clear(out: Path) -> None:
    """Remove the files of an earlier simulation, which a shorter one would leave beside its own."""
    asterisk = out / "asterisk"
    old = [*asterisk.glob("queue_log*"), *(file for kind in ("cdr", "cel") for file in asterisk.glob(f"{kind}-c*/*"))]
    if not old:
        return
    truth = out / TRUTH
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


class _Sums:
    """Counts the values that go by, and adds up default service level and abandonment of all days together."""

    def __init__(self) -> None:
        self.number = 0
        self._sums: dict[str, tuple[float, float]] = {"M021": (0, 0), "M033": (0, 0)}

    def see(self, value: Value) -> None:
        self.number += 1
        if value.kpi_id in self._sums and value[1:3] == ("offered_net_short", "day") and value.dim_set == "all":
            numerator, denominator = self._sums[value.kpi_id]
            self._sums[value.kpi_id] = numerator + (value.numerator or 0), denominator + (value.denominator or 0)

    def rate(self, kpi_id: str) -> float | None:
        numerator, denominator = self._sums[kpi_id]
        return numerator / denominator if denominator else None


def _write_truth(path: Path, parts: dict[str, Any], values: Iterable[Value]) -> _Sums:
    """One value a line, so that two truths can be compared with a text tool. The file is there as a whole or not."""
    encode = json.JSONEncoder(ensure_ascii=False).encode
    sums, begun = _Sums(), path.with_suffix(".json.part")
    with begun.open("w", encoding="utf-8") as file:
        file.write("{" + "".join(f"{encode(name)}: {encode(part)},\n" for name, part in parts.items()))
        file.write('"values": [')
        for value in values:
            file.write(",\n" if sums.number else "\n")
            file.write(encode(value.row))
            sums.see(value)
        file.write("\n]}\n")
    begun.replace(path)
    return sums
