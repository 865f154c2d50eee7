"""How measured runs become a page."""

from __future__ import annotations

import pytest

from benchmarks.table import HEADER, Aim, Sample, Section, Table, percentile, render


def section() -> Section:
    made = Section("part", "A part", "What it is.")
    made.add("ours", [Sample(2.0, 3.0, 2**30), Sample(4.0, 3.0, 2**31), Sample(30.0)], rows=1000)
    made.add("other", [Sample(1.0)])
    return made


def test_a_line_gives_median_spread_rate_and_the_largest_peak() -> None:
    assert section().rows[0] == ["ours", "4.00 s", "2.00 s – 30.0 s (3 runs)", "1,000", "250", "3.00 s", "2.00 GiB"]
    assert section().rows[1] == ["other", "1.00 s", "one run", "", "", "", ""]


def test_a_ratio_on_its_aim_is_met_and_one_beyond_is_not() -> None:
    made = section()
    made.aim_ratio("on it", 2.0, 1.0, 2.0)
    made.aim_ratio("beyond", 2.1, 1.0, 2.0)
    made.note("no aim", "7")
    assert made.aims == [
        Aim("on it", "2.00×", "within 2×", True),
        Aim("beyond", "2.10×", "within 2×", False),
        Aim("no aim", "7", "", None),
    ]


def test_every_line_of_a_table_has_as_many_cells_as_its_head() -> None:
    made = section()
    made.note("a | b", "1")
    made.tables.append(Table("More", ["x", "y"], [["1", "two\nlines"]]))
    page = render([made], [("cores", "2")])
    widths: list[int] = []
    for line in page.splitlines():
        if line.startswith("|"):
            widths.append(line.replace("\\|", "").count("|"))
        elif widths:
            assert len(set(widths)) == 1, page
            widths = []
    assert len(HEADER) + 1 in {line.count("|") for line in page.splitlines()}
    assert "a \\| b" in page and "two lines" in page


def test_a_part_that_failed_is_in_the_summary_with_its_error_below() -> None:
    page = render([Section("part", "A part", "", error="ValueError: no such thing")], [])
    summary, _, rest = page.partition("## A part")
    assert "| A part | failed |  | no |" in summary
    assert "ValueError: no such thing" in rest


def test_a_section_survives_being_kept() -> None:
    made = section()
    made.note("a", "1")
    made.tables.append(Table("More", ["x"], [["1"]]))
    assert Section.from_json(made.to_json()) == made


@pytest.mark.parametrize(("share", "expected"), [(0.0, 1.0), (0.5, 2.5), (0.95, 3.85), (1.0, 4.0)])
def test_percentiles_interpolate_between_ranks(share: float, expected: float) -> None:
    assert percentile([4.0, 1.0, 3.0, 2.0], share) == pytest.approx(expected)
