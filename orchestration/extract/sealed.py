"""Sealed partitions: those whose landed bytes were retired, so that they can't be made again.

Here belongs: taking a person who is erased out of one, the only change that it ever sees. Not here: which dates are
sealed (lake.py), who goes when (orchestration/retention.py).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from expectations.contracts import Contract
from orchestration import paths
from orchestration.config import Config, Feed
from orchestration.extract import lake
from orchestration.extract.engine import connect, json_row, parquet, read_meta, write_parquet
from orchestration.extract.expressions import literal, quote


def erase_in_sealed(feed: Feed, config: Config, root: Path, hashes: Iterable[str]) -> int:
    """Take people, by their hashes, out of a feed's sealed partitions; the number of rows that changed or went."""
    changed, contract = 0, feed.contract
    keys = [column.name for column in contract.columns if column.pii == "keyed_hash"]
    days = lake.sealed_dates(feed, config, root) if keys else []
    wanted = "[" + ", ".join(map(literal, sorted(hashes))) + "]::varchar[]"
    names_one = f"list_has_any([{', '.join(map(quote, keys))}], {wanted})"
    with connect(root) as db:
        for day in days:
            file = paths.partition_path(root, feed.name, day)
            if not file.exists():
                continue
            row = db.execute(f"select count(*) filter ({names_one}) from {parquet([file])}").fetchone()
            if not row or not row[0]:
                continue
            changed += row[0]
            meta = read_meta(db, [file])[file]
            db.execute(f"create or replace temp table part as {_without(contract, file, names_one)}")
            found = db.execute(
                "select count(*), md5(coalesce(string_agg(row_hash, '' order by row_hash), '')) from part"
            ).fetchone()
            assert found is not None
            said = f"{contract.fingerprint()} {found[1]}"
            meta |= {"rows": found[0], "content_hash": hashlib.sha256(said.encode()).hexdigest()[:32]}
            written = paths.hidden(file)
            write_parquet(db, "from part", written, meta)
            paths.put(written, file)
    return changed


def _without(contract: Contract, file: Path, names_one: str) -> str:
    """SQL of a partition's rows in their order: a person's row without what tells of the person; none where it means
    nothing without."""
    personal = {name for item in contract.inputs for name in item.fills}
    personal |= {column.name for column in contract.columns if column.pii}
    personal |= {column.name for column in contract.columns if column.name.endswith(("_prefix", "_number_type"))}
    values = {
        name: f"case when not coalesce({names_one}, false) then {quote(name)} "
        f"else {literal('anonymous') if name.endswith('_number_type') else 'null'} end"
        for name in sorted(personal)
    }
    is_gone = any(column.required and column.name in personal for column in contract.columns)
    kept = f" where not coalesce({names_one}, false)" if is_gone else ""
    replaced = ", ".join(f"{sql} as {quote(name)}" for name, sql in values.items())
    rows = f"select * replace ({replaced}) from read_parquet({literal(str(file))}, hive_partitioning = false){kept}"
    return f"select * replace (md5({json_row(contract.column_names)}) as row_hash) from ({rows})"
