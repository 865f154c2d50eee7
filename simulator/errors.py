"""Errors of the simulator. Each says what to do next.

Belongs here: mistakes that the caller of `simulate` can make. A defect of the simulated centre itself is an
AssertionError where it is found.
"""

from __future__ import annotations


class SimulatorError(Exception):
    """Base of the errors below."""


class SettingError(SimulatorError):
    """A setting of the simulated centre that cannot be simulated."""


class ForeignFolderError(SimulatorError):
    """The output folder holds logs that the simulator did not write, and that it must not mix with its own."""
