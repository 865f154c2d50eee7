"""Content, registry and marts put together: every collection, metric, question and dashboard in one language.

Belongs here: the form that Metabase wants. Not here: formulas (the registry's measures, translated by formula.py), the
metadata of tables and fields (metadata.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

from metabase.alerts import Rule, alerts, card_key
from metabase.content import Click, Content, Dashboard, Family, Filter, Measure, Note, Question, Tab
from metabase.content import Text as Said
from metabase.errors import MetabaseError
from metabase.formula import Clause, Ref, Translator, Untranslatable
from metabase.items import Item, clause_id, entity_id
from metabase.marts import Table, Text, table_of
from metabase.registry import Division, Kpi, NotAMetricError, division, divisions
from metabase.registry import Measure as Summed
from metabase.timelines import Event, timelines
from seeds import seed_rows

_WIDTH = 24  # of Metabase's grid
_GREEN, _RED = "#84BB4C", "#ED6E6E"
_FOR_EVER = 10**9  # in minutes: a colour of Metabase needs both bounds
_FORMATS: dict[str, dict[str, Any]] = {
    "rate": {"number_style": "percent", "decimals": 1},
    "rate_difference": {"number_style": "percent", "decimals": 1},
    "points": {"decimals": 1},
    "money": {"decimals": 2},
    "quotient": {"decimals": 3},
    "count_per_day": {"decimals": 1},
}
_CHARTS = ("line", "bar", "row", "area", "combo")
_WORDS = {
    "definition": Text("口径", "Definition"),
    "formula": Text("公式", "Formula"),
    "owner": Text("负责", "Owner"),
    "refresh": Text("数据更新", "Data"),
    "reports": Text("对应报表", "Reports"),
    "todo": Text("未达标时", "When it is missed"),
    "by_members": Text("按{}分组请选", "Grouped by {} take"),
    "whole": Text("全中心与其他分组请选", "For the whole centre, or grouped by anything else, take"),
    "hourly": Text("每小时", "hourly"),
    "daily": Text("每日", "daily"),
    "live": Text("实时", "live"),
    "s": Text("秒", "s"),
}


@dataclass(frozen=True)
class Sources:
    """What content is rendered from. `remedies` are the measures that the strategy rules name, by KPI id; `rules` are
    watched by alerts, `events` stand on timelines; `within_h` is by freshness class how many hours after the end of an
    hour its rows must be there; `ended_on` is the last date of data that have ended, None while they go on."""

    content: Content
    kpis: Mapping[str, Kpi]
    measures: Sequence[Summed]
    marts: Mapping[str, Table]
    remedies: Mapping[str, Text]
    rules: Sequence[Rule] = ()
    events: Sequence[Event] = ()
    within_h: Mapping[str, int] = field(default_factory=dict)
    ended_on: date | None = None


def read_remedies() -> dict[str, Text]:
    """What the strategy rules say to do, by KPI id."""
    rows = reversed(seed_rows("strategy_rule"))
    return {row["kpi_id"]: Text(row["measure_zh"], row["measure_en"]) for row in rows}


def render(sources: Sources, language: str) -> list[Item]:
    """Everything but metadata, in an order in which nothing refers to what comes later, dashboards among them apart."""
    return _Renderer(sources, language).items()


def not_metrics(sources: Sources) -> dict[str, str]:
    """KPIs of the registry that are no saved metric, with the reason."""
    renderer, found = _Renderer(sources, "en"), {}
    for kpi in sources.kpis.values():
        if not kpi.is_official:
            continue
        try:
            renderer.metric(division(kpi, sources.measures))
        except (NotAMetricError, Untranslatable) as error:
            found[kpi.kpi_id] = error.problem
    return found


@dataclass
class _Renderer:
    sources: Sources
    language: str

    def items(self) -> list[Item]:
        content = self.sources.content
        boards = content.dashboards
        return [
            *(self._collection(key) for key in content.site.collections),
            *timelines(content, self.sources.events, self.language),
            *self._metrics(),
            *(self._model(model) for model in content.site.models),
            *(self._question(key, question) for key, board in boards.items() for question in board.questions()),
            *(self._dashboard(key, board) for key, board in boards.items()),
            *(self._alarm(rule) for rule in self.sources.rules),
            *alerts(self.sources.rules, role_groups(self.sources)),
        ]

    def _collection(self, key: str) -> Item:
        said = self.sources.content.site.collections[key]
        body: dict[str, Any] = {"name": self._in(said.name), "description": self._in(said.about)}
        body["parent_id"] = Ref("collection", said.within) if said.within else None
        return Item("collection", key, body["name"], body)

    def _metrics(self) -> list[Item]:
        """Each KPI that can be one by its official variant, with one more for members that only another fact counts as
        kpi_value does, and what else questions ask of KPIs."""
        skipped = not_metrics(self.sources)
        official = [kpi for kpi in self.sources.kpis.values() if kpi.is_official and kpi.kpi_id not in skipped]
        found = {one.key: one for kpi in official for one in divisions(kpi, self.sources.measures)}
        boards = self.sources.content.dashboards.values()
        asked = [one for board in boards for question in board.questions() for one in self._divisions(question)]
        for one in sorted(asked, key=lambda one: one.key):
            found.setdefault(one.key, one)
        return [
            self.metric(one, [other for other in found.values() if other.kpi == one.kpi and other != one])
            for one in found.values()
        ]

    def metric(self, found: Division, others: Sequence[Division] = ()) -> Item:
        """A KPI as a saved metric: sum over sum, on rows that lead back to their contacts. `others` are those of the
        same variant, to be taken for other members."""
        kpi, measure = found.kpi, found.numerator
        translator = self._translator(measure.fact)
        name = self._metric_name(found)
        unit = "month" if measure.date_column == "month" else "day"
        stage = {
            "lib/type": "mbql.stage/mbql",
            "source-table": Ref("table", measure.fact),
            "aggregation": [self._formula(translator, found)],
            "breakout": [translator.field(measure.date_column, **{"temporal-unit": unit})],
        }
        if measure.row_filter:
            stage["filters"] = [translator.condition(measure.row_filter)]
        settings = {
            "graph.dimensions": [measure.date_column],
            "graph.metrics": [_column(found.key)],
            "column_settings": self._formats({_column(found.key): (kpi.unit, self._in(kpi.name))}),
        }
        key = _metric_key(found.key)
        return self._card(key, "metric", name, self._about_kpi(found, others), "line", stage, settings, "metrics")

    def _model(self, model: Question) -> Item:
        item = self._asked_of(f"model_{model.question}", model, f"metabase/content/site.yml: model {model.question}")
        return replace(item, body=item.body | {"type": "model", "collection_id": Ref("collection", "models")})

    def _alarm(self, rule: Rule) -> Item:
        """The question of an alert: rows while the trigger fires, none otherwise."""
        role = self.sources.content.site.roles[rule.owner_role]
        unit, *others = {self.sources.kpis[kpi_id].unit for kpi_id in rule.kpi_ids}
        shown = {} if others else self._format(unit)
        question = Question(
            question=rule.key,
            name=Said(zh=rule.trigger.zh, en=rule.trigger.en),
            about=Said(zh=_todo(rule.measure.zh, role.zh, "zh"), en=_todo(rule.measure.en, role.en, "en")),
            table="rpt_alarm",
            columns=[
                *("kpi_id", "grain", "period_start", "member", "value", "operator", "limit_value"),
                *("n", "held_period_count"),
            ],
            where=[rule.condition],
            sort=["kpi_id", "-period_start", "member"],
            settings={"column_settings": {_named(name): shown for name in ("value", "limit_value")}},
        )
        item = self._asked_of(card_key(rule), question, f"seeds/strategy_rule.csv: {rule.key}")
        return replace(item, body=item.body | {"collection_id": Ref("collection", "alerts")})

    def _question(self, board: str, question: Question) -> Item:
        where = f"metabase/content/dashboards/{board}.yml: question {question.question}"
        item = self._asked_of(f"{board}__{question.question}", question, where)
        if question.is_age:
            item.body["visualization_settings"]["scalar.segments"] = self._ages(board, where)
        return item

    def _ages(self, board: str, where: str) -> list[dict[str, Any]]:
        """Green up to the class's hours and the one that is still going, red beyond, in minutes."""
        of = self.sources.content.dashboards[board].refresh
        if of not in self.sources.within_h:
            raise MetabaseError(f"freshness class {of} has no limit.", where=where)
        limit = (self.sources.within_h[of] + 1) * 60
        return [{"min": 0, "max": limit, "color": _GREEN}, {"min": limit, "max": _FOR_EVER, "color": _RED}]

    def _asked_of(self, key: str, question: Question, where: str) -> Item:
        try:
            plain = self._plain(question)
            return self._of_divisions(key, plain, self._divisions(plain))
        except MetabaseError as error:
            raise MetabaseError(error.problem, where=where, todo=error.todo) from error

    def _plain(self, question: Question) -> Question:
        """A question of released values as one of their table: a value stands alone at its grain and members."""
        said = question.released
        if said is None:
            return question
        kpi = self._kpi(said.kpi, is_default=False)
        name = Said(zh=kpi.name.zh, en=kpi.name.en)
        about = Said(zh=f"{kpi.kpi_id}：{kpi.definition.zh}", en=f"{kpi.kpi_id}: {kpi.definition.en}")
        where = [f"kpi_id = '{said.kpi}'", f"grain = '{said.grain}'", f"dim_set = '{said.dim_set}'", "is_official"]
        return question.model_copy(
            update={
                "released": None,
                "table": question.mart,
                "measures": [Measure(sql="avg(value)", name=name, unit=kpi.unit)],
                "where": [*where, *question.where],
                "name": question.name or name,
                "about": question.about or about,
            }
        )

    def _divisions(self, question: Question) -> list[Division]:
        """Of its KPIs by their official variants; by the registry's defaults, for which it was authored, where those of
        the centre can't be asked together by what it groups by."""
        defaults = [self._division(name, is_default=True) for name in question.metrics]
        try:
            official = [self._division(name) for name in question.metrics]
            if official != defaults:
                self._of_divisions("", question, official)
        except MetabaseError:
            return defaults
        return official

    def _of_divisions(self, key: str, question: Question, divisions: list[Division]) -> Item:
        tables = {found.numerator.fact for found in divisions} or {str(question.table)}
        if len(tables) > 1:
            raise MetabaseError(f"its KPIs stand on several facts: {', '.join(sorted(tables))}.")
        return self._of_table(key, question, divisions, tables.pop())

    def _of_table(self, key: str, question: Question, divisions: list[Division], table: str) -> Item:
        translator = self._translator(table)
        groups = [self._group(translator, said) for said in question.by]
        figures = [self._kpi_figure(translator, found) for found in divisions]
        figures += [self._figure(translator, measure, place) for place, measure in enumerate(question.measures)]
        stage: dict[str, Any] = {"lib/type": "mbql.stage/mbql", "source-table": Ref("table", table)}
        rows = {found.numerator.row_filter for found in divisions}
        if len(rows) > 1:
            raise MetabaseError("its KPIs count different rows of their fact: ask for them in questions of their own.")
        conditions = [*filter(None, rows), *map(self._local, question.where)]
        if conditions:
            stage["filters"] = [translator.condition(said) for said in conditions]
        if figures:
            stage["aggregation"] = [clause for _, _, clause in figures]
        if groups:
            stage["breakout"] = [clause for _, clause in groups]
        columns = [self._group(translator, said) for said in question.columns]
        if columns:
            stage["fields"] = [clause for _, clause in columns]
        if question.sort:
            stage["order-by"] = [self._order(key, translator, figures, said) for said in question.sort]
        if question.limit:
            stage["limit"] = question.limit
        if translator.joined:
            stage["joins"] = [self._join(translator, column) for column in translator.joined]
        formats = {name: (unit, title) for name, (unit, title), _ in figures}
        settings = self._settings(question, [name for name, _ in groups], [name for name, *_ in figures], formats)
        name = self._in(question.name) if question.name else self._title(divisions[0].kpi)
        if question.click:
            known = {name for name, _ in [*groups, *columns]}
            for passed in question.click.passes.values():
                if self._local(passed) not in known:
                    raise MetabaseError(f"click passes {passed}, which is no column of the question.")
        return self._card(
            key,
            "question",
            name,
            self._about_question(question, divisions),
            question.display,
            stage,
            settings,
            "questions",
        )

    def _card(
        self,
        key: str,
        kind: str,
        name: str,
        about: str,
        display: str,
        stage: dict[str, Any],
        settings: dict[str, Any],
        collection: str,
    ) -> Item:
        body = {
            "name": name,
            "description": about,
            "type": kind,
            "display": display,
            "dataset_query": {"lib/type": "mbql/query", "database": Ref("database", ""), "stages": [stage]},
            "visualization_settings": settings,
            "collection_id": Ref("collection", collection),
            "entity_id": entity_id("card", key),
        }
        return Item("card", key, name, body)

    def _dashboard(self, key: str, board: Dashboard) -> Item:
        cards: list[dict[str, Any]] = []
        tabs = [{"id": -1 - place, "name": self._in(tab.name)} for place, tab in enumerate(board.tabs)]
        for place, tab in enumerate(board.tabs):
            cards += self._cards(key, board, tab, None if len(board.tabs) == 1 else -1 - place, len(cards))
        site = self.sources.content.site
        about = [
            self._in(board.about),
            f"{self._word('owner')}: {self._in(site.roles[board.owner_role])}",
            f"{self._word('refresh')}: {self._word(board.refresh)}",
        ]
        if board.reports:
            about.append(f"{self._word('reports')}: {', '.join(board.reports)}")
        body = {
            "name": self._in(board.name),
            "description": "\n".join(about),
            "collection_id": Ref("collection", board.collection),
            "parameters": [self._parameter(said) for said in board.filters],
            "tabs": tabs if len(tabs) > 1 else [],
            "dashcards": cards,
        }
        return Item("dashboard", key, self._in(board.name), body)

    def _parameter(self, said: Filter) -> dict[str, Any]:
        body = {"id": said.key, "slug": said.key, "name": self._in(said.name), "type": said.type}
        ended = self.sources.ended_on
        default = _dates(said.default, ended) if said.default and ended else said.default
        return body | ({"default": default} if default else {})

    def _cards(self, key: str, board: Dashboard, tab: Tab, tab_id: int | None, before: int) -> list[dict[str, Any]]:
        placed, row, column, height = [], 0, 0, 0
        for place, card in enumerate(tab.cards):
            if column + card.width > _WIDTH:
                row, column, height = row + height, 0, 0
            body = self._note(card) if isinstance(card, Note) else self._asked(key, board, card)
            body |= {"id": -1 - before - place, "row": row, "col": column, "size_x": card.width, "size_y": card.height}
            placed.append(body | ({"dashboard_tab_id": tab_id} if tab_id else {}))
            column, height = column + card.width, max(height, card.height)
        return placed

    def _note(self, note: Note) -> dict[str, Any]:
        virtual: dict[str, Any] = {
            "name": None,
            "display": "text",
            "archived": False,
            "dataset_query": {},
            "visualization_settings": {},
        }
        settings = {"text": self._in(note.text), "virtual_card": virtual}
        return {"card_id": None, "parameter_mappings": [], "visualization_settings": settings}

    def _asked(self, key: str, board: Dashboard, question: Question) -> dict[str, Any]:
        card = Ref("card", f"{key}__{question.question}")
        table = self._divisions(question)[0].numerator.fact if question.metrics else str(question.mart)
        columns = set(table_of(self.sources.marts, table).columns)
        if question.released:  # rows of a dimension set are empty in the columns of all others
            columns &= {"period_start", *(said.partition(":")[0] for said in question.by)}
        mappings = []
        for said in board.filters:
            found = next((column for column in said.columns if column in columns), None)
            if found and said.key not in question.ignores:
                target = ["dimension", ["field", Ref("field", f"{table}.{found}"), None]]
                mappings.append({"parameter_id": said.key, "card_id": card, "target": target})
        settings = {"click_behavior": self._click(board, question.click)} if question.click else {}
        return {"card_id": card, "parameter_mappings": mappings, "visualization_settings": settings}

    def _click(self, board: Dashboard, click: Click) -> dict[str, Any]:
        """To the other dashboard, with what the clicked row tells and the filters that both dashboards have."""
        theirs = {said.key for said in self.sources.content.dashboards[click.dashboard].filters}
        sources = {
            said.key: {"type": "parameter", "id": said.key, "name": self._in(said.name)}
            for said in board.filters
            if said.key in theirs
        }
        for name, column in click.passes.items():
            sources[name] = {"type": "column", "id": self._local(column), "name": self._local(column)}
        passed = {
            name: {"id": name, "source": source, "target": {"type": "parameter", "id": name}}
            for name, source in sources.items()
        }
        to = {"type": "link", "linkType": "dashboard", "targetId": Ref("dashboard", click.dashboard)}
        return {**to, "parameterMapping": passed}

    def _group(self, translator: Translator, said: str) -> tuple[str, Clause]:
        """Name in the result, and clause, of `local_date:week` or `queue_id.queue_name_{language}`."""
        path, _, unit = self._local(said).partition(":")
        of, _, column = path.rpartition(".")
        options = {"temporal-unit": unit} if unit else {}
        return column, translator.field(column, of or None, **options)

    def _join(self, translator: Translator, column: str) -> dict[str, Any]:
        """The members of a column with their names; of a table that keeps versions, the current one."""
        target, key = translator.table.references[column]
        stage: dict[str, Any] = {"lib/type": "mbql.stage/mbql", "source-table": Ref("table", target)}
        current = Ref("field", f"{target}.is_current")
        if "is_current" in self.sources.marts[target].columns:
            stage["filters"] = [["=", {}, ["field", {}, current], True]]
        theirs = ["field", {"join-alias": column}, Ref("field", f"{target}.{key}")]
        return {
            "lib/type": "mbql/join",
            "alias": column,
            "strategy": "left-join",
            "fields": "none",
            "stages": [stage],
            "conditions": [["=", {}, translator.field(column), theirs]],
        }

    def _kpi_figure(self, translator: Translator, found: Division) -> tuple[str, tuple[str, str], Clause]:
        return _column(found.key), (found.kpi.unit, self._title(found.kpi)), self._formula(translator, found)

    def _title(self, kpi: Kpi) -> str:
        """Its name, with that of a variant that is not official."""
        return self._in(kpi.name) if kpi.is_official else f"{self._in(kpi.name)} ({self._in(kpi.variant_name)})"

    def _formula(self, translator: Translator, found: Division) -> Clause:
        """Sum over sum. A question repeats it rather than naming the saved metric: both come from the registry, and
        the schema that Metabase prints takes no number of a metric in a query."""
        clause = translator.aggregation(found.numerator.sql_expression)
        if found.denominator is not None:
            clause = ["/", {}, clause, translator.aggregation(found.denominator.sql_expression)]
        clause[1] = {"name": _column(found.key), "display-name": self._title(found.kpi)}
        return clause

    def _figure(self, translator: Translator, measure: Measure, place: int) -> tuple[str, tuple[str, str], Clause]:
        clause = translator.aggregation(self._local(measure.sql))
        title, name = self._in(measure.name), f"figure_{place + 1}"
        clause[1] = {"name": name, "display-name": title}
        return name, (measure.unit, title), clause

    def _order(self, key: str, translator: Translator, figures: Sequence[tuple[Any, Any, Clause]], said: str) -> Clause:
        way, name = ("desc", said[1:]) if said.startswith("-") else ("asc", said)
        if not name.startswith("#"):
            return [way, {}, self._group(translator, name)[1]]
        place = int(name[1:])
        if not 1 <= place <= len(figures):
            raise MetabaseError(f"sort names figure {place}, and there are {len(figures)}.")
        target = figures[place - 1][2]
        target[1]["lib/uuid"] = clause_id(f"{key}/{place}")
        return [way, {}, ["aggregation", {}, target[1]["lib/uuid"]]]

    def _settings(
        self, question: Question, groups: list[str], figures: list[str], formats: dict[str, tuple[str, str]]
    ) -> dict[str, Any]:
        settings: dict[str, Any] = {"column_settings": self._formats(formats)}
        if question.display in _CHARTS:
            settings |= {"graph.dimensions": groups, "graph.metrics": figures}
        if question.display == "pie":
            settings |= {"pie.dimension": groups[0], "pie.metric": figures[0]}
        return settings | question.settings

    def _formats(self, units: Mapping[str, tuple[str, str]]) -> dict[str, Any]:
        """How figures are shown, with their titles."""
        return {
            _named(column): {"column_title": title, **self._format(unit)} for column, (unit, title) in units.items()
        }

    def _format(self, unit: str) -> dict[str, Any]:
        seconds = {"decimals": 0, "suffix": f" {self._word('s')}"}
        return (_FORMATS | {"s": seconds}).get(unit, {"decimals": 0})

    def _metric_name(self, found: Division) -> str:
        more = [] if found.kpi.is_official else [self._in(found.kpi.variant_name)]
        more += [self._in(self._family(found.family).name)] if found.family else []
        suffix = f" ({', '.join(more)})" if more else ""
        return f"{found.kpi.kpi_id} {self._in(found.kpi.name)}{suffix}"

    def _family(self, name: str) -> Family:
        families = self.sources.content.site.families
        if name not in families:
            raise MetabaseError(f"family {name} has no name.", where="metabase/content/site.yml: families")
        return families[name]

    def _about_kpi(self, found: Division, others: Sequence[Division]) -> str:
        kpi = found.kpi
        parts = [found.numerator.measure, *([found.denominator.measure] if found.denominator else [])]
        about = [
            f"{self._word('definition')}: {self._in(kpi.definition)} ({self._in(kpi.variant_name)})",
            f"{self._word('formula')}: {' / '.join(parts)}",
            f"{self._word('owner')}: {self._in(self.sources.content.site.roles[kpi.owner_role])}",
            f"{self._word('refresh')}: {self._word(kpi.freshness_class)}",
        ]
        if kpi.kpi_id in self.sources.remedies:
            about.append(f"{self._word('todo')}: {self._in(self.sources.remedies[kpi.kpi_id])}")
        about += [f"{self._instead(other)}: {self._metric_name(other)}" for other in others]
        return "\n".join(about)

    def _instead(self, other: Division) -> str:
        """When to take another metric of the KPI."""
        if other.family is None:
            return self._word("whole")
        return self._word("by_members").format(self._in(self._family(other.family).members))

    def _about_question(self, question: Question, divisions: Sequence[Division]) -> str:
        about = [self._in(question.about)] if question.about else []
        for found in divisions:
            about.append(f"{found.kpi.kpi_id} {self._title(found.kpi)}: {self._in(found.kpi.definition)}")
        if not about:
            about = [self._in(table_of(self.sources.marts, str(question.table)).about)]
        return "\n".join(about)

    def _division(self, name: str, *, is_default: bool = False) -> Division:
        """Of a KPI as content names it: a variant that it names, else the official one, or that of the registry."""
        key, _, family = name.partition("@")
        return division(self._kpi(key, is_default=is_default), self.sources.measures, family or None)

    def _kpi(self, key: str, *, is_default: bool) -> Kpi:
        kpi_id, _, variant = key.partition(":")
        for kpi in self.sources.kpis.values():
            wanted = kpi.variant == variant if variant else kpi.is_default if is_default else kpi.is_official
            if kpi.kpi_id == kpi_id and wanted:
                return kpi
        raise MetabaseError(f"KPI {key} is not in the registry.", todo="see seeds/kpi_definition.csv.")

    def _translator(self, table: str) -> Translator:
        return Translator(self.sources.marts, table_of(self.sources.marts, table), {})

    def _local(self, said: str) -> str:
        return said.replace("{language}", self.language)

    def _in(self, text: Any) -> str:
        said: str = text.of(self.language)
        return said.strip()

    def _word(self, name: str) -> str:
        return _WORDS[name].of(self.language)


def _dates(default: str, last: date) -> str:
    """What a default names when `last` is today: `past30days~` the thirty days before and it, `past3months~` the whole
    months before and its own up to it. Metabase itself counts from today's date, where data that have ended are not."""
    unit = "days" if "days" in default else "months"
    before = int("".join(filter(str.isdigit, default)) or 0)
    if unit == "days":
        first = last - timedelta(days=before)
    else:
        months = last.year * 12 + last.month - 1 - before
        first = date(months // 12, months % 12 + 1, 1)
    return f"{first}~{last}"


def role_groups(sources: Sources) -> dict[str, str]:
    """Names of the groups that alerts write to, by role; no choice of language changes them."""
    roles = sources.content.site.roles
    return {
        role: f"callmart {roles[role].zh} / {roles[role].en}" for role in {rule.owner_role for rule in sources.rules}
    }


def _todo(measure: str, role: str, language: str) -> str:
    words = {name: _WORDS[name].of(language) for name in ("todo", "owner")}
    return f"{words['todo']}: {measure}\n{words['owner']}: {role}"


def _named(column: str) -> str:
    """How Metabase names a column of a result: a list that is written as text."""
    return f'["name","{column}"]'


def _metric_key(name: str) -> str:
    return f"metric_{_column(name)}"


def _column(name: str) -> str:
    return name.lower().replace("@", "_").replace(":", "_")
