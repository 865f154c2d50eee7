"""What the SQL guide says of the demo centre is what the demo centre says: `make test-demo`, which builds it first."""

from __future__ import annotations

from orchestration.catalogue import open_catalogue
from orchestration.paths import PROJECT
from orchestration.sql_guide import GUIDE, questions, result

STALE = "stale: run CALLMART_DATA=demo/data .venv/bin/python -m orchestration.sql_guide"


def test_the_stated_results_are_those_of_the_demo_centre() -> None:
    stated = {question.title: question.result for question in questions(GUIDE.read_text("utf-8"))}
    with open_catalogue(PROJECT / "demo" / "data") as con:
        found = {question.title: result(con, question.sql) for question in questions(GUIDE.read_text("utf-8"))}
    assert found == stated, STALE
