"""Reference feeds: what the configuration says, and what callmart knows of its feeds, as tables of the lake.

Here belongs: the rows of the feeds `centre.*` and the zero-row files by which every model finds every feed. Not here:
partitions of data (lake.py), what is made of these tables (dbt_project).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb

from expectations.contracts import Contract, all_contracts, contract
from orchestration import paths
from orchestration.config import Config, Feed, hash_key
from orchestration.extract import drift, masking
from orchestration.extract.adapters.asterisk_queue_log import agent_names
from orchestration.extract.engine import connect, json_row, read_meta, write_parquet
from orchestration.extract.expressions import quote
from orchestration.extract.lake import content_hash, held_meta, partition_meta
from orchestration.extract.landing import moment
from orchestration.extract.typing import live, type_feed
from orchestration.freshness import has_hourly_kpis


def ensure_zero_partitions(root: Path) -> list[str]:
    """Give every contract its zero-row `dt=0001-01-01` file with the contract's schema; returns the feeds written.

    A reference feed that holds rows keeps them while its contract is the same.
    """
    written = []
    with connect(root) as db:
        targets = {feed: paths.zero_partition_path(root, feed) for feed in all_contracts()}
        found = read_meta(db, list(targets.values()))
        for feed, said in all_contracts().items():
            if found.get(targets[feed], {}).get("contract") != said.fingerprint():
                _write_zero(db, said, targets[feed])
                written.append(feed)
    return written


def write_reference(config: Config, root: Path, stale: Collection[str]) -> list[str]:
    """Write the configuration into the reference feeds `centre.*`; `stale` feeds are marked.

    Returns the feeds whose content changed. Raises InputError without a hash key, as agents' names may need masking.
    """
    centre = config.centre
    queues = [
        {
            "queue_id": queue.queue_id,
            "queue_name_zh": queue.name.zh if queue.name else None,
            "queue_name_en": queue.name.en if queue.name else None,
            "skill_group_id": queue.skill_group_id,
            "timezone": queue.timezone or centre.timezone,
            "sl_target_s": _or(queue.sl_target_s, centre.sl_target_s),
            "sl_target_rate": _or(queue.sl_target_rate, centre.sl_target_rate),
            "short_abandon_s": _or(queue.short_abandon_s, centre.short_abandon_s),
            "anomalous_short_s": _or(queue.anomalous_short_s, centre.anomalous_short_s),
            "anomalous_long_s": queue.anomalous_long_s,
            "valid_from": queue.valid_from,
            "valid_to": queue.valid_to,
        }
        for queue in config.queues
    ]
    known, key = (*agent_names(config), *config.own_numbers), hash_key()
    agents = [
        {
            "agent_id": agent.agent_id,
            "agent_raw": masking.name_of_agent(name, known, key),
            "team_id": agent.team_id,
            "valid_from": agent.valid_from,
            "valid_to": agent.valid_to,
        }
        for agent in config.agents
        for name in agent.names
    ]
    setting = {
        "site_id": centre.site_id,
        "site_name_zh": centre.name.zh,
        "site_name_en": centre.name.en,
        "acw_pause_reasons": "|" + "|".join(reason.lower() for reason in centre.acw_pause_reasons) + "|",
        "not_resolvable_issues": "".join(f"|{issue}" for issue in centre.not_resolvable_issues) + "|",
        "shift_day_start_s": centre.shift_day_start_s,
    } | centre.model_dump(
        include={
            "timezone", "currency", "sl_target_s", "sl_target_rate", "short_abandon_s", "invalid_call_s",
            "anomalous_short_s", "wrap_up_s", "agent_silence_max_s", "contact_match_s",
            "min_known_rate",
        }
    )  # fmt: skip
    rows: dict[str, list[dict[str, Any]]] = {
        "centre.setting": [setting],
        "centre.queue": queues,
        "centre.agent": agents,
        "centre.number": [{"dialled_number": n.number, "channel_id": n.channel} for n in config.numbers],
        "centre.official_variant": [o.model_dump() for o in config.official],
    }
    changed = []
    with connect(root) as db:
        rows["centre.feed_capability"] = _capabilities(db, config, root, stale)
        for of in config.feeds.values():
            for name, told in _state(db, of, config, root, of.name in stale).items():
                rows.setdefault(name, []).extend(told)
        for feed, values in rows.items():
            if _write_rows(db, contract(feed), paths.zero_partition_path(root, feed), values):
                changed.append(feed)
    return changed


def _or(value: Any, default: Any) -> Any:
    return default if value is None else value


def _write_zero(db: duckdb.DuckDBPyConnection, said: Contract, target: Path) -> None:
    _write_rows(db, said, target, [])


def _write_rows(
    db: duckdb.DuckDBPyConnection, said: Contract, target: Path, values: Sequence[Mapping[str, Any]]
) -> bool:
    """Write rows to a feed's `dt=0001-01-01` file; False when it holds them already."""
    types = {column.name: column.type for column in said.lake_columns}
    typed = ", ".join(f"{quote(name)} {kind}" for name, kind in types.items())
    db.execute(f"create or replace temp table reference ({typed})")
    if values:
        lists = ", ".join(f"unnest(?::{kind}[])" for kind in types.values())
        db.execute(f"insert into reference select {lists}", [[row.get(name) for row in values] for name in types])
    row = db.execute(
        f"select md5(coalesce(string_agg({json_row(types)}, chr(10) order by {json_row(types)}), '')) from reference"
    ).fetchone()
    assert row is not None
    meta = {
        "feed": said.feed,
        "contract": said.fingerprint(),
        "rows": len(values),
        "duplicates": 0,
        "content_hash": content_hash(said, row[0]),
        "fingerprint": content_hash(said, row[0]),
    }
    known = read_meta(db, [target]).get(target)
    if known != meta:
        target.parent.mkdir(parents=True, exist_ok=True)
        written = paths.hidden(target)
        write_parquet(db, "select * from reference order by all", written, meta)
        paths.put(written, target)
    db.execute("drop table reference")
    return known != meta


def _state(
    db: duckdb.DuckDBPyConnection, feed: Feed, config: Config, root: Path, is_stale: bool
) -> dict[str, list[dict[str, Any]]]:
    """How a feed is: its row of centre.feed_state, its dates of centre.feed_day, its rules of centre.feed_refusal."""
    objects = live(feed, type_feed(feed, config, root))
    state = {
        "feed": feed.name,
        "feed_name_zh": feed.contract.title.zh,
        "feed_name_en": feed.contract.title.en,
        "timezone": feed.zone,
        "is_critical": feed.critical,
        "is_steady": feed.contract.steady,
        "is_needed_hourly": has_hourly_kpis(config, [feed]),
        "is_stale": is_stale,
        "landed_count": len(objects),
        "last_landed_at": max((moment(item.manifest.extracted_at) for item in objects), default=None),
    }
    loaded, held = partition_meta(db, feed.name, root), held_meta(db, feed.name, root)
    loaded.pop(paths.ZERO_DATE, None)
    dates = [
        {
            "feed": feed.name,
            "local_date": day,
            "loaded_row_count": loaded.get(day, {}).get("rows", 0),
            "flagged_row_count": loaded.get(day, {}).get("flagged", 0),
            "duplicate_row_count": (held.get(day) or loaded[day]).get("duplicates", 0),
            "held_row_count": held.get(day, {}).get("rows", 0),
            "is_held": day in held,
            "last_event_at": loaded.get(day, {}).get("last_event_at"),
        }
        for day in sorted({*loaded, *held})
    ]
    refused: Counter[tuple[str, str]] = Counter()
    for item in objects:
        day_of_file = max(item.dates, default=item.manifest.extracted_at[:10])
        for rule, count in item.refused.items():
            refused[day_of_file, rule] += count
    return {
        "centre.feed_drift": drift.read_findings(db, root, feed.name),
        "centre.feed_state": [state],
        "centre.feed_day": dates,
        "centre.feed_refusal": [
            {"feed": feed.name, "local_date": day, "rule": rule, "refused_row_count": count}
            for (day, rule), count in sorted(refused.items())
        ],
    }


def _capabilities(
    db: duckdb.DuckDBPyConnection, config: Config, root: Path, stale: Collection[str]
) -> list[dict[str, Any]]:
    """One row per known feed and capability."""
    rows = []
    for name, said in all_contracts().items():
        if said.is_reference or not said.capabilities():
            continue
        feed = config.feeds.get(name)
        declared = said.given_by(feed.mapping) if feed else set()
        days = [day for day, meta in partition_meta(db, name, root).items() if meta.get("rows")]
        rows += [
            {
                "feed": name,
                "capability": capability,
                "is_declared": capability in declared,
                "is_stale": name in stale,
                "last_date": max(days, default=None),
            }
            for capability in said.capabilities()
        ]
    return rows
