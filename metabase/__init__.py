"""WHAT PEOPLE SEE: collections, metrics, questions and dashboards of Metabase as code, and what puts them there.

Belongs here: what is shown and how it gets to a Metabase. Not here: what a KPI means (`seeds/`), what a column means
(the `.yml` files of dbt's marts), when anything runs. Knows nothing of `orchestration`.
"""
