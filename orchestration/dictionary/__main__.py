"""Writes both pages of the KPI dictionary: `python -m orchestration.dictionary`."""

from __future__ import annotations

from orchestration.dictionary.page import DOCS, PAGES, page


def main() -> None:
    """Write both pages into `docs/`."""
    for language, name in PAGES.items():
        (DOCS / name).write_text(page(language), "utf-8")


if __name__ == "__main__":
    main()
