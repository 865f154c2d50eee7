"""The configuration of a centre (`callmart.yaml`): what may be written in it, its checks, and the reading of the file.

Not here: reading data, and defaults of KPIs (seeds).
"""

from orchestration.config.checks import fits
from orchestration.config.key import DEMO_HASH_KEY, HASH_KEY_VARIABLE, MIN_KEY_LENGTH, hash_key
from orchestration.config.models import (
    CDR_EXTRA_COLUMNS,
    CDR_NEEDED_COLUMNS,
    CDR_STANDARD_COLUMNS,
    CEL_NEEDED_COLUMNS,
    CEL_STANDARD_COLUMNS,
    TODO,
    Automation,
    Config,
    Feed,
    FileKind,
    Format,
    Retention,
    Scope,
    nearest,
)
from orchestration.config.reading import load_config, parse_config

__all__ = [
    "CDR_EXTRA_COLUMNS",
    "CDR_NEEDED_COLUMNS",
    "CDR_STANDARD_COLUMNS",
    "CEL_NEEDED_COLUMNS",
    "CEL_STANDARD_COLUMNS",
    "DEMO_HASH_KEY",
    "HASH_KEY_VARIABLE",
    "MIN_KEY_LENGTH",
    "TODO",
    "Automation",
    "Config",
    "Feed",
    "FileKind",
    "Format",
    "Retention",
    "Scope",
    "fits",
    "hash_key",
    "load_config",
    "nearest",
    "parse_config",
]
