"""What the authored content must keep, and how mistakes in it are told."""

from __future__ import annotations

import re
import shutil
from contextlib import suppress
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path

import duckdb
import pytest
import yaml

from metabase import exposures
from metabase.content import CONTENT, read_content
from metabase.errors import MetabaseError
from metabase.formula import Translator
from metabase.items import Item, entity_id, fingerprint
from metabase.marts import PROJECT, read_marts, read_value_names
from metabase.metadata import metadata
from metabase.registry import Measure, NotAMetricError, division, divisions
from metabase.render import Sources, not_metrics, render
from orchestration.freshness import WITHIN_H
from orchestration.metabase_command import ended_on, groups_of
from seeds import SEEDS
from tests.metabase.mbql_sql import Query

BOARDS = sorted(path.stem for path in (CONTENT / "dashboards").glob("*.yml"))
REPORTS = [f"R{number:02}" for number in range(1, 17) if number != 4]


@pytest.mark.parametrize("board", BOARDS)
def test_a_dashboard_has_a_description_an_owner_a_class_and_a_drill(board: str) -> None:
    content = read_content()
    said = content.dashboards[board]
    assert said.about.zh and said.about.en and said.owner_role in content.site.roles and said.refresh
    assert [question for question in said.questions() if question.click]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_description_tells_owner_and_class_to_readers(sources: Sources, language: str) -> None:
    boards = [item for item in render(sources, language) if item.kind == "dashboard"]
    assert len(boards) == len(BOARDS)
    for board in boards:
        *_, owner, refresh = [line for line in board.body["description"].splitlines() if "R1" not in line[:7]][:3]
        assert owner.startswith(("负责", "Owner")) and refresh.startswith(("数据更新", "Data"))


def test_the_reports_of_the_requirement_list_have_a_dashboard() -> None:
    assert sorted({report for board in read_content().dashboards.values() for report in board.reports}) == REPORTS


def test_no_board_is_called_live_while_its_data_come_by_the_hour(sources: Sources) -> None:
    live = [key for key, board in sources.content.dashboards.items() if board.refresh == "live"]
    classes = {kpi.freshness_class for kpi in sources.kpis.values()}
    assert "live" not in classes and live == []
    floor = sources.content.dashboards["floor"]
    assert "#refresh=15" in floor.about.zh and "#refresh=15" in floor.about.en


FEEDS = """
    create table marts.rpt_feed_health as
    select *, now() at time zone 'UTC' - age_min * interval 1 minute as last_event_at
    from (values
        ('cdr', 'complete', true, true, true, 10), ('queue', 'complete', true, true, true, 400),
        ('cost', 'complete', false, true, true, 9000), ('survey', 'complete', true, true, false, 2000),
        ('lead', 'complete', true, false, true, 3000), ('chat', 'empty', true, true, true, null)
    ) as t (feed, state, is_critical, is_steady, is_needed_hourly, age_min)
"""


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_age_of_the_oldest_feed_that_hourly_kpis_need_turns_red_beyond_the_class_of_its_board(
    sources: Sources, language: str
) -> None:
    """A daily feed and one that needn't come each day are no cause for red; one that never came has no age."""
    cards = {item.key: item.body for item in render(sources, language) if item.kind == "card"}
    fresh, old = cards["floor__data_age"]["visualization_settings"]["scalar.segments"]
    # rows of 9 to 10 are there by 12, those of the hour before by 11: just before, the last row may be of 8
    assert sources.content.dashboards["floor"].refresh == "hourly" and WITHIN_H["hourly"] == 2
    assert (fresh["min"], fresh["max"], old["min"]) == (0, 180, 180) and old["max"] > 60 * 24 * 365
    assert fresh["color"] != old["color"] and old["color"] == "#ED6E6E"
    (missing,) = cards["floor__never_came"]["visualization_settings"]["scalar.segments"]
    assert (missing["min"], missing["color"]) == (1, old["color"])
    with duckdb.connect() as con:
        con.execute("create schema marts")
        con.execute(FEEDS)
        shown = {
            name: con.execute(Query(cards[f"floor__{name}"]).sql()).fetchall()
            for name in ("data_age", "never_came", "data_time")
        }
        ((queue,),) = con.execute("select last_event_at from marts.rpt_feed_health where feed = 'queue'").fetchall()
    ((age,),) = shown["data_age"]
    assert 400 <= age <= 401 and age > old["min"]
    assert shown["never_came"] == [(1,)]
    assert shown["data_time"] == [(queue,)]


def test_what_a_click_passes_to_a_filter_of_local_dates_is_local(sources: Sources) -> None:
    boards = sources.content.dashboards
    for key, board in boards.items():
        for question in board.questions():
            if question.click is None:
                continue
            target = boards[question.click.dashboard]
            dates = {said.key for said in target.filters if said.type == "date/all-options"}
            told = {column for name, column in question.click.passes.items() if name in dates}
            assert all(column.startswith(("local_", "period_")) for column in told), f"{key}: {question.question}"


def test_a_quotient_of_a_table_is_shown_with_decimals(sources: Sources, items: dict[str, list[Item]]) -> None:
    cards = {item.key: item.body for item in items["en"] if item.kind == "card"}
    for key, board in sources.content.dashboards.items():
        for question in board.questions():
            shown = cards[f"{key}__{question.question}"]["visualization_settings"]["column_settings"]
            for place, measure in enumerate(question.measures, 1):
                if "/" in measure.sql or measure.sql.startswith("avg("):
                    decimals = shown[f'["name","figure_{place}"]']["decimals"]
                    assert decimals > 0, f"{key}: {question.question}"


def test_the_scorecard_lists_targets_of_its_own_kpis_and_no_limit_of_an_alarm(items: dict[str, list[Item]]) -> None:
    (card,) = [item.body for item in items["en"] if item.key == "scorecard__targets"]
    with duckdb.connect() as con:
        con.execute("create schema marts")
        con.execute(f"create table marts.kpi_target as from read_csv('{SEEDS / 'kpi_target.csv'}', all_varchar = true)")
        told = con.execute(f"select kpi_id, target_value from ({Query(card).sql()})").fetchall()
    questions = list(read_content().dashboards["scorecard"].questions())
    shown = {name[:4] for question in questions for name in question.metrics}
    shown |= {question.released.kpi for question in questions if question.released}
    (targets,) = [question for question in questions if question.question == "targets"]
    assert set(re.findall(r"M\d{3}", targets.where[0])) == shown
    assert ("M070", "120") in told and ("M095", "0.8") in told and ("M112", "0.92") in told
    assert not {("M070", "80"), ("M112", "0.85"), ("M116", "0.05")} & set(told)


def test_a_board_of_a_class_without_a_limit_shows_no_age(sources: Sources) -> None:
    with pytest.raises(MetabaseError, match="freshness class hourly has no limit"):
        render(replace(sources, within_h={}), "en")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_everything_that_is_referred_to_is_there(sources: Sources, items: dict[str, list[Item]], language: str) -> None:
    keys = [(item.kind, item.key) for item in items[language]]
    assert len(keys) == len(set(keys))
    referred = {(ref.kind, ref.key) for item in items[language] for ref in item.refs()}
    assert {ref for ref in referred if ref[0] != "group"} - {*keys, ("database", "")} == set()
    groups = {group.name for group in groups_of(sources)}
    assert {key for kind, key in referred if kind == "group"} <= groups


def test_only_dashboards_refer_to_what_comes_later(items: dict[str, list[Item]]) -> None:
    seen = {("database", "")}
    for item in items["en"]:
        if item.kind != "dashboard" and item.kind != "field":
            assert {(ref.kind, ref.key) for ref in item.refs() if ref.kind != "group"} <= seen, item.key
        seen.add((item.kind, item.key))


def test_both_languages_say_the_same_in_other_words(items: dict[str, list[Item]]) -> None:
    for chinese, english in zip(items["zh"], items["en"], strict=True):
        assert (chinese.kind, chinese.key) == (english.kind, english.key)
        if chinese.kind == "alert":  # it is told by its question
            continue
        assert chinese.body["description"] != english.body["description"]
        assert any("一" <= letter <= "鿿" for letter in chinese.body["description"]), chinese.key
        assert not any("一" <= letter <= "鿿" for letter in english.name), english.key


def test_every_filter_acts_on_a_card_of_each_dashboard(items: dict[str, list[Item]]) -> None:
    for board in (item for item in items["en"] if item.kind == "dashboard"):
        mapped = {said["parameter_id"] for card in board.body["dashcards"] for said in card["parameter_mappings"]}
        assert {said["id"] for said in board.body["parameters"]} == mapped, board.key


def test_no_card_covers_all_history_when_its_board_is_opened(sources: Sources, items: dict[str, list[Item]]) -> None:
    """Figures stand within the default of a filter, lists end after some rows, reports hold the last periods."""
    boards = {item.key: item.body for item in items["en"] if item.kind == "dashboard"}
    for key, board in sources.content.dashboards.items():
        acts = {
            card["card_id"].key.partition("__")[2]: {said["parameter_id"] for said in card["parameter_mappings"]}
            for card in boards[key]["dashcards"]
            if card["card_id"]
        }
        opened = {said["id"] for said in boards[key]["parameters"] if "default" in said}
        for question in board.questions():
            is_report = (question.table or "").startswith(("rpt_", "kpi_"))
            assert is_report or question.limit or acts[question.question] & opened, f"{key}: {question.question}"


def test_a_board_that_is_opened_for_one_contact_hides_none_by_its_date(sources: Sources) -> None:
    opened = {
        question.click.dashboard
        for board in sources.content.dashboards.values()
        for question in board.questions()
        if question.click and "contact" in question.click.passes
    }
    for board in opened:
        assert not [said for said in sources.content.dashboards[board].filters if said.default]


@pytest.mark.parametrize(
    ("default", "dates"),
    [
        ("past1days~", "2026-03-30~2026-03-31"),
        ("past30days~", "2026-03-01~2026-03-31"),
        ("past3months~", "2025-12-01~2026-03-31"),
        ("thismonth", "2026-03-01~2026-03-31"),
    ],
)
def test_boards_over_data_that_have_ended_open_at_their_last_days(sources: Sources, default: str, dates: str) -> None:
    floor = sources.content.dashboards["floor"]
    date_filter = floor.filters[0].model_copy(update={"default": default})
    boards = {"floor": floor.model_copy(update={"filters": [date_filter, *floor.filters[1:]]})}
    content = replace(sources.content, dashboards=sources.content.dashboards | boards)
    for ended, shown in ((date(2026, 3, 31), dates), (None, default)):
        items = render(replace(sources, content=content, ended_on=ended), "en")
        (board,) = [item for item in items if (item.kind, item.key) == ("dashboard", "floor")]
        assert [said.get("default") for said in board.body["parameters"]] == [shown, None]


def test_data_have_ended_two_weeks_after_their_last_date() -> None:
    assert ended_on(date(2026, 3, 31), date(2026, 4, 14)) is None
    assert ended_on(date(2026, 3, 31), date(2026, 4, 15)) == date(2026, 3, 31)


def test_a_click_takes_the_clicked_row_and_the_filters_along(items: dict[str, list[Item]]) -> None:
    (board,) = [item for item in items["en"] if (item.kind, item.key) == ("dashboard", "calls_and_queues")]
    clicks = {
        card["card_id"].key: card["visualization_settings"].get("click_behavior")
        for card in board.body["dashcards"]
        if card["card_id"]
    }
    told = clicks["calls_and_queues__queues"]["parameterMapping"]
    assert {name: said["source"]["type"] for name, said in told.items()} == {
        "date": "parameter",
        "channel": "parameter",
        "queue": "column",
    }
    assert told["queue"]["source"]["id"] == "queue_id" and told["queue"]["target"] == {
        "type": "parameter",
        "id": "queue",
    }


def test_cards_lie_on_the_grid_and_not_on_each_other(items: dict[str, list[Item]]) -> None:
    for board in (item for item in items["en"] if item.kind == "dashboard"):
        taken: set[tuple[int, int, int]] = set()
        for card in board.body["dashcards"]:
            assert card["col"] + card["size_x"] <= 24
            tab = card.get("dashboard_tab_id", 0)
            columns = range(card["col"], card["col"] + card["size_x"])
            cells = {(tab, row, at) for row in range(card["row"], card["row"] + card["size_y"]) for at in columns}
            assert not cells & taken, (board.key, card)
            taken |= cells


def test_values_that_must_not_be_summed_are_hidden_from_builders(sources: Sources) -> None:
    told = {item.key: item.body["visibility_type"] for item in all_metadata("en") if item.kind == "table"}
    assert told["kpi_value"] == "technical" and told["fct_contact"] is None
    assert set(sources.content.site.hidden_tables) <= set(told)


def test_a_foreign_key_leads_to_one_row() -> None:
    marts = read_marts()
    keys = {item.key: item.body for item in all_metadata("en") if item.kind == "field"}
    pairs = {key: body["fk_target_field_id"].key for key, body in keys.items() if body["semantic_type"] == "type/FK"}
    assert pairs["fct_contact.channel_id"] == "dim_channel.channel_id"
    assert "fct_contact.first_queue_id" not in pairs  # dim_queue keeps versions: a join would count a contact for each
    for target in pairs.values():
        table, column = target.split(".")
        assert marts[table].key == column and keys[target]["semantic_type"] == "type/PK"


def test_names_of_fields_are_unique_in_their_table() -> None:
    for language in ("zh", "en"):
        names = [(item.key.split(".")[0], item.body["display_name"]) for item in all_metadata(language)]
        fields = [name for name, item in zip(names, all_metadata(language), strict=True) if item.kind == "field"]
        assert len(fields) == len(set(fields))


def test_a_model_shows_names_of_the_language_beside_its_records(items: dict[str, list[Item]]) -> None:
    for language, said in items.items():
        (model,) = [item for item in said if item.key == "model_contacts"]
        assert model.body["type"] == "model"
        (stage,) = model.body["dataset_query"]["stages"]
        named = [clause[2].key for clause in stage["fields"] if "join-alias" in clause[1]]
        assert f"dim_queue.queue_name_{language}" in named
        (queues,) = [join for join in stage["joins"] if join["alias"] == "first_queue_id"]
        assert "is_current" in str(queues["stages"][0]["filters"])


def test_every_kpi_that_is_one_sum_over_another_is_a_saved_metric(sources: Sources) -> None:
    cards = [item.key for item in render(sources, "en") if item.kind == "card" and item.body["type"] == "metric"]
    skipped = not_metrics(sources)
    official = {kpi.kpi_id for kpi in sources.kpis.values() if kpi.is_official}
    made = {key.split("_")[1].upper() for key in cards}
    assert made == official - set(skipped)
    guide = (PROJECT / "docs" / "metabase.md").read_text("utf-8")
    assert {line.split("|")[1].strip() for line in guide.splitlines() if line.startswith("| M")} == set(skipped)


@pytest.mark.parametrize(
    ("language", "by_queue", "whole"),
    [
        ("en", "Grouped by queue take", "For the whole centre, or grouped by anything else, take"),
        ("zh", "按队列分组请选", "全中心与其他分组请选"),
    ],
)
def test_a_kpi_that_is_released_by_queue_has_a_metric_that_gives_it_and_says_so(
    sources: Sources, language: str, by_queue: str, whole: str
) -> None:
    """One by queue visit where contacts don't give it; the KPI itself where its own fact does, as of ring attempts."""
    cards = {item.key: item.body for item in render(sources, language) if item.kind == "card"}
    skipped, visits, own = not_metrics(sources), set(), set()
    for kpi in sources.kpis.values():
        if not kpi.is_official or "queue" not in kpi.dim_sets or kpi.kpi_id in skipped:
            continue
        metric = cards[f"metric_{kpi.kpi_id.lower()}"]
        other = cards.get(f"metric_{kpi.kpi_id.lower()}_queue")
        if other is None:
            assert "queue" in division(kpi, sources.measures).numerator.dim_sets, kpi.kpi_id
            assert by_queue not in metric["description"]
            own.add(kpi.kpi_id)
            continue
        assert f"{by_queue}: {other['name']}" in metric["description"].splitlines()
        assert f"{whole}: {metric['name']}" in other["description"].splitlines()
        visits.add(kpi.kpi_id)
    assert {"M021", "M030", "M063"} <= visits and {"M040", "M150"} <= own


def test_whichever_variant_a_centre_chooses_its_metrics_by_members_can_be_made(sources: Sources) -> None:
    families, made = sources.content.site.families, set()
    for kpi in sources.kpis.values():
        with suppress(NotAMetricError):
            for found in divisions(kpi, sources.measures)[1:]:
                assert found.family in families, found.key
                translator = Translator(sources.marts, sources.marts[found.numerator.fact], {})
                for measure in filter(None, (found.numerator, found.denominator)):
                    assert translator.aggregation(measure.sql_expression)
                made.add(found.family)
    assert made == set(families) - {"agent_complaint"}  # of the agents' alone: it has no metric of the whole centre


def test_an_id_has_21_characters_and_is_always_the_same() -> None:
    assert entity_id("card", "metric_m021") == "xZv1NPOwj9PfJ1EdmTL94"
    assert len({entity_id("card", str(number)) for number in range(1000)}) == 1000
    assert fingerprint({"a": 1, "b": 2}) == fingerprint({"b": 2, "a": 1}) != fingerprint({"a": 1, "b": 3})


def test_every_value_that_a_column_may_hold_has_a_name_in_both_languages() -> None:
    names, unnamed, used = read_value_names(), read_content().site.unnamed_columns, set()
    for table in read_marts().values():
        for column in table.columns.values():
            if f"{table.name}.{column.name}" not in unnamed:
                used |= set(column.values)
    assert used == set(names)
    for name in names.values():
        assert any("一" <= letter <= "鿿" for letter in name.zh) and name.en.isascii(), name


def test_a_column_of_known_values_and_a_channel_show_names_of_the_language(items: dict[str, list[Item]]) -> None:
    for language, said in items.items():
        fields = {item.key: item.body for item in said if item.kind == "field"}
        for column, names in (
            ("fct_contact.outcome", "value_name.value"),
            ("fct_contact.channel_id", "dim_channel.channel"),
        ):
            assert fields[column]["semantic_type"] == "type/FK"
            assert fields[column]["shows"].key == f"{names}_name_{language}"
        assert "shows" not in fields["fct_capture_check.status"] and "shows" not in fields["fct_contact.local_date"]


GOOD = (CONTENT / "dashboards" / "one_kpi.yml").read_text("utf-8")


@pytest.mark.parametrize(
    ("old", "new", "place", "says"),
    [
        ("collection: boards", "collection: bords", "collection", "no collection bords"),
        ("owner_role: operations_manager", "owner_role: boss", "owner_role", "boss"),
        ("refresh: daily", "refresh: weekly", "refresh", "'live', 'hourly' or 'daily'"),
        ("refresh: daily", "refresh: daily\ncolour: red", "colour", "Extra inputs"),
        ("en: Trend and target}", "}", "name.en", "Field required"),
        ("dashboard: contacts, passes: {date", "dashboard: contact, passes: {date", "trend", "no dashboard contact"),
        ("passes: {date", "passes: {day", "trend", "no filter day"),
        ("question: weakest\n", "question: trend\n", "trend", "twice"),
        ("columns: [kpi_id]}", "columns: [kpi_id], default: thismonth}", "filters.0", "only a filter of dates"),
        ("        display: line", "        ignores: [day]\n        display: line", "trend: ignores", "no filter day"),
        ("table: rpt_weakest_segment", "metrics: [M021]", "tabs.0.cards.3", "metrics has no measures or columns"),
        ("table: rpt_weakest_segment", "released: {kpi: M014, grain: day}", "tabs.0.cards.3", "released values have"),
        ("{dashboard: contacts, passes: {date: period_start}}", "{dashboard: one_kpi}", "trend: click", "its own"),
        ("filters:", "filters: [", "", "is no YAML"),
    ],
)
def test_a_mistake_is_told_with_file_and_place(tmp_path: Path, old: str, new: str, place: str, says: str) -> None:
    assert old in GOOD
    folder = tmp_path / "content"
    shutil.copytree(CONTENT, folder)
    (folder / "dashboards" / "one_kpi.yml").write_text(GOOD.replace(old, new, 1), "utf-8")
    with pytest.raises(MetabaseError) as told:
        read_content(folder)
    assert told.value.where and "one_kpi.yml" in told.value.where and place in told.value.where
    assert says in told.value.problem and "\n" not in told.value.problem


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("rpt_weakest_segment", "rpt_weakest", "no published table rpt_weakest"),
        ("volume_share", "volume_part", "no column volume_part"),
        ("sql: avg(value)", "sql: median(value)", "no counterpart"),
        ("sql: avg(value)", "sql: 'avg('", "no SQL expression"),
    ],
)
def test_a_table_or_field_that_does_not_exist_is_told(
    tmp_path: Path, sources: Sources, old: str, new: str, says: str
) -> None:
    folder = tmp_path / "content"
    shutil.copytree(CONTENT, folder)
    (folder / "dashboards" / "one_kpi.yml").write_text(GOOD.replace(old, new), "utf-8")
    wrong = replace(sources, content=read_content(folder))
    with pytest.raises(MetabaseError, match=says) as told:
        render(wrong, "zh")
    assert told.value.where and "one_kpi.yml: question" in told.value.where


@cache
def all_metadata(language: str) -> list[Item]:
    return metadata(read_marts(), read_content().site.hidden_tables, language)


def test_dbt_knows_every_dashboard_as_an_exposure(measures: list[Measure]) -> None:
    """Written by `python -m metabase.exposures`."""
    written = exposures.FILE.read_text("utf-8")
    assert written == exposures.exposures(exposures.facts_of(measures))
    names = [said["name"] for said in yaml.safe_load(written)["exposures"]]
    assert sorted(names) == [f"metabase_{board}" for board in BOARDS]
