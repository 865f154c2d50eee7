"""What a scope may rely on: its own rows, nobody else's, and nothing of a mart that has no declared way to it."""

from __future__ import annotations

import itertools
import json
import random
import re
from collections.abc import Iterable
from contextlib import closing
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pytest

from metabase.marts import Table, read_marts
from orchestration.config import Config, Scope, parse_config
from orchestration.errors import CallmartError, InputError
from orchestration.paths import PROJECT, published_dir, warehouse_path
from orchestration.release import Manifest, MartSpec, last_release, publish_release
from orchestration.scopes import published
from orchestration.scopes.declared import DIMENSIONS, Way, declaration_of, declarations
from orchestration.scopes.limits import hidden_columns, limited, marts_of, reachable
from orchestration.scopes.published import are_up_to_date, keep_serving, publish_scopes, rules_of, scopes_on_disk
from tests.orchestration.byte_scan import files_naming

EXAMPLE = """
centre: {site_id: hz, name: {zh: 杭州, en: Hangzhou}, timezone: Asia/Shanghai, first_date: 2026-03-01}
queues: [{queue_id: sales}, {queue_id: support}, {queue_id: billing}]
agents:
- {agent_id: ada, names: [ada], team_id: red, valid_to: 2026-03-10}
- {agent_id: ada, names: [ada], team_id: blue, valid_from: 2026-03-10}
- {agent_id: bob, names: [bob], team_id: red}
- {agent_id: cem, names: [cem], team_id: blue}
sources: {asterisk: {feeds: {queue_log: {paths: [queue_log]}}}}
"""
SCOPES = """
scopes:
  red: {name: {zh: 红队, en: Red team}, rows: {team: [red]}}
  sales: {name: {zh: 销售, en: Sales}, rows: {queue: [sales]}, hide: [caller_masked, wait_s]}
  red_sales: {name: {zh: 红队销售, en: Red sales}, rows: {team: [red], queue: [sales]}}
  bobs: {name: {zh: 鲍勃, en: Bob}, rows: {agent: [bob]}, marts: [dim_agent, fct_agent_leg, fct_survey_answer]}
  acme: {name: {zh: 甲方, en: Acme}, rows: {line_of_business: [acme]}}
  auditor: {name: {zh: 审计, en: Auditor}, rows: {all: true}, hide: [caller_masked, caller_hash]}
"""
BEFORE, AFTER = date(2026, 3, 5), date(2026, 3, 15)  # ada was of the red team, and is of the blue one
AS_OF = datetime(2026, 4, 1)
FEW = ("dim_agent", "fct_agent_leg", "fct_contact", "fct_recording")
_VALUES: dict[str, Any] = {"boolean": True, "date": BEFORE, "timestamp": datetime(2026, 3, 5, 9), "double": 1.5}
Row = dict[str, Any]


def config_of(text: str = EXAMPLE + SCOPES) -> Config:
    return parse_config(text, Path("callmart.yaml"))


@cache
def tables_of_marts() -> dict[str, Table]:
    return read_marts()


def specs(marts: Iterable[str] | None = None) -> list[MartSpec]:
    return [MartSpec(name, "表", "Table") for name in marts or tables_of_marts()]


def text_columns(mart: str, pattern: str) -> list[str]:
    columns = tables_of_marts()[mart].columns.values()
    return [column.name for column in columns if column.type == "varchar" and re.search(pattern, column.name)]


def make_warehouse(root: Path, rows: Iterable[tuple[str, Row]]) -> None:
    """Every published mart with its declared columns, and these rows in them; what a row does not say is NULL."""
    path = warehouse_path(root)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    with closing(duckdb.connect(str(path))) as con:
        con.execute("create schema marts")
        con.execute("begin")
        for table in tables_of_marts().values():
            columns = ", ".join(f'"{column.name}" {column.type}' for column in table.columns.values())
            con.execute(f"create table marts.{table.name} ({columns})")
        for mart, row in rows:
            names = ", ".join(f'"{name}"' for name in row)
            con.execute(f"insert into marts.{mart} ({names}) values ({', '.join('?' * len(row))})", list(row.values()))
        con.execute("commit")


def publish(root: Path, config: Config, number: int = 1, marts: Iterable[str] | None = FEW) -> Manifest:
    """A release of the whole centre and of each scope, of some marts or (None) all."""
    whole = publish_release(
        warehouse_path(root), specs(marts), root, release_id=f"r{number}", created_at=AS_OF, as_of=AS_OF, window=None,
        inputs={"lake/a/b/dt=2026-03-05/part-0.parquet": "hash"}, transform_fingerprint="f", stale={}, keep=5,
    ).manifest  # fmt: skip
    publish_scopes(config, root, specs(marts), whole)
    return whole


def ask(root: Path, scope: str, sql: str) -> list[tuple[Any, ...]]:
    with closing(duckdb.connect(str(published_dir(root, scope) / "callmart.duckdb"), read_only=True)) as con:
        return con.execute("use marts").execute(sql).fetchall()


def one_column(root: Path, scope: str, sql: str) -> list[Any]:
    return [value for (value,) in ask(root, scope, sql)]


# --- the worked example: what belongs to whom ----------------------------------------------------------------------


def contact(key: str, queue: str | None, agent: str | None, day: date, **more: Any) -> tuple[str, Row]:
    queues = {"first_queue_id": queue, "answering_queue_id": queue}
    agents = {"first_agent_id": agent, "last_agent_id": agent}
    said = {
        "contact_id": f"asterisk:{key}",
        "source_system": "asterisk",
        "local_date": day,
        "caller_masked": "138****1",
    }
    return "fct_contact", {**said, **queues, **agents, **more}


def visit(key: str, queue: str, agent: str | None, day: date) -> tuple[str, Row]:
    said = {"queue_visit_id": f"{key}-{queue}", "contact_id": f"asterisk:{key}", "wait_s": 7.0}
    return "fct_queue_visit", {**said, "queue_id": queue, "agent_id": agent, "local_date": day}


def leg(key: str, queue: str | None, agent: str, team: str | None, day: date) -> tuple[str, Row]:
    said = {"leg_id": f"{key}-{agent}", "contact_id": f"asterisk:{key}", "queue_id": queue}
    return "fct_agent_leg", {**said, "agent_id": agent, "team_id": team, "local_date": day}


def value(dim_set: str, grain: str, start: date, **members: str) -> tuple[str, Row]:
    at = datetime(start.year, start.month, start.day)
    return "kpi_value", {
        "kpi_id": "M001",
        "variant": "v",
        "dim_set": dim_set,
        "grain": grain,
        "period_start": at,
        **members,
    }


def worked() -> list[tuple[str, Row]]:
    members = [("ada", "red", date(1900, 1, 1), date(2026, 3, 10)), ("ada", "blue", date(2026, 3, 10), None),
               ("bob", "red", date(1900, 1, 1), None), ("cem", "blue", date(1900, 1, 1), None)]  # fmt: skip
    agents = [
        ("dim_agent", {"agent_id": agent, "team_id": team, "valid_from": first, "valid_to": last})
        for agent, team, first, last in members
    ]
    queues = [("dim_queue", {"queue_id": queue}) for queue in ("sales", "support", "billing")]
    customers = [("dim_customer", {"customer_key": key, "owner_agent_id": "cem"}) for key in ("k1", "k2")]
    return [
        *agents,
        *queues,
        *customers,
        # bob alone, in sales, for acme
        contact("1", "sales", "bob", BEFORE, customer_key="k1", line_of_business="acme", root_contact_id="asterisk:3"),
        visit("1", "sales", "bob", BEFORE),
        leg("1", "sales", "bob", "red", BEFORE),
        # bob, then cem of the other team; both in sales; first and last agent do not tell
        contact("2", "sales", "bob", BEFORE, matched_contact_id="crm:C2"),
        visit("2", "sales", "bob", BEFORE),
        leg("2", "sales", "bob", "red", BEFORE),
        leg("2", "sales", "cem", "blue", BEFORE),
        # cem alone, in support, for somebody else
        contact("3", "support", "cem", BEFORE, customer_key="k2", line_of_business="other"),
        visit("3", "support", "cem", BEFORE),
        leg("3", "support", "cem", "blue", BEFORE),
        # ada while she was of the red team, and after
        contact("4", "sales", "ada", BEFORE),
        leg("4", "sales", "ada", "red", BEFORE),
        contact("5", "sales", "ada", AFTER),
        leg("5", "sales", "ada", "blue", AFTER),
        # lost in sales, and between sales and support
        contact("6", "sales", None, BEFORE),
        visit("6", "sales", None, BEFORE),
        contact("7", "sales", None, BEFORE),
        visit("7", "sales", None, BEFORE),
        visit("7", "support", None, BEFORE),
        # other systems name contacts in their own way
        *(("fct_recording", {"recording_id": f"rec{key}", "contact_id": key}) for key in ("1", "2", "3", "C2")),
        *(("fct_survey_answer", {"survey_id": f"s{n}", "contact_id": n, "agent_id": agent, "local_date": BEFORE})
          for n, agent in (("1", "bob"), ("2", "bob"), ("3", "cem"))),
        value("all", "day", BEFORE),
        value("team", "day", BEFORE, team="red"),
        value("team", "day", BEFORE, team="blue"),
        value("queue", "day", BEFORE, queue="sales"),
        value("queue", "day", BEFORE, queue="support"),
        value("agent", "day", BEFORE, agent="ada"),
        value("agent", "day", AFTER, agent="ada"),
        value("agent", "week", date(2026, 3, 2), agent="ada"),
        value("agent", "week", date(2026, 3, 9), agent="ada"),  # on both sides of her move
        value("agent", "month", date(2026, 3, 1), agent="ada"),
        value("agent", "month", date(2026, 3, 1), agent="bob"),
        value("agent", "day", BEFORE, agent="unknown"),
        ("fct_queue_interval", {"queue_id": "sales", "local_date": BEFORE, "offered": 3}),
        ("fct_queue_interval", {"queue_id": "support", "local_date": BEFORE, "offered": 4}),
        ("dim_date", {"local_date": BEFORE}),
        ("rpt_feed_health", {"feed": "asterisk.queue_log"}),
    ]  # fmt: skip


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The worked example, released once; tests only read it."""
    root = tmp_path_factory.mktemp("scopes")
    make_warehouse(root, worked())
    publish(root, config_of(), marts=None)
    return root


@pytest.mark.parametrize(
    ("scope", "contacts"),
    [
        ("red", ["asterisk:1", "asterisk:4"]),
        ("sales", ["asterisk:1", "asterisk:2", "asterisk:4", "asterisk:5", "asterisk:6"]),
        ("red_sales", ["asterisk:1", "asterisk:4"]),
        ("acme", ["asterisk:1"]),
    ],
)
def test_a_contact_belongs_to_a_scope_when_all_of_it_does(example: Path, scope: str, contacts: list[str]) -> None:
    assert one_column(example, scope, "select contact_id from fct_contact order by all") == contacts


def test_a_conversation_belongs_to_the_team_that_its_agent_was_of_on_that_date(example: Path) -> None:
    legs = one_column(example, "red", "select leg_id from fct_agent_leg order by all")
    assert legs == ["1-bob", "2-bob", "4-ada"]
    assert one_column(example, "bobs", "select leg_id from fct_agent_leg order by all") == ["1-bob", "2-bob"]


def test_a_row_without_a_name_of_its_own_belongs_where_its_contact_does_however_it_is_named(example: Path) -> None:
    assert one_column(example, "red", "select recording_id from fct_recording") == ["rec1"]
    sales = one_column(example, "sales", "select recording_id from fct_recording order by all")
    assert sales == ["rec1", "rec2", "recC2"]
    assert one_column(example, "acme", "select survey_id from fct_survey_answer") == ["s1"]
    assert one_column(example, "red", "select survey_id from fct_survey_answer order by all") == ["s1", "s2"]


def test_a_name_that_two_contacts_share_leads_to_neither(tmp_path: Path) -> None:
    shared = [
        contact("9", "sales", "bob", BEFORE),
        contact("8", "support", "cem", BEFORE, contact_id="crm:9", source_system="crm"),
    ]
    make_warehouse(tmp_path, [*worked(), *shared, ("fct_recording", {"recording_id": "rec9", "contact_id": "9"})])
    publish(tmp_path, config_of())
    assert "rec9" not in one_column(tmp_path, "sales", "select recording_id from fct_recording")


def test_kpi_values_are_those_of_the_members_of_the_scope_over_the_whole_period(example: Path) -> None:
    asked = (
        "select dim_set, grain, cast(period_start as date), coalesce(team, queue, agent) from kpi_value order by all"
    )
    assert ask(example, "red", asked) == [
        ("agent", "day", BEFORE, "ada"),
        ("agent", "month", date(2026, 3, 1), "bob"),
        ("agent", "week", date(2026, 3, 2), "ada"),
        ("team", "day", BEFORE, "red"),
    ]
    assert ask(example, "sales", asked) == [("queue", "day", BEFORE, "sales")]
    assert ask(example, "red_sales", asked) == []  # no value is told by both


def test_lists_of_members_have_those_that_released_rows_name(example: Path) -> None:
    assert one_column(example, "red", "select queue_id from dim_queue") == ["sales"]
    assert ask(example, "red", "select agent_id, team_id from dim_agent order by all") == [
        ("ada", "red"),
        ("bob", "red"),
    ]
    agents = one_column(example, "sales", "select distinct agent_id from dim_agent order by all")
    assert agents == ["ada", "bob", "cem"]
    assert one_column(example, "acme", "select distinct agent_id from dim_agent") == ["bob"]
    assert ask(example, "acme", "select customer_key, owner_agent_id from dim_customer") == [("k1", None)]


def test_marts_without_a_way_are_not_in_the_release_and_public_ones_are_whole(example: Path) -> None:
    held = {scope: set(one_column(example, scope, "select view_name from duckdb_views() where schema_name = 'marts'"))
            for scope in ("red", "sales", "acme", "bobs")}  # fmt: skip
    assert "fct_queue_interval" in held["sales"]
    assert "fct_queue_interval" not in held["red"] | held["acme"]
    assert "fct_agent_day" in held["red"]
    assert "fct_agent_day" not in held["sales"]
    assert all("rpt_feed_health" not in marts for marts in held.values())
    assert one_column(example, "acme", "select count(*) from dim_date") == [1]
    assert held["bobs"] == {"dim_agent", "fct_agent_leg", "fct_survey_answer", "release"}
    for scope, declared in config_of().scopes.items():
        files = {file.stem for file in (published_dir(example, scope) / "current").glob("*.parquet")}
        assert files == {*marts_of(declared), "release"}


def test_hidden_columns_are_null_keep_their_type_and_say_why(example: Path) -> None:
    types = (
        "select typeof(caller_masked), typeof(root_contact_id), caller_masked, root_contact_id from fct_contact limit 1"
    )
    assert ask(example, "sales", types) == [("VARCHAR", "VARCHAR", None, None)]
    assert ask(example, "sales", "select distinct wait_s, typeof(wait_s) from fct_queue_visit") == [(None, "DOUBLE")]
    assert one_column(example, "red", "select distinct caller_masked from fct_contact") == ["138****1"]
    assert one_column(example, "red", "select distinct wait_s from fct_queue_visit") == [7.0]
    said = "select comment from duckdb_columns() where table_name = 'fct_contact' and column_name = 'caller_masked'"
    assert "Not for this scope" in one_column(example, "sales", said)[0]


def test_a_scope_of_all_rows_has_every_mart_as_the_centre_has_it_but_for_what_it_hides(example: Path) -> None:
    files = {scope: published_dir(example, scope) / "current" for scope in ("default", "auditor")}
    assert marts_of(config_of().scopes["auditor"]) == sorted(tables_of_marts())
    for mart in FEW:
        hidden = hidden_columns(mart, config_of().scopes["auditor"])
        kept = "* exclude (" + ", ".join(hidden) + ")" if hidden else "*"
        rows = {scope: duckdb.sql(f"select {kept} from '{folder / mart}.parquet' order by all").fetchall()
                for scope, folder in files.items()}  # fmt: skip
        assert rows["default"] == rows["auditor"] != [], mart
    assert one_column(example, "default", "select distinct caller_masked from fct_contact") == ["138****1"]
    assert one_column(example, "auditor", "select distinct caller_masked from fct_contact") == [None]
    assert one_column(example, "auditor", "select count(root_contact_id) > 0 from fct_contact") == [True]


def test_a_scope_is_not_told_which_files_the_centre_has(example: Path) -> None:
    assert "lake/" not in (published_dir(example, "red") / "current" / "manifest.json").read_text("utf-8")
    assert "lake/" in (published_dir(example) / "current" / "manifest.json").read_text("utf-8")


# --- every mart, filled at random ----------------------------------------------------------------------------------

_POOLS = (
    (r"(^|_)agent(_id)?$", ["ada", "bob", "cem", "dee", None]),
    (r"(^|_)queue(_id)?$", ["sales", "support", "billing", None]),
    (r"^team(_id)?$", ["red", "blue", None]),
    (r"contact_id$", [*(f"asterisk:{n}" for n in range(30)), None]),
    (r"^line_of_business$", ["acme", "other", None]),
)


def at_random(table: Table, dice: random.Random) -> Row:
    row: Row = {}
    for name, column in table.columns.items():
        kind = column.type
        pool = next((pool for pattern, pool in _POOLS if kind == "varchar" and re.search(pattern, name)), None)
        if pool is not None:
            row[name] = dice.choice(pool)
        elif name == "grain":
            row[name] = dice.choice(["hour", "day", "week", "month", "quarter", "year", "rolling_12_months"])
        elif kind in ("date", "timestamp"):
            row[name] = dice.choice([BEFORE, AFTER])
        else:
            row[name] = _VALUES.get(kind, "asterisk" if name == "source_system" else 1 if kind != "varchar" else "x")
    return row


def test_whatever_is_in_the_marts_no_file_of_a_scope_names_a_member_of_another(tmp_path: Path) -> None:
    """Not as a value, not within one, not in the catalogue, its comments or the manifest. Members of others have names
    here that stand in no description."""
    forbidden = {
        "red": {"cem", "dee", "blue"}, "sales": {"support", "billing"}, "acme": {"other"},
        "bobs": {"ada", "cem", "dee"}, "red_sales": {"cem", "dee", "blue", "support", "billing"},
    }  # fmt: skip
    foreign = {name: f"zq{name}qz" for name in set().union(*forbidden.values())}
    tables = [table for table in tables_of_marts().values() if table.name != "dim_agent"]
    # dice of its own for each mart: one that is added moves no row of the others
    dice = {table.name: random.Random(table.name) for table in tables}
    rows = [(table.name, at_random(table, dice[table.name])) for table in tables for _ in range(60)]
    agents = [row for row in worked() if row[0] == "dim_agent"]
    make_warehouse(
        tmp_path, [(mart, {key: foreign.get(said, said) for key, said in row.items()}) for mart, row in agents + rows]
    )
    config = config_of(re.sub(r"\w+", lambda found: foreign.get(found[0], found[0]), EXAMPLE + SCOPES))
    scopes = {name: config.scopes[name] for name in forbidden}
    publish(tmp_path, config.model_copy(update={"scopes": scopes}), marts=None)
    for scope, names in forbidden.items():
        folder = published_dir(tmp_path, scope)
        wanted = [foreign[name] for name in names]
        assert files_naming(folder, *wanted) == set(), scope
        assert [text for text in catalogue_texts(folder) if any(name in text for name in wanted)] == [], scope
        assert sum(facts.rows for facts in _facts(tmp_path, scope)) > 10, f"{scope} shows nothing"
    # and the test would see one: the whole centre names them all
    for name in foreign.values():
        assert files_naming(published_dir(tmp_path), name), name


def catalogue_texts(folder: Path) -> list[str]:
    """What a catalogue says beside its rows: SQL of views, and comments of views and columns."""
    with closing(duckdb.connect(str(folder / "callmart.duckdb"), read_only=True)) as con:
        said = con.execute(
            "select sql from duckdb_views() where not internal union all select comment from duckdb_views() "
            "union all select comment from duckdb_columns()"
        ).fetchall()
    found = [text for (text,) in said if text]
    assert any(re.search("[\u4e00-\u9fff]", text) for text in found), "comments are read"
    return found


def _facts(root: Path, scope: str) -> list[Any]:
    manifest = last_release(root, scope)
    assert manifest is not None
    return [facts for mart, facts in manifest.marts.items() if mart.startswith("fct_")]


# --- what marts declare --------------------------------------------------------------------------------------------


def test_every_published_mart_says_how_its_rows_reach_a_scope() -> None:
    assert [table.name for table in tables_of_marts().values() if table.scope is None] == []


def test_a_mart_that_says_nothing_is_withheld_and_one_that_says_nonsense_is_an_error() -> None:
    table = tables_of_marts()["fct_contact"]
    silent = Table(table.name, table.about, table.columns, table.key)
    assert declaration_of(silent) == "withheld"
    with pytest.raises(CallmartError, match="fct_contact says of scopes what can't be read"):
        declaration_of(Table(table.name, table.about, table.columns, table.key, scope={"queues": ["queue_id"]}))


def test_marts_that_are_public_hold_no_row_of_anybody() -> None:
    public = sorted(name for name, way in declarations().items() if way == "public")
    assert public == [
        "dim_date", "dim_interval", "kpi_availability", "kpi_definition", "kpi_measure_definition", "kpi_official",
        "kpi_target", "strategy_rule", "value_name",
    ]  # fmt: skip


def test_declarations_name_columns_and_marts_that_exist() -> None:
    tables = tables_of_marts()
    ways = {name: way for name, way in declarations().items() if isinstance(way, Way)}
    for name, way in ways.items():
        own = {*itertools.chain.from_iterable(way.columns(dimension) for dimension in DIMENSIONS), *way.hide}
        assert own | way.parts.keys() | way.through.keys() <= tables[name].columns.keys(), name
        assert way.dates is not None or not way.agent, f"{name}: whose team was the agent of, and when?"
        assert not way.named or way.named[0] in tables[name].columns, name
        for target in [*way.through.values(), *itertools.chain.from_iterable(way.parts.values())]:
            mart, column = target.split(".")
            assert mart in ways, f"{name}: {target}"
            assert column in tables[mart].columns, f"{name}: {target}"
            assert any(ways[mart].columns(dimension) for dimension in DIMENSIONS) or ways[mart].through


def test_no_column_that_names_an_agent_queue_or_team_is_forgotten() -> None:
    patterns = {"agent": _POOLS[0][0], "queue": _POOLS[1][0], "team": _POOLS[2][0]}
    forgotten = []
    for name, way in declarations().items():
        if not isinstance(way, Way):
            continue
        if not any(way.columns(dimension) for dimension in DIMENSIONS):
            continue  # it belongs where its contact or its ticket does, whoever worked on it
        for dimension, pattern in patterns.items():
            decided = {*way.columns(dimension), *way.hide}
            forgotten += [f"{name}.{column}" for column in text_columns(name, pattern) if column not in decided]
    assert forgotten == []


def test_every_column_that_names_a_listed_member_lets_it_into_the_list() -> None:
    patterns = {"dim_agent": _POOLS[0][0], "dim_queue": _POOLS[1][0], "dim_channel": r"(^|_)channel(_id)?$",
                "dim_issue": r"^issue(_id)?$", "dim_region": r"^region(_code)?$",
                "dim_customer": r"customer_key$"}  # fmt: skip
    ways = {name: way for name, way in declarations().items() if isinstance(way, Way)}
    facts = {name: way for name, way in ways.items() if not way.named}
    for mart, pattern in patterns.items():
        naming = {
            column for name, way in facts.items() for column in text_columns(name, pattern) if column not in way.hide
        }
        assert set(ways[mart].named) == naming, mart


def test_a_mart_is_reached_only_when_every_limit_has_a_way() -> None:
    assert "fct_queue_interval" in reachable(["queue"])
    assert "fct_queue_interval" not in reachable(["queue", "team"])
    assert {"fct_agent_leg", "fct_contact", "kpi_value"} <= set(reachable(["queue", "team"]))
    scopes = config_of(EXAMPLE + SCOPES.replace("wait_s", "caller_hash")).scopes
    masks = ["caller_masked", "caller_hash"]
    assert sorted(hidden_columns("fct_contact", scopes["auditor"])) == sorted(masks)
    assert sorted(hidden_columns("fct_contact", scopes["sales"])) == sorted(
        [*masks, "root_contact_id", "matched_contact_id"]
    )


# --- configuration -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scope", "words"),
    [
        ("default: {name: {zh: 全, en: all}, rows: {queue: [sales]}}", "can't be named 'default'"),
        ("../x: {name: {zh: 全, en: all}, rows: {queue: [sales]}}", "its name is that of a folder"),
        ("s: {name: {zh: 全, en: all}, rows: {queue: [sale]}}", "queue 'sale' is not declared; did you mean sales?"),
        ("s: {name: {zh: 全, en: all}, rows: {team: [rad]}}", "team 'rad' is not declared; did you mean red?"),
        ("s: {name: {zh: 全, en: all}, rows: {agent: [eve]}}", "agent 'eve' is not declared"),
        ("s: {name: {zh: 全, en: all}, rows: {}}", "at least one id of each kind"),
        ("s: {name: {zh: 全, en: all}, rows: {queue: [sales], team: []}}", "at least one id of each kind"),
        ("s: {name: {zh: 全, en: all}}", "this key is missing"),
        ("s: {name: {zh: 全, en: all}, rows: {site: [hz]}}", "unknown key"),
        ("s: {name: {zh: 全, en: all}, rows: {all: true, queue: [sales]}}", "either all, or those of ids"),
        ("s: {name: {zh: 全, en: all}, rows: {all: false}}", "at least one id of each kind"),
        ("s: {name: {zh: 全, en: all}, rows: {all: true}}", "hides columns, or names its marts"),
        ("s: {name: {zh: 全, en: all}, rows: {queue: [sales]}, hide: [caler_hash]}", "did you mean caller_hash?"),
        ("s: {name: {zh: 全, en: all}, rows: {queue: [sales]}, marts: [fct_contacts]}", "did you mean fct_contact?"),
        ("s: {name: {zh: 全, en: all}, rows: {team: [red]}, marts: [fct_queue_interval]}", "can't be limited to team"),
    ],
)
def test_a_wrong_scope_is_told_with_its_line(scope: str, words: str) -> None:
    text = f"{EXAMPLE}scopes:\n  {scope}\n"
    with pytest.raises(InputError) as caught:
        config_of(text)
    assert words in str(caught.value)
    assert caught.value.line == text.splitlines().index(f"  {scope}") + 1
    assert caught.value.todo


def test_scopes_change_no_number() -> None:
    assert config_of().fingerprint == config_of(EXAMPLE).fingerprint


# --- making, renewing, withdrawing ---------------------------------------------------------------------------------


def test_a_scope_is_up_to_date_as_long_as_its_rules_and_the_release_are_the_same(tmp_path: Path) -> None:
    make_warehouse(tmp_path, worked())
    config = config_of()
    assert not are_up_to_date(config.scopes, tmp_path)
    publish(tmp_path, config)
    assert are_up_to_date(config.scopes, tmp_path)
    assert not are_up_to_date(
        config_of(EXAMPLE + SCOPES.replace("[caller_masked, wait_s]", "[wait_s]")).scopes, tmp_path
    )
    renamed = config_of(EXAMPLE + SCOPES.replace("Red team", "The red team")).scopes
    assert are_up_to_date(renamed, tmp_path)
    assert rules_of(config.scopes["red"]) != rules_of(config.scopes["sales"])


def test_a_making_that_stops_anywhere_is_gone_on_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_warehouse(tmp_path, worked())
    config = config_of()
    publish(tmp_path, config, 1)
    made: list[str] = []

    def stops(*arguments: Any, scope: str, **more: Any) -> Any:
        if len(made) == 2:
            raise KeyboardInterrupt
        made.append(scope)
        return publish_release(*arguments, scope=scope, **more)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(published, "publish_release", stops)
        publish(tmp_path, config, 2)
    assert not are_up_to_date(config.scopes, tmp_path)
    assert [ask(tmp_path, scope, "select release_id from release")[0][0] for scope in config.scopes] == [
        "r2", "r2", *["r1"] * (len(config.scopes) - 2)
    ]  # fmt: skip
    publish(tmp_path, config, 3)
    assert are_up_to_date(config.scopes, tmp_path)


def test_a_scope_that_is_declared_no_more_is_served_no_more(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make_warehouse(tmp_path, worked())
    publish(tmp_path, config_of())
    foreign = tmp_path / "published" / "notes"
    foreign.mkdir()
    left = {name: scope for name, scope in config_of().scopes.items() if name != "red"}
    assert keep_serving(left, tmp_path) == ["red"]
    assert not published_dir(tmp_path, "red").exists()
    assert "scope red is not declared any more" in capsys.readouterr().err
    assert scopes_on_disk(tmp_path) == sorted(left)
    assert foreign.exists(), "what callmart did not make stays"
    assert are_up_to_date(left, tmp_path)
    assert keep_serving(left, tmp_path) == []


def test_a_withdrawal_that_was_cut_off_is_ended_by_the_next_call(tmp_path: Path) -> None:
    make_warehouse(tmp_path, worked())
    publish(tmp_path, config_of())
    half = tmp_path / "published" / "_red.tmp"
    published_dir(tmp_path, "red").rename(half)
    (half / "callmart.duckdb").unlink()
    keep_serving({}, tmp_path)
    assert not half.exists()


def test_former_releases_of_a_scope_go_when_its_rules_change(tmp_path: Path) -> None:
    make_warehouse(tmp_path, worked())
    folder = published_dir(tmp_path, "sales") / "releases"
    publish(tmp_path, config_of(), 1)
    publish(tmp_path, config_of(), 2)
    assert sorted(path.name for path in folder.iterdir()) == ["r1", "r2"]
    publish(tmp_path, config_of(EXAMPLE + SCOPES.replace("wait_s", "caller_hash")), 3)
    assert [path.name for path in folder.iterdir()] == ["r3"]


def test_a_scope_without_a_row_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make_warehouse(tmp_path, worked())
    publish(tmp_path, config_of(EXAMPLE + SCOPES.replace("[acme]", "[acne]")))
    assert "scope acme is empty" in capsys.readouterr().err


def test_ids_with_quotes_are_ids(tmp_path: Path) -> None:
    make_warehouse(tmp_path, worked())
    scope = {"name": {"zh": "甲", "en": "a"}, "rows": {"line_of_business": ["o'neil') or (true"]}}
    found = limited(Scope.model_validate(scope), specs())
    with closing(duckdb.connect(str(warehouse_path(tmp_path)), read_only=True)) as con:
        for statement in found.prepare:
            con.execute(statement)
        (query,) = (mart.query for mart in found.marts if mart.name == "fct_contact")
        assert con.execute(f"select count(*) from ({query})").fetchall() == [(0,)]


def test_the_manifest_of_a_scope_says_by_which_rules_it_was_made(example: Path) -> None:
    raw = json.loads((published_dir(example, "red") / "current" / "manifest.json").read_text("utf-8"))
    assert (raw["scope"], raw["rules"]) == ("red", rules_of(config_of().scopes["red"]))


# --- the guide -----------------------------------------------------------------------------------------------------

GUIDE = (PROJECT / "docs" / "scopes.md").read_text("utf-8")


def test_the_declaration_of_the_guide_can_be_used() -> None:
    (declared,) = re.findall(r"```yaml\n(scopes:.*?)```", GUIDE, re.DOTALL)
    scopes = config_of(EXAMPLE.replace("team_id: red", "team_id: a") + declared).scopes
    assert list(scopes) == ["team_a", "retail", "auditor"]
    assert set(scopes["retail"].marts or ()) == set(marts_of(scopes["retail"]))


def test_the_guide_has_every_key_of_a_scope_and_every_word_of_a_mart() -> None:
    keys = GUIDE.split("| key | what it says |")[1].split("\n\n")[0]
    assert set(re.findall(r"^\| `(\w+)` \|", keys, re.MULTILINE)) == set(Scope.model_fields)
    words = GUIDE.split("| word | meaning |")[1].split("\n## ")[0]
    said = {word for cell in re.findall(r"^\| (`.*?) \|", words, re.MULTILINE) for word in re.findall(r"`(\w+)`", cell)}
    assert said == {"public", "withheld", *Way.model_fields}
