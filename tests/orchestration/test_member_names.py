"""What members of dimensions are called on boards."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest

from orchestration.board.names import Names, member_names, name_of


@pytest.fixture
def names() -> Iterator[Names]:
    with duckdb.connect() as con:
        con.execute("create schema marts; use marts")
        con.execute(
            """
            create view value_name as select 'vip' as "value", '贵宾' as value_name_zh, 'VIP' as value_name_en;
            create view dim_queue as
            select 'sales' as queue_id, '销售' as queue_name_zh, null as queue_name_en, true as is_current
            """
        )
        yield member_names(con)


@pytest.mark.parametrize(
    ("dimension", "member", "told"),
    [
        ("queue", "sales", ("销售", "sales")),
        ("queue", "vip", ("vip", "vip")),  # a queue is called what the centre calls it
        ("segment", "vip", ("贵宾", "VIP")),
        ("team", "vip", ("vip", "vip")),
        ("segment", "gold", ("gold", "gold")),
        ("hour_of_day", "8", ("08:00", "08:00")),
    ],
)
def test_a_member_is_called_by_its_own_name_else_by_that_of_a_known_value(
    names: Names, dimension: str, member: str, told: tuple[str, str]
) -> None:
    said = name_of(names, dimension, member)
    assert (said["zh"], said["en"]) == told


def test_a_release_without_names_tells_members_as_they_are() -> None:
    with duckdb.connect() as con:
        con.execute("create schema marts; use marts")
        assert name_of(member_names(con), "segment", "vip")["zh"] == "vip"
