"""A synthetic call centre that plants known truths, in the source systems' own forms.

`events` says what can happen, `centre` makes it happen, `asterisk_files` writes what Asterisk would have logged,
`forms` what the systems around the telephone keep, `serve` answers for those with an API, `truth` counts the KPIs from
the events, and `run` puts them together. Nothing here knows the warehouse; only `forms` reads the contracts' names.
"""

from simulator.errors import ForeignFolderError, SettingError, SimulatorError
from simulator.run import SimulationSummary, simulate

__all__ = ["ForeignFolderError", "SettingError", "SimulationSummary", "SimulatorError", "simulate"]
