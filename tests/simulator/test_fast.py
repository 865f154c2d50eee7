"""Claims about calls by the hundred million, on some thousands."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import duckdb
import pytest

from orchestration.config import DEMO_HASH_KEY, HASH_KEY_VARIABLE, load_config
from orchestration.extract import lake
from orchestration.extract.landing import land
from simulator import ForeignFolderError, SettingError, fast
from simulator.fast import FastSummary, simulate_fast
from tests.orchestration.extract_kit import NOW

START = date(2026, 3, 2)


def made(out: Path, seed: int = 1) -> FastSummary:
    return simulate_fast(out, calls=20_000, days=8, agents=40, seed=seed, start=START)


def files(out: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(out.rglob("*")) if path.is_file()}


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(tmp_path: Path) -> None:
    made(tmp_path / "a")
    made(tmp_path / "b")
    made(tmp_path / "c", seed=2)
    first, second, other = (files(tmp_path / name) for name in "abc")
    assert first == second and len(first) == 10
    assert [name for name in first if name.endswith(".parquet") and first[name] == other[name]] == []


def test_calls_are_the_same_however_a_date_is_cut_into_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made(tmp_path / "whole")
    monkeypatch.setattr(fast, "CALLS_OF_A_FILE", 700)
    assert made(tmp_path / "cut").files > 20
    with duckdb.connect() as db:
        whole, cut = (f"(from read_parquet('{tmp_path}/{name}/calls/*.parquet'))" for name in ("whole", "cut"))
        assert db.execute(
            f"select count(*) from (({whole} except {cut}) union all ({cut} except {whole}))"
        ).fetchone() == (0,)


def test_every_call_reaches_the_lake_on_its_date(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(HASH_KEY_VARIABLE, DEMO_HASH_KEY)
    summary = made(tmp_path / "source")
    config, root = load_config(summary.config), tmp_path / "data"
    feed = config.feeds["canonical.contact"]
    land(feed, root, NOW)
    found = lake.build_candidates(feed, config, root, lake.touched_dates(feed, config, root))
    truth = json.loads(summary.truth.read_text("utf-8"))["outcomes_by_date"]
    assert {str(candidate.date): candidate.rows for candidate in found} == {
        day: sum(outcomes.values()) for day, outcomes in truth.items()
    }
    assert sum(candidate.rows for candidate in found) == summary.calls == 20_000
    with duckdb.connect() as db:
        lakes = "[" + ", ".join(f"'{candidate.path}'" for candidate in found) + "]"
        flagged, days_apart = db.execute(
            f"select count(flags), count(*) filter (ended_at < queue_left_at or queue_left_at < queue_entered_at) "
            f"from read_parquet({lakes})"
        ).fetchone() or (None, None)
    assert (flagged, days_apart) == (0, 0)


def test_calls_look_like_those_of_a_centre(tmp_path: Path) -> None:
    made(tmp_path)
    with duckdb.connect() as db:
        answered, in_time, talk, peak, night = (
            db.execute(
                f"""select avg((outcome = 'answered')::int), avg((outcome = 'answered' and wait_s <= 20)::int),
                median(talk_s),
                avg((hour(started_at) = 10)::int), avg((hour(started_at) = 3)::int)
            from read_parquet('{tmp_path}/calls/*.parquet')"""
            ).fetchone()
            or ()
        )
    assert 0.85 < answered < 0.95 and 0.65 < in_time < 0.85 and 90 < talk < 130
    assert 0.08 < peak < 0.11 and night < 0.005


def test_settings_without_a_centre_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="1 or more"):
        simulate_fast(tmp_path, calls=10, days=0, agents=1, seed=1, start=START)


def test_an_earlier_run_is_replaced_and_files_of_others_are_not_touched(tmp_path: Path) -> None:
    made(tmp_path / "again")
    simulate_fast(tmp_path / "again", calls=20_000, days=2, agents=40, seed=1, start=START)
    simulate_fast(tmp_path / "fresh", calls=20_000, days=2, agents=40, seed=1, start=START)
    assert files(tmp_path / "again") == files(tmp_path / "fresh")
    (tmp_path / "own" / "calls").mkdir(parents=True)
    (tmp_path / "own" / "calls" / "mine.csv").write_text("x")
    with pytest.raises(ForeignFolderError, match="mine"):
        made(tmp_path / "own")
    assert [path.name for path in (tmp_path / "own").rglob("*.*")] == ["mine.csv"]
