"""The recount of the capture's health gives the worked example of DECISIONS.md, section 19."""

from __future__ import annotations

from simulator.records import Record
from simulator.truth.capture import recount_capture

MIDNIGHT = 1772380800  # 2026-03-02 00:00 in Shanghai
CHECKS = (
    ("a", 9, "up", 100, 100),
    ("b", 9, "degraded", 100, 90),
    ("a", 10, "up", 50, 55),
    ("b", 10, "down", 40, None),
    ("a", 11, "up", 0, 0),
    ("a", 24, "up", 10, 10),
)


def records() -> list[Record]:
    return [
        Record(
            "canonical.feed_heartbeat",
            MIDNIGHT + hour * 3600,
            {"device_id": device, "checked_at": MIDNIGHT + hour * 3600, "status": status, "expected_count": expected,
             "received_count": received},
        )
        for device, hour, status, expected, received in CHECKS
    ]  # fmt: skip


def test_the_worked_example_of_decision_19_gives_its_values() -> None:
    found = {
        (value.variant, value.period_start): value.figures
        for value in recount_capture(records(), MIDNIGHT + 2 * 86_400)
        if value.grain == "day"
    }
    assert found == {
        ("checks", "2026-03-02"): (3, 5, 0.6),
        ("checks", "2026-03-03"): (1, 1, 1.0),
        ("records", "2026-03-02"): (240, 250, 0.96),
        ("records", "2026-03-03"): (10, 10, 1.0),
    }


def test_what_is_not_yet_known_does_not_count() -> None:
    assert {value.period_start for value in recount_capture(records(), MIDNIGHT + 86_400) if value.grain == "day"} == {
        "2026-03-02"
    }
