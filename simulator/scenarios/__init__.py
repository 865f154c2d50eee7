"""Planted scenarios: each worked case of the source articles as data, and the effects that other modules ask for."""
