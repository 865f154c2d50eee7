"""How Spark is set up for all of its tests: for small tables on two cores."""

from __future__ import annotations

import os
from pathlib import Path

os.environ["SPARK_CONF_DIR"] = str(Path(__file__).with_name("conf"))
os.environ["CALLMART_SPARK_PARTITIONS"] = "2"
