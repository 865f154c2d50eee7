"""How each metric is read from raw files: one function a metric, in a module for each family of feeds.

A function takes the feeds and a slice and returns the observations of all dates that are decided by the end of the
files; it judges by the rulings of DECISIONS.md. An observation counts for the date on which its cause was set, so that
dates before and after a measure do not mix.
"""
