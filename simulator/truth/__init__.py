"""The truth of a simulated centre: KPI values counted in plain Python from what happened.

Nothing here is read from a file or shared with the warehouse: a recount that shared code with what it judges would
repeat its mistakes. One module for each family of KPIs.

A recount takes contacts (`add_contact`) and records (`add`) as they come, and `settle(until)` says that all is known
which began, or was written, before an instant. What nothing later can change is then counted and forgotten; what comes
too late is an AssertionError, never a wrong sum. Without `settle` the order of adding is free.
"""
