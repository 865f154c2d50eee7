"""The truth of a simulated centre: KPI values counted in plain Python from what happened.

Nothing here is read from a file or shared with the warehouse: a recount that shared code with what it judges would
repeat its mistakes. One module for each family of KPIs.
"""
