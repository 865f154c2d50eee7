"""dbt's exposures, one for each dashboard: what breaks when a mart changes.

Belongs here: writing that file, `python -m metabase.exposures`. Not here: anything that Metabase gets.
"""

from __future__ import annotations

import os
from pathlib import Path

import yaml

from metabase.content import Dashboard, read_content
from metabase.marts import PROJECT
from metabase.registry import Measure, division, read_kpis, read_measures

FILE = PROJECT / "dbt_project" / "models" / "marts" / "exposures.yml"
_HEAD = "# Written by `python -m metabase.exposures` from metabase/content.\n"


def exposures(facts: dict[str, str]) -> str:
    """The file's text. `facts` tells the fact that each KPI of a question is asked of."""
    content = read_content()
    roles = content.site.roles
    said = [_exposure(key, board, roles[board.owner_role].en, facts) for key, board in content.dashboards.items()]
    return _HEAD + yaml.safe_dump({"version": 2, "exposures": said}, allow_unicode=True, sort_keys=False, width=1000)


def facts_of(measures: list[Measure]) -> dict[str, str]:
    """The fact behind each name of a KPI that questions use."""
    kpis, found = read_kpis(), {}
    for board in read_content().dashboards.values():
        for name in {name for question in board.questions() for name in question.metrics}:
            key, _, family = name.partition("@")
            found[name] = division(kpis[key], measures, family or None).numerator.fact
    return found


def write(measures: list[Measure], file: Path = FILE) -> None:
    """Puts the file in place."""
    file.write_text(exposures(facts_of(measures)), "utf-8")


def main() -> None:
    """Writes it from the release at CALLMART_DATA."""
    root = Path(os.environ.get("CALLMART_DATA") or "data")
    write(read_measures(root / "published" / "default" / "callmart.duckdb"))


def _exposure(key: str, board: Dashboard, owner: str, facts: dict[str, str]) -> dict[str, object]:
    tables = {str(question.mart) for question in board.questions() if question.mart}
    tables |= {facts[name] for question in board.questions() for name in question.metrics}
    return {
        "name": f"metabase_{key}",
        "label": board.name.en,
        "type": "dashboard",
        "maturity": "medium",
        "description": board.about.en,
        "owner": {"name": owner},
        "depends_on": [f"ref('{table}')" for table in sorted(tables)],
        "config": {"meta": {"zh": board.about.zh, "refresh": board.refresh, "reports": board.reports}},
    }


if __name__ == "__main__":
    main()
