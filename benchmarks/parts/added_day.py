"""One added day on a short and on a long history: the same day, the same calls, and it should cost the same."""

from __future__ import annotations

import statistics

from benchmarks import tasks
from benchmarks.child import Measured
from benchmarks.stage import Stage
from benchmarks.table import Sample, Section, Table, seconds
from benchmarks.timeline import PARTS, RELEASE, parts, without_release

WITHIN = 1.2


def measure(stage: Stage) -> Section:
    """`callmart build` after the next date's files came, on copies of both centres."""
    dates = dict(zip(("short", "long"), stage.settings.histories, strict=True))
    section = Section(
        "added_day",
        "One added day",
        f"A centre of {stage.settings.history_calls:,} inbound calls a day with a short history of {dates['short']} "
        f"dates and with a long one of {dates['long']}, built and released; then the next date's logs arrive, the same "
        "in both, and `callmart build` runs as a user calls it, from Python's start to its end. The release copies "
        "every mart, so it is reported apart.",
    )
    builds: dict[str, list[Measured]] = {name: [] for name in dates}
    for turn in range(stage.settings.repeats):
        for name, done in builds.items():
            history = stage.history(dates[name])
            centre = history.copy(stage.scratch("history"))
            history.add_day(centre)
            done.append(tasks.build(centre))
            print(f"added_day {turn + 1}: on the {name} history {done[-1].wall:.1f} s", flush=True)
    whole, rest = {}, {}
    for name, done in builds.items():
        what = f"on the {name} history ({dates[name]} dates)"
        whole[name] = section.add(f"{what}, whole", [Sample(m.wall, m.cpu, m.peak) for m in done])
        rest[name] = section.add(f"{what}, without the release", [Sample(without_release(m)) for m in done])
    section.aim_ratio(
        f"one added day on {dates['long']} / on {dates['short']} dates, release apart",
        rest["long"],
        rest["short"],
        WITHIN,
    )
    section.note("the same with the release", f"{whole['long'] / whole['short']:.2f}×")
    medians = {name: _medians(done) for name, done in builds.items()}
    releases = " and ".join(seconds(medians[name][RELEASE]) for name in dates)
    section.note(f"the release in it, on {dates['short']} and on {dates['long']} dates", releases)
    section.tables.append(
        Table(
            "Where the time goes",
            ["part", *(f"{name} history" for name in dates)],
            [[part, *(seconds(medians[name][part]) for name in dates)] for part in PARTS],
        )
    )
    return section


def _medians(builds: list[Measured]) -> dict[str, float]:
    found = [parts(build) for build in builds]
    return {part: statistics.median(item[part] for item in found) for part in PARTS}
