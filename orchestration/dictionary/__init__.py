"""The KPI dictionary: `python -m orchestration.dictionary` makes `docs/kpis.md` and its Chinese sister of the registry.

`registry` reads, `measures` says what the measures add up, `page` is the form. Does not belong here: any value of a
release (`callmart kpi`, `callmart explain`).
"""
