"""The APIs of a simulated centre on this machine, for as long as a command runs: `python -m simulator.serve FOLDER --
COMMAND …`.

Belongs here: the wire, and the command beside it. Does not belong here: what is answered (`answers`).

The address and the token stand in the command's environment, under the names that the centre's callmart.yaml uses. The
port is whichever is free.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from simulator.answers import MOST_RECORDS, ChangeLog, RefusedError, query_range
from simulator.forms.writer import API_TOKEN_VARIABLE, API_URL_VARIABLE

# Published on purpose: it guards made-up data only.
DEMO_TOKEN = "callmart-demo-token-published-and-therefore-not-secret"
USAGE = "usage: python -m simulator.serve FOLDER -- COMMAND [ARGUMENT …]"


@contextmanager
def serving(folder: Path, token: str = DEMO_TOKEN) -> Iterator[dict[str, str]]:
    """The APIs of the simulation in `folder` while the block runs; what a command must find in its environment."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            status, body = 200, b""
            try:
                authorization = self.headers.get("Authorization")
                body = _answer(folder, token, parts.path, dict(parse_qsl(parts.query)), authorization)
            except RefusedError as error:
                status, body = error.status, json.dumps({"error": str(error)}).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            with suppress(ConnectionError):  # who asked may be gone
                self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing: the command has the terminal."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield {API_URL_VARIABLE: f"http://127.0.0.1:{server.server_address[1]}", API_TOKEN_VARIABLE: token}
    finally:
        server.shutdown()
        server.server_close()


def _answer(folder: Path, token: str, path: str, query: dict[str, str], authorization: str | None) -> bytes:
    """The body of an answer. Raises RefusedError for what there is none for."""
    match path.strip("/").split("/"):
        case ["helpdesk", "v1", resource, "changes"] if resource.isidentifier():
            if authorization != f"Bearer {token}":
                raise RefusedError(401, "the token is missing or wrong")
            limit = min(_whole(query, "limit", 100), MOST_RECORDS)
            return ChangeLog(folder, resource).page(query.get("since", ""), query.get("after"), limit)
        case ["prometheus", "api", "v1", "query_range"]:
            start, end, step = (_whole(query, name) for name in ("start", "end", "step"))
            return json.dumps(query_range(folder, query.get("query", ""), start, end, step)).encode()
    raise RefusedError(404, f"there is nothing at {path}")


def _whole(query: dict[str, str], name: str, usual: int | None = None) -> int:
    given = query.get(name, "")
    if given.isdigit():
        return int(given)
    if usual is None or given:
        raise RefusedError(400, f"{name} is no whole number")
    return usual


def main(arguments: Sequence[str]) -> int:
    """Run a command beside the APIs; its exit code."""
    if len(arguments) < 3 or arguments[1] != "--":
        print(USAGE, file=sys.stderr)
        return 2
    folder, command = Path(arguments[0]), arguments[2:]
    token = os.environ.get(API_TOKEN_VARIABLE) or DEMO_TOKEN
    with serving(folder, token) as variables, subprocess.Popen(command, env=os.environ | variables) as process:
        # Ctrl-C reaches the command too; the APIs must answer until it has ended
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, lambda *_: process.terminate())
        return process.wait()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
