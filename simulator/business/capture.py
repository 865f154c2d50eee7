"""The hourly checks of the devices and programs that capture data.

Belongs here: what a check finds. Does not belong here: the data that is captured, planted gaps in it (`defects`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from simulator.local_time import HOUR_S, midnight
from simulator.records import Record, chance
from simulator.scenarios.effects import NO_EFFECTS, Effects

# device, records an hour and contact
_DEVICES = (
    ("pbx_queue_log", 6.0),
    ("pbx_cdr", 1.2),
    ("recording_gateway", 0.9),
    ("crm_sync", 0.8),
    ("ticket_sync", 0.4),
    ("survey_export", 0.3),
)
_DEGRADED, _DOWN = 0.004, 0.0008


def of_day(
    seed: int, day: int, contacts_in_minute: Callable[[int], float], effects: Effects = NO_EFFECTS
) -> Iterator[Record]:
    """The checks of a local day, each at the end of an hour and about that hour, in order of time."""
    generators = [chance(seed, "capture", device_id, day) for device_id, _ in _DEVICES]
    for hour in range(24):
        begins = midnight(day) + hour * HOUR_S
        contacts = 60 * contacts_in_minute(begins + HOUR_S // 2)
        # a second before the hour, so that the check belongs to the date that it is about
        at = begins + HOUR_S - 1
        down = effects.level("capture_down", _DOWN, at)
        for (device_id, each), r in zip(_DEVICES, generators, strict=True):
            expected = max(0, round(r.gauss(contacts * each, (contacts * each) ** 0.5)))
            luck = r.random()
            status = "down" if luck < down else "degraded" if luck < down + _DEGRADED else "up"
            lost = {"down": expected, "degraded": min(expected, 1 + expected // 12), "up": 0}[status]
            received = expected - lost
            row = {
                "device_id": device_id,
                "checked_at": at,
                "status": status,
                "expected_count": expected,
                "received_count": received,
                "gap_count": 0 if status == "up" else 1 + lost // 20,
                "last_event_at": at - r.randint(1, 900) if received else None,
            }
            yield Record("canonical.feed_heartbeat", at, row)
