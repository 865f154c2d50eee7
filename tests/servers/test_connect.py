"""The copy of the marts in PostgreSQL that `docs/connect.md` describes: whole, repeatable, and in one transaction."""

from __future__ import annotations

import importlib.resources
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import duckdb
import pytest

from tests.connect_guide import blocks, released_demo, run
from tests.servers.servers import Server, postgresql

PACKAGE = importlib.resources.files("duckdb_extension_postgres_scanner")
EXTENSION = PACKAGE / "extensions" / f"v{duckdb.__version__}" / "postgres_scanner.duckdb_extension"


def environment(server: Server) -> dict[str, str]:
    """The variables by which libpq finds the server."""
    place = urlsplit(server.url)
    return {
        "PGHOST": str(place.hostname), "PGPORT": str(place.port), "PGUSER": str(place.username),
        "PGPASSWORD": str(place.password), "PGDATABASE": place.path.removeprefix("/"),
    }  # fmt: skip


@dataclass(frozen=True)
class Copied:
    """A release, and the server that the guide's block has copied it to once."""

    folder: Path
    catalogue: Path
    server: Server

    def again(self) -> None:
        """Run the guide's block once more."""
        (block,) = blocks("python", "A copy in PostgreSQL")
        run(block, self.folder)


@pytest.fixture
def copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Copied]:
    with postgresql() as server:
        for name, value in environment(server).items():
            monkeypatch.setenv(name, value)
        made = Copied(tmp_path, released_demo(tmp_path), server)
        made.again()
        yield made


def test_every_mart_is_copied_and_copied_again(copied: Copied) -> None:
    copied.server.ask("create view mine as select * from marts.kpi_value; delete from marts.kpi_value")
    copied.again()
    assert differing(copied.catalogue) == {}
    with pytest.raises(AssertionError, match="mine"):
        copied.server.ask("select * from mine")  # it went with its table, as the guide says


def test_a_copy_that_fails_leaves_the_former_one(copied: Copied) -> None:
    copied.server.ask("delete from marts.kpi_definition where kpi_id = 'M021'")
    former = differing(copied.catalogue)
    (copied.catalogue.parent / "current" / "zz_broken.parquet").write_bytes(b"PAR1, and then nothing")
    with pytest.raises(AssertionError, match="zz_broken"):
        copied.again()
    assert differing(copied.catalogue) == former and list(former) == ["kpi_definition"]


def differing(catalogue: Path) -> dict[str, int]:
    """Rows of each mart that one side has and the other has not."""
    con = duckdb.connect()
    con.load_extension(str(EXTENSION))
    con.execute(f"attach '{catalogue}' as callmart (read_only)")
    con.execute("attach '' as bi (type postgres, read_only)")
    marts = con.execute("select view_name from duckdb_views() where database_name = 'callmart' and not internal")
    counted = {}
    for (mart,) in marts.fetchall():
        ours, theirs = f"from callmart.marts.{mart}", f"from bi.marts.{mart}"
        both = f"({ours} except all {theirs}) union all ({theirs} except all {ours})"
        counted[mart] = len(con.execute(both).fetchall())
    assert len(counted) > 5
    return {mart: rows for mart, rows in counted.items() if rows}
