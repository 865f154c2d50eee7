"""What a user can write in `callmart.yaml`, as models.

Here belongs: each key with its type, default and limits, and what follows from it alone. Not here: reading the file
(reading.py), checks that need more than one key (checks.py), defaults of KPIs (seeds).
"""

from __future__ import annotations

import difflib
import glob
import hashlib
import json
import os
import re
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, field_validator, model_validator
from pydantic_core import PydanticCustomError

from expectations.contracts import Contract, all_contracts
from orchestration.errors import InputError
from orchestration.extract.http.settings import Http

# What stands in a mapping instead of SQL where somebody still has to decide.
TODO = "TODO"

CDR_STANDARD_COLUMNS = (
    "accountcode", "src", "dst", "dcontext", "clid", "channel", "dstchannel", "lastapp", "lastdata", "start", "answer",
    "end", "duration", "billsec", "disposition", "amaflags", "uniqueid", "userfield",
)  # fmt: skip
CDR_EXTRA_COLUMNS = ("peeraccount", "linkedid", "sequence")
CDR_NEEDED_COLUMNS = ("src", "dst", "start", "disposition")
CEL_STANDARD_COLUMNS = (
    "eventtype", "eventtime", "cid_name", "cid_num", "cid_ani", "cid_rdnis", "cid_dnid", "exten", "context", "channame",
    "appname", "appdata", "amaflags", "accountcode", "uniqueid", "linkedid", "peer", "userfield", "userdeftype",
    "extra",
)  # fmt: skip
CEL_EXTRA_COLUMNS = ("eventenum", "peeraccount", "tenantid", "literal")
CEL_NEEDED_COLUMNS = ("eventtype", "eventtime", "uniqueid", "extra")
FIRST_VALID_DATE = date(1900, 1, 1)

ENCODINGS = {
    "auto": "auto", "utf-8": "utf-8", "utf8": "utf-8", "utf-8-sig": "utf-8", "gb18030": "gb18030", "gbk": "gb18030",
    "gb2312": "gb18030", "cp936": "gb18030",
}  # fmt: skip

Seconds = Annotated[int, Field(ge=0, le=7 * 86400)]
Rate = Annotated[float, Field(ge=0, le=1)]
Id = Annotated[str, Field(min_length=1)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=False)


class Name(_Model):
    """A name in both languages."""

    zh: str
    en: str


class Centre(_Model):
    """Settings of the whole centre; queues may have their own. Durations are seconds, rates fractions."""

    site_id: Id
    name: Name
    timezone: str
    first_date: date
    currency: str = Field(default="CNY", pattern=r"^[A-Z]{3}$")
    sl_target_s: Seconds = 20
    sl_target_rate: Rate = 0.8
    short_abandon_s: Seconds = 5
    invalid_call_s: Seconds = 5
    anomalous_short_s: Seconds = 5
    acw_pause_reasons: tuple[Id, ...] = ("ACW", "Wrapup", "话后处理")
    wrap_up_s: Seconds = 0
    shift_day_start: str = Field(default="00:00", pattern=r"^([01]\d|2[0-3]):[0-5]\d$")
    # A state is carried over at most one date: longer silence would reach further back than a build reads.
    agent_silence_max_s: Annotated[int, Field(ge=0, le=86400)] = 57600
    # Records of one contact in two systems begin no further apart; a record that names the other's id needs no clock.
    contact_match_s: Annotated[int, Field(ge=0, le=600)] = 10
    # Issues that no first contact can solve; net rates of first-contact resolution leave them out.
    not_resolvable_issues: tuple[Id, ...] = ()
    # With a smaller share of contacts whose customer and issue are known, such rates fall to what numbers alone tell.
    min_known_rate: Rate = 0.5
    number_length_internal: int = Field(default=6, ge=1, le=8)
    target_profile: Id = "default"
    # Holidays and maintenance: few records are expected, so that volume is not judged.
    quiet_dates: tuple[date, ...] = ()

    @property
    def shift_day_start_s(self) -> int:
        """Seconds after midnight at which a shift date begins."""
        hours, minutes = self.shift_day_start.split(":")
        return int(hours) * 3600 + int(minutes) * 60


class _Valid(_Model):
    valid_from: date = FIRST_VALID_DATE
    valid_to: date | None = None

    @model_validator(mode="after")
    def _not_empty(self) -> _Valid:
        if self.valid_to is not None and self.valid_to <= self.valid_from:
            raise PydanticCustomError("empty_period", "valid_to must be after valid_from (it is the first day outside)")
        return self

    def overlaps(self, other: _Valid) -> bool:
        """Whether both hold on some day."""
        return (self.valid_to is None or other.valid_from < self.valid_to) and (
            other.valid_to is None or self.valid_from < other.valid_to
        )


class Queue(_Valid):
    """Settings of one queue in one period; what is left out is the centre's."""

    queue_id: Id
    name: Name | None = None
    skill_group_id: Id | None = None
    timezone: str | None = None
    sl_target_s: Seconds | None = None
    sl_target_rate: Rate | None = None
    short_abandon_s: Seconds | None = None
    anomalous_short_s: Seconds | None = None
    anomalous_long_s: Seconds | None = None


class Agent(_Valid):
    """One agent and the names that sources write for that agent."""

    agent_id: Id
    names: tuple[Id, ...] = Field(min_length=1)
    team_id: Id | None = None


class Number(_Model):
    """One of the centre's own numbers."""

    number: Id
    channel: Id


class Official(_Valid):
    """A KPI that the centre decides otherwise than the seeds."""

    kpi_id: str = Field(pattern=r"^M\d{3}$")
    variant: Id | None = None
    target_profile: Id | None = None


FileKind = Literal["csv", "json_lines", "json", "parquet", "xlsx"]
_KINDS: dict[str, FileKind] = {
    ".jsonl": "json_lines", ".ndjson": "json_lines", ".json": "json_lines", ".parquet": "parquet", ".xlsx": "xlsx"
}  # fmt: skip


class Format(_Model):
    """Form of a flat export: its kind (by default what the file's name says, else CSV) and its dialect. Without
    `escape` a quote inside a quoted field is doubled; `skip` lines stand above the header; `sheet` names the sheet of a
    workbook (its first by default)."""

    kind: FileKind | None = None
    sheet: str | None = None
    delimiter: str = Field(default=",", min_length=1, max_length=1)
    quote: str = Field(default='"', max_length=1)
    escape: str = Field(default="", max_length=1)
    header: bool = True
    skip: int = Field(default=0, ge=0)

    @field_validator("delimiter", mode="before")
    @classmethod
    def _tab(cls, value: Any) -> Any:
        return "\t" if value in ("\\t", "tab") else value

    def kind_of(self, name: str) -> FileKind:
        """Kind of the file of that name; what it is packed in does not matter."""
        bare = re.sub(r"\.(gz|zip)$", "", name.lower())
        return self.kind or _KINDS.get(Path(bare).suffix, "csv")

    @model_validator(mode="after")
    def _distinct(self) -> Format:
        marks = (self.delimiter, self.quote, self.escape)
        if self.delimiter in marks[1:] or any(mark in "\n\r\0" or mark.isalnum() for mark in marks if mark):
            raise PydanticCustomError(
                "bad_dialect",
                "delimiter, quote and escape must be signs (no letter, digit or line end), the delimiter another than "
                "the other two",
            )
        if not (self.quote + self.escape).isascii():
            raise PydanticCustomError("bad_dialect", "quote and escape must be ASCII characters")
        return self


class Rule(_Model):
    """A named rule over the export's columns: `flag` keeps the row, `invalid` keeps it as an invalid contact, `refuse`
    puts it into quarantine, with the feed's `column` that the rule is about."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    when: Id
    action: Literal["flag", "invalid", "refuse"]
    reason: Id
    column: Id | None = None


class Options(_Model):
    """Options of asterisk.cdr and asterisk.cel: the columns of a file in order; of the first feed the direction of a
    call, and the campaign that it was placed for, as SQL over its columns."""

    columns: tuple[str, ...] | None = None
    direction: Id | None = None
    campaign: Id | None = None


class Retention(_Model):
    """What is kept: a number of releases, and days. None is for ever. Of Dagster's runs the last one that built a date
    stays longer; of landing a file that counts goes only when `landing_days` is set, and seals its dates."""

    releases: int = Field(default=10, ge=1)
    releases_days: int | None = Field(default=None, ge=1, le=3650)
    runs_days: int = Field(default=30, ge=1, le=3650)
    quarantine_days: int | None = Field(default=365, ge=1, le=3650)
    superseded_days: int | None = Field(default=90, ge=1, le=3650)
    # Shorter than a month and the late window would reach sealed dates in daily work.
    landing_days: int | None = Field(default=None, ge=31, le=36500)


class RowLimits(_Model):
    """Whose rows a scope gets: of one of the ids of each kind that is given, or of everybody (`all`). An agent's team
    is that of the row's own date."""

    queue: tuple[Id, ...] = ()
    team: tuple[Id, ...] = ()
    agent: tuple[Id, ...] = ()
    line_of_business: tuple[Id, ...] = ()
    all: bool = False

    @property
    def members(self) -> dict[str, tuple[str, ...]]:
        """The ids by what they are ids of; none when the rows are everybody's."""
        return {kind: ids for kind, ids in self if isinstance(ids, tuple) and ids}

    @model_validator(mode="after")
    def _limits(self) -> RowLimits:
        if self.all and self.members:
            raise PydanticCustomError("two_limits", "rows are either all, or those of ids")
        if not self.all and (not self.members or any(kind not in self.members for kind in self.model_fields_set)):
            raise PydanticCustomError("no_limit", "a scope is limited to at least one id of each kind that it names")
        return self


class Scope(_Model):
    """A release of a part of the centre: of some rows, columns or marts. Columns of the names in `hide` are NULL in it;
    of the marts that it may have it gets those in `marts`, by default all. `native_sql`: whether its people may write
    SQL in Metabase, with which they can read every file that Metabase can read."""

    name: Name
    rows: RowLimits
    hide: tuple[Id, ...] = ()
    marts: tuple[Id, ...] | None = None
    native_sql: bool = False

    @model_validator(mode="after")
    def _is_a_part(self) -> Scope:
        if self.rows.all and not self.hide and self.marts is None:
            raise PydanticCustomError("no_part", "a scope of all rows hides columns, or names its marts")
        return self


class Automation(_Model):
    """When a running Dagster daemon looks for files and builds; times are the centre's."""

    look_every_s: int = Field(default=30, ge=5, le=3600)
    # A file that is still being copied is not built: this many looks in a row must find it as it was.
    settled_after_looks: int = Field(default=2, ge=2, le=100)
    daily_at: str = Field(default="02:00", pattern=r"^([01]\d|2[0-3]):[0-5]\d$")


class Freshness(_Model):
    """By when a feed's rows must be there: hours after the end of an hour that always has some. By default as the
    freshness class of the KPIs that need the feed asks. After `expected_until` no row is expected any more."""

    expected_within_h: Annotated[int, Field(ge=1, le=24 * 31)] | None = None
    expected_until: date | None = None


class Database(_Model):
    """A table or view of a database that a feed is read from. `url` is one environment variable (`${CRM_URL}`, which
    holds `postgresql://…` or `mysql://…`), or `sqlite:` and a file. Rows whose `cursor` column is not below the highest
    value seen so far are new or changed ones; without `cursor` the whole table is read each time. `where` is SQL. The
    database is asked again after `at_most_every_s` at the earliest."""

    url: str = Field(pattern=r"^(\$\{\w+\}|sqlite:.+)$")
    table: Id
    columns: tuple[Id, ...] | None = None
    where: Id | None = None
    cursor: Id | None = None
    at_most_every_s: int = Field(default=60, ge=0, le=86400)


class Feed(_Model):
    """One data set of one source, as configured: files (`paths`), a table (`database`) or an API (`http`). `contract`,
    `name` and `base_dir` come with loading."""

    paths: tuple[Id, ...] = ()
    database: Database | None = None
    http: Http | None = None
    timezone: str | None = None
    encoding: str = "auto"
    critical: bool = True
    required: bool = True
    clock_tolerance_s: Annotated[int, Field(ge=0, le=86400)] | None = None
    freshness: Freshness = Freshness()
    options: Options = Options()
    format: Format | None = None
    columns: tuple[Id, ...] | None = None
    mapping: dict[str, str] = Field(default_factory=dict)
    rules: tuple[Rule, ...] = ()

    _name: str = PrivateAttr(default="")
    _base_dir: Path = PrivateAttr(default=Path())
    _zone: str = PrivateAttr(default="UTC")
    _config_file: str = PrivateAttr(default="")
    _lines: dict[str, int] = PrivateAttr(default_factory=dict)

    @field_validator("encoding")
    @classmethod
    def _encoding(cls, value: str) -> str:
        if value.lower() not in ENCODINGS:
            raise PydanticCustomError(
                "unknown_encoding", "unknown encoding{hint}", {"hint": nearest(value, sorted(set(ENCODINGS)))}
            )
        return ENCODINGS[value.lower()]

    @property
    def name(self) -> str:
        """`<source>.<feed>`."""
        return self._name

    @property
    def contract(self) -> Contract:
        """What a row of this feed must look like."""
        return all_contracts()[self._name]

    @property
    def is_log(self) -> bool:
        """Whether the source only appends to a file until it rotates it, as Asterisk does; an export is rewritten."""
        return self.contract.source == "asterisk"

    @property
    def zone(self) -> str:
        """IANA zone of local times in this feed."""
        return self.timezone or self._zone

    @property
    def tolerance_s(self) -> int:
        """Seconds by which the clocks of one record may disagree."""
        return self.contract.clock_tolerance_s if self.clock_tolerance_s is None else self.clock_tolerance_s

    @property
    def base_dir(self) -> Path:
        """Folder that relative paths start from: the one of the configuration file."""
        return self._base_dir

    @property
    def config_file(self) -> str:
        """Configuration file, for messages."""
        return self._config_file

    @property
    def csv(self) -> Format:
        """Dialect of the files."""
        return self.format or Format()

    def file_kind(self, name: str) -> FileKind:
        """Kind of a file of this feed; a log of a system with a form of its own is text whatever its name, and what
        comes from a database is landed as Parquet, what comes from an API as JSON lines."""
        if self.database is not None:
            return "parquet"
        if self.http is not None:
            return "json_lines"
        return self.csv.kind_of(name) if self.contract.source == "canonical" else "csv"

    def line_of(self, key: str) -> int | None:
        """Line of the configuration file that a key of this feed stands on, e.g. `mapping.contact_id`."""
        return self._lines.get(key)

    def patterns(self) -> list[str]:
        """`paths` with `${NAME}` and `${NAME:-default}` replaced, absolute, as patterns. Raises InputError for an unset
        variable."""
        base = Path(glob.escape(str(self._base_dir)))
        return [str(base / self.expand(path, "paths")) for path in self.paths]

    def database_url(self) -> str:
        """The database's url, with what the environment keeps. Raises InputError for an unset variable."""
        assert self.database is not None
        url = self.expand(self.database.url, "database.url")
        if url.startswith("sqlite:"):
            return "sqlite:" + str(self._base_dir / url.removeprefix("sqlite:"))
        return url

    def expand(self, text: str, key: str) -> str:
        """A text of this feed's `key` with `${NAME}` and `${NAME:-default}` replaced. Raises InputError for an unset
        variable."""

        def value(match: re.Match[str]) -> str:
            found = os.environ.get(match[1]) or match[3]
            if found is None:
                raise self.error(
                    f"{text!r} names the environment variable {match[1]}, which is not set.",
                    key,
                    f"set {match[1]}{', or write the path itself' if key == 'paths' else ''}.",
                )
            return found

        return re.sub(r"\$\{(\w+)(:-([^}]*))?\}", value, text)

    def error(self, problem: str, key: str, todo: str, rule: str | None = None) -> InputError:
        """An error about a key of this feed, with the place where it is configured."""
        return InputError(
            problem,
            file=self._config_file,
            line=self.line_of(key),
            column=f"sources.{self._name}.{key}",
            rule=rule,
            todo=todo,
        )


class Source(_Model):
    """One source system."""

    feeds: dict[str, Feed] = Field(min_length=1)


class Config(_Model):
    """A whole configuration file. Use `load_config`."""

    centre: Centre
    queues: tuple[Queue, ...] = ()
    agents: tuple[Agent, ...] = ()
    numbers: tuple[Number, ...] = ()
    official: tuple[Official, ...] = ()
    sources: dict[str, Source] = Field(min_length=1)
    automation: Automation = Automation()
    retention: Retention = Retention()
    scopes: dict[str, Scope] = Field(default_factory=dict)

    _path: Path = PrivateAttr(default=Path("callmart.yaml"))

    @property
    def path(self) -> Path:
        """The file."""
        return self._path

    @property
    def feeds(self) -> dict[str, Feed]:
        """Configured feeds by `<source>.<feed>`, sorted."""
        found = {f"{s}.{f}": feed for s, source in self.sources.items() for f, feed in source.feeds.items()}
        return dict(sorted(found.items()))

    def feed(self, name: str) -> Feed:
        """One configured feed. Raises InputError for one that is not configured."""
        if name not in self.feeds:
            raise InputError(
                f"feed {name!r} is not configured{nearest(name, list(self.feeds))}.",
                file=self._path,
                rule="unknown_feed",
            )
        return self.feeds[name]

    @property
    def fingerprint(self) -> str:
        """Hash of everything here that can change a number: not where records come from, retention, when something runs
        or is expected, which feeds may be missing, nor who gets which part."""
        said = self.model_dump(mode="json", exclude={"retention", "automation", "scopes"})
        for source in said["sources"].values():
            for feed in source["feeds"].values():
                for key in ("paths", "database", "http", "critical", "required", "freshness"):
                    feed.pop(key)
        return hashlib.sha256(json.dumps(said, sort_keys=True, ensure_ascii=False).encode()).hexdigest()[:16]

    @property
    def own_numbers(self) -> tuple[str, ...]:
        """The centre's own numbers as configured, sorted."""
        return tuple(sorted({number.number for number in self.numbers}))


def nearest(word: str, known: Iterable[str]) -> str:
    """`; did you mean X?` for the closest known word, or empty."""
    by_fold = {name.casefold(): name for name in known}
    close = difflib.get_close_matches(word.casefold(), list(by_fold), n=1, cutoff=0.5)
    return f"; did you mean {by_fold[close[0]]}?" if close else ""
