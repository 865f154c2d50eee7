"""What a person can do something about: content that is wrong, a Metabase that refuses or doesn't answer.

Belongs here: the one error that leaves this package. Not here: exit codes (`orchestration`).
"""

from __future__ import annotations


class MetabaseError(Exception):
    """A failure told in one line: where it is, what is wrong, what to do next."""

    def __init__(self, problem: str, *, where: str | None = None, todo: str | None = None) -> None:
        self.problem, self.where, self.todo = problem, where, todo
        super().__init__(problem)


class UnknownError(MetabaseError):
    """It is not known whether the server did what it was asked: it did not answer, or answered that it failed."""
