"""What the texts say of the project: commands, keys, folders and figures that a reader will try."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import typer.main
import yaml
from pydantic import BaseModel

from expectations import catalogue
from expectations.settings import FeedSettings
from expectations.validate import KEEP_RESULTS
from orchestration import errors
from orchestration.assets.context import Site
from orchestration.automation.alerts import failed_check_sensor, failed_run_sensor
from orchestration.automation.freshness import EVERY_S, freshness_sensor
from orchestration.automation.requests import PATIENCE
from orchestration.automation.triggers import new_files_sensor, schedules
from orchestration.cli import app
from orchestration.config import DEMO_HASH_KEY, MIN_KEY_LENGTH, Automation, Retention, models, parse_config
from orchestration.extract.landing import CLOCK_SLACK
from orchestration.paths import PROJECT
from orchestration.release import KEEP_AT_LEAST
from simulator.defect_kinds import DEFECTS
from simulator.defects import CLOCKS_DIFFER_BY_S
from tests.orchestration.extract_kit import QUEUE_LOG

README = (PROJECT / "README.md").read_text("utf-8")
CHINESE = (PROJECT / "README.zh-CN.md").read_text("utf-8")
OPERATING = (PROJECT / "docs" / "operating.md").read_text("utf-8")
MAKEFILE = (PROJECT / "Makefile").read_text("utf-8")
GUIDES = sorted(path.relative_to(PROJECT).as_posix() for path in (PROJECT / "docs").glob("*.md"))
TEXTS = ["README.md", "README.zh-CN.md", "CONTRIBUTING.md", *GUIDES]
CODE = re.compile(r"\b(\d+) ")  # an exit code stands before its meaning
LANGUAGES = {"README.md", "README.zh-CN.md"}


def anchors(text: str) -> dict[str, list[str]]:
    """What a translation must leave as it is, by kind, in the order of the text; table rows by their first cell."""
    prose, blocks = "", []
    for index, part in enumerate(re.split(r"^```", text, flags=re.MULTILINE)):
        if index % 2 == 0:
            prose += part
        else:
            lines = [re.sub(r"(^|\s+)#(\s.*)?$", "", line) for line in part.splitlines()]
            blocks.append("\n".join(line for line in lines if line.strip()))
    rows = re.findall(r"^\| (.+?) \|", prose.replace(r"\|", "¦"), re.MULTILINE)
    return {
        "headings": re.findall(r"^(#+) ", prose, re.MULTILINE),
        "code blocks": blocks,
        "table rows": [row for row in rows if "`" in row or row.startswith("---")],
        "links": [link for link in re.findall(r"\]\(([^)]+)\)", prose) if link not in LANGUAGES],
        "paragraphs": [str(len(re.findall(r"\n\s*\n", prose)))],
        "exit codes": [
            code for row in re.findall(r"^\| `callmart build.*$", prose, re.MULTILINE) for code in CODE.findall(row)
        ],
        "names in code": sorted(set(re.findall(r"`([^`]+)`", prose))),
    }


def test_both_readmes_say_the_same() -> None:
    english, chinese = anchors(README), anchors(CHINESE)
    assert english["exit codes"] == sorted(_exit_codes(), key=int)
    for kind, said in english.items():
        assert chinese[kind] == said, kind


@pytest.mark.parametrize(
    ("kind", "breaks"),
    [
        ("headings", lambda text: text.replace("\n## ", "\n### ", 1)),
        ("code blocks", lambda text: text.replace("make demo\n", "make demonstration\n", 1)),
        ("table rows", lambda text: text.replace("| `callmart board [", "| `callmart boards [")),
        ("table rows", lambda text: text.replace("| `tests/` |", "| `test/` |")),
        ("links", lambda text: text.replace("docs/board.png", "docs/boards.png")),
        ("links", lambda text: text.replace("(docs/operating.md)", "(docs/operate.md)")),
        ("paragraphs", lambda text: text + "\n\nA paragraph more.\n"),
        ("exit codes", lambda text: re.sub(r"(，|, )4 ", r"\g<1>5 ", text)),
        ("names in code", lambda text: text.replace("`make bench`", "make bench")),
    ],
)
@pytest.mark.parametrize("readme", [README, CHINESE], ids=["en", "zh"])
def test_a_change_of_one_readme_alone_is_noticed(readme: str, kind: str, breaks: Callable[[str], str]) -> None:
    broken = breaks(readme)
    assert broken != readme
    assert anchors(broken)[kind] != anchors(readme)[kind]


def test_a_translated_comment_in_a_code_block_is_no_difference() -> None:
    text = "```sh\nmake demo   # {}\n# {}\n```\n"
    assert anchors(text.format("one", "two")) == anchors(text.format("一", "二"))


def test_the_readmes_name_each_other() -> None:
    assert "](README.zh-CN.md)" in README.split("\n## ")[0] and "](README.md)" in CHINESE.split("\n## ")[0]


def test_the_demo_key_of_the_makefile_is_the_published_one() -> None:
    assert re.findall(r"^DEMO_KEY := (.+)$", MAKEFILE, re.MULTILINE) == [DEMO_HASH_KEY]


@pytest.mark.parametrize("text", TEXTS)
def test_every_make_target_in_a_text_exists(text: str) -> None:
    named = set(re.findall(r"(?:`|^)make ([a-z-]+)", (PROJECT / text).read_text("utf-8"), re.MULTILINE))
    assert named or text in GUIDES
    assert named <= set(re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE))


def test_every_command_is_in_the_table_of_the_readme() -> None:
    assert set(re.findall(r"^\| `callmart ([a-z]+)", README, re.MULTILINE)) == set(_commands())


@pytest.mark.parametrize("text", TEXTS)
def test_every_command_in_a_text_exists_with_its_options(text: str) -> None:
    said = (PROJECT / text).read_text("utf-8")
    assert unknown_commands(said) == []


def test_a_command_or_option_that_does_not_exist_is_noticed() -> None:
    assert unknown_commands("`callmart rebuild` and `callmart build --form D`\n.venv/bin/callmart board --wide\n") == [
        "rebuild",
        "build --form",
        "board --wide",
    ]


def unknown_commands(text: str) -> list[str]:
    """Commands and options that a text names in code and that `callmart` doesn't know."""
    commands, unknown = _commands(), []
    for name, arguments in re.findall(r"(?:`|^|/bin/)callmart ([a-z]+)\b([^`\n]*)", text, re.MULTILINE):
        if name not in commands:
            unknown.append(name)
            continue
        of_name = [commands[name], *getattr(commands[name], "commands", {}).values()]
        known = {option for command in of_name for parameter in command.params for option in parameter.opts}
        named = re.findall(r"--[a-z]+(?:-[a-z]+)*", arguments)
        unknown += [f"{name} {option}" for option in named if option not in known]
    return unknown


@pytest.mark.parametrize("text", TEXTS)
def test_every_folder_and_link_in_a_text_exists(text: str) -> None:
    file = PROJECT / text
    said = file.read_text("utf-8")
    for link in re.findall(r"\]\(([\w./-]+)\)", said):
        assert (file.parent / link).exists(), link
    if text in LANGUAGES:
        folders = re.findall(r"^\| `([a-z_]+/)`", said, re.MULTILINE)
        assert folders and all((PROJECT / folder).is_dir() for folder in folders)


def test_the_exit_codes_of_the_operating_guide_are_those_of_the_errors() -> None:
    assert re.findall(r"^\| (\d+) \|", OPERATING, re.MULTILINE) == sorted(_exit_codes(), key=int)


def test_figures_of_the_operating_guide_are_those_of_the_code() -> None:
    automation, retention = Automation(), Retention()
    minutes = [int(pause.total_seconds() // 60) for pause in PATIENCE]
    assert minutes == [10, 60, 360] and "after 10 minutes, then 1 hour, then every 6" in OPERATING
    assert EVERY_S == 300 and "| `freshness` | every five minutes |" in OPERATING
    assert f"`automation.look_every_s` seconds ({automation.look_every_s})" in OPERATING
    assert f"`settled_after_looks` looks ({automation.settled_after_looks})" in OPERATING
    assert f"`automation.daily_at` ({automation.daily_at})" in OPERATING
    assert f"| the last {retention.releases}, never fewer than {KEEP_AT_LEAST} |" in OPERATING
    assert f"| {retention.superseded_days} days after they were last seen |" in OPERATING
    assert f"| refused rows and duplicates in quarantine | {retention.quarantine_days} days |" in OPERATING
    assert f"| {retention.runs_days} days; the last good run" in OPERATING
    assert f"the last {KEEP_RESULTS} results of each suite" in OPERATING
    assert f"{MIN_KEY_LENGTH} characters or more" in OPERATING
    ticks = _dagster_yaml(PROJECT / "orchestration" / "dagster.yaml")["retention"]
    assert ticks["schedule"]["purge_after_days"] == ticks["sensor"]["purge_after_days"]["failure"]
    assert (
        f"| {ticks['schedule']['purge_after_days']} days, skipped sensor ticks "
        f"{ticks['sensor']['purge_after_days']['skipped']} |" in OPERATING
    )


def test_the_operating_guide_lists_every_schedule_and_sensor(tmp_path: Path) -> None:
    site = Site(parse_config(QUEUE_LOG, Path("callmart.yaml")), tmp_path)
    cron = {schedule.name: schedule.cron_schedule for schedule in schedules(site)}
    sensors = [new_files_sensor(site), freshness_sensor(site), failed_run_sensor(), failed_check_sensor()]
    (table,) = re.findall(r"^\| name \| when .*?\n\n", OPERATING, re.MULTILINE | re.DOTALL)
    first_cells = " ".join(re.findall(r"^\| (`.*?) \|", table, re.MULTILINE))
    assert set(re.findall(r"`(\w+)`", first_cells)) == {*cron, *(sensor.name for sensor in sensors)}
    assert cron["hourly"] == "5 * * * *" and "| `hourly` | five past each hour;" in table


def test_keys_of_the_configuration_in_the_operating_guide_exist() -> None:
    for section, key in re.findall(r"`(automation|retention|centre|freshness)\.(\w+)`", OPERATING):
        assert key in _model(section.capitalize()).model_fields, f"{section}.{key}"


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_figures_of_the_guide_to_spark_are_those_that_were_measured() -> None:
    guide = (PROJECT / "docs" / "spark.md").read_text("utf-8")
    page = (PROJECT / "benchmarks" / "RESULTS.md").read_text("utf-8")
    measured = [set(_cells(line)) for line in page.splitlines() if line.startswith("|")]
    table = guide.partition("| what is built")[2].partition("\n\n")[0].splitlines()[2:]
    assert len(table) >= 5
    for line in table:
        figures = set(_cells(line)[1:])
        assert any(figures <= row for row in measured), line
    ratios = re.findall(r"\d+\.\d+×", guide)
    assert ratios
    for ratio in ratios:
        assert any(ratio in row for row in measured), ratio


def test_the_guide_of_defects_names_every_defect_and_checks_that_exist() -> None:
    said = (PROJECT / "docs" / "defects.md").read_text("utf-8")
    rows = re.findall(r"^\| `(\w+)` \| (.*?) \|", said, re.MULTILINE)
    assert [name for name, _ in rows] == list(DEFECTS)
    checks = {check.name for feed in catalogue.feeds() for check in catalogue.checks_of(feed)}
    checks |= {check.name for mart in catalogue.mart_suites() for check in catalogue.checks_of_mart(mart)}
    rules = {"duplicate_record", "missing_required", "undecodable", "missing_columns", "fct_feed_drift"}
    named = {name for _, caught_by in rows for name in re.findall(r"`(\w+)`", caught_by)}
    assert named <= checks | rules and rules <= named
    assert FeedSettings("UTC").ahead_tolerance_s == 300 and timedelta(days=1) == CLOCK_SLACK
    variables = yaml.safe_load((PROJECT / "dbt_project" / "dbt_project.yml").read_text("utf-8"))["vars"]
    assert (variables["late_window_days"], variables["link_clock_tolerance_s"]) == (9, CLOCKS_DIFFER_BY_S)


def test_every_environment_variable_of_the_operating_guide_is_read_somewhere() -> None:
    named = set(re.findall(r"\bCALLMART_[A-Z_]+", OPERATING))
    sources = [*(PROJECT / "orchestration").rglob("*.py"), PROJECT / "dbt_project" / "profiles.yml"]
    code = "".join(path.read_text("utf-8") for path in sources)
    assert named and all(name in code for name in named)
    for name in ("DAGSTER_EVENT_BATCH_SIZE", "DAGSTER_SCHEDULE_GRPC_TIMEOUT_SECONDS"):
        (value,) = re.findall(rf"^{name}=(\d+)$", OPERATING, re.MULTILINE)
        assert f'"{name}": "{value}"' in code


def test_the_dagster_version_of_the_operating_guide_is_the_locked_one() -> None:
    (locked,) = re.findall(r"^dagster==([\d.]+)", (PROJECT / "requirements.lock").read_text("utf-8"), re.MULTILINE)
    (library,) = re.findall(r"dagster-postgres==0\.(\d+)\.(\d+)", OPERATING)
    major, minor, patch = map(int, locked.split("."))
    assert f"for Dagster {locked};" in OPERATING
    assert tuple(map(int, library)) == (minor + 16, patch) and major == 1  # Dagster's libraries: 0.(minor + 16).patch


def test_the_operating_guide_replaces_a_block_that_is_in_the_settings_of_dagster() -> None:
    (fragment,) = re.findall(r"^```yaml\n(storage:.*?)^```", OPERATING, re.MULTILINE | re.DOTALL)
    settings = _dagster_yaml(PROJECT / "orchestration" / "dagster.yaml")
    assert "event_log_storage" in settings and "storage" not in settings
    assert settings["concurrency"]["runs"]["max_concurrent_runs"] == 1
    assert list(yaml.safe_load(fragment)["storage"]) == ["postgres"]


def test_no_file_names_a_machine_or_a_package_host() -> None:
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=PROJECT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, tracked.split("\0")):
        path = PROJECT / name
        if path.suffix in (".png",) or not path.exists():
            continue
        text = path.read_text("utf-8", errors="replace")
        assert not re.search(r"index" + r"-url\s+http|https?://\S+/simp" + r"le\b", text), name


def _commands() -> dict[str, Any]:
    commands: dict[str, Any] = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    return commands


def _exit_codes() -> set[str]:
    kinds = [
        kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.CallmartError)
    ]
    return {"0", *(str(kind.exit_code) for kind in kinds)}


def _model(name: str) -> type[BaseModel]:
    model = getattr(models, name)
    assert isinstance(model, type) and issubclass(model, BaseModel)
    return model


def _dagster_yaml(path: Path) -> dict[str, Any]:
    said: dict[str, Any] = yaml.safe_load(path.read_text("utf-8"))
    return said
