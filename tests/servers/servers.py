"""PostgreSQL and MariaDB servers of this machine, started for a test on a free port and ended with it.

Here belongs: starting, killing and ending a server. Not here: what callmart reads of it.
"""

from __future__ import annotations

import glob
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

PASSWORD = "a-password-of-the-test"
_PATIENCE_S = 60
_HOST = "127.0.0.1"


@dataclass
class Server:
    """A server with an empty database `crm`. `ask` sends SQL through the server's own client."""

    kind: str
    folder: Path
    port: int
    command: Sequence[str]
    client: Sequence[str]
    user: str | None
    process: subprocess.Popen[bytes] | None = field(default=None)

    @property
    def url(self) -> str:
        """What a centre writes into its environment."""
        return f"{self.kind}://crm:{PASSWORD}@{_HOST}:{self.port}/crm"

    def start(self) -> None:
        """Start it and wait until it answers."""
        self.process = subprocess.Popen(
            self.command, user=self.user, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=self.folder
        )
        deadline = time.monotonic() + _PATIENCE_S
        while subprocess.run([*self.client, "select 1"], capture_output=True, env=self._environment()).returncode:
            assert self.process.poll() is None and time.monotonic() < deadline, f"{self.kind} does not start"
            time.sleep(0.2)

    def kill(self) -> None:
        """End it without a word."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def ask(self, sql: str) -> None:
        """Run statements."""
        done = subprocess.run([*self.client, sql], capture_output=True, text=True, env=self._environment())
        assert done.returncode == 0, done.stderr

    def _environment(self) -> dict[str, str]:
        return os.environ | {"PGPASSWORD": PASSWORD, "MYSQL_PWD": PASSWORD}


@contextmanager
def postgresql() -> Iterator[Server]:
    """A PostgreSQL server."""
    programs = max(glob.glob("/usr/lib/postgresql/*/bin"), default="")
    initdb = shutil.which("initdb") or f"{programs}/initdb"
    with _place("postgres") as (folder, user):
        secret = folder / "password"
        secret.write_text(PASSWORD)
        shutil.chown(secret, user) if user else None
        data = str(folder / "data")
        _run(
            [initdb, "-D", data, "-U", "crm", "-A", "scram-sha-256", "--pwfile", str(secret), "-E", "UTF8"],
            user,
            folder,
        )
        port = str(_free_port())
        psql = shutil.which("psql") or f"{programs}/psql"
        server = Server(
            kind="postgresql",
            folder=folder,
            port=int(port),
            command=[str(Path(initdb).with_name("postgres")), "-D", data, "-p", port, "-k", str(folder), "-h", _HOST],
            client=[psql, "-h", _HOST, "-p", port, "-U", "crm", "-d", "postgres", "-v", "ON_ERROR_STOP=1", "-c"],
            user=user,
        )
        server.start()
        server.ask("create database crm")
        server.client = ["crm" if word == "postgres" else word for word in server.client]
        yield from _running(server)


@contextmanager
def mariadb() -> Iterator[Server]:
    """A MariaDB server."""
    names = ("mariadbd", "mariadb-install-db", "mariadb")
    programs = {name: shutil.which(name) or f"/usr/sbin/{name}" for name in names}
    with _place("mysql") as (folder, user):
        data = f"--datadir={folder / 'data'}"
        make = [programs["mariadb-install-db"], "--no-defaults", data, "--auth-root-authentication-method=normal"]
        _run(make, user, folder)
        port, local = str(_free_port()), f"--socket={folder / 's'}"
        server = Server(
            kind="mysql",
            folder=folder,
            port=int(port),
            command=[programs["mariadbd"], "--no-defaults", data, f"--port={port}", local, f"--bind-address={_HOST}"],
            client=[programs["mariadb"], "--no-defaults", local, "-u", "root", "--password=", "-e"],
            user=user,
        )
        server.start()
        server.ask(
            f"create database crm character set utf8mb4; create user crm@localhost identified by '{PASSWORD}'; "
            "grant all on crm.* to crm@localhost; flush privileges;"
        )
        server.client = [*server.client[:-1], "crm", "-e"]
        yield from _running(server)


def _running(server: Server) -> Iterator[Server]:
    try:
        yield server
    finally:
        if server.process is not None and server.process.poll() is None:
            server.process.terminate()
            server.process.wait(_PATIENCE_S)


@contextmanager
def _place(wanted: str) -> Iterator[tuple[Path, str | None]]:
    """A folder for a server, and the user who must run it: servers refuse to run as root."""
    user = None
    if os.geteuid() == 0:
        user = wanted if any(item.pw_name == wanted for item in pwd.getpwall()) else "nobody"
    with tempfile.TemporaryDirectory(prefix="callmart-server-", ignore_cleanup_errors=True) as name:
        if user:
            shutil.chown(name, user)
        yield Path(name), user


def _run(command: Sequence[str], user: str | None, folder: Path) -> None:
    done = subprocess.run(command, user=user, capture_output=True, text=True, cwd=folder)
    assert done.returncode == 0, f"{command[0]}: {done.stderr or done.stdout}"


def _free_port() -> int:
    with socket.socket() as found:
        found.bind((_HOST, 0))
        return int(found.getsockname()[1])
