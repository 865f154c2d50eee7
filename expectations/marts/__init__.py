"""Suites over marts, one file per mart or family: constants of type `MartSuite`.

Belongs here: what must hold of numbers before they are released: identities, ranges, sanity against the past, no
personal data. Does not belong here: keys, relationships, not-null, reconciliation between marts (dbt tests).
"""
