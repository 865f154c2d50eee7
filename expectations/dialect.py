"""The SQLAlchemy dialect `duckdb.gx`, with which Great Expectations validates DuckDB files without changing them.

Belongs here: the dialect, its registration, its URL. Does not belong here: anything that writes.

Great Expectations fetches a result after it has given the connection back to the pool, and the rollback that comes
with giving it back makes DuckDB drop the result. Nothing is written here, so no transaction is needed: each statement
is its own. Remove this module when the canary test says that the plain dialect works.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from duckdb_engine import Dialect
from sqlalchemy.dialects import registry

DIALECT = "duckdb.gx"


class ReadOnlyValidation(Dialect):
    """DuckDB without transactions. Only for read-only connections."""

    supports_statement_cache = False

    def do_begin(self, connection: Any) -> None:
        pass

    def do_commit(self, connection: Any) -> None:
        pass

    def do_rollback(self, connection: Any) -> None:
        pass


def register() -> None:
    """Make SQLAlchemy know `duckdb+gx://` URLs. Calling it again changes nothing."""
    registry.register(DIALECT, __name__, ReadOnlyValidation.__name__)


def url(database: Path) -> str:
    """The URL that opens the file `database` read-only through this dialect."""
    return f"duckdb+gx:///{database.resolve()}?access_mode=READ_ONLY"
