"""What is authored: collections, groups, dashboards with their questions, as the YAML files of `content/` say it.

Belongs here: their form, and reading them with one clear error on a mistake. Not here: what Metabase gets (render.py).
Texts of people stand side by side as `{zh: …, en: …}`; names of KPIs are never written, the registry has them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, ValidationError, model_validator

from metabase import marts
from metabase.errors import MetabaseError

CONTENT = Path(__file__).with_name("content")
Key = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
# smartscalar: the last period that has data, beside the one before
Display = Literal["scalar", "smartscalar", "line", "bar", "row", "area", "table", "pie", "combo"]
# How old its data may be: a board is called live only when nothing on it is older than seconds.
Refresh = Literal["live", "hourly", "daily"]
Model = TypeVar("Model", bound=BaseModel)


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Text(_Strict):
    """The same in Chinese and in English."""

    zh: Annotated[str, Field(min_length=1)]
    en: Annotated[str, Field(min_length=1)]

    def of(self, language: str) -> str:
        """In `zh` or `en`."""
        return self.zh if language == "zh" else self.en


class Collection(_Strict):
    """A folder of Metabase; `within` is the one that it lies in."""

    name: Text
    about: Text
    within: Key | None = None


class Group(_Strict):
    """A group of people. `sees` are collections that it may read, `edits` those that it may change."""

    name: Text
    sees: list[Key] = []
    edits: list[Key] = []


class Measure(_Strict):
    """A figure of a question that is no KPI: an aggregate in SQL over the table, and what it is called."""

    sql: str
    name: Text
    unit: str = "count"


class Filter(_Strict):
    """A filter of a dashboard. It acts on each question whose table has one of `columns`, by the first that it has.
    `default` is what it is set to when the dashboard is opened: days or months before today and the one that runs
    (`past30days~`), or the month that runs."""

    key: Key
    name: Text
    type: Literal["date/all-options", "string/=", "string/ends-with", "id", "number/="]
    columns: Annotated[list[str], Field(min_length=1)]
    default: Annotated[str, Field(pattern=r"^(past[1-9]\d*(days|months)~|thismonth)$")] | None = None

    @model_validator(mode="after")
    def _is_of_dates(self) -> Filter:
        if self.default and self.type != "date/all-options":
            raise ValueError("only a filter of dates has a default")
        return self


class Click(_Strict):
    """Where a click on a question leads: `passes` gives that dashboard's filters a column of the clicked row. Filters
    that both dashboards have go along by themselves."""

    dashboard: Key
    passes: dict[Key, str] = {}


class Note(_Strict):
    """A text on a dashboard: what a figure means, and what to do."""

    text: Text
    width: Annotated[int, Field(ge=1, le=24)] = 24
    height: Annotated[int, Field(ge=1)] = 2


class Released(_Strict):
    """Values of a KPI that is no sum over another on one fact (a share, a distribution, a peak), as kpi_value has them
    at a grain and by a dimension set: its official variant."""

    kpi: str
    grain: Literal["day", "week", "month"]
    dim_set: str = "all"


class Question(_Strict):
    """A question: `metrics` of KPIs (`M021`, `M021@queue`) on one fact, a `table` with `measures` or `columns`, or
    `released` values by the periods and members that `by` names.

    `where` are conditions in SQL, `by` columns to group by (`local_date:week`, `queue_id.queue_name_{language}`),
    `sort` columns, or KPIs and measures by their place (`-#1`), `-` first for the greatest first. `is_age` says that
    its figure is an age in minutes: it turns red beyond what the freshness class of its dashboard allows. `ignores` are
    filters of the dashboard that do not act on it.
    """

    question: Key
    name: Text | None = None
    about: Text | None = None
    metrics: list[str] = []
    table: str | None = None
    released: Released | None = None
    measures: list[Measure] = []
    columns: list[str] = []
    where: list[str] = []
    by: list[str] = []
    sort: list[str] = []
    limit: Annotated[int, Field(ge=1)] | None = None
    display: Display = "table"
    is_age: bool = False
    ignores: list[Key] = []
    settings: dict[str, Any] = {}
    width: Annotated[int, Field(ge=1, le=24)] = 12
    height: Annotated[int, Field(ge=1)] = 6
    click: Click | None = None

    @model_validator(mode="after")
    def _is_one_kind(self) -> Question:
        if sum(map(bool, (self.metrics, self.table, self.released))) != 1:
            raise ValueError("give either metrics, a table or released values")
        if self.released and (self.measures or self.columns or not self.by):
            raise ValueError("released values have `by`, and no measures or columns of their own")
        if self.table and bool(self.measures) == bool(self.columns):
            raise ValueError("a question over a table has either measures or columns")
        if self.metrics and (self.measures or self.columns):
            raise ValueError("a question of metrics has no measures or columns of its own")
        if self.name is None and not self.released and len(self.metrics) != 1:
            raise ValueError("give a name: only a question of one KPI takes it from the registry")
        return self

    @property
    def mart(self) -> str | None:
        """The table that it names itself; None where its KPIs tell it."""
        return "kpi_value" if self.released else self.table


def _kind(card: Any) -> str:
    is_note = "text" in card if isinstance(card, dict) else isinstance(card, Note)
    return "note" if is_note else "question"


Card = Annotated[Annotated[Note, Tag("note")] | Annotated[Question, Tag("question")], Discriminator(_kind)]


class Tab(_Strict):
    """A page of a dashboard; cards flow from left to right and on to the next line."""

    name: Text
    cards: Annotated[list[Card], Field(min_length=1)]


class Dashboard(_Strict):
    """A dashboard. `reports` are ids of the requirement list that it answers, `owner_role` who answers for it."""

    name: Text
    about: Text
    collection: Key
    owner_role: Key
    refresh: Refresh
    reports: list[str] = []
    filters: list[Filter] = []
    tabs: Annotated[list[Tab], Field(min_length=1)]

    def questions(self) -> Iterator[Question]:
        """All of them, tab by tab."""
        for tab in self.tabs:
            yield from (card for card in tab.cards if isinstance(card, Question))


class Timeline(_Strict):
    """A line of events beside the charts of collections; Metabase shows one to the questions of its own collection."""

    name: Text
    about: Text
    icon: Literal["star", "cake", "mail", "warning", "bell", "cloud"]
    collections: Annotated[list[Key], Field(min_length=1)]


class Family(_Strict):
    """Measures that know a KPI by `members` alone: `name` stands behind the KPI's own."""

    name: Text
    members: Text


class Site(_Strict):
    """What is not a dashboard: `site.yml`. A model is a table with the columns that people ask for, names and ids."""

    collections: dict[Key, Collection]
    groups: dict[Key, Group]
    models: list[Question]
    hidden_tables: list[str]
    roles: dict[Key, Text]
    families: dict[str, Family]
    timelines: dict[Key, Timeline] = {}
    unnamed_columns: list[str] = []


@dataclass(frozen=True)
class Content:
    """Everything that is authored; dashboards by the names of their files."""

    site: Site
    dashboards: dict[str, Dashboard]


def read_content(folder: Path = CONTENT) -> Content:
    """All content, each name in it known; MetabaseError names file and place of the first mistake."""
    site = _read(folder / "site.yml", Site)
    files = sorted((folder / "dashboards").glob("*.yml"))
    dashboards = {file.stem: _read(file, Dashboard) for file in files}
    for file in files:
        for place, problem in _unknown(site, dashboards, dashboards[file.stem]):
            raise MetabaseError(problem, where=f"{file}: {place}")
    return Content(site, dashboards)


def _unknown(site: Site, dashboards: dict[str, Dashboard], board: Dashboard) -> Iterator[tuple[str, str]]:
    """Names in a dashboard that nothing else has, with the place where they stand."""
    if board.collection not in site.collections:
        yield "collection", f"there is no collection {board.collection}."
    if board.owner_role not in site.roles:
        yield "owner_role", f"role {board.owner_role} has no name in site.yml."
    seen: set[str] = set()
    for question in board.questions():
        if question.question in seen:
            yield f"question {question.question}", "stands twice on this dashboard."
        seen.add(question.question)
        for ignored in sorted(set(question.ignores) - {known.key for known in board.filters}):
            yield f"question {question.question}: ignores", f"this dashboard has no filter {ignored}."
        if question.click is None:
            continue
        if dashboards.get(question.click.dashboard) == board and not question.click.passes:
            yield f"question {question.question}: click", "leads to its own dashboard and passes nothing."
        target = dashboards.get(question.click.dashboard)
        if target is None:
            yield f"question {question.question}: click", f"there is no dashboard {question.click.dashboard}."
            continue
        for passed in sorted(question.click.passes.keys() - {known.key for known in target.filters}):
            yield f"question {question.question}: click", f"{question.click.dashboard} has no filter {passed}."


def _read(file: Path, model: type[Model]) -> Model:
    try:
        return model.model_validate(yaml.load(file.read_text("utf-8"), Loader=marts.YAML_LOADER))
    except yaml.YAMLError as error:
        raise MetabaseError(f"is no YAML: {' '.join(str(error).split())}.", where=str(file)) from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"] if part not in ("note", "question"))
        raise MetabaseError(f"{first['msg']}.", where=f"{file}: {place}" if place else str(file)) from error
