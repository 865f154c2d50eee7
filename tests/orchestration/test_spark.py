"""Which engine builds a data root, and what is said where it can't; Spark itself is tried in tests/spark."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from orchestration import paths, spark
from orchestration.errors import InputError
from tests.end_to_end.centre import Centre
from tests.orchestration.extract_kit import QUEUE_LOG


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data root, where nothing is said of an engine."""
    monkeypatch.delenv(spark.CHOICE, raising=False)
    return tmp_path / "data"


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spark, "find_spec", lambda name: name)
    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}")


def test_duckdb_builds_what_nobody_asked_spark_to_build(root: Path) -> None:
    assert spark.engine(root) == spark.DUCKDB


@pytest.mark.usefixtures("installed")
def test_a_data_root_remembers_its_engine_until_another_one_is_named(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(spark.CHOICE, spark.SPARK)
    assert spark.environment(root) == {spark.CHOICE: spark.SPARK, "CALLMART_SPARK": str(spark.folder(root))}
    spark.start_afresh(root)
    monkeypatch.delenv(spark.CHOICE)
    assert spark.engine(root) == spark.SPARK
    monkeypatch.setenv(spark.CHOICE, spark.DUCKDB)
    spark.start_afresh(root)
    monkeypatch.delenv(spark.CHOICE)
    assert spark.engine(root) == spark.DUCKDB


@pytest.mark.usefixtures("installed")
def test_nothing_of_another_engines_tables_stays_when_all_is_built_anew(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(spark.CHOICE, spark.SPARK)
    left = spark.folder(root) / "tables" / "half_written.parquet"
    left.parent.mkdir(parents=True)
    for file in (left, paths.warehouse_path(root)):
        file.touch()
    spark.start_afresh(root)
    assert not left.exists() and not paths.warehouse_path(root).exists()


@pytest.mark.usefixtures("installed")
def test_of_duckdbs_own_file_a_full_build_by_duckdb_removes_nothing(root: Path) -> None:
    paths.warehouse_path(root).parent.mkdir(parents=True)
    paths.warehouse_path(root).touch()
    spark.start_afresh(root)
    assert paths.warehouse_path(root).exists()


def test_an_unknown_engine_is_answered_with_those_there_are(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(spark.CHOICE, "oracle")
    with pytest.raises(InputError, match=r"'oracle'.*duckdb, spark"):
        spark.engine(root)


def test_spark_that_is_not_installed_is_answered_with_what_to_install(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(spark.CHOICE, spark.SPARK)
    monkeypatch.setattr(spark, "find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"requirements-spark\.lock.*CALLMART_ENGINE=duckdb"):
        spark.engine(root)


@pytest.mark.usefixtures("installed")
def test_java_that_is_missing_is_answered_with_what_to_install(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(spark.CHOICE, spark.SPARK)
    monkeypatch.setattr(shutil, "which", lambda name: None)
    monkeypatch.delenv("JAVA_HOME", raising=False)
    with pytest.raises(InputError, match="openjdk-17-jre-headless"):
        spark.engine(root)
    monkeypatch.setenv("JAVA_HOME", "/usr/lib/jvm/java-17")
    assert spark.engine(root) == spark.SPARK


def test_a_build_by_an_unknown_engine_ends_with_one_line_before_a_file_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    centre = Centre(tmp_path)
    centre.source.mkdir()
    (centre.source / "queue_log").write_text("", "utf-8")
    centre.config.write_text(QUEUE_LOG, "utf-8")
    monkeypatch.setenv(spark.CHOICE, "oracle")
    done = centre.run("build", "--config", str(centre.config))
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1 and "name one of duckdb, spark" in done.stderr
    assert not (centre.data / "landing").exists()
