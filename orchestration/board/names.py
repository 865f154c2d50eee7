"""The names of the members of dimensions, as far as a release publishes them.

Belongs here: looking a member up. Does not belong here: names of KPIs (the registry), of classes (display.py).
"""

from __future__ import annotations

import duckdb

from orchestration.board.verdict import Text

Names = dict[str, dict[str, Text]]  # dimension -> member -> name by language; VALUES: of any dimension but people
VALUES = "value_name"
_PEOPLE = {"agent", "team", "user"}

_SOURCES = {
    "channel": ("dim_channel", "channel_id", "channel_name_zh", "channel_name_en", "true"),
    "queue": ("dim_queue", "queue_id", "queue_name_zh", "queue_name_en", "is_current"),
    "region": ("dim_region", "region_code", "city_zh", "city_en", "true"),
    "issue": ("dim_issue", "issue_id", "issue_name_zh", "issue_name_en", "true"),
    VALUES: (VALUES, "value", "value_name_zh", "value_name_en", "true"),
}


def published(con: duckdb.DuckDBPyConnection) -> set[str]:
    """The marts of the release. One made by an older version of the models may lack some."""
    return {
        row[0] for row in con.execute("select view_name from duckdb_views() where schema_name = 'marts'").fetchall()
    }


def member_names(con: duckdb.DuckDBPyConnection) -> Names:
    """The names of channels, queues, regions and issues, and of the values that callmart knows."""
    views = published(con)
    names: Names = {}
    for dimension, (view, key, zh, en, condition) in _SOURCES.items():
        if view in views:
            rows = con.execute(f"select {key}, {zh}, {en} from {view} where {condition}").fetchall()
            names[dimension] = {row[0]: {"zh": row[1] or row[0], "en": row[2] or row[0]} for row in rows}
    return names


def name_of(names: Names, dimension: str, member: str) -> Text:
    """The name of a member; one without a name stands for itself, an hour as a time of day."""
    if dimension == "hour_of_day":
        return {"zh": f"{int(member):02d}:00", "en": f"{int(member):02d}:00"}
    return told(names, dimension, member)


def told(names: Names, dimension: str, member: str) -> Text:
    """The name of a member that is no hour: its own, else that of a value which callmart knows."""
    known = {} if dimension in names or dimension in _PEOPLE else names.get(VALUES, {})
    return names.get(dimension, known).get(member, {"zh": member, "en": member})
