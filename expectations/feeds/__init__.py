"""Suites over landed feeds, one file per feed: a function `suite(contract, settings)` that returns its checks.

Belongs here: what must hold of a feed's rows before they enter the lake: completeness and validity.
Does not belong here: keys and relationships (dbt tests), running the suites (`validate.py`).

The SQL of these rules runs over the relations that `candidate.py` describes.
"""
