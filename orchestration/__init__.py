"""WHEN: the Dagster code location, extraction, release, alerts and the `callmart` command."""
