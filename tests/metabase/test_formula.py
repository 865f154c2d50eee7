"""SQL expressions and their counterparts in MBQL, above all where an empty value makes a difference."""

from __future__ import annotations

import duckdb
import pytest

from metabase.formula import Clause, Ref, Translator, Untranslatable
from metabase.marts import Column, Table, Text
from tests.metabase.mbql_sql import Query

NOTHING = Text("无", "none")
TABLE = Table(
    "t",
    NOTHING,
    {
        "kind": Column("kind", "varchar", NOTHING, True, None, ()),
        "amount": Column("amount", "double", NOTHING, True, None, ()),
        "is_new": Column("is_new", "boolean", NOTHING, True, None, ()),
        "place": Column("place", "varchar", NOTHING, False, None, ()),
    },
    None,
)


def translator() -> Translator:
    return Translator({"t": TABLE}, TABLE, {})


def field(name: str) -> Clause:
    return ["field", {}, Ref("field", f"t.{name}")]


@pytest.mark.parametrize(
    ("sql", "clause"),
    [
        ("sum(1)", ["count", {}]),
        ("sum(amount)", ["sum", {}, field("amount")]),
        ("sum(case when is_new then 1 else 0 end)", ["count-where", {}, ["=", {}, field("is_new"), True]]),
        (
            "sum(case when kind = 'a' then amount else 0 end)",
            ["sum-where", {}, field("amount"), ["=", {}, field("kind"), "a"]],
        ),
        (
            "count(distinct case when not is_new then kind end)",
            ["distinct-where", {}, field("kind"), ["=", {}, field("is_new"), False]],
        ),
        (
            "max(case when amount is not null then amount end)",
            ["max", {}, ["case", {}, [[["not-null", {}, field("amount")], field("amount")]]]],
        ),
    ],
)
def test_an_aggregate_has_its_counterpart(sql: str, clause: Clause) -> None:
    assert translator().aggregation(sql) == clause


def test_an_age_is_told_from_now() -> None:
    clause = translator().aggregation("min(date_diff('minute', amount, now()))")
    assert clause == ["min", {}, ["datetime-diff", {}, field("amount"), ["now", {}], "minute"]]


def test_unequal_does_not_hold_for_an_empty_value() -> None:
    unequal = ["!=", {}, field("kind"), "a"]
    assert translator().condition("kind != 'a'") == ["and", {}, ["not-null", {}, field("kind")], unequal]
    assert translator().condition("place != 'a'") == ["!=", {}, field("place"), "a"]


@pytest.mark.parametrize(
    "condition",
    [
        "kind != 'a'",
        "not kind = 'a'",
        "kind not in ('a', 'b')",
        "not (kind = 'a' and is_new)",
        "not (kind = 'a' or amount > 1)",
        "not is_new",
        "not (not is_new)",
        "amount <= 1 or kind is null",
        "coalesce(amount, 0) = 0 and not kind is null",
        "place != kind",
        "amount + 1 > 2 and place in ('x', 'y')",
    ],
)
def test_a_condition_holds_for_the_same_rows_as_in_sql(condition: str) -> None:
    """Rows of every mixture of values and none."""
    clause = translator().condition(condition)
    stage = {"source-table": Ref("table", "t"), "filters": [clause], "aggregation": [["count", {"name": "n"}]]}
    with duckdb.connect() as con:
        con.execute("create schema marts; create table marts.t (kind text, amount double, is_new boolean, place text)")
        con.execute(
            "insert into marts.t select * from (values ('a'), ('b'), ('c'), (null)) k(kind), "
            "(values (0), (1), (2), (null)) a(amount), (values (true), (false), (null)) n(is_new), "
            "(values ('x'), ('a')) p(place)"
        )
        expected = con.execute(f"select count(*) from marts.t where {condition}").fetchone()
        found = con.execute(Query({"dataset_query": {"stages": [stage]}}).sql()).fetchone()
    assert found == expected
    assert expected is not None and expected[0] not in (0, 96)


@pytest.mark.parametrize("sql", ["sum(least(amount, 1))", "median(amount)", "sum(", "string_agg(kind)"])
def test_what_has_no_counterpart_is_refused(sql: str) -> None:
    with pytest.raises(Untranslatable):
        translator().aggregation(sql)
