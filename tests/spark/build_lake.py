"""`python -m tests.spark.build_lake CONFIG DATA`: build what is landed in DATA, by the engine of the environment.

Here belongs: a process for a build that asks no source. Not here: what it must give (test_parity.py).
"""

from __future__ import annotations

import sys
from pathlib import Path

from orchestration.assets.context import Site
from orchestration.build import build_from_landing
from orchestration.config import load_config

if __name__ == "__main__":
    result = build_from_landing(Site(load_config(Path(sys.argv[1])), Path(sys.argv[2])))
    print(*result.messages, sep="\n")
    sys.exit(result.exit_code)
