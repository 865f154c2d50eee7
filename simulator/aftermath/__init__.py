"""What follows a contact: tickets, complaints, surveys, quality.

Belongs here: records of the systems around the telephone that a finished contact brings about. Does not belong here:
contacts (`centre`), counting (`truth`).
"""

from simulator.aftermath.aftermath import Aftermath
from simulator.aftermath.rates import Rates

__all__ = ["Aftermath", "Rates"]
