"""The recipes of `docs/connect.md` that run here do what the guide says, on a small release."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import openpyxl
import pytest

from orchestration.paths import PROJECT
from orchestration.release import KEEP_AT_LEAST
from tests.connect_guide import GUIDE, blocks, released_demo, run

CATALOGUE = "demo/data/published/default/callmart.duckdb"
OFFICIAL = "kpi_id = 'M021' and is_official and grain = 'day' and dim_set = 'all'"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("reader")
    released_demo(folder)
    return folder


@pytest.fixture
def con(folder: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(folder / CATALOGUE), read_only=True) as con:
        yield con


def test_rows_and_a_data_frame_in_python(folder: Path, con: duckdb.DuckDBPyConnection) -> None:
    (block,) = blocks("python", "Python")
    said = run(block, folder)
    sums = con.execute(f"select sum(numerator), sum(denominator) from marts.kpi_value where {OFFICIAL}").fetchone()
    assert sums is not None and said.splitlines()[-1] == str(sums[0] / sums[1])
    assert "datetime.datetime(2026, 3, 31, 0, 0), 768.0, 960.0, 0.8)" in said


def test_a_workbook_and_a_file_that_excel_reads(folder: Path, con: duckdb.DuckDBPyConnection) -> None:
    (block,) = blocks("python", "Excel")
    run(block, folder)
    counted = con.execute(
        "select count(*) from marts.kpi_value as k inner join marts.kpi_definition using (kpi_id, variant) "
        "where k.is_official and k.grain = 'day' and k.dim_set = 'all'"
    ).fetchone()
    sheet = openpyxl.load_workbook(folder / "kpi.xlsx").active
    assert sheet is not None and counted is not None
    assert sheet.max_row == counted[0] + 1 and "服务水平" in {row[1] for row in sheet.iter_rows(values_only=True)}
    text = (folder / "kpi.csv").read_bytes()
    assert text.startswith(b"\xef\xbb\xbfkpi_id,") and "服务水平".encode() in text


def test_parquet_of_one_release(folder: Path, con: duckdb.DuckDBPyConnection) -> None:
    (block,) = blocks("python", "Parquet files")
    said = run(block, folder)
    release = (folder / "demo/data/published/default/current").resolve().name
    counted = con.execute("select count(*) from marts.kpi_value").fetchone()
    assert release in said and said.splitlines()[-1] == str(counted)
    assert KEEP_AT_LEAST > 1  # the former one is kept
    files = f"{folder}/demo/data/published/default/current/kpi_value.parquet"
    assert con.execute(f"select distinct compression from parquet_metadata('{files}')").fetchall() == [("ZSTD",)]


def test_statements_of_the_command_line(con: duckdb.DuckDBPyConnection) -> None:
    (block,) = blocks("sql", "DuckDB's command line")
    answers = [con.execute(statement).fetchall() for statement in block.split(";") if statement.strip()]
    _, release, tables, columns, values = answers
    assert len(release) == 1 and values[0][1] == 0.8
    assert {"kpi_value", "release"} <= {name for name, _ in tables} and all(name for name, _ in columns)


def test_readers_share_the_file_and_one_who_writes_shuts_them_out(folder: Path) -> None:
    opened = (
        "import duckdb, subprocess, sys\n"
        f"con = duckdb.connect('{CATALOGUE}', read_only={{}})\n"
        f"read = \"import duckdb; duckdb.connect('{CATALOGUE}', read_only=True).sql('from marts.release')\"\n"
        "done = subprocess.run([sys.executable, '-c', read], capture_output=True, text=True)\n"
        "print(done.returncode, 'lock' in done.stderr)"
    )
    assert run(opened.format(True), folder) == "0 False\n"
    assert run(opened.format(False), folder) == "1 True\n"


def test_every_python_block_of_the_guide_is_run_by_a_test() -> None:
    run_here = {"Python", "Excel", "Parquet files"}
    with_server = {"A copy in PostgreSQL"}  # tests/servers/test_connect.py
    assert sum(len(blocks("python", heading)) for heading in run_here | with_server) == GUIDE.count("```python")
    assert GUIDE.count("```sql") == len(blocks("sql", "DuckDB's command line"))


def test_the_version_of_duckdb_in_the_guide_is_the_pinned_one() -> None:
    assert f"pinned to, {duckdb.__version__}, or a newer one" in GUIDE
    assert f"\nduckdb=={duckdb.__version__} " in (PROJECT / "requirements.in").read_text("utf-8")
