"""What the texts say of the project: commands, keys and folders that a reader will try."""

from __future__ import annotations

import re
import subprocess

import pytest
import typer.main

from orchestration.cli import app
from orchestration.config import DEMO_HASH_KEY
from orchestration.paths import PROJECT

README = (PROJECT / "README.md").read_text("utf-8")
MAKEFILE = (PROJECT / "Makefile").read_text("utf-8")


def test_the_demo_key_of_the_makefile_is_the_published_one() -> None:
    assert re.findall(r"^DEMO_KEY := (.+)$", MAKEFILE, re.MULTILINE) == [DEMO_HASH_KEY]


@pytest.mark.parametrize("text", ["README.md", "CONTRIBUTING.md"])
def test_every_make_target_in_a_text_exists(text: str) -> None:
    named = set(re.findall(r"`make ([a-z-]+)", (PROJECT / text).read_text("utf-8")))
    assert named and named <= set(re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE))


def test_every_command_in_the_readme_exists_with_its_options() -> None:
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    told = re.findall(r"^\| `callmart ([a-z]+)([^`]*)`", README, re.MULTILINE)
    assert {name for name, _ in told} == set(commands)
    for name, arguments in told:
        known = {option for parameter in commands[name].params for option in parameter.opts}
        assert set(re.findall(r"--[a-z]+", arguments)) <= known, name


def test_every_folder_and_picture_in_the_readme_exists() -> None:
    for path in re.findall(r"^\| `([a-z_]+/)`", README, re.MULTILINE) + re.findall(r"\]\(([\w./]+)\)", README):
        assert (PROJECT / path).exists(), path


def test_no_file_names_a_machine_or_a_package_host() -> None:
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=PROJECT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, tracked.split("\0")):
        path = PROJECT / name
        if path.suffix in (".png",) or not path.exists():
            continue
        text = path.read_text("utf-8", errors="replace")
        assert not re.search(r"index" + r"-url\s+http|https?://\S+/simp" + r"le\b", text), name
