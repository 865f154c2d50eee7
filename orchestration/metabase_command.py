"""`callmart metabase …`: where Metabase is, what is put into it, and what is printed.

Belongs here: settings from the environment, and errors of `metabase` as those of the command. Not here: content and
requests (`metabase/`).
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from metabase.alerts import read_rules
from metabase.client import Client
from metabase.content import read_content
from metabase.errors import MetabaseError
from metabase.items import Item
from metabase.marts import read_marts, read_value_names
from metabase.metadata import metadata
from metabase.provision import Access, Change, Provisioner
from metabase.registry import read_kpis, read_measures, read_official, with_official
from metabase.render import Sources, read_remedies, render, role_groups
from metabase.setup import LOCALES, set_up
from metabase.timelines import read_events
from orchestration.errors import BlockedError, InputError
from orchestration.paths import published_dir

NAME = "callmart"  # of the database in Metabase
_ORDER = (
    *("database", "collection", "timeline", "timeline_event", "card", "dashboard", "alert"),
    *("table", "field", "group"),
)
_LISTED = ("database", "collection", "timeline", "card", "dashboard", "alert", "group")


def plan(root: Path, language: str) -> str:
    """What apply would do, as text."""
    with _told(), _client() as client:
        return _text(_provisioner(client, root, language).plan(), "would ")


def apply(root: Path, language: str, *, is_site_language: bool) -> str:
    """Makes Metabase equal to what is authored; what was done, as text. BlockedError when some of it was refused."""
    with _told(), _client() as client:
        provisioner = _provisioner(client, root, language)
        done = provisioner.apply()
        if is_site_language:
            provisioner.speak(LOCALES[language])
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


def _provisioner(client: Client, root: Path, language: str) -> Provisioner:
    catalogue = published_dir(root.absolute(), "default") / "callmart.duckdb"
    measures, content = read_measures(catalogue), read_content()
    events = read_events(catalogue, read_value_names())
    kpis = with_official(read_kpis(), read_official(catalogue))
    sources = Sources(content, kpis, measures, read_marts(), read_remedies(), read_rules(), events)
    return Provisioner(client, all_items(sources, language), groups_of(sources), NAME, str(catalogue))


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
