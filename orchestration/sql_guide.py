"""The SQL guide `docs/sql_guide.md`: its queries, and the results that it states.

`make demo`, then `CALLMART_DATA=demo/data python -m orchestration.sql_guide` writes the results of the demo centre into
the guide; `make test-demo` compares them.

Belongs here: finding the queries of the guide, running them, writing their results. Does not belong here: the questions
and the SQL, which stand in the guide and nowhere else.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import duckdb

from orchestration.catalogue import open_catalogue
from orchestration.paths import PROJECT, data_root

GUIDE = PROJECT / "docs" / "sql_guide.md"
# A question, its SQL, and the table of its result right below.
_QUESTION = re.compile(
    r"^### (?P<number>\d+)\. (?P<title>.+?)\n(?P<words>.*?)^```sql\n(?P<sql>.*?)^```\n\n(?P<result>(?:\|[^\n]*\n)*)",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True)
class Question:
    """A question of the guide. `result` is the Markdown table that the guide states, empty before it was written."""

    number: int
    title: str
    sql: str
    result: str

    @property
    def columns(self) -> list[str]:
        """The columns of the stated result."""
        head = self.result.split("\n", 1)[0]
        return [name.strip() for name in head.strip("|").split("|")] if head else []


def questions(guide: str) -> list[Question]:
    """The questions of the guide in their order."""
    return [
        Question(int(found["number"]), found["title"], found["sql"], found["result"])
        for found in _QUESTION.finditer(guide)
    ]


def filled(guide: str, con: duckdb.DuckDBPyConnection) -> str:
    """The guide with the results that its queries have on this release."""

    def written(found: re.Match[str]) -> str:
        end = "" if found["result"] else "\n"
        return found[0].removesuffix(found["result"]) + result(con, found["sql"]) + end

    return _QUESTION.sub(written, guide)


def result(con: duckdb.DuckDBPyConnection, sql: str) -> str:
    """What a query gives, as a Markdown table."""
    answer = con.execute(sql)
    head = [column[0] for column in answer.description]
    lines = [head, ["---"] * len(head), *([_text(value) for value in row] for row in answer.fetchall())]
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.10g}"
    if isinstance(value, bool):
        return str(value).lower()
    return str(value).replace("|", r"\|")


def main() -> None:
    """Write the results of the release at the data root into the guide."""
    with open_catalogue(data_root()) as con:
        GUIDE.write_text(filled(GUIDE.read_text("utf-8"), con), "utf-8")


if __name__ == "__main__":
    main()
