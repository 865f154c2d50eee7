"""What can go wrong in a simulated centre: every defect that can be planted, by the name that `--defect` takes.

Belongs here: the one list of names, in which feed each defect is, on which dates, and how truth.json tells it. Does not
belong here: how files are spoilt (`forms.defects`), what is wrong with records (`defects`), and the dirt of a healthy
telephone system's logs, which changes no KPI (`asterisk_files`).

So that what one defect does can be told from what another does, each file that is spoilt has a feed of its own and lies
on one date, the spoilt one, in the middle of the simulation. Wrong records are on other dates: not on the one before
it, from which answers come in its files, nor on the last one, which no later date bears out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass
from typing import Any, Literal

from simulator.errors import SettingError
from simulator.local_time import date_of

Place = Literal["file", "record", "clock"]


@dataclass(frozen=True, slots=True)
class DefectKind:
    """One defect. `place`: a file of the spoilt date, single records, or the clock of a system on the spoilt date;
    `feeds` are those in which it is found; `share` of the records that can have it do."""

    place: Place
    feeds: tuple[str, ...]
    says: str
    share: float = 1.0


def _feeds(*names: str) -> tuple[str, ...]:
    return tuple(f"canonical.{name}" for name in names)


DEFECTS = {
    "duplicate_file": DefectKind("file", _feeds("survey_invitation"), "an export comes twice, in another order"),
    "late_file": DefectKind("file", _feeds("recording"), "the rows of a date come in a file dated two days later"),
    "missing_hours": DefectKind("file", _feeds("ivr_step"), "the rows of two hours are lost"),
    "renamed_column": DefectKind("file", _feeds("audio_quality"), "the column of the event's time has another name"),
    "wrong_encoding": DefectKind("file", _feeds("survey_response"), "some lines are in UTF-8, not in GB18030"),
    "broken_lines": DefectKind("file", _feeds("transfer"), "some lines end in the middle"),
    "wrong_zone": DefectKind("file", _feeds("chat_message"), "times are in UTC where local time is agreed"),
    "clock_skew": DefectKind("clock", _feeds("ticket"), "tickets bear the time of a clock that is 20 minutes slow"),
    "solved_before_created": DefectKind("record", _feeds("ticket"), "tickets are solved before they are created", 0.03),
    "double_survey": DefectKind(
        "record", _feeds("survey_invitation", "survey_response"), "a survey is sent, and may be answered, twice", 0.03
    ),
    "orphan_survey": DefectKind(
        "record", _feeds("survey_invitation", "survey_response"), "surveys are about contacts that nobody knows", 0.03
    ),
    "orphan_evaluation": DefectKind(
        "record", _feeds("qa_evaluation"), "evaluations are about contacts that nobody knows", 0.2
    ),
    "orphan_ticket": DefectKind("record", _feeds("ticket"), "tickets are of customers whom nobody knows", 0.03),
    "orphan_transfer": DefectKind("record", _feeds("transfer"), "transfers are of contacts that nobody knows", 0.2),
    "log_rows_removed": DefectKind("record", _feeds("query_log"), "rows are taken out of a log with a chain", 0.04),
}
"""Name -> what it is."""


@dataclass(frozen=True, slots=True)
class Planted:
    """Rows of one local date that a defect concerns, as truth.json tells it: those a check must find, or of a file
    those that are in it. `file` is the one that is spoilt."""

    defect: str
    feed: str
    date: str
    rows: int
    file: str | None = None


def chosen(wanted: Iterable[str], *places: Place) -> set[str]:
    """The names of these places among those that are wanted. Raises SettingError for a name that is none."""
    names = set(wanted)
    if unknown := sorted(names - set(DEFECTS)):
        raise SettingError(f"there is no defect {unknown[0]}: choose from {', '.join(DEFECTS)}.")
    return {name for name in names if DEFECTS[name].place in places}


@dataclass(frozen=True, slots=True)
class DefectDays:
    """The local days of a simulation, as defects are spread over them."""

    first: int
    count: int

    @property
    def last(self) -> int:
        return self.first + self.count - 1

    @property
    def spoilt(self) -> int:
        """The one on which files and clocks are wrong."""
        return self.first + self.count // 2

    def may_hold_wrong_records(self, day: int) -> bool:
        """Whether single records of a day may be wrong."""
        return self.first <= day < self.last and day not in (self.spoilt - 1, self.spoilt)


def date_text(day: int) -> str:
    """A local day as truth.json writes it."""
    return date_of(day).isoformat()


def as_truth(planted: Collection[Planted]) -> list[dict[str, Any]]:
    """What was planted, in the order of the list of defects, feeds, dates and files."""
    names = list(DEFECTS)
    ordered = sorted(planted, key=lambda one: (names.index(one.defect), one.feed, one.date, one.file or ""))
    return [{name: value for name, value in asdict(one).items() if value is not None} for one in ordered]
