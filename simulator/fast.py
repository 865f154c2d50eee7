"""Calls by the hundred million, for benchmarks: one Parquet file a day, made by DuckDB.

Belongs here: calls that look like a centre's in number, time, queue and length, with a configuration that builds them.
Does not belong here: anything that must be true of a centre as a whole. What is simplified, compared with `simulate`:

- every call stands alone: a wait is drawn for the hour, not the outcome of a queue, and an agent may have two calls at
  once; nobody logs in, rests or transfers;
- there are inbound calls of three queues and no menu, customer, issue or repeat;
- the truth that is written is what each file holds by outcome, not a recount of KPIs.

Each value is a function of seed, date and number of the call, and no more than one file's calls are held at a time.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import accumulate
from pathlib import Path

import duckdb
import yaml

from simulator.errors import ForeignFolderError, SettingError
from simulator.setting import BY_HOUR, BY_WEEKDAY, NUMBERS, PATIENCE_MEAN_S, QUEUES

GENERATOR = "callmart simulate --fast"
CALLS_OF_A_FILE = 2_000_000  # as many as one COPY sorts out in little memory
BUSY_WAIT_MEAN_S, IDLE_SHARE = 45.0, 0.62
HOLD_SHARE, HOLD_MEAN_S = 0.12, 40.0


@dataclass(frozen=True, slots=True)
class FastSummary:
    """What `simulate_fast` wrote."""

    config: Path
    truth: Path
    files: int
    calls: int


def simulate_fast(
    out: Path, calls: int, days: int, agents: int, seed: int, start: date, memory: str = "1GB"
) -> FastSummary:
    """Write about `calls` inbound calls of `days` local dates (more on weekdays) as Parquet below `out`/calls.

    Grain of the files: one row per call, times local without zone, durations in seconds. Raises SettingError for
    settings that make no centre, ForeignFolderError if `out` holds calls that it did not write; its own are replaced.
    """
    if min(calls, days, agents) < 1:
        raise SettingError("calls, days and agents must be 1 or more.")
    folder, truth = out / "calls", out / "truth.json"
    _clear(folder, truth)
    folder.mkdir(parents=True, exist_ok=True)
    meta = {"generator": GENERATOR, "seed": seed, "calls": calls, "days": days, "agents": agents}
    truth.write_text(json.dumps({"meta": meta}) + "\n", "utf-8")  # marks the folder, should this run be interrupted
    weights = [BY_WEEKDAY[(start + timedelta(number)).weekday()] for number in range(days)]
    ends = [round(calls * share / sum(weights)) for share in accumulate(weights)]
    found: dict[str, dict[str, int]] = {}
    files = 0
    with duckdb.connect() as db:
        db.execute(f"set memory_limit = '{memory}'")
        for number, (first, last) in enumerate(zip([0, *ends[:-1]], ends, strict=True)):
            day = start + timedelta(number)
            for part, begin in enumerate(range(0, last - first, CALLS_OF_A_FILE)):
                rows = min(CALLS_OF_A_FILE, last - first - begin)
                target = folder / f"calls-{day}-{part:03}.parquet"
                query = _calls(seed, day, begin, rows, agents)
                db.execute(f"copy ({query}) to '{target}' (format parquet, compression zstd, row_group_size 200000)")
                files += 1
            names = f"{folder}/calls-{day}-*.parquet"
            if last > first:
                counted = f"select outcome, count(*) from read_parquet('{names}') group by outcome order by outcome"
                found[str(day)] = dict(db.execute(counted).fetchall())
    config = out / "callmart.yaml"
    config.write_text(_configuration(start), "utf-8")
    truth.write_text(json.dumps({"meta": meta, "outcomes_by_date": found}, indent=1) + "\n", "utf-8")
    return FastSummary(config, truth, files, sum(sum(day.values()) for day in found.values()))


def _clear(folder: Path, truth: Path) -> None:
    old = sorted(folder.glob("*"))
    if old and not (truth.is_file() and GENERATOR in truth.read_text("utf-8")[:200]):
        raise ForeignFolderError(
            f"{folder} holds files that no simulation wrote ({old[0].name}): choose another --out folder, "
            "or move them away."
        )
    for file in old:
        file.unlink()


def _calls(seed: int, day: date, begin: int, rows: int, agents: int) -> str:
    """SQL of one file's calls."""

    def uniform(name: str) -> str:
        return f"((hash(i, {seed}, '{day} {name}') >> 11) / 9007199254740992.0)"

    def exponential(name: str, mean: float | str) -> str:
        return f"(-ln(1 - {uniform(name)}) * {mean})"

    def by_queue(values: Sequence[object]) -> str:
        arms = " ".join(f"when '{queue.queue_id}' then {value}" for queue, value in zip(QUEUES, values, strict=True))
        return f"case queue_id {arms} end"

    normal = f"sqrt(-2 * ln(1 - {uniform('normal')})) * cos(2 * pi() * {uniform('angle')})"
    hour = _drawn(uniform("hour"), [(str(number), share) for number, share in enumerate(BY_HOUR)])
    queue = _drawn(uniform("queue"), [(f"'{item.queue_id}'", item.share) for item in QUEUES])
    dialled = _drawn(uniform("line"), [(f"'{number}'", share) for number, _, share in NUMBERS])
    sigma, median = by_queue([q.talk_sigma for q in QUEUES]), by_queue([q.talk_median_s for q in QUEUES])
    talk = f"exp({sigma} * normal) * {median}"
    acw = f"acw_draw * {by_queue([q.acw_mean_s for q in QUEUES])}"
    return f"""
        with drawn as (
            select i, {hour} * 3600 + {uniform("second")} * 3600 as at_s,
                {queue} as queue_id, {dialled} as dialled_number,
                {exponential("patience", PATIENCE_MEAN_S)} as patience_s,
                case when {uniform("idle")} < {IDLE_SHARE} then 2 + 6 * {uniform("ring")}
                    else {exponential("wait", BUSY_WAIT_MEAN_S)} end as needed_s,
                {normal} as normal, {exponential("acw", "1")} as acw_draw,
                case when {uniform("has_hold")} < {HOLD_SHARE} then {exponential("hold", HOLD_MEAN_S)} else 0 end
                    as hold_draw,
                hash(i, {seed}, '{day} caller') % 400000000 as caller,
                hash(i, {seed}, '{day} agent') % {agents} as agent
            from range({begin}, {begin + rows}) as numbers (i)),
        waited as (
            select *, timestamp '{day} 00:00:00' + to_microseconds(floor(at_s)::bigint * 1000000) as started_at,
                5 + (i % 20) as menu_s, {by_queue([item.timeout_s for item in QUEUES])} as timeout_s,
                floor(least(needed_s, patience_s, timeout_s)) as wait_s,
                case when needed_s <= least(patience_s, timeout_s) then 'answered'
                    when patience_s <= timeout_s then 'abandoned_queue' else 'flow_out' end as outcome
            from drawn),
        talked as (
            select *, started_at + to_microseconds(menu_s * 1000000) as queue_entered_at,
                case when outcome = 'answered' then floor(least(greatest(5, {talk}), 1500)) end as talk_s,
                case when outcome = 'answered' then floor(hold_draw) end as hold_s,
                case when outcome = 'answered' then floor({acw}) end as acw_s
            from waited)
        select '{day:%Y%m%d}-' || i as call_id, started_at, queue_entered_at,
            queue_entered_at + to_microseconds(wait_s::bigint * 1000000) as queue_left_at,
            queue_entered_at + to_microseconds((wait_s + coalesce(talk_s + hold_s, 0))::bigint * 1000000) as ended_at,
            queue_id, dialled_number,
            '1' || (3 + caller % 7) || lpad((caller * 7919 % 1000000000)::varchar, 9, '0') as caller,
            case when outcome = 'answered' then 'A' || lpad(agent::varchar, 5, '0') end as agent_id, outcome,
            wait_s, talk_s, hold_s, acw_s
        from talked"""


def _drawn(uniform: str, shares: Sequence[tuple[str, float]]) -> str:
    """SQL of one of the values, each as likely as its share."""
    total = sum(share for _, share in shares)
    limits = accumulate(share / total for _, share in shares)
    arms = " ".join(
        f"when u < {limit:.9f} then {value}" for (value, _), limit in zip(shares[:-1], limits, strict=False)
    )
    return f"list_transform([{uniform}], lambda u: case {arms} else {shares[-1][0]} end)[1]"


def _configuration(start: date) -> str:
    """The callmart.yaml that builds the files."""
    mapping = {
        "contact_id": "call_id",
        "direction": "'inbound'",
        "started_at": "started_at",
        "queue_entered_at": "queue_entered_at",
        "queue_left_at": "queue_left_at",
        "agent_answered_at": "case when outcome = 'answered' then queue_left_at end",
        "ended_at": "ended_at",
        "queue_id": "queue_id",
        "agent_id": "agent_id",
        "dialled_number": "dialled_number",
        "caller_number": "caller",
        "outcome": "outcome",
        "queue_wait_s": "wait_s",
        "talk_s": "talk_s",
        "hold_s": "hold_s",
        "acw_s": "acw_s",
    }
    said = {
        "centre": {
            "site_id": "fast",
            "name": {"zh": "基准呼叫中心", "en": "Benchmark centre"},
            "timezone": "Asia/Shanghai",
            "first_date": start,
        },
        "queues": [
            {
                "queue_id": item.queue_id,
                "name": {"zh": item.name_zh, "en": item.name_en},
                "sl_target_s": item.sl_target_s,
            }
            for item in QUEUES
        ],
        "numbers": [{"number": number, "channel": channel} for number, channel, _ in NUMBERS],
        "sources": {"canonical": {"feeds": {"contact": {"paths": ["calls/*.parquet"], "mapping": mapping}}}},
    }
    head = f"# Written by `{GENERATOR}`.\n"
    return head + yaml.safe_dump(said, allow_unicode=True, sort_keys=False, width=120)
