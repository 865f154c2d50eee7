"""`callmart metabase …`: where Metabase is, what is put into it, and what is printed.

Belongs here: settings from the environment, and errors of `metabase` as those of the command. Not here: content and
requests (`metabase/`).
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from metabase.alerts import read_rules
from metabase.client import Client
from metabase.content import read_content
from metabase.errors import MetabaseError
from metabase.items import Item
from metabase.marts import read_marts, read_value_names
from metabase.metadata import metadata
from metabase.provision import Access, Change, Provisioner, speak
from metabase.registry import read_kpis, read_last_date, read_measures, read_official, with_official
from metabase.render import Sources, read_remedies, render, role_groups
from metabase.rights import Rights, Scoped
from metabase.setup import LOCALES, set_up
from metabase.timelines import read_events
from orchestration.config import Scope
from orchestration.errors import BlockedError, InputError
from orchestration.freshness import WITHIN_H
from orchestration.paths import WHOLE, published_dir
from orchestration.scopes.limits import marts_of
from orchestration.scopes.published import scopes_on_disk

# Data that are older have ended: boards then open at their last days and not at today, where nothing is.
ENDED_AFTER = timedelta(days=14)
NAME = "callmart"  # of the database in Metabase; a scope's follows it
Scopes = Mapping[str, Scope]
_ORDER = (
    *("database", "collection", "timeline", "timeline_event", "card", "dashboard", "alert"),
    *("table", "field", "group"),
)
_LISTED = ("database", "collection", "timeline", "card", "dashboard", "alert", "group")


def plan(root: Path, language: str, scopes: Scopes | None = None) -> str:
    """What apply would do, as text."""
    with _told(), _client() as client:
        steps = _steps(client, root, language, scopes)
        return _text([change for step in steps for change in step.plan()], "would ")


def apply(root: Path, language: str, scopes: Scopes | None = None, *, is_site_language: bool) -> str:
    """Makes Metabase equal to what is authored and, with `scopes`, to what is declared; what was done, as text.
    BlockedError when some of it was refused; InputError when a scope has no release, or there are scopes and None are
    given: their people would be asked into the whole centre."""
    with _told(), _client() as client:
        done = [change for step in _steps(client, root, language, scopes) for change in step.apply()]
        if is_site_language:
            speak(client, LOCALES[language])
    if any(change.action == "failed" for change in done):
        raise BlockedError(f"Metabase did not take everything.\n{_text(done)}", todo="mend that and apply again.")
    return _text(done)


def setup(language: str) -> str:
    """The key of a Metabase that was just set up."""
    with _told():
        client = Client(_variable("CALLMART_METABASE_URL"), None)
        email, password = _variable("CALLMART_METABASE_EMAIL"), _variable("CALLMART_METABASE_PASSWORD")
        try:
            return set_up(client, email, password, language)
        finally:
            client.close()


def all_items(sources: Sources, language: str) -> list[Item]:
    """Everything that is put into Metabase, metadata first."""
    site = sources.content.site
    fields = metadata(sources.marts, site.hidden_tables, language, site.unnamed_columns)
    return [*fields, *render(sources, language)]


def groups_of(sources: Sources) -> list[Access]:
    """Groups by a name that no choice of language changes; those that alerts write to see what readers see."""
    groups = sources.content.site.groups
    roles = sorted(role_groups(sources).values())
    return [
        *(Access(f"{group.name.zh} / {group.name.en}", group.sees, group.edits) for group in groups.values()),
        *(Access(name, groups["readers"].sees, []) for name in roles),
    ]


def _steps(client: Client, root: Path, language: str, scopes: Scopes | None) -> list[Provisioner | Rights]:
    """The whole centre, each scope, and last who may ask what."""
    if scopes is None and scopes_on_disk(root):
        raise InputError(
            f"this data root has scopes: {', '.join(scopes_on_disk(root))}.",
            rule="scopes",
            todo="name the configuration that declares them: --config FILE.",
        )
    sources = _sources(_catalogue(root, WHOLE))
    items, groups = all_items(sources, language), groups_of(sources)
    whole = Provisioner(client, items, groups, NAME, str(_catalogue(root, WHOLE)), is_open=not scopes)
    scopes = scopes or {}
    parts = [_part(client, root, name, scope, sources, language) for name, scope in scopes.items()]
    people = [Scoped(f"{NAME} {name}", scope.native_sql) for name, scope in scopes.items()]
    return [whole, *parts, Rights(client, NAME, people)]


def _sources(catalogue: Path) -> Sources:
    """What is authored, and what the release of the whole centre tells of it."""
    measures = read_measures(catalogue)  # says so when there is no release
    events = read_events(catalogue, read_value_names())
    kpis = with_official(read_kpis(), read_official(catalogue))
    ended = ended_on(read_last_date(catalogue), datetime.now(UTC).date())
    return Sources(read_content(), kpis, measures, read_marts(), read_remedies(), read_rules(), events, WITHIN_H, ended)


def ended_on(last: date, today: date) -> date | None:
    """The last date of data, when that is so long ago that they have ended."""
    return last if today - last > ENDED_AFTER else None


def _part(client: Client, root: Path, name: str, scope: Scope, sources: Sources, language: str) -> Provisioner:
    """The connection of a scope, with names and descriptions of its tables and fields."""
    file = _catalogue(root, name)
    if not file.exists():
        raise InputError(f"scope {name} has no release yet.", file=file, todo="run `callmart build --config FILE`.")
    marts = {mart: sources.marts[mart] for mart in marts_of(scope)}
    site = sources.content.site
    items = metadata(marts, site.hidden_tables, language, site.unnamed_columns)
    return Provisioner(client, items, [], f"{NAME} {name}", str(file), is_open=False)


def _catalogue(root: Path, scope: str) -> Path:
    return published_dir(root.absolute(), scope) / "callmart.duckdb"


@contextmanager
def _client() -> Iterator[Client]:
    client = Client(_variable("CALLMART_METABASE_URL"), _variable("CALLMART_METABASE_KEY"))
    try:
        yield client
    finally:
        client.close()


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except MetabaseError as error:
        raise InputError(error.problem, file=error.where, todo=error.todo) from error


def _variable(name: str) -> str:
    value = os.environ.get(name)
    if not value:
        raise InputError(f"{name} is not set.", todo="see docs/metabase.md.")
    return value


def _text(changes: list[Change], would: str = "") -> str:
    lines = []
    for kind in _ORDER:
        counts = Counter(change.action for change in changes if change.kind == kind)
        if counts:
            lines.append(f"{kind:<15}" + ", ".join(f"{number} {action}" for action, number in sorted(counts.items())))
    for change in changes:
        told = change.kind in _LISTED and change.action not in ("same", "kept", "failed")
        if change.why:
            lines.append(f"  {change.action} {change.kind} {change.key}: {change.why}")
        elif told:
            lines.append(f"  {would}{change.action} {change.kind} {change.key}: {change.name}")
    return "\n".join(lines) + "\n"
