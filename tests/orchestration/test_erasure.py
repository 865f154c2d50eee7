"""An erasure reaches every zone and release, goes on after a kill, and proves itself by a search of its own.

Here belongs: the order of the zones and what becomes of each, with models as small as one table. Not here: landed
objects (test_redaction.py), the real models (tests/end_to_end/test_forget.py).
"""

from __future__ import annotations

import gzip
import json
import shutil
import sqlite3
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from orchestration import erasure, paths
from orchestration.assets.context import Site
from orchestration.build import BuildResult
from orchestration.config import DEMO_HASH_KEY, HASH_KEY_VARIABLE
from orchestration.erasure import ErasureReport, forget
from orchestration.errors import BlockedError, InputError
from orchestration.extract import lake
from orchestration.extract.landing import land
from orchestration.extract.masking import keyed_hash
from orchestration.quarantine import export_refused
from orchestration.release import MartSpec, last_release, publish_release
from tests.orchestration.byte_scan import files_naming
from tests.orchestration.extract_kit import CENTRE, NOW, Kit

NUMBER, SECOND, OTHER = "13812345678", "13700000000", "13900001111"
HASHES = [keyed_hash(DEMO_HASH_KEY, text) or "" for text in (NUMBER, SECOND, "C-77")]
CONTACT = "canonical.contact"
TEXT = (
    CENTRE
    + """\
sources:
  canonical:
    feeds:
      contact:
        paths: ["calls*"]
        mapping: {contact_id: id, started_at: start, outcome: outcome, caller_number: number, customer_id: customer}
      customer_identity:
        paths: ["people.csv"]
        mapping: {customer_id: id, identity_type: "'phone'", identity_number: number, linked_at: since}
"""
)
CALLS = f"""\
id,start,outcome,number,customer
a,2026-03-08 09:00:00,answered,+86 138-1234-5678,
b,2026-03-08 09:01:00,answered,{SECOND},
c,2026-03-08 09:02:00,answered,,C-77
d,2026-03-08 09:03:00,answered,{OTHER},C-1
e,never,answered,{NUMBER},
"""
PEOPLE = f"""\
id,number,since
C-77,{NUMBER},2026-03-08 08:00:00
C-77,{SECOND},2026-03-08 08:00:00
C-77,{OTHER},2026-03-08 08:00:00
C-1,{OTHER},2026-03-08 08:00:00
"""


class Centre:
    """Two feeds, a warehouse of one table and two releases of it."""

    def __init__(self, folder: Path, released: int = 0) -> None:
        self.kit = Kit(folder, CONTACT)
        self.root = self.kit.root
        self.released = released

    @property
    def site(self) -> Site:
        return Site(self.kit.config, self.root)

    def build(self, extract: bool = False) -> BuildResult:
        """Everything up to a release but the checks, as a build would."""
        config = self.kit.config
        for feed in config.feeds.values():
            if extract:
                land(feed, self.root, NOW)
            dates = lake.touched_dates(feed, config, self.root)
            for candidate in lake.build_candidates(feed, config, self.root, dates):
                lake.publish(candidate)
        warehouse = paths.warehouse_path(self.root)
        warehouse.parent.mkdir(exist_ok=True)
        with closing(duckdb.connect(str(warehouse))) as db:
            db.execute("create schema if not exists marts")
            rows = paths.lake_dir(self.root, CONTACT) / "dt=2026-03-08" / "part-0.parquet"
            db.execute(
                f"create or replace table marts.fct_contact as "
                f"select contact_id, caller_hash, customer_key, caller_masked from read_parquet('{rows}')"
            )
            db.execute("create or replace view marts.shown as select contact_id from callmart.marts.fct_contact")
        self.released += 1
        publish_release(
            warehouse, [MartSpec("fct_contact", "表", "Table")], self.root, release_id=f"r{self.released}",
            created_at=NOW + timedelta(minutes=self.released), as_of=datetime(2026, 3, 9), window=None, inputs={},
            transform_fingerprint="x", stale={}, keep=10,
        )  # fmt: skip
        return BuildResult(0, f"r{self.released}", True)

    def leave_traces(self) -> None:
        """What runs leave beside the figures."""
        docs, history = paths.docs_dir(self.root), paths.dagster_home(self.root) / "history"
        docs.mkdir(exist_ok=True)
        history.mkdir(parents=True)
        (docs / "page.html").write_text(f"<td>{HASHES[0]}</td><td>{SECOND}</td>", "utf-8")
        held = paths.held_dir(self.root, CONTACT, datetime(2026, 3, 8).date())
        held.mkdir(parents=True)
        (held / "report.json").write_text(json.dumps({"sample": [{"caller_hash": HASHES[1]}]}))
        with closing(sqlite3.connect(history / "index.db")) as db:
            db.execute("create table event_logs (id integer primary key, event text)")
            db.execute("insert into event_logs (event) values (?), ('other')", [f"| {HASHES[2]} | {NUMBER} |"])
            db.commit()

    def named(self) -> set[str]:
        """Files that name the person, by zone."""
        return {name.split("/")[0] for name in files_naming(self.root, NUMBER, SECOND, "C-77", *HASHES)}

    def contacts(self) -> list[tuple[str, str | None]]:
        served = paths.published_dir(self.root) / "callmart.duckdb"
        with closing(duckdb.connect(str(served), read_only=True)) as db:
            return db.execute("select contact_id, caller_masked from marts.fct_contact order by 1").fetchall()


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a centre that knows the person in every zone."""
    made = Centre(tmp_path_factory.mktemp("erasure") / "base")
    made.kit.base.mkdir()
    made.kit.configure(TEXT)
    made.kit.write("calls.csv.gz", gzip.compress(CALLS.encode()))
    made.kit.write("people.csv", PEOPLE)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(HASH_KEY_VARIABLE, DEMO_HASH_KEY)
        made.build(extract=True)
        made.build()
        made.leave_traces()
        config = made.kit.config
        export_refused(config.feed(CONTACT), config, made.root)
    return made.kit.base


@pytest.fixture
def centre(base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Centre:
    """A copy of it."""
    shutil.copytree(base, tmp_path / "centre", symlinks=True)
    made = Centre(tmp_path / "centre", released=2)
    monkeypatch.setattr(erasure, "build_from_landing", lambda site: made.build())
    return made


ZONES = {"landing", "lake", "quarantine", "held", "warehouse", "published", "docs", "dagster"}


def test_nothing_is_left_of_all_that_is_the_persons_alone_and_every_count_stays(centre: Centre) -> None:
    assert centre.named() == ZONES
    report = forget(centre.site, f"+86 {NUMBER}")
    assert centre.named() == set()
    assert centre.contacts() == [("a", None), ("b", None), ("c", None), ("d", "139****1111")]
    assert report.identifiers == 3 + 1  # what was typed is an id as well
    assert (report.landing_objects, report.releases, report.history_rows) == (2, 2, 1)
    assert report.landing_records == 4 + 3 and report.lake_rows == 3 + 3 and report.files_cleaned == 1
    assert not paths.erasing_path(centre.root).exists() and last_release(centre.root) is not None
    # the number that two customers share is the other one's too
    assert files_naming(centre.root, OTHER) and files_naming(centre.root, keyed_hash(DEMO_HASH_KEY, OTHER) or "")


@pytest.mark.parametrize("said", ["C-77", f" {SECOND} ", "137-0000-0000", HASHES[2]])
def test_whatever_names_a_person_names_all_that_is_theirs_alone(base: Path, said: str) -> None:
    named = erasure._hashes_of(said.strip(), DEMO_HASH_KEY)
    assert erasure._linked(Centre(base).root, named) - named | set(HASHES) == set(HASHES)
    assert set(HASHES) <= erasure._linked(Centre(base).root, named)


def test_a_second_erasure_finds_nothing_and_harms_nothing(centre: Centre) -> None:
    forget(centre.site, NUMBER)
    before = centre.contacts()
    again = forget(centre.site, NUMBER)
    assert (again.landing_records, again.lake_rows, again.files_cleaned, again.history_rows) == (0, 0, 0, 0)
    assert centre.contacts() == before


STEPS = ("build_from_landing", "remove_releases", "files_with")


@pytest.mark.parametrize("step", STEPS)
def test_killed_at_any_step_the_next_call_completes_it(
    centre: Centre, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object) -> ErasureReport:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(erasure, step, killed)
        with pytest.raises(KeyboardInterrupt):
            forget(centre.site, NUMBER)
    assert paths.erasing_path(centre.root).exists()
    forget(centre.site, None)
    assert centre.named() == set() and len(centre.contacts()) == 4


def test_what_cannot_be_released_leaves_the_journal_and_says_so(
    centre: Centre, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(erasure, "build_from_landing", lambda site: BuildResult(1, messages=["blocked by check x"]))
        with pytest.raises(BlockedError, match="blocked by check x"):
            forget(centre.site, NUMBER)
    forget(centre.site, None)
    assert centre.named() == set()


def test_a_file_that_is_not_callmarts_is_named_by_its_place_alone(centre: Centre) -> None:
    with duckdb.connect() as db:
        db.execute(f"copy (select '{NUMBER}' as x) to '{centre.root / 'docs' / 'mine.parquet'}' (format parquet)")
    with pytest.raises(BlockedError, match=r"1 files still name the person: docs/mine\.parquet") as told:
        forget(centre.site, NUMBER)
    assert NUMBER not in str(told.value)


def test_nobody_and_nothing_to_resume_are_told(centre: Centre) -> None:
    for said, problem in ((None, "no erasure was interrupted"), ("  ", "nobody is named")):
        with pytest.raises(InputError, match=problem):
            forget(centre.site, said)


def test_a_feed_that_left_the_configuration_is_told_before_anything_is_done(centre: Centre) -> None:
    centre.kit.configure(TEXT[: TEXT.index("      customer_identity")])
    with pytest.raises(InputError, match="landing/canonical/customer_identity holds data of a feed"):
        forget(centre.site, NUMBER)
    assert not paths.erased_path(centre.root).exists()
