"""Claims about personal data at typing: the SQL does what plain Python says, and nothing raw survives."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterator

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestration.extract import masking

KEY = "a key of tests, long enough"
OWN, AGENTS, INTERNAL = ["4008001001"], ["Agent/20230001"], 6
NUMBERS = [
    None, "", "13812345678", "+8613812345678", "0086 138-1234-5678", "8613812345678", "013812345678", "02112345678",
    "+862112345678", "(0571) 8123-4567", "10086", "95588", "4008001001", "+864008001001", "+14155551234", "anonymous",
    "Unknown", "abc", "a1b", "１３８１２３４５６７８", "1", "1001", "1234567", "87654321", "sip:13812345678", "+86",
]  # fmt: skip


@pytest.fixture(scope="module")
def db() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        masking.install(connection, KEY, INTERNAL, OWN, AGENTS)
        yield connection


def in_sql(db: duckdb.DuckDBPyConnection, raw: str | None) -> tuple[object, ...]:
    row = db.execute(
        """with bare as (select bare_number($1::varchar) as b), normal as (select norm_bare(b) as n from bare)
        select n, keyed_hash(n), number_type(n), number_prefix(n, number_type(n)), mask_number(n), mask_text($1),
            agent_name($1) from normal""",
        [raw],
    ).fetchone()
    assert row is not None
    return row


def in_python(raw: str | None) -> tuple[object, ...]:
    number = masking.normalise_number(raw)
    return (
        number,
        masking.keyed_hash(KEY, number),
        masking.number_type(number, INTERNAL),
        masking.number_prefix(number, INTERNAL),
        masking.mask_number(number),
        masking.mask_text(raw, OWN),
        masking.name_of_agent(raw, [*AGENTS, *OWN], KEY),
    )


@pytest.mark.parametrize("raw", NUMBERS)
def test_sql_equals_python(db: duckdb.DuckDBPyConnection, raw: str | None) -> None:
    assert in_sql(db, raw) == in_python(raw)


@settings(max_examples=150, deadline=None)
@given(st.text("0123456789+-() .aA轻１", max_size=24))
def test_sql_equals_python_for_any_text(db: duckdb.DuckDBPyConnection, raw: str) -> None:
    assert in_sql(db, raw) == in_python(raw)


@pytest.mark.parametrize("key", ["short key of test", "k" * 64, "钥" * 40])
def test_keyed_hash_is_hmac_sha256(key: str) -> None:
    with duckdb.connect() as connection:
        masking.install(connection, key, INTERNAL, [], [])
        row = connection.execute("select keyed_hash('13812345678')").fetchone()
    assert row == (hmac.new(key.encode(), b"13812345678", hashlib.sha256).hexdigest(),)


@pytest.mark.parametrize(
    "raw", ["13812345678", "138 1234 5678", "138-1234-5678", "+86 138 1234 5678", "008613812345678", "013812345678"]
)
def test_one_mobile_number_has_one_form(raw: str) -> None:
    assert masking.normalise_number(raw) == "13812345678"


def test_landline_keeps_its_area_code_with_and_without_country_code() -> None:
    assert masking.normalise_number("+86 21 1234 5678") == masking.normalise_number("021-12345678") == "02112345678"


@pytest.mark.parametrize(
    ("number", "kind", "prefix", "masked"),
    [
        ("13812345678", "mobile", "138", "138****5678"),
        ("02112345678", "landline", "021", "021****5678"),
        ("057112345678", "landline", "0571", "057****5678"),
        ("81234567", "landline", None, "8****67"),
        ("4008001001", "service", None, "4****01"),
        ("1001", "internal", None, "1****1"),
        ("0014155551234", "foreign", None, "001****1234"),
        ("77", "internal", None, "****"),
    ],
)
def test_kind_prefix_and_mask(number: str, kind: str, prefix: str | None, masked: str) -> None:
    assert masking.number_type(number, INTERNAL) == kind
    assert masking.number_prefix(number, INTERNAL) == prefix
    assert masking.mask_number(number) == masked


@given(st.from_regex(r"[0-9]{1,10}", fullmatch=True))
def test_short_number_hides_at_least_half(number: str) -> None:
    shown = len((masking.mask_number(number) or "").replace("*", ""))
    assert 2 * shown <= len(number)


@given(st.text("0123456789ab/@- ", max_size=40))
def test_masked_text_has_no_seven_digits_in_a_row(text: str) -> None:
    assert not re.search(r"[0-9]{7}", masking.mask_text(text) or "")


def test_own_number_stays_in_a_text() -> None:
    assert masking.mask_text("4008001001", OWN) == "4008001001"
    assert masking.mask_text("14008001001", OWN) != "14008001001"


def test_agents_on_mobile_phones_are_masked_yet_told_apart() -> None:
    one = masking.name_of_agent("Local/13812345678@out", [], KEY)
    other = masking.name_of_agent("Local/13899995678@out", [], KEY)
    assert one != other and "138****5678" in str(one) and "1234567" not in str(one)
    assert masking.name_of_agent("Agent/20230001", AGENTS, KEY) == "Agent/20230001"


def test_key_is_in_no_macro(db: duckdb.DuckDBPyConnection) -> None:
    said = " ".join(str(row) for row in db.execute("select macro_definition from duckdb_functions()").fetchall())
    assert KEY not in said and KEY.encode().hex() not in said.lower()
