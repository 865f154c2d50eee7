"""The feeds' files as they lie at their sources, known by name, size and time alone.

Here belongs: a look that is cheap enough for every half minute, and what it says. Not here: reading a file (extract).
"""

from __future__ import annotations

import glob
import hashlib
import json
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from orchestration.config import Config
from orchestration.extract.landing import _name as name_of
from orchestration.extract.landing import read_manifests


@dataclass(frozen=True)
class State:
    """Size in bytes and time of the last change of a file; -1 for a path that can't be looked at."""

    size: int
    mtime_ns: int


Files = Mapping[str, Mapping[str, State]]
"""Feed -> file, as the landing names it -> state."""


def look(config: Config) -> Files:
    """Every file that the feeds' patterns match now. Raises InputError for a pattern with an unset variable."""
    found: dict[str, dict[str, State]] = {}
    for name, feed in config.feeds.items():
        paths = {path for pattern in feed.patterns() for path in glob.glob(pattern, recursive=True)}
        states = {name_of(Path(path), feed): _state(path) for path in paths}
        found[name] = {path: state for path, state in states.items() if state is not None}
    return found


def landed(config: Config, root: Path) -> Files:
    """Each path of the feeds as the landing saw it last."""
    found: dict[str, dict[str, State]] = {}
    for name in config.feeds:
        sightings = [sighting for manifest in read_manifests(name, root) for sighting in manifest.seen]
        sightings.sort(key=lambda sighting: sighting.seq)
        found[name] = {sighting.path: State(sighting.size, sighting.mtime_ns) for sighting in sightings}
    return found


def arrived(config: Config, now: Files, before: Files) -> Files:
    """Files that are new or changed. A log that only grew did not arrive: the schedules read it. Nobody appends to a
    compressed one: when it grew it was sent again, as a whole file is in place of a broken one."""
    found: dict[str, dict[str, State]] = {}
    for name, states in now.items():
        known = before.get(name, {})
        changed = {path: state for path, state in states.items() if known.get(path) != state}
        if config.feeds[name].is_log:
            changed = {
                path: state
                for path, state in changed.items()
                if path not in known or state.size < known[path].size or path.endswith(".gz")
            }
        if changed:
            found[name] = changed
    return found


def fingerprint(config: Config, files: Files) -> str:
    """Name of a state of files and configuration: path, size and time of each file. Of a log's newest file the path
    alone, for it goes on growing."""
    said: dict[str, list[tuple[str, int, int]]] = {}
    for name, states in files.items():
        newest = max(states, key=lambda path: (states[path].mtime_ns, path), default="")
        open_end = newest if config.feeds[name].is_log else None
        said[name] = sorted(
            (path, *((0, 0) if path == open_end else (state.size, state.mtime_ns))) for path, state in states.items()
        )
    text = json.dumps([said, config.model_dump(mode="json")], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _state(path: str) -> State | None:
    try:
        found = os.stat(path)
    except FileNotFoundError:
        return None
    except OSError:
        return State(-1, -1)  # a run will say why
    return State(found.st_size, found.st_mtime_ns) if stat.S_ISREG(found.st_mode) else None
