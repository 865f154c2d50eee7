"""compose.yaml and the guide: what they say holds for the code."""

from __future__ import annotations

import json
import re
import subprocess

import yaml

from metabase.marts import PROJECT

COMPOSE = yaml.safe_load((PROJECT / "compose.yaml").read_text("utf-8"))
GUIDE = (PROJECT / "docs" / "metabase.md").read_text("utf-8")
SMOKE = PROJECT / "metabase" / "docker" / "smoke.sh"


def test_the_published_folder_is_mounted_read_only_at_its_own_path() -> None:
    """The views of the catalogue hold absolute paths."""
    (volume,) = COMPOSE["services"]["metabase"]["volumes"]
    assert volume["read_only"] is True
    assert volume["target"] == "${CALLMART_PUBLISHED}" and volume["source"].startswith("${CALLMART_PUBLISHED:?")


def test_metabase_keeps_its_own_data_in_a_database_of_its_own() -> None:
    environment = COMPOSE["services"]["metabase"]["environment"]
    assert environment["MB_DB_TYPE"] == "postgres" and environment["MB_DB_HOST"] in COMPOSE["services"]


def test_only_this_machine_reaches_metabase_and_its_database() -> None:
    ports = {name: service["ports"] for name, service in COMPOSE["services"].items()}
    assert ports == {
        "metabase": ["127.0.0.1:${METABASE_PORT:-3001}:3000"],
        "postgres": ["127.0.0.1:${METABASE_DB_PORT:-5433}:5432"],
    }
    assert "127.0.0.1, port 5433 or `METABASE_DB_PORT`" in GUIDE


def test_without_docker_the_same_programs_start_in_the_same_way() -> None:
    image = (PROJECT / "metabase" / "docker" / "Dockerfile").read_text("utf-8")
    urls = set(re.findall(r'"(https://[^"]+\.jar)"', image))
    assert len(urls) == 2 and urls == set(re.findall(r'"(https://[^"]+\.jar)"', GUIDE))
    (start,) = re.findall(r"^CMD (.*)", image, re.MULTILINE)
    command = " ".join(json.loads(start))
    assert f"\n{command}\n" in GUIDE and f"ExecStart=/usr/bin/{command}\n" in GUIDE
    driver = COMPOSE["services"]["metabase"]["build"]["args"]["DUCKDB_DRIVER_VERSION"].split(":-")[1].rstrip("}")
    assert f"DUCKDB_DRIVER_VERSION={driver}\n" in GUIDE
    (java,) = re.findall(r"^FROM eclipse-temurin:(\d+)-jre", image, re.MULTILINE)
    assert f"Java {java} or later" in GUIDE
    told = set(re.findall(r"^(MB_DB_\w+)=", GUIDE, re.MULTILINE))
    assert told == {name for name in COMPOSE["services"]["metabase"]["environment"] if name.startswith("MB_DB_")}


def test_the_driver_reads_what_this_duckdb_writes() -> None:
    (duckdb,) = re.findall(r"^duckdb==([\d.]+)", (PROJECT / "requirements.in").read_text("utf-8"), re.MULTILINE)
    driver = COMPOSE["services"]["metabase"]["build"]["args"]["DUCKDB_DRIVER_VERSION"]
    assert f":-{duckdb}." in driver
    assert f"DuckDB driver\n{duckdb}.0" in GUIDE


def test_every_variable_of_the_guide_and_of_the_smoke_script_is_read_somewhere() -> None:
    sources = [*(PROJECT / "orchestration").rglob("*.py"), PROJECT / "compose.yaml"]
    code = "".join(path.read_text("utf-8") for path in sources)
    named = set(re.findall(r"\b(?:CALLMART|METABASE)_[A-Z_]+", GUIDE + SMOKE.read_text("utf-8")))
    assert len(named) > 5 and [name for name in sorted(named) if name not in code] == []


def test_the_smoke_script_is_a_script_that_can_be_run() -> None:
    subprocess.run(["bash", "-n", str(SMOKE)], check=True)
    assert SMOKE.stat().st_mode & 0o111
    assert str(SMOKE.relative_to(PROJECT)) in GUIDE
