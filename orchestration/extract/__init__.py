"""Extraction: source files to landing, typed rows and lake partitions. Nothing here knows Dagster or dbt."""
