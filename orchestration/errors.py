"""Errors that callmart foresees, each with the exit code of the command line.

Here belongs: one class per kind of failure a user can meet, and what a disk says when it can't be written, told as one
of them. Not here: what a failure means for a release (release.py), and no handling: whoever can act on an error catches
it.
"""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class CallmartError(Exception):
    """A failure that names where it happened, which rule it broke, and what to do next.

    `problem` says what is wrong in one sentence. `file`, `line` (1-based), `column` (a column of the data or a key of
    the configuration), `rule` and `todo` (what the reader should do) may each be None. Exit code 70: a defect.
    """

    exit_code: int = 70

    def __init__(
        self,
        problem: str,
        *,
        file: str | Path | None = None,
        line: int | None = None,
        column: str | None = None,
        rule: str | None = None,
        todo: str | None = None,
    ) -> None:
        self.problem = problem
        self.file = None if file is None else str(file)
        self.line = line
        self.column = column
        self.rule = rule
        self.todo = todo
        super().__init__(self._text())

    def _text(self) -> str:
        where = self.file or ""
        if self.line is not None:
            where += f":{self.line}" if where else f"line {self.line}"
        head = ": ".join(part for part in (where, self.column or "") if part)
        text = f"{head}: {self.problem}" if head else self.problem
        if self.rule:
            text += f" [rule {self.rule}]"
        if self.todo:
            text += f" What to do: {self.todo}"
        return text


class BlockedError(CallmartError):
    """A blocking check failed; nothing was released. Exit code 1."""

    exit_code = 1


class InputError(CallmartError):
    """The configuration is wrong or an input can't be read. Exit code 2."""

    exit_code = 2


class StaleError(CallmartError):
    """A release was made, but a feed in it is stale. Exit code 3."""

    exit_code = 3


class LockedError(CallmartError):
    """Another build holds the data root. Exit code 4."""

    exit_code = 4


_FREE = "free some space there (or lift the quota or the limit on file sizes)"
_ALLOW = "let the user who runs callmart read and write there, or name another data root (CALLMART_DATA)"
_PLACE = "name another data root (CALLMART_DATA): a folder that can be made and written"
# What the operating system says of a place that can't be written, in the words that every library repeats.
_STORAGE = {
    os.strerror(code): todo
    for todo, codes in (
        (_FREE, (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)),
        (_ALLOW, (errno.EACCES, errno.EPERM, errno.EROFS)),
        (_PLACE, (errno.ENOTDIR, errno.EEXIST, errno.EISDIR, errno.ENAMETOOLONG, errno.ELOOP)),
    )
    for code in codes
} | dict.fromkeys(("database or disk is full", "disk I/O error", "max_temp_directory_size"), _FREE)


def storage_error(said: str, place: Path) -> InputError | None:
    """The error to tell when `said`, the text of a failure, is that of a disk that is full or can't be written; else
    None. `place` is the file or folder that was written."""
    for words, todo in _STORAGE.items():
        if words in said:
            found = re.search(rf"[^;\n]*{re.escape(words)}(: '[^']*')?", said)
            return InputError(
                f"a file can't be written: {found[0].strip() if found else words}.",
                file=place,
                rule="storage",
                todo=f"{todo}, then build again: nothing is lost, and the last release goes on serving.",
            )
    return None


@contextmanager
def storing(place: Path) -> Iterator[None]:
    """Do a block that writes below `place`; InputError when the disk is full or can't be written."""
    try:
        yield
    except CallmartError:
        raise
    except Exception as error:
        if told := storage_error(str(error), place):
            raise told from error
        raise


class AccountingError(CallmartError):
    """Rows in and rows out differ: a defect of callmart, never of the data. Exit code 70."""
