"""The key of all hashes of personal data, which comes from the environment alone."""

from __future__ import annotations

import os

from orchestration.errors import InputError

HASH_KEY_VARIABLE = "CALLMART_HASH_KEY"
# Published on purpose: only made-up data may be hashed with it.
DEMO_HASH_KEY = "callmart-demo-key-published-and-therefore-not-secret"
MIN_KEY_LENGTH = 16


def hash_key() -> str:
    """The key of all hashes of personal data, from `CALLMART_HASH_KEY`. Raises InputError when unset or too short."""
    key = os.environ.get(HASH_KEY_VARIABLE, "")
    if len(key) < MIN_KEY_LENGTH:
        problem = "is not set" if not key else f"has fewer than {MIN_KEY_LENGTH} characters"
        raise InputError(
            f"the environment variable {HASH_KEY_VARIABLE} {problem}; personal data can't be hashed without it.",
            rule="hash_key",
            todo=f"set {HASH_KEY_VARIABLE} to a long random text, keep it, and use the same one for every build "
            "(another key makes every customer a new one).",
        )
    return key
