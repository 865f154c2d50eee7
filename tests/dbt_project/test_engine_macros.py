"""The law of the dbt project, read from its files: what differs between engines stands in one list of macros, and each
layer reads only what lies below it.

Here belongs: rules that text alone can show. Not here: what models give. Layout and spelling are sqlfluff's.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from expectations import staging
from orchestration.paths import PROJECT

DBT = PROJECT / "dbt_project"
MODELS = sorted((DBT / "models").rglob("*.sql"))
SEEDS = {file.stem for file in (PROJECT / "seeds").glob("*.csv")}
LONGEST = 120

# The only macros that DuckDB and Spark implement differently. A new entry is a last resort: first look for SQL that
# both engines run.
ENGINE_MACROS = {
    "lake",
    "to_local",
    "to_utc",
    "seconds_between",
    "add_seconds",
    "trunc_time",
    "spine",
    "sha256_hex",
    "joined_text",
    "window_delete",
}

OF_ENGINES = {"engine.sql", "spark.sql"}
"""Macros that may name an engine: what models use, and what dbt-spark is told about writing tables."""

# Constructs of one engine alone, or that read a clock; models, tests and macros outside engine.sql go without them.
FOREIGN = {
    "star with exclude, replace or except": r"\*\s*(exclude|replace|except)\s*\(",
    "epoch()": r"\bepoch(_ms|_us|_ns)?\s*\(",
    "cast by ::": r"::",
    "files named in SQL": r"\b(read_parquet|read_csv\w*|parquet_scan)\s*\(|\bparquet\.`",
    "at time zone": r"\bat\s+time\s+zone\b",
    "the clock": r"\b(current_(timestamp|date|time)|localtimestamp|now\s*\(|today\s*\(|get_current_timestamp)",
    "convert_timezone": r"\bconvert_timezone\s*\(",
    "difference of dates by one engine's function": r"\b(date_?(diff|sub|add)|timestamp(diff|add))\s*\(",
    "list, struct and lambda functions": r"\b(list_\w+|struct_\w+|unnest|explode|generate_series|range)\s*\(",
    "formats of one engine": r"\b(strftime|strptime|date_format|to_timestamp|make_timestamp|to_\w*seconds)\s*\(",
    "aggregates of one engine": r"\b(arg_max|arg_min|max_by|min_by|quantile\w*|approx_\w+|first|last)\s*\(",
    "texts of a group joined": r"\b(string_agg|listagg|group_concat)\s*\(",
    "types of one engine": r"\bas\s+(varchar|text|timestamp_ntz)\s*\)",
    "positional and asof joins": r"\b(positional|asof)\s+join\b",
    "ilike, glob and similar to": r"\b(ilike|glob|similar\s+to)\b",
    "chance": r"\b(random|uuid|gen_random_uuid)\s*\(",
}


def without_comments(sql: str) -> str:
    return re.sub(r"--[^\n]*|{#.*?#}", "", sql, flags=re.DOTALL)


def foreign(sql: str) -> list[str]:
    """Names of the constructs of FOREIGN that some SQL uses."""
    return [name for name, pattern in FOREIGN.items() if re.search(pattern, without_comments(sql).lower())]


def refs(sql: str) -> set[str]:
    return set(re.findall(r"ref\(\s*'(\w+)'\s*\)", without_comments(sql)))


def layer(name: str) -> str:
    """Where a model or seed stands: base, staging (with its source), intermediate, core, kpi or seeds."""
    if name in SEEDS:
        return "seeds"
    file = next(file for file in MODELS if file.stem == name)
    folder = file.relative_to(DBT / "models").parts
    if folder[0] == "marts":
        return folder[1]
    if folder[0] == "staging":
        return "base" if name.startswith("base_") else f"staging {folder[1]}"
    return folder[0]


def may_read(reader: str, read: str) -> bool:
    """Whether a model of one layer may read one of another."""
    if reader == "base":
        return False
    if reader.startswith("staging"):
        return read in ("base", "seeds", "staging centre", reader)
    if reader == "intermediate":
        return read in ("intermediate", "seeds") or read.startswith("staging")
    if reader == "core":
        return read in ("core", "intermediate", "seeds", "staging centre")
    if reader == "report":
        return read in ("core", "kpi", "report", "seeds")
    return reader == "kpi" and read in ("core", "kpi", "seeds", "staging centre")


def test_engine_macros_are_those_of_the_list() -> None:
    text = (DBT / "macros" / "engine.sql").read_text()
    macros = set(re.findall(r"{% macro (\w+)\(", text))
    assert {name for name in macros if "__" not in name} == ENGINE_MACROS
    assert set(re.findall(r"adapter\.dispatch\('(\w+)'\)", text)) == ENGINE_MACROS
    assert {f"default__{name}" for name in ENGINE_MACROS} <= macros
    assert {name.split("__")[1] for name in macros if "__" in name} <= ENGINE_MACROS


def test_no_other_file_dispatches_by_engine() -> None:
    others = [file for file in (DBT / "macros").rglob("*.sql") if file.name not in OF_ENGINES] + MODELS
    offenders = [file.name for file in others if re.search(r"adapter\.dispatch|target\.type", file.read_text())]
    assert offenders == []


@pytest.mark.parametrize(
    "file",
    MODELS
    + sorted((DBT / "tests").rglob("*.sql"))
    + sorted(file for file in (DBT / "macros").rglob("*.sql") if file.name not in OF_ENGINES),
    ids=lambda file: file.stem,
)
def test_sql_is_what_both_engines_run(file: Path) -> None:
    assert foreign(file.read_text()) == []


@pytest.mark.parametrize(
    ("sql", "name"),
    [
        ("select * exclude (a) from t", "star with exclude, replace or except"),
        ("select epoch(a) from t", "epoch()"),
        ("select a::date from t", "cast by ::"),
        ("select * from read_parquet('x')", "files named in SQL"),
        ("select a at time zone 'UTC' from t", "at time zone"),
        ("select current_timestamp", "the clock"),
        ("select NOW()", "the clock"),
        ("select date_diff('day', a, b) from t", "difference of dates by one engine's function"),
        ("select unnest(a) from t", "list, struct and lambda functions"),
        ("select strftime(a, '%Y') from t", "formats of one engine"),
        ("select arg_max(a, b) from t", "aggregates of one engine"),
        ("select random()", "chance"),
        ("select string_agg(a, ',' order by a) from t", "texts of a group joined"),
        ("select cast(a as varchar) from t", "types of one engine"),
    ],
)
def test_lint_rejects_what_one_engine_runs(sql: str, name: str) -> None:
    assert foreign(sql) == [name]
    assert foreign(f"-- {sql}\nselect 1 as one") == []


@pytest.mark.parametrize("file", MODELS, ids=lambda file: file.stem)
def test_layer_reads_only_what_lies_below(file: Path) -> None:
    reader = layer(file.stem)
    assert [name for name in sorted(refs(file.read_text())) if not may_read(reader, layer(name))] == []


@pytest.mark.parametrize(
    ("reader", "read"),
    [
        ("kpi_result", "int_contact__settled"),
        ("kpi_value", "stg_asterisk__contact"),
        ("fct_contact", "stg_asterisk__contact"),
        ("fct_contact", "kpi_value"),
        ("rpt_feed_health", "stg_centre__feed_state"),
        ("kpi_availability", "rpt_board_row"),
        ("fct_ticket", "stg_canonical__ticket"),
        ("int_queue__visit", "fct_queue_visit"),
        ("int_queue__visit", "base_asterisk__cdr"),
        ("stg_asterisk__contact", "stg_canonical__contact"),
        ("stg_asterisk__contact", "int_queue__visit"),
    ],
)
def test_law_of_layers_rejects(reader: str, read: str) -> None:
    assert not may_read(layer(reader), layer(read))


def test_only_the_lowest_models_read_the_lake() -> None:
    readers = {file.stem for file in MODELS if "lake(" in without_comments(file.read_text())}
    lowest = {file.stem for file in MODELS if layer(file.stem) in ("base", "staging centre")}
    # a canonical feed has the event model's form in the lake already
    assert readers == lowest | {name.removesuffix(".sql") for name in staging.files() if name.endswith(".sql")}


def test_models_name_no_table_but_by_ref() -> None:
    tables = r"\b(from|join)\s+(marts|staging|intermediate|reference|main)\."
    assert [file.stem for file in MODELS if re.search(tables, without_comments(file.read_text()))] == []


@pytest.mark.parametrize("file", MODELS, ids=lambda file: file.stem)
def test_model_is_short_enough_to_be_one(file: Path) -> None:
    assert len(file.read_text().splitlines()) <= LONGEST


@pytest.mark.parametrize("file", MODELS, ids=lambda file: file.stem)
def test_model_is_described_beside_its_sql(file: Path) -> None:
    (model,) = yaml.safe_load(file.with_suffix(".yml").read_text())["models"]
    assert model["name"] == file.stem
    # base models are rows of a feed, whose contract describes them
    assert re.search(r"\bone row\b", model["description"].lower()), model["description"]
    columns = model.get("columns", [])
    assert all(column["description"] for column in columns)
    if layer(file.stem) in ("core", "kpi", "report"):
        meta = model["config"]["meta"]
        assert meta["publish"] is (file.stem not in INTERNAL)
        assert all(chinese(text) for text in [meta["zh"], *(column["config"]["meta"]["zh"] for column in columns)])
        assert all(column["data_type"] not in ("hugeint", "decimal") for column in columns)


INTERNAL = {
    "fct_customer_month",
    "kpi_feed",
    "kpi_judged",
    "kpi_measure",
    "kpi_measure_action",
    "kpi_measure_agent",
    "kpi_measure_agent_complaint",
    "kpi_measure_agent_day",
    "kpi_measure_agent_paid",
    "kpi_measure_agent_rating",
    "kpi_measure_capture",
    "kpi_measure_chat_turn",
    "kpi_measure_complaint",
    "kpi_measure_contact",
    "kpi_measure_contact_handling",
    "kpi_measure_contact_record",
    "kpi_measure_contact_sale",
    "kpi_measure_cost",
    "kpi_measure_evaluation",
    "kpi_measure_evaluation_section",
    "kpi_measure_hand_over",
    "kpi_measure_handled",
    "kpi_measure_integration",
    "kpi_measure_invitation",
    "kpi_measure_lead",
    "kpi_measure_ledger",
    "kpi_measure_leg",
    "kpi_measure_matter",
    "kpi_measure_menu",
    "kpi_measure_offer",
    "kpi_measure_one_touch",
    "kpi_measure_order",
    "kpi_measure_period",
    "kpi_measure_query",
    "kpi_measure_queue",
    "kpi_measure_rating",
    "kpi_measure_recall",
    "kpi_measure_recording",
    "kpi_measure_retention",
    "kpi_measure_ring",
    "kpi_measure_sales_month",
    "kpi_measure_sound",
    "kpi_measure_sound_agent",
    "kpi_measure_sound_line",
    "kpi_measure_ticket",
    "kpi_measure_ticket_field",
    "kpi_measure_ticket_return",
    "kpi_measure_ticket_stage",
    "kpi_period",
    "kpi_ranked_hour",
    "kpi_result",
    "rpt_board_row",
    "rpt_kpi_choice",
    "rpt_kpi_trust",
}
"""Marts that a release leaves out: steps on the way to kpi_value and to the boards."""


def chinese(text: str) -> bool:
    return bool(re.search(r"[\u4e00-\u9fff]", text))


def test_published_descriptions_are_not_copied() -> None:
    """A table's description is its own; a column's may repeat where it means the same."""
    said: dict[str, str] = {}
    for file in MODELS:
        (model,) = yaml.safe_load(file.with_suffix(".yml").read_text())["models"]
        assert model["description"] not in said, (file.stem, said.get(model["description"]))
        said[model["description"]] = file.stem
