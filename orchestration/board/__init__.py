"""The KPI board of a release: what it shows (data.py), in a terminal (terminal.py) and as one page (html.py)."""
