"""Errors that callmart foresees, each with the exit code of the command line.

Here belongs: one class per kind of failure a user can meet. Not here: what a failure means for a release (release.py),
and no handling: whoever can act on an error catches it.
"""

from __future__ import annotations

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


class AccountingError(CallmartError):
    """Rows in and rows out differ: a defect of callmart, never of the data. Exit code 70."""
