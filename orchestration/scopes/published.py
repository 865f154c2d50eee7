"""Releases of scopes: made beside that of the whole centre, renewed with it, withdrawn when nobody declares them.

Here belongs: which scopes there are on the disk, and when they must be made again. Not here: what is in them
(limits.py), how a release is put in place (release.py).
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from orchestration.config import Config, Scope
from orchestration.paths import WHOLE, hidden, published_dir, warehouse_path
from orchestration.progress import warn
from orchestration.release import (
    Manifest,
    MartSpec,
    Release,
    ensure_catalogue,
    last_release,
    publish_release,
    remove_releases,
)
from orchestration.scopes import limits
from orchestration.scopes.declared import Way, columns_of_marts, declarations


def keep_serving(scopes: Mapping[str, Scope], root: Path) -> list[str]:
    """Withdraws the scopes that are no longer declared, and makes the catalogues of all others whole; those withdrawn.

    Call it at the start of a build, under its lock: it needs no release, so that a build which is blocked withdraws
    them, too. A kill leaves what the next call goes on with.
    """
    gone = [name for name in scopes_on_disk(root) if name not in scopes]
    for folder in (published_dir(root, name) for name in gone):
        warn(f"scope {folder.name} is not declared any more: its releases are removed")
        os.replace(folder, hidden(folder))  # at once, and with it every path that a catalogue knows
    for leftover in published_dir(root).parent.glob("_*.tmp"):
        shutil.rmtree(leftover)
    for name in (WHOLE, *scopes):
        ensure_catalogue(root, name)
    return gone


def publish_scopes(config: Config, root: Path, marts: Sequence[MartSpec], whole: Manifest) -> dict[str, Release]:
    """Makes a release of each declared scope from the warehouse that the release `whole` was made from."""
    return {name: _publish(name, scope, config, root, marts, whole) for name, scope in config.scopes.items()}


def are_up_to_date(scopes: Mapping[str, Scope], root: Path) -> bool:
    """Whether each scope is served as it is declared, and as part of the release that is served."""
    whole = last_release(root)
    served = {name: last_release(root, name) for name in scopes}
    return all(
        manifest is not None
        and whole is not None
        and (manifest.release_id, manifest.rules) == (whole.release_id, rules_of(scopes[name]))
        for name, manifest in served.items()
    )


def scopes_on_disk(root: Path) -> list[str]:
    """Names of the scopes that have releases, the whole centre left out, sorted."""
    folders = published_dir(root).parent.glob("[!_]*/releases")
    return sorted(folder.parent.name for folder in folders if folder.parent.name != WHOLE)


def rules_of(scope: Scope) -> str:
    """Hash of everything that decides what is in a scope's release, callmart's own rules among them."""
    said = {
        "scope": scope.model_dump(mode="json", include={"rows", "hide", "marts"}),
        "marts": {name: way.model_dump() if isinstance(way, Way) else way for name, way in declarations().items()},
        "columns": columns_of_marts(),
    }
    digest = hashlib.sha256(json.dumps(said, sort_keys=True).encode())
    digest.update(Path(limits.__file__).read_bytes())
    return digest.hexdigest()[:16]


def _publish(
    name: str, scope: Scope, config: Config, root: Path, marts: Sequence[MartSpec], whole: Manifest
) -> Release:
    limited = limits.limited(scope, marts)
    rules = rules_of(scope)
    former = last_release(root, name)
    made = publish_release(
        warehouse_path(root),
        limited.marts,
        root,
        release_id=whole.release_id,
        created_at=whole.created_at,
        as_of=whole.as_of,
        window=None if whole.window_from is None or whole.window_to is None else (whole.window_from, whole.window_to),
        inputs={},  # files of the whole centre are nobody's concern here
        transform_fingerprint=whole.transform_fingerprint,
        stale=whole.stale,
        keep=config.retention.releases,
        scope=name,
        rules=rules,
        prepare=limited.prepare,
    )
    if former is not None and former.rules != rules:
        # What the scope may no longer have must not lie beside what it may.
        remove_releases(root, lambda _: True, name)
    limited_marts = [mart for mart in made.manifest.marts if isinstance(declarations().get(mart), Way)]
    if not any(made.manifest.marts[mart].rows for mart in limited_marts):
        warn(f"scope {name} is empty: no released row is of {scope.rows.members or 'anybody'}")
    return made
