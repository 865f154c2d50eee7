"""Which variant of a KPI is the official one."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb

from metabase.registry import read_kpis, read_last_date, read_official, with_official


def test_what_a_centre_chose_for_the_last_date_is_official_before_the_default(tmp_path: Path) -> None:
    file = tmp_path / "callmart.duckdb"
    with duckdb.connect(str(file)) as con:
        con.execute("create schema marts")
        con.execute("create table marts.release as select timestamp '2026-04-01' as as_of from range(2)")
        con.execute(
            "create table marts.kpi_official as select * from (values "
            "('M021', 'usual', 0, date '1900-01-01', null), ('M021', 'icmi', 1, date '2026-03-31', null), "
            "('M022', 'usual', 0, date '1900-01-01', null), "
            "('M022', 'over', 1, date '2026-03-01', date '2026-03-31'), "
            "('M022', 'later', 1, date '2026-04-01', null)) as t (kpi_id, variant, priority, valid_from, valid_to)"
        )
    assert read_official(file) == {"M021": "icmi", "M022": "usual"}
    assert read_last_date(file) == date(2026, 3, 31)


def test_the_chosen_variant_takes_the_name_of_its_kpi_alone() -> None:
    default = read_kpis()
    chosen = with_official(default, {"M021": "icmi"})
    assert chosen["M021"].variant == "icmi" and not chosen["M021"].is_default
    assert chosen["M021:offered_net_short"].is_default and "M021:icmi" not in chosen
    assert chosen["M022"] == default["M022"] and len(chosen) == len(default)
