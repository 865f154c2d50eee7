"""`callmart forget`: a customer taken out of every zone and every release.

Here belongs: who is meant, the order of the zones, what is counted, and going on after a kill. Not here: records of
landing (extract/redaction.py), the list of who was erased (extract/suppression.py).

Landing is redacted, and everything behind it is made again from landing, so that the lake, the quarantine, the marts
and the release are those of a centre that never knew the person's number. What can't be made again is cleaned (texts,
Dagster's history) or removed (former releases). What is still to be done stands in a journal until a search through
every file finds nothing more; a run that is killed is gone on with by the next one.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from expectations.contracts import all_contracts
from orchestration import paths, spark
from orchestration.assets.context import Site, now
from orchestration.build import BuildResult, build_from_landing
from orchestration.config import hash_key
from orchestration.errors import BlockedError, InputError
from orchestration.extract.engine import parquet
from orchestration.extract.expressions import literal, quote
from orchestration.extract.landing import read_manifests
from orchestration.extract.masking import keyed_hash, normalise_number
from orchestration.extract.sealed import erase_in_sealed
from orchestration.extract.search import Wanted, clean_sqlite, clean_text, files_with, is_sqlite, rows_with
from orchestration.extract.suppression import add_erased
from orchestration.extract.typing import type_feed
from orchestration.lock import build_lock
from orchestration.progress import step
from orchestration.release import remove_releases
from orchestration.scopes.published import keep_serving, scopes_on_disk

IDENTITY = "canonical.customer_identity"
_HASH = re.compile(r"[0-9a-f]{64}")
# Made again from landing, or private and redacted there: the rest of the data root is cleaned file by file.
_REBUILT = ("landing", "lake", "quarantine", "held", "warehouse", "published", "tmp")


@dataclass
class ErasureReport:
    """What was removed, as counts. `identifiers`: hashes that were erased, linked ones included; `left`: files that
    still name the person. `build` is how the run ended that made everything again, None when there was nothing to."""

    identifiers: int = 0
    landing_records: int = 0
    landing_objects: int = 0
    lake_rows: int = 0
    warehouse_rows: int = 0
    releases: int = 0
    files_cleaned: int = 0
    history_rows: int = 0
    build: BuildResult | None = None
    left: list[str] = field(default_factory=list)


def forget(site: Site, customer: str | None) -> ErasureReport:
    """Erase a customer: a telephone number, a customer id of the source, or a hash of the lake. None goes on with an
    erasure that was interrupted.

    Raises InputError when nobody is named, or the data root has a feed that the configuration no longer has, and
    BlockedError when the marts can't be released without the person or something is left: the journal stays then.
    """
    key = hash_key()
    with build_lock(site.root):
        keep_serving(site.config.scopes, site.root)
        _check_feeds(site)
        hashes = _journal(site, key, customer)
        scratch = paths.make_private(paths.temp_dir(site.root), site.root)
        wanted = Wanted(frozenset(hashes), add_erased(site.root, key, hashes), scratch)
        report = ErasureReport(identifiers=len(hashes))
        report.lake_rows = _lake_rows(site, hashes)
        _landing(site, hashes, report)
        report.build = build_from_landing(site)
        if report.build.exit_code not in (0, 3):
            raise BlockedError(
                "the marts can't be released, so the last release still serves what it knew of the person: "
                + " ".join(report.build.messages),
                rule="erasure",
                todo="mend what stops the build, then `callmart forget --resume`.",
            )
        _warehouse(site, hashes, report)
        for scope in (paths.WHOLE, *scopes_on_disk(site.root)):
            removed = remove_releases(site.root, lambda folder: _in_release(folder, hashes), scope)
            report.releases += len(removed)
        _texts(site, wanted, report)
        with step("search what is left"):
            report.left = [str(file.relative_to(site.root)) for file in files_with(site.root, wanted) if file.exists()]
        journal = paths.erasing_path(site.root)
        report.left = [name for name in report.left if site.root / name != journal]
        if report.left:
            raise BlockedError(
                f"{len(report.left)} files still name the person: {', '.join(report.left[:5])}.",
                rule="erasure",
                todo="delete what is not callmart's, end what holds them open, then `callmart forget --resume`.",
            )
        journal.unlink()
    return report


# --- who ---------------------------------------------------------------------------------------------------


def _journal(site: Site, key: str, customer: str | None) -> list[str]:
    """The hashes that are to be erased, noted before anything is done."""
    file = paths.erasing_path(site.root)
    before: list[str] = json.loads(file.read_text("utf-8"))["hashes"] if file.exists() else []
    if customer is None:
        if not before:
            raise InputError("no erasure was interrupted.", rule="erasure", todo="name whom to erase.")
        return before
    named = _hashes_of(customer.strip(), key)
    if not named:
        raise InputError("nobody is named.", rule="erasure", todo="give a telephone number or a customer id.")
    hashes = sorted({*before, *_linked(site.root, named)})
    paths.make_private(file.parent, site.root)
    paths.put_json(file, {"hashes": hashes, "started_at": now().isoformat()})
    return hashes


def _hashes_of(customer: str, key: str) -> set[str]:
    """The hashes by which the lake may know what a person wrote."""
    if not customer:
        return set()
    if _HASH.fullmatch(customer):
        return {customer}
    number = normalise_number(customer)
    said = {customer, number} if number and number.isdigit() else {customer}
    return {keyed_hash(key, text) or "" for text in said if text}


def _linked(root: Path, named: Iterable[str]) -> set[str]:
    """The named hashes with what the identities of customers say is theirs alone: a customer's numbers and addresses,
    and the customer of a number. What two customers share stays."""
    files = sorted(paths.lake_dir(root, IDENTITY).glob("dt=*/part-0.parquet"))
    found = set(named)
    if not files:
        return found
    with closing(duckdb.connect()) as db:
        links = db.execute(f"select distinct customer_key, identity_hash from {parquet(files)}").fetchall()
    owners: dict[str, set[str]] = {}
    for customer, identity in links:
        owners.setdefault(identity, set()).add(customer)
    customers = found | {next(iter(owners[value])) for value in found if len(owners.get(value, ())) == 1}
    return customers | {identity for identity, of in owners.items() if len(of) == 1 and of & customers}


def _check_feeds(site: Site) -> None:
    """Every feed that holds data must be configured: how its records are read is told nowhere else."""
    for zone in ("landing", "lake", "held", "quarantine"):
        for folder in (site.root / zone).glob("[!_.]*/[!_.]*"):
            name = f"{folder.parent.name}.{folder.name}"
            is_empty = zone == "lake" and not any(day.name != "dt=0001-01-01" for day in folder.glob("dt=*"))
            is_reference = name in all_contracts() and all_contracts()[name].is_reference
            if folder.is_dir() and name not in site.config.feeds and not is_empty and not is_reference:
                raise InputError(
                    f"{zone}/{folder.parent.name}/{folder.name} holds data of a feed that is not configured.",
                    file=site.config.path,
                    rule="erasure",
                    todo="put the feed back into the configuration (required: false) or delete its folders in landing, "
                    "lake, held and quarantine.",
                )


# --- zones -------------------------------------------------------------------------------------------------


def _landing(site: Site, hashes: Iterable[str], report: ErasureReport) -> None:
    """Redact every landed object, and the partitions whose objects are gone. One that is killed in between is found
    again."""
    for feed in site.config.feeds.values():
        before = {m.object_id: len(m.redactions) for m in read_manifests(feed.name, site.root)}
        type_feed(feed, site.config, site.root)
        for manifest in read_manifests(feed.name, site.root):
            fresh = manifest.redactions[before[manifest.object_id] :]
            report.landing_objects += bool(fresh)
            report.landing_records += sum(redaction.records for redaction in fresh[:1])
        erase_in_sealed(feed, site.config, site.root, hashes)
        paths.repairable_path(site.root, feed.name).unlink(missing_ok=True)


def _lake_rows(site: Site, hashes: Iterable[str]) -> int:
    rows = 0
    with closing(duckdb.connect()) as db:
        for feed in site.config.feeds:
            files = sorted(paths.lake_dir(site.root, feed).glob("dt=*/part-0.parquet"))
            if files:
                rows += rows_with(db, f"(from {parquet(files)})", hashes)
    return rows


def _warehouse(site: Site, hashes: Iterable[str], report: ErasureReport) -> None:
    """Copy the warehouse into a fresh file, as a file keeps the blocks of deleted rows; when a row is left, the file
    goes and everything is built anew; so do Spark's tables, which keep no list of their rows."""
    file = paths.warehouse_path(site.root)
    if not file.exists():
        return
    if spark.engine(site.root) == spark.SPARK:
        _remove(file)
        report.build = build_from_landing(site)
        return
    with step("rewrite the warehouse"):
        fresh = paths.hidden(file)
        _remove(fresh)
        with closing(duckdb.connect()) as db:
            name = quote(file.stem)  # by which its views name it
            db.execute(f"attach {literal(str(file))} as {name} (read_only)")
            tables = db.execute(
                "select schema_name, table_name from duckdb_tables() where database_name = ?", [file.stem]
            ).fetchall()
            relations = [".".join((name, quote(schema), quote(table))) for schema, table in tables]
            left = sum(rows_with(db, relation, hashes) for relation in relations)
            if not left:
                db.execute(f"attach {literal(str(fresh))} as fresh")
                db.execute(f"copy from database {name} to fresh")
                db.execute("checkpoint fresh")
        if not left:
            paths.put(fresh, file)
            return
    report.warehouse_rows = left
    _remove(file)
    report.build = build_from_landing(site)


def _remove(file: Path) -> None:
    file.unlink(missing_ok=True)
    file.with_name(file.name + ".wal").unlink(missing_ok=True)


def _in_release(folder: Path, hashes: Iterable[str]) -> bool:
    with closing(duckdb.connect()) as db:
        return any(rows_with(db, f"(from {parquet([file])})", hashes) for file in folder.glob("*.parquet"))


def _texts(site: Site, wanted: Wanted, report: ErasureReport) -> None:
    """Clean what is neither made again nor removed: documents, logs, Dagster's history."""
    shutil.rmtree(wanted.scratch, ignore_errors=True)
    paths.make_private(wanted.scratch, site.root)
    zones = [path.name for path in site.root.iterdir() if path.is_dir() and path.name not in _REBUILT]
    with step("clean documents and history"):
        files = [path for zone in zones for path in (site.root / zone).rglob("*") if path.is_file()]
        databases = [path for path in files if is_sqlite(path)]
        report.history_rows = sum(clean_sqlite(path, wanted) for path in databases)
        for path in files_with(site.root, wanted, (*zones, "held")):
            if path.exists() and not is_sqlite(path) and path.suffix != ".parquet":
                report.files_cleaned += clean_text(path, wanted)
