"""Evidence that a worked case is in the data: what was planted beside what the raw files of a simulation show.

Belongs here: reading the files as they stand in a company's systems (not the warehouse, and nothing that the
simulation kept in memory), one measurement for each expected figure of `simulator.scenarios`, and a page with a plot
for each case.
Does not belong here: what a case plants (`scenarios`), the warehouse's own models, the truth of a simulation (`truth`).

`python -m simulator.evidence S2-4` simulates a case and writes its page.
"""
