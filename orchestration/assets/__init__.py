"""Dagster assets, one module per stage of a record's way: feeds, warehouse, release. Bodies call plain functions."""
