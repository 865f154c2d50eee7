"""The made-up data that the parts measure, each made once and kept until the code that makes it changes.

Here belongs: what lies in the scratch folder and how it comes about. Not here: measuring.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path

import duckdb
import yaml

from benchmarks import tasks
from benchmarks.machine import CODE, code_id
from benchmarks.settings import DAYS, Settings
from benchmarks.years import copy_lake
from orchestration.config import load_config
from orchestration.paths import published_dir, warehouse_path
from orchestration.progress import step
from orchestration.release import last_release
from simulator import simulate
from simulator.company import Company
from simulator.run import FEWEST_AGENTS, usual_calls_per_day
from simulator.serve import serving

FIRST_DATE = date(2024, 1, 1)  # a Monday
# The simulator leaves the last two dates in files that are still written to.
OPEN_DAYS = 2
EXTRACTION = ("simulator", "orchestration/extract", "orchestration/config", "expectations/contracts", "benchmarks")


@dataclass(frozen=True)
class Centre:
    """Source files with their configuration, and the data root that is made from them."""

    source: Path
    root: Path

    @property
    def config(self) -> Path:
        """The configuration of the centre."""
        return self.source / "callmart.yaml"

    def contacts(self) -> int:
        """How many contacts of all media DuckDB's warehouse holds."""
        with duckdb.connect(str(warehouse_path(self.root)), read_only=True) as db:
            ((rows,),) = db.execute("select count(*) from intermediate.int_contact__settled").fetchall()
        return int(rows)


@dataclass(frozen=True)
class History:
    """A built centre, and the next date's files, which are not there yet. `day` is that date."""

    centre: Centre
    day: date
    added: tuple[Path, ...]

    def copy(self, folder: Path) -> Centre:
        """A copy of the centre in a folder, to build on."""
        shutil.rmtree(folder, ignore_errors=True)
        copied = Centre(folder / "source", folder / "data")
        shutil.copytree(self.centre.source, copied.source)
        shutil.copytree(self.centre.root, copied.root, symlinks=True)
        return copied

    def add_day(self, centre: Centre) -> None:
        """Put the next date's files beside the others of a copy."""
        for file in self.added:
            shutil.copyfile(file, _place(centre.source, file))


class Stage:
    """Everything that a run of the benchmarks works on."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.folder = settings.folder

    def scratch(self, name: str) -> Path:
        """An empty folder that is this run's own."""
        place = self.folder / "scratch" / name
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
        return place

    def share(self, share: int) -> Stage:
        """The stage of centres with one in so many of these contacts."""
        if share == 1:
            return self
        settings = replace(self.settings, calls=self.settings.calls // share)
        return Stage(replace(settings, folder=self.folder / f"calls-{settings.calls_per_day}"))

    def logs(self) -> Centre:
        """The logs of the base period."""
        return Centre(self._logs("logs", DAYS, self.settings.calls_per_day), self.folder / "base")

    def base(self) -> Centre:
        """The base period in the lake, nothing audited or built."""
        centre = self.logs()

        def make(_: Path) -> None:
            with step("base lake"):
                tasks.run("extract", config=centre.config, root=centre.root)

        self._made(centre.root, EXTRACTION, str(self.settings.calls_per_day), make)
        return centre

    def large(self) -> Centre:
        """The lake of the large centre."""
        base, root = self.base(), self.folder / "large"

        def make(_: Path) -> None:
            with step(f"lake of {self.settings.copies} periods of {DAYS} days"), tasks.key():
                copy_lake(base.root, root, load_config(base.config), DAYS, self.settings.copies)

        self._made(root, EXTRACTION, f"{self.settings.calls_per_day} {self.settings.copies}", make)
        return Centre(base.source, root)

    def whole(self) -> Centre:
        """The lake of a centre as large with the feeds of all its systems."""
        settings = self.settings
        logs = self._logs("whole-logs", DAYS, settings.calls_per_day, is_whole=True)
        base, root = Centre(logs, self.folder / "whole-base"), self.folder / "whole"

        def make_base(_: Path) -> None:
            with step("base lake of all feeds"):
                tasks.run("extract_whole", config=base.config, root=base.root)

        def make(_: Path) -> None:
            with (
                step(f"lake of all feeds, {settings.copies} periods of {DAYS} days"),
                tasks.key(),
                serving(logs) as said,
            ):
                os.environ.update(said)
                copy_lake(base.root, root, load_config(base.config), DAYS, settings.copies)

        self._made(base.root, EXTRACTION, str(settings.calls_per_day), make_base)
        self._made(root, EXTRACTION, f"{settings.calls_per_day} {settings.copies}", make)
        return Centre(logs, root)

    def warehouse(self) -> Centre:
        """The large centre with its marts built, by this run or an earlier one of the same code."""
        centre = self.large()
        if self._warehouse_stamp(centre).exists() and self._warehouse_stamp(centre).read_text("utf-8") == code_id(CODE):
            return centre
        with step("marts of the large centre"):
            tasks.run("marts", config=centre.config, root=centre.root, kind="models")
        self.keep_warehouse(centre)
        return centre

    def keep_warehouse(self, centre: Centre) -> None:
        """Note that the large centre's marts were built by this code. A release of other marts is none of theirs."""
        shutil.rmtree(published_dir(centre.root).parent, ignore_errors=True)
        self._warehouse_stamp(centre).write_text(code_id(CODE), "utf-8")

    def released(self) -> Centre:
        """The large centre with its marts released."""
        centre = self.warehouse()
        if last_release(centre.root) is None:
            with step("release of the large centre"):
                tasks.run("release", config=centre.config, root=centre.root)
        return centre

    def _warehouse_stamp(self, centre: Centre) -> Path:
        return warehouse_path(centre.root).with_name("made")

    def history(self, days: int) -> History:
        """The small centre with a history of so many days, built and released."""
        longest = max(self.settings.histories)
        logs = self._logs("history-logs", longest + 1 + OPEN_DAYS, self.settings.history_calls)
        first = FIRST_DATE + timedelta(days=longest - days)
        day = FIRST_DATE + timedelta(days=longest)
        folder = self.folder / f"history-{days}"
        centre = Centre(folder / "source", folder / "data")

        def make(_: Path) -> None:
            for file in _files(logs, first, day - timedelta(days=1)):
                target = _place(centre.source, file)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(file, target)
            said = yaml.safe_load((logs / "callmart.yaml").read_text("utf-8"))
            # the date that one part leaves empty must not be taken for a date that was lost
            said["centre"] |= {"first_date": first, "quiet_dates": [day]}
            centre.config.write_text(yaml.safe_dump(said, allow_unicode=True, sort_keys=False), "utf-8")
            with step(f"history of {days} days"):
                tasks.build(centre)

        self._made(folder, CODE, f"{days} {longest} {self.settings.history_calls}", make)
        return History(centre, day, tuple(_files(logs, day, day)))

    def _logs(self, name: str, days: int, calls_per_day: int, is_whole: bool = False) -> Path:
        folder = self.folder / name

        def make(_: Path) -> None:
            agents = next(n for n in range(FEWEST_AGENTS, 8000) if usual_calls_per_day(n) >= calls_per_day)
            with step(f"simulate {days} days of {calls_per_day} calls") as progress:
                # the figures of logs are of the telephone's alone: what the systems around write would be other figures
                company = Company if is_whole else None
                made = simulate(folder, days, agents, 1, FIRST_DATE, calls_per_day, company=company)
                progress.rows = made.contacts

        self._made(folder, ("simulator",), f"{days} {calls_per_day}", make)
        return folder

    def _made(self, folder: Path, code: Sequence[str], size: str, make: Callable[[Path], None]) -> None:
        """Run `make` unless the folder holds what it makes, by the same code and of the same size."""
        stamp, said = folder / "made.json", {"code": code_id(tuple(code)), "size": size}
        if stamp.exists() and json.loads(stamp.read_text("utf-8")) == said:
            return
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        make(folder)
        stamp.write_text(json.dumps(said), "utf-8")


def _files(logs: Path, first: date, last: date) -> list[Path]:
    """Rotated logs of a range of dates."""
    files = [*logs.glob("asterisk/queue_log.*.gz"), *logs.glob("asterisk/cdr-csv/Master.csv.*.gz")]
    return sorted(file for file in files if first <= _date(file) <= last)


def _date(file: Path) -> date:
    return datetime.strptime(file.name.split(".")[-2], "%Y%m%d").date()


def _place(source: Path, file: Path) -> Path:
    folder = source / "asterisk"
    return (folder / "cdr-csv" if file.name.startswith("Master") else folder) / file.name
