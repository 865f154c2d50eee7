"""What happened at the centre, beside its charts: events of the business calendar and actions of the register.

Belongs here: reading them from a release, and their form in Metabase. Not here: names of timelines (content/site.yml).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

from metabase.content import Content
from metabase.errors import MetabaseError
from metabase.formula import Ref
from metabase.items import Item, fingerprint
from metabase.marts import Text

_CALENDAR = """
    select event_id, kind, event_name, local_start_date, local_end_date, timezone
    from marts.dim_event order by local_start_date, event_id
"""
_ACTIONS = """
    select
        review.action_id, review.measure, review.problem, review.metric_id, review.metric_name_zh,
        review.metric_name_en, review.local_created_date, cast(review.local_done_at as date), action.timezone
    from marts.rpt_action_review as review
    inner join marts.fct_action as action on review.action_id = action.action_id
    order by review.local_created_date, review.action_id
"""
_LONGEST = 250  # letters of a name; Metabase's column ends at 255
_BEGUN, _DONE = Text("措施立项", "Action decided"), Text("措施完成", "Action done")


@dataclass(frozen=True)
class Event:
    """Something of a local `day` of `timezone` that belongs on `timeline`; `key` is the same whatever changes of it."""

    timeline: str
    key: str
    name: Text
    about: Text
    day: date
    timezone: str


def read_events(catalogue: Path, names: Mapping[str, Text]) -> list[Event]:
    """Those of a release, oldest first on each timeline, with `names` of kinds; MetabaseError when it was made before
    there were any."""
    with closing(duckdb.connect(str(catalogue), read_only=True)) as con:
        try:
            return [*_calendar(con, names), *_actions(con)]
        except duckdb.CatalogException as error:
            raise MetabaseError(
                "this release has no calendar of events.",
                where=str(catalogue),
                todo="build once more with this version of callmart.",
            ) from error


def timelines(content: Content, events: Sequence[Event], language: str) -> Iterator[Item]:
    """Each timeline in each of its collections, then its events."""
    for key, said in content.site.timelines.items():
        for collection in said.collections:
            place = f"{key}.{collection}"
            name, about = said.name.of(language), said.about.of(language)
            body = {"name": name, "description": about, "icon": said.icon}
            yield Item("timeline", place, name, body | {"collection_id": Ref("collection", collection)})
            yield from (_event(event, place, said.icon, language) for event in events if event.timeline == key)


def _event(event: Event, place: str, icon: str, language: str) -> Item:
    name = event.name.of(language)[:_LONGEST]
    body = {
        "name": name,
        "description": event.about.of(language),
        "timestamp": f"{event.day}T00:00:00Z",
        "timezone": event.timezone,
        "time_matters": False,
        "icon": icon,
        "timeline_id": Ref("timeline", place),
    }
    return Item("timeline_event", f"{place}.{event.key}", name, body)


def _calendar(con: duckdb.DuckDBPyConnection, names: Mapping[str, Text]) -> Iterator[Event]:
    for event_id, kind, name, first, last, timezone in con.execute(_CALENDAR).fetchall():
        named = names[kind]
        said = Text(f"{named.zh}：{name}", f"{named.en}: {name}") if name else Text(named.zh, named.en)
        about = Text(f"{first} 至 {last}", f"{first} to {last}")
        yield Event("calendar", fingerprint(event_id), said, about, first, timezone)


def _actions(con: duckdb.DuckDBPyConnection) -> Iterator[Event]:
    for row in con.execute(_ACTIONS).fetchall():
        action_id, measure, problem, metric_id, metric_zh, metric_en, created, done, timezone = row
        what, state = measure or problem or action_id, _DONE if done else _BEGUN
        metric = [" ".join(filter(None, (metric_id, name))) for name in (metric_zh, metric_en)]
        about = [" · ".join(filter(None, (problem, name))) for name in metric]
        name = Text(f"{state.zh}：{what}", f"{state.en}: {what}")
        about_both = Text(about[0] or action_id, about[1] or action_id)
        yield Event("actions", fingerprint(action_id), name, about_both, done or created, timezone)
