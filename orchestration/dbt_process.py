"""dbt in a process of its own that begins with the parsed project: `python -m orchestration.dbt_process MANIFEST ARG…`.

Here belongs: nothing but handing dbt its manifest. Not here: what dbt is asked (warehouse.py). dbt parses a project
anew whenever a variable changes, and the build window is two of them; no model, though, is parsed differently for it.
A process of its own, because dbt keeps DuckDB's lock until its process ends.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path


def main(manifest_file: Path, arguments: list[str]) -> int:
    """Run dbt; its exit code: 0 all well, 1 a model or test failed, 2 it could not be run."""
    from dbt.cli.main import dbtRunner
    from dbt.contracts.graph.manifest import Manifest

    manifest = Manifest.from_msgpack(manifest_file.read_bytes())
    manifest.build_flat_graph()  # type: ignore[no-untyped-call]
    done = dbtRunner(manifest=manifest).invoke(arguments)
    if done.exception is not None:
        # In the form of dbt's own events, which is what the reader of this output expects.
        print(json.dumps({"info": {"level": "error", "msg": str(done.exception)}}))
        return 2
    return 0 if done.success else 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
