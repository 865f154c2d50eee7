"""Repeatable measurements of what callmart costs (`make bench`), beside plain DuckDB where that can do the same.

Here belongs: made-up data of a size, the plain opponents, running and measuring, the table. Not here: tests of time
(tests/benchmarks only shows that each part runs and tells the truth about rows).
"""
