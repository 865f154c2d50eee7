"""Errors of the expectations. Each says what to do next.

Belongs here: what validating can meet besides data that breaks a rule (that is a verdict, not an error).
"""

from __future__ import annotations


class ExpectationsError(Exception):
    """Base of the errors below."""


class UnknownSuiteError(ExpectationsError):
    """A feed or mart for which no suite is written."""


class MissingTableError(ExpectationsError):
    """A mart that is to be judged is not in the warehouse."""


class CheckDefectError(ExpectationsError):
    """A check could not be run: its SQL does not fit the table. A defect of the suite, never of the data."""
