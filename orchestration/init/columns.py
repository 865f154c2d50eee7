"""What stands in each column of a sample: how much of it is filled, its commonest texts, and their shapes.

Here belongs: counting. Not here: what it means (proposal.py), how it can be read (instants.py, durations.py).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

import duckdb

from orchestration.extract.expressions import literal, quote
from orchestration.extract.text import LINE, MARK
from orchestration.init.synonyms import Header, synonyms

_MOST_TEXTS = 400
_MOST_SHAPES = 100
_DEEPEST = 3


@dataclass(frozen=True, eq=False)
class Column:
    """A column of the export, or a member of a nested one. `sql`: its text with nothing but NULL where nothing stands.
    `texts`: the commonest ones, `shapes`: the same with 9 for each digit; both with their rows."""

    name: str
    sql: str
    header: Header
    rows: int
    filled: int
    distinct: int
    texts: Counter[str]
    shapes: Counter[str]
    lowest: float | None = None
    highest: float | None = None
    is_whole: bool = True

    @property
    def are_numbers(self) -> bool:
        """Whether nearly every text is a number."""
        return self.lowest is not None and self.share(r"-?9+(\.9+)?([eE][-+]?9+)?") > 0.95

    def share(self, shape: str) -> float:
        """Share of the shown texts whose whole shape a pattern matches."""
        counted = sum(count for said, count in self.shapes.items() if re.fullmatch(shape, said))
        return counted / max(self.shapes.total(), 1)


def columns_of(db: duckdb.DuckDBPyConnection, names: list[str], is_nested: bool) -> list[Column]:
    """The columns of table `raw`; with `is_nested` the members of JSON objects in their place."""
    found: list[Column] = []
    for name in names:
        if name in (LINE, MARK) or name.startswith("#"):
            continue
        for shown, sql in _members(db, name) if is_nested else [(name, quote(name))]:
            found.append(_profile(db, shown, sql))
    return found


def _members(db: duckdb.DuckDBPyConnection, name: str) -> Iterator[tuple[str, str]]:
    """A column of JSON lines, or its members when it holds objects, as name and SQL."""
    column = quote(name)
    todo: list[tuple[str, ...]] = [()]
    while todo:
        path = todo.pop(0)
        at = "$" + "".join("." + (part if part.isidentifier() else f'"{part}"') for part in path)
        value = f"({column} ->> {literal(at)})" if path else column
        is_object = f"left({value}, 1) = '{{' and json_valid({value})"
        row = db.execute(f"select bool_and({is_object}) from raw where {value} is not null").fetchone()
        if len(path) >= _DEEPEST or not row or not row[0]:
            yield ".".join((name, *path)), value
            continue
        keys = db.execute(
            f"select distinct unnest(json_keys(({value})::json)) as k from raw where {is_object} order by k"
        )
        todo += [(*path, key) for (key,) in keys.fetchall() if '"' not in key]


def _profile(db: duckdb.DuckDBPyConnection, name: str, sql: str) -> Column:
    known = synonyms()
    common = db.execute(f"select {sql} as v, count(*) from raw where v <> '' group by v order by 2 desc, 1").fetchall()
    texts_found = [text for text, _ in common]
    if any(text != text.strip() for text in texts_found):
        sql = f"trim({sql}, ' ' || chr(9) || chr(160) || chr(12288))"
    texts_found = [text.strip() for text in texts_found]
    if any(text.startswith('="') for text in texts_found):  # how spreadsheets are kept from making numbers of texts
        sql = f"regexp_replace({sql}, '^=\"(.*)\"$', '\\1')"
    elif any(text.startswith("'") and text[1:2].isdigit() for text in texts_found):
        sql = f"ltrim({sql}, chr(39))"
    blanks = sorted({text for text in texts_found if known.is_missing(text) or not text})
    # a 0 that stands for nothing is no blank: it may be a duration or an answer
    for blank in blanks:
        sql = f"nullif({sql}, {literal(blank)})"
    row = db.execute(
        f"""with value as (select {sql} as v, try_cast(v as double) as n from raw)
        select count(*), count(v), count(distinct v), min(n), max(n), coalesce(bool_and(n = round(n)), true)
        from value"""
    ).fetchone()
    assert row is not None
    rows, filled, distinct, lowest, highest, is_whole = row
    texts = db.execute(
        f"select {sql} as v, count(*) from raw where v is not null group by v order by 2 desc, 1 limit {_MOST_TEXTS}"
    ).fetchall()
    shapes = db.execute(
        f"""select regexp_replace({sql}, '[0-9]', '9', 'g') as shape, count(*) from raw where shape is not null
        group by shape order by 2 desc, 1 limit {_MOST_SHAPES}"""
    ).fetchall()
    column = Column(name, sql, known.header(name), rows, filled, distinct, Counter(), Counter())
    if column.header.key not in known.meanings and column.header.key not in known.alone and "." in name:
        column = replace(column, header=known.header(name.rpartition(".")[2]))
    return replace(
        column, texts=Counter(dict(texts)), shapes=Counter(dict(shapes)), lowest=lowest, highest=highest,
        is_whole=is_whole,
    )  # fmt: skip
