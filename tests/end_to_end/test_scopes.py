"""Scopes of a built centre: made by the build that finds them declared, of their own rows, and gone with them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing

import duckdb

from orchestration.paths import warehouse_path
from tests.end_to_end.centre import Centre, released_texts

DECLARED = """
scopes:
  team_a: {name: {zh: 甲组, en: Team A}, rows: {team: [a]}, hide: [caller_masked]}
  sales: {name: {zh: 销售, en: Sales}, rows: {queue: [sales]}}
  own: {name: {zh: 本人, en: Own}, rows: {agent: ["1005"]}}
"""


def named_in_warehouse(centre: Centre, sql: str) -> set[str]:
    with closing(duckdb.connect(str(warehouse_path(centre.data)), read_only=True)) as con:
        return {text for (text,) in con.execute("use marts").execute(sql).fetchall() if text is not None}


def known_to(kind: str, members: str) -> str:
    """SQL of the contacts in which a member (`agent`, `queue`) had any part."""
    parts = [(mart, f"{kind}_id") for mart in ("fct_agent_leg", "fct_queue_visit", "fct_queue_offer")]
    parts += [
        ("fct_transfer", f"from_{kind}_id"),
        ("fct_transfer", f"to_{kind}_id"),
        ("fct_contact", f"first_{kind}_id"),
    ]
    parts.append(("fct_contact", {"agent": "last_agent_id", "queue": "answering_queue_id"}[kind]))
    return " union ".join(f"select contact_id from {mart} where {column} in ({members})" for mart, column in parts)


def test_scopes_are_released_with_the_centre_hold_nobody_elses_rows_and_go_when_undeclared(
    copy: Callable[[], Centre],
) -> None:
    centre = copy()
    before, hashes, undeclared = centre.release_id(), centre.hashes(), centre.config.read_text("utf-8")
    centre.config.write_text(undeclared + DECLARED, "utf-8")
    said = centre.build()
    assert "scope team_a: " in said
    assert centre.release_id() != before, "a change of the scopes alone makes a release"
    assert centre.hashes() == hashes, "and no number of the centre changes"
    assert_each_has_its_own(centre)

    (centre.data / "published" / "sales" / "callmart.duckdb").unlink()
    centre.config.write_text(undeclared + DECLARED.replace("  team_a:", "  # team_a:"), "utf-8")
    said = centre.build()
    assert "scope team_a is not declared any more: its releases are removed" in said
    assert "nothing new" in said, "withdrawing needs no release"
    assert sorted(path.name for path in (centre.data / "published").iterdir()) == ["default", "own", "sales"]
    assert (centre.data / "published" / "sales" / "callmart.duckdb").exists(), (
        "each build mends the catalogue of a scope"
    )


def assert_each_has_its_own(centre: Centre) -> None:
    """No scope names anybody of another one, and each has something."""
    own = "select agent_id from dim_agent where team_id = 'a'"

    def known(sql: str) -> set[str]:
        return named_in_warehouse(centre, sql)

    contacts = known("select contact_id from fct_contact")
    others = known("select agent_id from dim_agent") - known(own)
    teams = known("select team_id from dim_agent") - {"a"}
    foreign = {
        "team_a": others | teams | (contacts - known(known_to("agent", own))),
        "own": (known("select agent_id from dim_agent") - {"1005"}) | (contacts - known(known_to("agent", "'1005'"))),
        "sales": known("select queue_id from dim_queue") - {"sales"} | (contacts - known(known_to("queue", "'sales'"))),
    }
    whole = set().union(*released_texts(centre.served).values())
    for scope, forbidden in foreign.items():
        forbidden |= {text.split(":", 1)[1] for text in forbidden if ":" in text}  # as sources name contacts
        found = released_texts(centre.data / "published" / scope)
        # a channel may be of a kind that a queue is called by
        named = {place: texts & forbidden for place, texts in found.items() if place != ("dim_channel", "kind")}
        assert {place: texts for place, texts in named.items() if texts} == {}, scope
        assert forbidden & whole, "the whole centre has them"
        assert found["fct_contact", "contact_id"], f"{scope} has contacts of its own"
    team, one, sales = (released_texts(centre.data / "published" / scope) for scope in ("team_a", "own", "sales"))
    assert not team["fct_contact", "caller_masked"] and sales["fct_contact", "caller_masked"]
    assert team["kpi_value", "team"] == {"a"} and sales["kpi_value", "queue"] == {"sales"}
    assert one["kpi_value", "agent"] == {"1005"}
