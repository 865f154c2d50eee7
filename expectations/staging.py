"""Writes the staging models of the canonical feeds from their contracts: `python -m expectations.staging`.

Belongs here: the form of these models. They have the contract's columns under the contract's names, because a canonical
feed already is in the event model's form. One that no other model reads yet is ephemeral, so that it costs no build and
crowds no graph. A feed whose model does more (HAND_WRITTEN) is not written here. Two models go across the feeds: what
their rows name, and the records that can be named.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import yaml

from expectations.contracts import CONTACT, Contract, all_contracts, links_of

FOLDER = Path(__file__).resolve().parents[1] / "dbt_project" / "models" / "staging" / "canonical"
COMMAND = "python -m expectations.staging"
HAND_WRITTEN = ("canonical.contact",)
_HEAD = f"# Written by `{COMMAND}` from the feed's contract; change that, not this.\n"
# What models need to tell versions of a row apart, and the partition by which they read only what they must.
_KEPT = {"row_hash": "MD5 over the contract's columns.", "dt": "Partition: local date of the event time."}


def _columns(**described: str) -> list[dict[str, str]]:
    return [{"name": name, "description": text} for name, text in described.items()]


_LINK: dict[str, object] = {
    "name": "stg_canonical__link",
    "description": "What the rows of the canonical feeds name in other feeds. One row per row of a feed and column of "
    "it that names a record (`links` in the contracts), NULLs left out.",
    "columns": _columns(
        feed="Feed of the row.",
        link_column="Column that names a record.",
        named_feed="Feed whose record is named; canonical.contact stands for the contacts of all systems.",
        named_id="What the record is called.",
        record_id="Key of the row, its parts joined by slashes; parts that stand for a person are left out.",
        happened_at="UTC instant of the row's event.",
        is_follower="Whether the event never lies before the start of the contact that is named.",
        source_file="Landed object and the file's name at the source.",
        source_line="Line at which the record begins, from 1.",
        dt=_KEPT["dt"],
    ),
}
_NAMED: dict[str, object] = {
    "name": "stg_canonical__named",
    "description": "Records of the canonical feeds that rows of other feeds name, but for contacts, which several "
    "systems tell of. One row per record and version.",
    "columns": _columns(feed="Feed of the record.", named_id="What others call it.", dt=_KEPT["dt"]),
}


def files() -> dict[str, str]:
    """Text of every file that belongs into FOLDER, by name: each model and what dbt's documentation says of it."""
    texts = {}
    for said in staged():
        texts[f"{_name(said)}.sql"] = _model(said)
        told = {"version": 2, "models": [_properties(said)]}
        texts[f"{_name(said)}.yml"] = _HEAD + yaml.safe_dump(told, allow_unicode=True, sort_keys=False, width=1000)
    for across in (_LINK, _NAMED):
        texts[f"{across['name']}.sql"] = _link_model() if across is _LINK else _named_model()
        told = {"version": 2, "models": [across]}
        texts[f"{across['name']}.yml"] = _HEAD + yaml.safe_dump(told, allow_unicode=True, sort_keys=False, width=1000)
    return texts


def staged() -> Iterator[Contract]:
    """Contracts whose staging model is written here."""
    return (said for said in all_contracts().values() if said.source == "canonical" and said.feed not in HAND_WRITTEN)


def main() -> None:
    """Write the files."""
    for name, text in files().items():
        (FOLDER / name).write_text(text, "utf-8")


def _name(said: Contract) -> str:
    return f"stg_canonical__{said.name}"


def _model(said: Contract) -> str:
    columns = ",\n    ".join([*said.column_names, *_KEPT])
    unread = "" if _is_read(_name(said)) else "{{ config(materialized='ephemeral') }}\n\n"
    return (
        f"-- Written by `{COMMAND}` from the feed's contract; change that, not this.\n"
        f"{unread}select\n    {columns}\nfrom {{{{ lake('canonical', '{said.name}') }}}}\n"
    )


def _link_model() -> str:
    columns: dict[str, list[str]] = {}
    contracts = all_contracts()
    for said, column, named in links_of(contracts.values()):
        columns.setdefault(said.feed, []).append(f"'{column}': '{named.name}'")
    entries = []
    for feed, named_by in columns.items():
        said = contracts[feed]
        key = [name for name in said.natural_key if said.column(name).pii is None]
        entries.append(
            f"    ('{said.name}', lake('{said.source}', '{said.name}'),\n"
            f"        {key}, '{said.event_time}', '{said.follows or ''}',\n"
            f"        {{{', '.join(named_by)}}})"
        )
    return _across(
        "(feed, its rows, key, event time, column of the contact it follows, column -> feed whose record it names)",
        entries,
        """{%- for feed, rows, key, happened_at, follows, names in feeds %}
select
    'canonical.{{ feed }}' as feed,
    link_column,
    case link_column
        {%- for column, named in names.items() %}
        when '{{ column }}' then 'canonical.{{ named }}'
        {%- endfor %}
    end as named_feed,
    named_id,
    record_id,
    happened_at,
    link_column = '{{ follows }}' as is_follower,
    source_file,
    source_line,
    dt
from (
    select
        cast({{ key | join(" as string) || '/' || cast(") }} as string) as record_id,
        {{ happened_at }} as happened_at,
        {{ names.keys() | join(', ') }},
        source_file,
        source_line,
        dt
    from {{ rows }}
) as rows_of_the_feed unpivot (named_id for link_column in ({{ names.keys() | join(', ') }}))
{%- if not loop.last %}
union all
{%- endif %}
{%- endfor %}
""",
    )


def _named_model() -> str:
    targets = {named.feed: named for _, _, named in links_of(all_contracts().values()) if named.feed != CONTACT}
    entries = [
        f"    ('{named.name}', lake('{named.source}', '{named.name}'), '{named.natural_key[0]}')"
        for named in dict(sorted(targets.items())).values()
    ]
    return _across(
        "(feed, its rows, column by which others name a record)",
        entries,
        """{%- for feed, rows, column in feeds %}
select 'canonical.{{ feed }}' as feed, {{ column }} as named_id, dt from {{ rows }}
{%- if not loop.last %}
union all
{%- endif %}
{%- endfor %}
""",
    )


def _across(entry: str, entries: list[str], select: str) -> str:
    return (
        f"-- Written by `{COMMAND}` from the feeds' contracts; change those, not this.\n"
        f"{{#- {entry} -#}}\n{{%- set feeds = [\n" + ",\n".join(entries) + f",\n] %}}\n{select}"
    )


def _is_read(name: str) -> bool:
    return any(f"ref('{name}')" in file.read_text("utf-8") for file in FOLDER.parents[1].rglob("*.sql"))


def _properties(said: Contract) -> dict[str, object]:
    columns = [{"name": column.name, "description": column.description} for column in said.columns]
    columns += [{"name": name, "description": text} for name, text in _KEPT.items()]
    return {
        "name": _name(said),
        "description": f"{said.title.en}: {said.grain.en} Instants are UTC; what the source does not give is NULL.",
        "columns": columns,
    }


if __name__ == "__main__":
    main()
