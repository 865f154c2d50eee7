"""A synthetic call centre that plants known truths, in the source systems' own forms.

`events` says what can happen, `centre` makes it happen, `asterisk_files` writes what Asterisk would have logged.
`company` tells the systems around the telephone (`aftermath`, `business`), `forms` is what they keep, `serve` answers
for those with an API. `truth` counts the KPIs from the events as they end, and `run` puts all together; `books` writes
and counts, if wanted in a process of its own. Nothing here knows the warehouse; only `forms` reads the names of
the contracts.
"""

from simulator.errors import ForeignFolderError, SettingError, SimulatorError
from simulator.run import SimulationSummary, simulate

__all__ = ["ForeignFolderError", "SettingError", "SimulationSummary", "SimulatorError", "simulate"]
