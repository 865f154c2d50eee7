"""The books in a process of their own, so that a simulation uses two processors.

Belongs here: the process, and what goes to and fro. Does not belong here: what is done with it (`books`).

The books are told the same things in the same order, so the same bytes are written. The process is a plain one that
reads its input, whatever has started the simulation; when its input ends early, as when the simulation was killed, it
ends too, and leaves what an interrupted simulation leaves.
"""

from __future__ import annotations

import gc
import os
import pickle
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import date
from itertools import islice
from pathlib import Path
from typing import IO, Any, NamedTuple, cast

from simulator.books import Books, Written
from simulator.errors import SimulatorError
from simulator.events import Contact
from simulator.forms.writer import Forms
from simulator.records import Record
from simulator.setting import Setting
from simulator.truth.values import Value

_TOLD_AT_ONCE = 1000
_MOST_WAITING = 100  # packets between the processes
_VALUES_AT_ONCE = 1000
_START = f"import sys; from {__name__} import main; sys.exit(main())"

News = Contact | tuple[str, int, dict[str, Any]] | int
"""A contact that ended, a record that is written, or the instant until which all has been told."""


class Order(NamedTuple):
    """Which books to keep; the forms are made in the process that fills them."""

    setting: Setting
    out: Path
    start: date
    crm_url: str | None
    defects: tuple[str, ...]

    def forms(self) -> Forms:
        """The forms of this order. Raises SettingError for a defect that there is none of."""
        return Forms(self.out, self.start, self.setting.days, self.crm_url, self.defects)


class BooksProcess:
    """`Books` elsewhere. Use it as a context manager, which ends the process."""

    def __init__(self, order: Order) -> None:
        root = str(Path(__file__).parents[1])
        known = os.environ.get("PYTHONPATH")
        environment = os.environ | {"PYTHONPATH": root if not known else f"{root}{os.pathsep}{known}"}
        self._process = subprocess.Popen(
            [sys.executable, "-c", _START], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment
        )
        self._news: list[News] = []
        self._packets: queue.Queue[bytes | None] = queue.Queue(_MOST_WAITING)
        self._is_gone = False
        self._sender = threading.Thread(target=self._send, daemon=True)
        self._sender.start()
        self._packets.put(_packed(order))

    def __enter__(self) -> BooksProcess:
        return self

    def __exit__(self, *_: object) -> None:
        """End the process, whatever it does."""
        self._process.kill()
        self._process.wait()
        self._packets.put(None)
        self._sender.join()
        for pipe in (self._process.stdin, self._process.stdout):
            with suppress(BrokenPipeError):  # what was on its way when the process ended
                cast(IO[bytes], pipe).close()

    def add_contact(self, contact: Contact) -> None:
        """A contact has ended."""
        self._tell(contact)

    def add(self, record: Record) -> None:
        """A record is written."""
        self._tell((record.feed, record.at, record.row))

    def settle(self, until: int) -> None:
        """All that began, or was written, before an instant (a local midnight) has been added."""
        self._tell(until)

    def close(self) -> Written:
        """All has been added: write what is left. Raises what went wrong in the process."""
        self._flush()
        self._packets.put(_packed(None))
        return cast(Written, self._receive())

    def values(self) -> Iterator[Value]:
        """The true values, once, after `close`."""
        while (block := self._receive()) is not None:
            yield from map(Value._make, block)

    def _tell(self, news: News) -> None:
        self._news.append(news)
        if len(self._news) == _TOLD_AT_ONCE:
            self._flush()

    def _flush(self) -> None:
        self._packets.put(_packed(self._news))
        self._news = []
        if self._is_gone:
            self._receive()  # says why

    def _send(self) -> None:
        """Pass packets on while the simulation goes on; where the process is gone, they are dropped."""
        pipe = cast(IO[bytes], self._process.stdin)
        while (packet := self._packets.get()) is not None:
            if not self._is_gone:
                try:
                    pipe.write(packet)
                    pipe.flush()
                except OSError:
                    self._is_gone = True

    def _receive(self) -> Any:
        """The next answer of the process. Raises what it raised, or SimulatorError where it was killed."""
        try:
            answer = pickle.load(cast(IO[bytes], self._process.stdout))
        except EOFError:
            code = self._process.wait()
            raise SimulatorError(f"the process that writes the files ended early (exit {code}): run again.") from None
        if isinstance(answer, Exception):
            raise answer
        return answer


def _packed(thing: object) -> bytes:
    return pickle.dumps(thing, pickle.HIGHEST_PROTOCOL)


def _keep(told: IO[bytes], answers: IO[bytes]) -> None:
    order: Order = pickle.load(told)
    books = Books(order.setting, order.forms())
    while (packet := pickle.load(told)) is not None:
        for news in packet:
            if isinstance(news, tuple):
                books.add(Record._make(news))
            elif isinstance(news, int):
                books.settle(news)
            else:
                books.add_contact(news)
    answers.write(_packed(books.close()))
    answers.flush()
    values = books.values()
    while block := [tuple(value) for value in islice(values, _VALUES_AT_ONCE)]:
        answers.write(_packed(block))
    answers.write(_packed(None))


def main() -> int:
    """Keep the books of an order that comes on the standard input; answer on the standard output."""
    gc.disable()  # records hold no cycles
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the simulation ends this process with its own
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever prints must not get between the answers
    try:
        _keep(sys.stdin.buffer, answers)
    except EOFError:  # the simulation is gone
        return 1
    except Exception as error:  # it is raised again where the simulation was asked for
        answers.write(_packed(error))
    answers.close()
    return 0
