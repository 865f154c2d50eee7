"""The configuration of a centre (`callmart.yaml`): its models, its checks, and what of it affects data.

Here belongs: everything a user can write in the file, and the words that tell what is wrong with it. Not here: reading
data, and defaults of KPIs (seeds). Values are read as text and typed by the models, so that `0101` stays an id and
`08:00` a time, whatever YAML would make of them.
"""

from __future__ import annotations

import csv
import difflib
import glob
import hashlib
import json
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

import yaml
from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, ValidationError, field_validator, model_validator
from pydantic_core import PydanticCustomError

from expectations.contracts import NUMERIC, Contract, all_contracts
from orchestration import paths
from orchestration.errors import InputError
from orchestration.extract.expressions import Checker, ExpressionError
from orchestration.extract.http.settings import Http

HASH_KEY_VARIABLE = "CALLMART_HASH_KEY"
# Published on purpose: only made-up data may be hashed with it.
DEMO_HASH_KEY = "callmart-demo-key-published-and-therefore-not-secret"
MIN_KEY_LENGTH = 16

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


def hash_key() -> str:
    """The key of all hashes of personal data, from `CALLMART_HASH_KEY`. Raises InputError when unset or too short."""
    key = os.environ.get(HASH_KEY_VARIABLE, "")
    if len(key) < MIN_KEY_LENGTH:
        problem = "is not set" if not key else f"has fewer than {MIN_KEY_LENGTH} characters"
        raise InputError(
            f"the environment variable {HASH_KEY_VARIABLE} {problem}; personal data can't be hashed without it.",
            rule="hash_key",
            todo=f"set {HASH_KEY_VARIABLE} to a long random text, keep it, and use the same one for every build "
            "(another key makes every customer a new one).",
        )
    return key


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
    puts it into quarantine."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    when: Id
    action: Literal["flag", "invalid", "refuse"]
    reason: Id


class Options(_Model):
    """Options of asterisk.cdr and asterisk.cel: the columns of a file in order; of the first feed the direction as SQL
    over its columns."""

    columns: tuple[str, ...] | None = None
    direction: Id | None = None


class Retention(_Model):
    """What is kept: releases, and days of Dagster's runs (the last run that built a date stays longer)."""

    releases: int = Field(default=10, ge=1)
    runs_days: int = Field(default=30, ge=1, le=3650)


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
        or is expected, nor which feeds may be missing."""
        said = self.model_dump(mode="json", exclude={"retention", "automation"})
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


# --- reading ---------------------------------------------------------------------------------------------


class _TextLoader(yaml.SafeLoader):
    """YAML whose scalars stay text; only `null` is told apart."""


_TextLoader.yaml_implicit_resolvers = {
    first: [(tag, regexp) for tag, regexp in resolvers if tag in ("tag:yaml.org,2002:null", "tag:yaml.org,2002:merge")]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}

Location = tuple[str | int, ...]


@dataclass(frozen=True)
class _Problem:
    """One thing that is wrong, and where."""

    at: Location
    text: str
    todo: str = "correct the value."


def load_config(path: str | Path) -> Config:
    """Read and check a configuration file.

    Raises InputError (exit code 2) that names the file, line and key of each problem, and what to do.
    """
    file = Path(path)
    try:
        text = file.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise InputError(
            f"the configuration can't be read: {error.strerror}.",
            file=file,
            todo="name a readable file (--config FILE).",
        ) from error
    except UnicodeDecodeError as error:
        line = file.read_bytes()[: error.start].count(b"\n") + 1
        raise InputError(
            "the configuration is not UTF-8.", file=file, line=line, rule="encoding", todo="save it as UTF-8."
        ) from error
    return parse_config(text, file)


def parse_config(text: str, file: Path) -> Config:
    """Like `load_config`, from text; `file` is used for messages and for its folder."""
    data, lines = _read_yaml(text, file)
    if not isinstance(data, dict):
        raise InputError("the configuration is empty or not a mapping.", file=file, todo="see examples/ for one.")
    try:
        config = Config.model_validate(data)
    except ValidationError as error:
        raise _input_error(file, lines, list(_problems_of(error))) from error
    config._path = file
    for name, feed in config.feeds.items():
        source, short = name.split(".", 1)
        prefix: Location = ("sources", source, "feeds", short)
        feed._name, feed._base_dir, feed._zone = name, file.absolute().parent, config.centre.timezone
        feed._config_file = str(file)
        for at, line in lines.items():
            if at[:4] == prefix and len(at) > 4:
                feed._lines[".".join(str(part) for part in at[4:])] = line
    problems = list(_check(config))
    if problems:
        raise _input_error(file, lines, problems)
    return config


def _read_yaml(text: str, file: Path) -> tuple[Any, dict[Location, int]]:
    """The data as text values, and the line of each key and item."""
    lines: dict[Location, int] = {}

    def visit(node: yaml.Node, at: Location) -> None:
        lines.setdefault(at, node.start_mark.line + 1)
        if isinstance(node, yaml.MappingNode):
            seen: dict[str, int] = {}
            for key, value in node.value:
                name = str(key.value)
                if name in seen and key.tag != "tag:yaml.org,2002:merge":
                    raise InputError(
                        f"the key is given twice (first in line {seen[name]}).",
                        file=file,
                        line=key.start_mark.line + 1,
                        column=".".join(str(part) for part in (*at, name)),
                        todo="keep one of the two.",
                    )
                seen[name] = key.start_mark.line + 1
                lines[(*at, name)] = key.start_mark.line + 1
                visit(value, (*at, name))
        elif isinstance(node, yaml.SequenceNode):
            for index, item in enumerate(node.value):
                visit(item, (*at, index))

    loader = None
    try:
        loader = _TextLoader(text)  # which looks for characters that YAML can't hold
        node = loader.get_single_node()
        if node is None:
            return None, lines
        visit(node, ())
        return loader.construct_document(node), lines
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        raise InputError(
            f"this is not YAML: {error.problem}.",
            file=file,
            line=None if mark is None else mark.line + 1,
            rule="yaml",
            todo="correct the line (often indentation, a missing space after a colon, or an unclosed quote).",
        ) from error
    except yaml.YAMLError as error:
        raise InputError(f"this is not YAML: {error}.", file=file, rule="yaml", todo="correct it.") from error
    finally:
        if loader is not None:
            loader.dispose()


def _problems_of(error: ValidationError) -> Iterator[_Problem]:
    misspelt: set[Location] = set()  # a key that is only misspelt is not told as missing too
    for item in sorted(error.errors(), key=lambda item: item["type"] != "extra_forbidden"):
        at: Location = item["loc"]
        if item["type"] == "extra_forbidden":
            known = _keys_at(at[:-1])
            misspelt.update((*at[:-1], key) for key in known if f"did you mean {key}?" in nearest(str(at[-1]), known))
            yield _Problem(at, f"unknown key{nearest(str(at[-1]), known)}", f"known keys are: {', '.join(known)}.")
        elif item["type"] == "missing":
            if at not in misspelt:
                yield _Problem(at, "this key is missing", "add it.")
        else:
            is_told = not isinstance(item["input"], dict | list) and item["type"] != "secret" and at[-1] != "url"
            given = f" (it is {item['input']!r})" if is_told else ""  # an url may hold a password
            yield _Problem(at, item["msg"] + given)


def _keys_at(at: Location) -> list[str]:
    """Keys that a place of the configuration knows."""
    kind: Any = Config
    for part in at:
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            kind = kind.model_fields[str(part)].annotation
        else:  # a tuple or dict of models
            kind = next(item for item in reversed(get_args(kind)) if item is not Ellipsis)
        models = [item for item in get_args(kind) if isinstance(item, type) and issubclass(item, BaseModel)]
        if type(None) in get_args(kind):
            kind = models[0]
    return list(kind.model_fields)


def _input_error(file: Path, lines: dict[Location, int], problems: list[_Problem]) -> InputError:
    def line(at: Location) -> int | None:
        while at and at not in lines:
            at = at[:-1]
        return lines.get(at)

    problems = sorted(problems, key=lambda problem: line(problem.at) or 0)
    first, *others = problems
    text = first.text.rstrip(".") + "."
    more = "".join(
        f"\n{file}:{line(p.at)}: {'.'.join(str(part) for part in p.at)}: {p.text.rstrip('.')}. What to do: {p.todo}"
        for p in others
    )
    return InputError(
        text,
        file=file,
        line=line(first.at),
        column=".".join(str(part) for part in first.at),
        rule="configuration",
        todo=first.todo + more,
    )


# --- checks that need more than one key ------------------------------------------------------------------


def _check(config: Config) -> Iterator[_Problem]:
    from orchestration.extract.adapters import adapters  # which knows the configuration in its turn

    known = sorted(adapters())
    with Checker() as checker:
        zones = checker.zones()
        yield from _check_zones(config, zones)
        yield from _check_people(config)
        for name, feed in config.feeds.items():
            source, short = name.split(".", 1)
            at: Location = ("sources", source, "feeds", short)
            if name not in known:
                has_contract = name in all_contracts() and not all_contracts()[name].is_reference
                told = "has a contract, but callmart can't read it yet" if has_contract else "is unknown"
                yield _Problem(at, f"feed {name} {told}{nearest(name, known)}", f"known feeds are: {', '.join(known)}.")
            elif sum(bool(said) for said in (feed.paths, feed.database, feed.http)) != 1:
                told = f"{name} needs either paths or a database or http"
                yield _Problem((*at, "paths"), told, "say where its records are.")
            elif feed.contract.source == "canonical":
                yield from _check_mapped(feed, at, checker)
            else:
                yield from _check_asterisk(feed, at, checker)


def _check_zones(config: Config, zones: list[str]) -> Iterator[_Problem]:
    named: list[tuple[Location, str | None]] = [(("centre", "timezone"), config.centre.timezone)]
    named += [(("queues", index, "timezone"), queue.timezone) for index, queue in enumerate(config.queues)]
    for name, feed in config.feeds.items():
        source, short = name.split(".", 1)
        named.append((("sources", source, "feeds", short, "timezone"), feed.timezone))
    known = set(zones)
    for at, zone in named:
        if zone is not None and zone not in known:
            yield _Problem(
                at, f"{zone!r} is not a time zone{nearest(zone, zones)}", "use an IANA name (Asia/Shanghai)."
            )


def _check_people(config: Config) -> Iterator[_Problem]:
    for index, queue in enumerate(config.queues):
        for other in config.queues[:index]:
            if other.queue_id == queue.queue_id and other.overlaps(queue):
                yield _Problem(("queues", index, "queue_id"), f"queue {queue.queue_id!r} has two settings on one day",
                               "end the earlier one with valid_to.")  # fmt: skip
    taken: dict[str, list[Agent]] = {}
    for index, agent in enumerate(config.agents):
        for name in agent.names:
            for other_agent in taken.setdefault(name, []):
                if other_agent.overlaps(agent):
                    yield _Problem(
                        ("agents", index, "names"),
                        f"{name!r} names agents {other_agent.agent_id!r} and {agent.agent_id!r} on one day",
                        "give the name to one agent, or end the earlier one with valid_to.",
                    )
            taken[name].append(agent)
    numbers: dict[str, int] = {}
    channels = _channels()
    for index, number in enumerate(config.numbers):
        if number.number in numbers:
            yield _Problem(
                ("numbers", index, "number"), f"number {number.number!r} is given twice", "keep one of the two."
            )
        numbers[number.number] = index
        if number.channel not in channels:
            yield _Problem(
                ("numbers", index, "channel"),
                f"unknown channel {number.channel!r}{nearest(number.channel, channels)}",
                f"known channels (seeds/channel.csv) are: {', '.join(channels)}.",
            )
    official: list[Official] = []
    for index, item in enumerate(config.official):
        if any(other.kpi_id == item.kpi_id and other.overlaps(item) for other in official):
            yield _Problem(("official", index, "kpi_id"), f"{item.kpi_id} has two official variants on one day",
                           "end the earlier one with valid_to.")  # fmt: skip
        official.append(item)


def _channels() -> list[str]:
    with (paths.PROJECT / "seeds" / "channel.csv").open(encoding="utf-8", newline="") as handle:
        return [row["channel_id"] for row in csv.DictReader(handle)]


def _check_asterisk(feed: Feed, at: Location, checker: Checker) -> Iterator[_Problem]:
    tables = {
        "asterisk.cdr": (CDR_STANDARD_COLUMNS, CDR_EXTRA_COLUMNS, CDR_NEEDED_COLUMNS),
        "asterisk.cel": (CEL_STANDARD_COLUMNS, CEL_EXTRA_COLUMNS, CEL_NEEDED_COLUMNS),
    }
    foreign = ("http", "format", "columns", "mapping", "rules")
    for key in foreign if feed.name in tables else ("database", *foreign):
        if getattr(feed, key):
            yield _Problem((*at, key), f"{feed.name} has a fixed form and takes no {key}", "remove the key.")
    options = feed.options
    for key, feeds in (("columns", tuple(tables)), ("direction", ("asterisk.cdr",))):
        if getattr(options, key) is not None and feed.name not in feeds:
            yield _Problem((*at, "options", key), f"{feed.name} takes no option {key}", "remove the key.")
    if feed.name not in tables:
        return
    standard, extra, needed = tables[feed.name]
    columns = options.columns or standard
    if feed.database is not None:
        if options.columns is not None:
            told = "a table names its columns itself"
            yield _Problem(
                (*at, "options", "columns"), told, "remove the key, or list them as `columns` of the database."
            )
    else:
        yield from _check_file_columns(at, columns, (*standard, *extra), needed)
    if options.direction is not None and feed.name == "asterisk.cdr":
        known = None if feed.database is not None else columns
        yield from _check_expression(checker, (*at, "options", "direction"), options.direction, known, "VARCHAR")


def _check_file_columns(
    at: Location, columns: Iterable[str], known: tuple[str, ...], needed: tuple[str, ...]
) -> Iterator[_Problem]:
    """Problems of the columns that are listed for a log without header."""
    seen: set[str] = set()
    for index, column in enumerate(columns):
        here: Location = (*at, "options", "columns", index)
        if column not in known:
            yield _Problem(here, f"unknown column {column!r}{nearest(column, known)}",
                           f"known columns are: {', '.join(known)}.")  # fmt: skip
        elif column in seen:
            yield _Problem(here, f"column {column!r} is given twice", "keep one of the two.")
        seen.add(column)
    for column in needed:
        if column not in seen:
            yield _Problem(
                (*at, "options", "columns"), f"column {column!r} is missing", "list all columns of the file."
            )


def _check_mapped(feed: Feed, at: Location, checker: Checker) -> Iterator[_Problem]:
    contract = feed.contract
    for key in ("columns", "direction"):
        if getattr(feed.options, key) is not None:
            yield _Problem((*at, "options", key), f"{feed.name} takes no option {key}", "remove the key.")
    if feed.http is not None:
        for key in ("format", "encoding"):
            if key in feed.model_fields_set:
                yield _Problem((*at, key), f"an API answers in JSON and takes no {key}", "remove the key.")
    if feed.columns is not None and len(set(feed.columns)) != len(feed.columns):
        yield _Problem((*at, "columns"), "a column is given twice", "give each name once.")
        return
    if not feed.csv.header and feed.columns is None:
        yield _Problem(
            (*at, "columns"), "a file without a header needs the names of its columns", "list them in order."
        )
        return
    filled: dict[str, list[str]] = {}
    for item in contract.inputs:
        for name in item.fills:
            filled.setdefault(name, []).append(item.name)
    automatic = {"flags", "is_invalid"}
    types = {column.name: column.type for column in contract.columns} | {i.name: i.type for i in contract.inputs}
    allowed = [name for name in types if name not in filled and name not in automatic]
    for name, sql in feed.mapping.items():
        here: Location = (*at, "mapping", name)
        if name in filled:
            inputs = " or ".join(filled[name])
            yield _Problem(here, f"{name} is filled from {inputs}", f"map {inputs} instead.")
        elif name in automatic:
            yield _Problem(here, f"{name} is filled by rules", "write a rule instead.")
        elif name not in types:
            yield _Problem(here, f"unknown column{nearest(name, allowed)}", f"known columns are: {', '.join(allowed)}.")
        elif sql.startswith(TODO):
            told = f"{name} is still to be decided: {sql.removeprefix(TODO).strip(' :')}"
            todo = "write its SQL; where `callmart init` wrote lines to choose from, keep one of them."
            yield _Problem(here, told, todo)
        else:
            yield from _check_expression(checker, here, sql, feed.columns, types[name])
    for column in contract.columns:
        sources = filled.get(column.name, [column.name])
        if column.required and column.default is None and feed.mapping.keys().isdisjoint(sources):
            told = "this column is required but not mapped"
            yield _Problem((*at, "mapping", column.name), told, f"map {' or '.join(sources)}.")
    seen: set[str] = set()
    for index, rule in enumerate(feed.rules):
        here = (*at, "rules", index)
        if rule.name in seen:
            yield _Problem((*here, "name"), f"rule {rule.name!r} is given twice", "give each rule its own name.")
        seen.add(rule.name)
        if rule.action == "invalid" and "is_invalid" not in contract.column_names:
            yield _Problem((*here, "action"), f"a row of {feed.name} can't be invalid", "use flag or refuse.")
        yield from _check_expression(checker, (*here, "when"), rule.when, feed.columns, "BOOLEAN")


def _check_expression(
    checker: Checker, at: Location, sql: str, columns: Iterable[str] | None, wanted: str
) -> Iterator[_Problem]:
    try:
        found = checker.check(sql, None if columns is None else list(columns))
    except ExpressionError as error:
        yield _Problem(at, f"the expression {sql!r} can't be used: {error}", "correct the SQL (DuckDB).")
        return
    if found is not None and not fits(found, wanted):
        yield _Problem(at, f"the expression {sql!r} gives {found}, {wanted} is needed", _conversion_hint(wanted))


def fits(found: str, wanted: str) -> bool:
    """Whether a value of DuckDB type `found` can be typed as `wanted` without guessing what it means."""
    number = found.startswith(("DECIMAL", "DOUBLE", "FLOAT", "HUGEINT", "UHUGEINT")) or found.endswith("INT")
    number = number or found == "INTEGER" or found == "UINTEGER"
    if found in ('"NULL"', "NULL", "VARCHAR") or found.startswith("ENUM"):
        return True
    if wanted == "TIMESTAMP":
        return found.startswith("TIMESTAMP") or found == "DATE"
    if wanted == "DATE":
        return found in ("DATE", "TIMESTAMP")
    if wanted in NUMERIC:
        return number
    if wanted == "BOOLEAN":
        return found == "BOOLEAN"
    return wanted == "VARCHAR" and (
        number or found in ("BOOLEAN", "DATE", "TIME", "UUID") or found.startswith("TIMESTAMP")
    )


def _conversion_hint(wanted: str) -> str:
    if wanted == "TIMESTAMP":
        return "use strptime(text, format) for local times, to_timestamp(seconds) for epoch seconds."
    if wanted == "DATE":
        return "use cast(strptime(text, format) as date)."
    if wanted == "BOOLEAN":
        return "write a comparison, e.g. outcome = 'PHANTOM'."
    return f"convert it, e.g. cast(… as {wanted})."
