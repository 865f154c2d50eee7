"""SIGKILL anywhere: real processes, killed at drawn moments. What a kill leaves must still serve, and the next run must
end where an undisturbed one does.

Here belongs: which kills are drawn and what must hold after them. Not here: how a process kills itself (killer.py).
`CALLMART_KILLS` says how many kills each test of a stage draws, `CALLMART_KILL_SEED` which.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import random
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import pytest

from orchestration.assets.context import POOL
from orchestration.automation.runs import BEGINNING, forget_killed_runs
from orchestration.board.data import read_board
from orchestration.board.html import html_board
from orchestration.config import DEMO_HASH_KEY, load_config
from orchestration.extract import lake
from orchestration.paths import PROJECT
from orchestration.release import last_release
from tests.end_to_end.centre import Centre
from tests.end_to_end.killer import Aim, Ended, run_command, run_stage

KILLS = int(os.environ.get("CALLMART_KILLS", "5"))
SEED = int(os.environ.get("CALLMART_KILL_SEED", "20260302"))
FIRST_NOW, NOW = "2026-03-07T01:00:00", "2026-03-08T01:00:00"
DAY_S = 86_400
RECORDS = ("landing", "lake", "held", "quarantine", "tmp")


@dataclass(frozen=True)
class Stand:
    """A centre that is put back again and again to states that were kept, always at the same path."""

    centre: Centre

    def keep(self, name: str) -> None:
        shutil.copytree(self.centre.folder, self._kept(name), symlinks=True)

    def put_back(self, name: str) -> Centre:
        shutil.rmtree(self.centre.folder)
        shutil.copytree(self._kept(name), self.centre.folder, symlinks=True)
        return self.centre

    def _kept(self, name: str) -> Path:
        return self.centre.folder.with_name(f"kept-{name}")


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    """The key of the builds, for the accounting of their rows."""
    monkeypatch.setenv("CALLMART_HASH_KEY", DEMO_HASH_KEY)


# --- what the disturbed build has to do ------------------------------------------------------------------------------


def change_files(centre: Centre) -> None:
    """A new date, a late file with a broken line, and a shrunk file."""
    logs = centre.source / "asterisk"
    first = logs / "queue_log.20260302.gz"
    lines = gzip.decompress(first.read_bytes()).decode().splitlines()
    (logs / "queue_log.20260306.gz").write_bytes(
        gzip.compress("\n".join(map(four_days_later, lines)).encode(), mtime=0)
    )
    begin = 1772510400  # 2026-03-03 12:00:00 in Shanghai
    late = [f"{begin}|late.1|sales|NONE|ENTERQUEUE||13800000000|1", f"{begin + 9}|late.1|sales|NONE|ABANDON|1|1|9"]
    (logs / "queue_log.late").write_text("\n".join([*late, f"{begin}|broken"]) + "\n")
    first.write_bytes(gzip.compress("\n".join(lines[: len(lines) // 2]).encode(), mtime=0))


def four_days_later(line: str) -> str:
    moment, call, rest = line.split("|", 2)
    seconds, dot, fraction = moment.partition(".")
    return f"{int(seconds) + 4 * DAY_S}{dot}{fraction}|{call if call == 'NONE' else 'new' + call}|{rest}"


def keep_two_releases(centre: Centre) -> None:
    """Two are kept, and one more than the served one is there already, so that the next release takes it away."""
    text, changes = re.subn(r"(?m)^  releases: .*$", "  releases: 2", centre.config.read_text("utf-8"))
    assert changes == 1
    centre.config.write_text(text, "utf-8")
    served = centre.served / "releases" / centre.release_id()
    older = served.with_name("20200101T000000000-older")
    shutil.copytree(served, older)
    said = json.loads((older / "manifest.json").read_text("utf-8"))
    said |= {"release_id": older.name, "created_at": "2020-01-01T00:00:00"}
    (older / "manifest.json").write_text(json.dumps(said), "utf-8")


def break_and_mend(centre: Centre, name: str, good: str, is_broken: bool) -> None:
    """A file that a check holds, or the same file mended."""
    (centre.source / name).write_text(("a,b|c\n" * 50 if is_broken else "") + good)


# --- what must hold --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Marts:
    """A release that was made without a kill."""

    release_id: str
    hashes: dict[str, str]


def marts_of(centre: Centre) -> Marts:
    return Marts(centre.release_id(), centre.hashes())


def assert_serves(centre: Centre, before: Marts, after: Marts) -> None:
    """The former release is whole, or the new one is; and the catalogue answers for each of its marts."""
    manifest = last_release(centre.data)
    assert manifest is not None and manifest.release_id == centre.release_id()
    assert centre.hashes() == (before if manifest.release_id == before.release_id else after).hashes
    for name, facts in manifest.marts.items():
        assert centre.rows(f"select count(*) from marts.{name}") == [(facts.rows,)], name


def assert_nothing_is_left(centre: Centre) -> None:
    """No half-made file, no scratch, no note of unfinished work; the board is that of the release."""
    everything = [path for path in centre.data.rglob("*") if "data_docs" not in path.parts]
    assert [path for path in everything if path.name.startswith("_") and ".tmp" in path.suffixes] == []
    assert list((centre.data / "tmp").iterdir()) == [] and list((centre.folder / "scratch").iterdir()) == []
    assert not (centre.data / "warehouse/unfinished.json").exists()
    assert all((folder / "manifest.json").exists() for folder in (centre.data / "landing").glob("*/*/*"))
    config = load_config(centre.config)
    name = {"zh": config.centre.name.zh, "en": config.centre.name.en}
    assert (centre.served / "board.html").read_text("utf-8") == html_board(read_board(centre.data, name=name))
    # One more than are kept, when a release that a kill left unserved is among the newest.
    assert len(list((centre.served / "releases").iterdir())) <= config.retention.releases + 1
    for feed in config.feeds.values():
        accounts = lake.accounting(feed, config, centre.data)
        accounts.check()
        assert accounts.rows_in == accounts.loaded + accounts.refused + accounts.duplicates > 0


def assert_dagster_is_at_rest(centre: Centre, monkeypatch: pytest.MonkeyPatch) -> None:
    """No run is believed to go on, and none holds the place in the pool: at the latest when a sensor looks at the files
    after the time that a run has to show that its process is there."""
    home = str(centre.data / "dagster")
    monkeypatch.setenv("DAGSTER_HOME", home)
    with dg.DagsterInstance.from_config(home) as instance:
        forget_killed_runs(instance, centre.data, datetime.now(UTC).replace(tzinfo=None) + BEGINNING)
        going_on = [dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING]
        assert instance.get_runs(dg.RunsFilter(statuses=going_on)) == []
        pool = instance.event_log_storage.get_concurrency_info(POOL)
        assert pool.slot_count == 1 and pool.active_slot_count == 0 and pool.pending_step_count == 0


def records(centre: Centre) -> dict[str, str]:
    """Every file and folder that a record passes through -> hash of its bytes."""
    found = {}
    for path in sorted(path for zone in RECORDS for path in (centre.data / zone).rglob("*")):
        name = path.relative_to(centre.data).as_posix()
        found[name] = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "folder"
    return found


# --- drawing kills ---------------------------------------------------------------------------------------------------


def rows_of_kills(rng: random.Random, whole: Ended, stages: list[str]) -> Iterator[list[Aim]]:
    """Kills in a row, one in each stage, for rows that together make `KILLS` or a few more."""
    counts = whole.counts()
    assert set(stages) <= set(counts), counts
    for _ in range(-(-KILLS // len(stages))):
        yield [drawn(rng, stage, counts[stage]) for stage in stages]


def drawn(rng: random.Random, stage: str, changes: int) -> Aim:
    """Right before a change of the stage, in the middle of it, or a moment after it."""
    number = rng.randint(1, changes)
    return rng.choice([Aim(stage, number), Aim(stage, number, torn=True), Aim(stage, number, delay_s=rng.random() / 2)])


def kill_in_a_row(centre: Centre, aims: list[Aim], before: Marts, after: Marts, stage: str, *arguments: str) -> int:
    """Run a stage and be killed as aimed, until a run finds less to do than its aim needs. Number of kills."""
    for number, aim in enumerate(aims):
        served = centre.release_id()
        ended = told(aim, run_stage(centre, aim, stage, *arguments))
        assert_serves(centre, before, after)
        # Who resolved `current` a moment ago still reads the former release.
        assert (centre.served / "releases" / served / "manifest.json").exists()
        if not ended.was_killed:
            assert ended.code == 0, ended.said
            # On fresh ground each aim is met, but for one whose delay outlasts the run.
            assert number > 0 or aim.delay_s > 0, ended.said
            return number
    return len(aims)


def told(aim: Aim | None, ended: Ended) -> Ended:
    """Say where a kill hit, so that a failure can be repeated."""
    print(aim, "killed before" if ended.was_killed else f"exit {ended.code}", *ended.changes[-1:])
    return ended


# --- records on their way into the lake ------------------------------------------------------------------------------

BROKEN_CDR, BROKEN_LOG = "asterisk/cdr-csv/Master.csv.broken", "asterisk/queue_log.broken"


def test_records_reach_the_lake_byte_for_byte_wherever_their_way_is_cut(released: Stand) -> None:
    """Extract, typing, audit, publishing, holding. At the start a date of one feed is held and its file mended since;
    a date of another feed will be held."""
    centre = released.put_back("released")
    before = marts_of(centre)
    fields = ["", "1", "4008001001", "from-trunk", "", "PJSIP/x-1", "", "Queue", "sales,t", "2026-03-03 12:00:00", ""]
    fields += ["2026-03-03 12:00:01", "1", "0", "NO ANSWER", "DOCUMENTATION", "z.1", "", "", "z.1", "1"]
    row, log = ",".join(f'"{field}"' for field in fields) + "\n", "1772510400|x|sales|NONE|ENTERQUEUE||1|1\n"
    break_and_mend(centre, BROKEN_CDR, row, is_broken=True)
    begun = run_stage(centre, None, "feeds", FIRST_NOW)
    assert begun.code == 0, begun.said
    assert list((centre.data / "held/asterisk/cdr").glob("dt=*/part-0.parquet"))
    change_files(centre)
    break_and_mend(centre, BROKEN_CDR, row, is_broken=False)
    break_and_mend(centre, BROKEN_LOG, log, is_broken=True)
    released.keep("feeds")
    whole = run_stage(centre, None, "feeds", NOW)
    assert whole.code == 0, whole.said
    wanted = records(centre)
    held = [name for name in wanted if name.startswith("held/") and name.endswith("part-0.parquet")]
    assert held and all("queue_log" in name for name in held)

    rng = random.Random(f"feeds {SEED}")
    for aims in rows_of_kills(rng, whole, ["extract", "typing", "audit", "publish", "reference"]):
        while aims:
            released.put_back("feeds")
            kills = kill_in_a_row(centre, aims, before, before, "feeds", NOW)
            healed = run_stage(centre, None, "feeds", NOW)
            assert healed.code == 0, f"{aims}\n{healed.said}"
            found = records(centre)
            assert {name: (found.get(name), wanted.get(name)) for name in found.keys() ^ wanted.keys()} == {}, aims
            assert [name for name in wanted if found[name] != wanted[name]] == [], aims
            assert list((centre.folder / "scratch").iterdir()) == [], aims
            aims = aims[max(1, kills) :]


# --- a release in the making -----------------------------------------------------------------------------------------


def test_a_release_is_made_whole_or_not_at_all_wherever_its_making_is_cut(unreleased: Stand, after: Marts) -> None:
    """Copying, the swap, the catalogue, retention, the board; begun with a warehouse that dbt has finished."""
    centre = unreleased.put_back("unreleased")
    before = marts_of(centre)
    whole = run_stage(centre, None, "release")
    assert whole.code == 0, whole.said
    assert len(list((centre.served / "releases").iterdir())) == 2
    rng = random.Random(f"release {SEED}")
    for aims in rows_of_kills(rng, whole, ["release", "swap", "retention", "board", "finish"]):
        while aims:
            unreleased.put_back("unreleased")
            kills = kill_in_a_row(centre, aims, before, after, "release")
            heal_release(centre)
            assert centre.release_id() != before.release_id
            assert_serves(centre, before, after)
            assert_nothing_is_left(centre)
            aims = aims[max(1, kills) :]


def heal_release(centre: Centre) -> None:
    """What the next build does once dbt has nothing to do; all of it, when the killed run had finished the release."""
    if (centre.data / "warehouse/unfinished.json").exists():
        healed = run_stage(centre, None, "release")
    else:
        healed = build(centre)
        assert "nothing new" in healed.said
    assert healed.code == 0, healed.said


def test_an_audit_of_the_marts_can_be_cut_anywhere(unreleased: Stand) -> None:
    centre = unreleased.put_back("unreleased")
    before = marts_of(centre)
    whole = run_stage(centre, None, "marts")
    assert whole.code == 0, whole.said
    rng = random.Random(f"marts {SEED}")
    unreleased.put_back("unreleased")
    for aims in list(rows_of_kills(rng, whole, ["audit"]))[: -(-KILLS // 5)]:
        kill_in_a_row(centre, aims, before, before, "marts")
    healed = run_stage(centre, None, "marts")
    assert healed.code == 0, healed.said


# --- whole builds ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Killed:
    """A stand whose centre went through kills, and how these and the run after them ended."""

    stand: Stand
    kills: list[Ended]
    end: Ended


def build(centre: Centre, aim: Aim | None = None) -> Ended:
    return told(aim, run_command(centre, aim, "build", "--config", str(centre.config)))


@pytest.fixture(scope="module")
def newborn(built: Centre, tmp_path_factory: pytest.TempPathFactory) -> Killed:
    """The files of the built centre, nothing made of them yet; builds killed before the first release, then one that is
    not. What it leaves is kept as `released`."""
    stand = Stand(Centre(tmp_path_factory.mktemp("killed") / "centre"))
    centre = stand.centre
    centre.folder.mkdir()
    shutil.copytree(built.source, centre.source)
    rng = random.Random(f"newborn {SEED}")
    aims = [
        Aim("", rng.randint(1, 40), torn=True),
        Aim("extract", rng.randint(1, 10), torn=True),
        Aim("settings", 1, torn=True),
        Aim("start", rng.randint(1, 8), delay_s=rng.uniform(0, 3)),
        Aim("dbt", 2, delay_s=rng.uniform(0, 10)),
    ]
    kills = [build(centre, aim) for aim in aims]
    end = build(centre)
    stand.keep("released")
    return Killed(stand, kills, end)


def test_the_first_build_ever_can_be_killed_as_well(
    newborn: Killed, built: Centre, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert [ended.was_killed for ended in newborn.kills] == [True] * len(newborn.kills)
    assert newborn.end.code == 0, newborn.end.said
    centre = newborn.stand.put_back("released")
    assert centre.hashes() == built.hashes()
    assert_serves(centre, marts_of(centre), marts_of(centre))
    assert_nothing_is_left(centre)
    assert_dagster_is_at_rest(centre, monkeypatch)
    assert (centre.data / "dagster/dagster.yaml").read_bytes() == (PROJECT / "orchestration/dagster.yaml").read_bytes()


@pytest.fixture(scope="module")
def released(newborn: Killed) -> Stand:
    return newborn.stand


@pytest.fixture(scope="module")
def after(released: Stand) -> Marts:
    """The marts of an undisturbed build of the changed files."""
    centre = released.put_back("released")
    keep_two_releases(centre)
    change_files(centre)
    released.keep("changed")
    ended = build(centre)
    assert ended.code == 0, ended.said
    return marts_of(centre)


@pytest.fixture(scope="module")
def disturbed(released: Stand, after: Marts) -> Killed:
    """Builds of the changed files, killed one after the other and in all stages, then one that is not. What the last
    kill left, just before the release, is kept as `unreleased`."""
    centre = released.put_back("changed")
    before = marts_of(centre)
    rng = random.Random(f"disturbed {SEED}")
    kills = []
    for aim in [
        Aim("extract", rng.randint(1, 20), torn=True),
        Aim("audit", rng.randint(1, 60), torn=True),
        Aim("dbt", 2, delay_s=rng.uniform(0, 5), alone=True),
        Aim("dbt", 2, delay_s=rng.uniform(0, 8)),
        Aim("release", 1),
    ]:
        kills.append(build(centre, aim))
        assert_serves(centre, before, before)
    released.keep("unreleased")
    end = build(centre)
    released.keep("healed")
    return Killed(released, kills, end)


@pytest.fixture(scope="module")
def unreleased(disturbed: Killed) -> Stand:
    return disturbed.stand


def test_builds_killed_one_after_the_other_end_where_an_undisturbed_one_does(
    disturbed: Killed, after: Marts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Among them one whose dbt was left to itself: the next build must not meet it in the warehouse."""
    assert [ended.was_killed for ended in disturbed.kills] == [True] * len(disturbed.kills)
    assert disturbed.end.code == 0, disturbed.end.said
    centre = disturbed.stand.put_back("healed")
    assert centre.hashes() == after.hashes
    assert_serves(centre, after, after)
    assert_nothing_is_left(centre)
    assert_dagster_is_at_rest(centre, monkeypatch)
    assert [ended.said for ended in [*disturbed.kills, disturbed.end] if "Traceback" in ended.said] == []
