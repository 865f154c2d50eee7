"""The simulated centre: contacts a minute with all feeds, memory, where the time goes, and the fast mode."""

from __future__ import annotations

from typing import Any

from benchmarks import tasks
from benchmarks.stage import Stage
from benchmarks.table import Aim, Sample, Section, Table, seconds

CONTACTS_A_MINUTE = 100_000
AGENTS = 60
SHORT_DAYS, LONG_DAYS = 7, 28  # of the memory's growth, of which the longer is the measurement


def measure(stage: Stage) -> Section:
    """A centre of 60 agents for four weeks at the usual size, whole and its telephone alone; calls by the million."""
    section = Section(
        "simulator",
        "The simulated centre",
        f"`callmart simulate` for {AGENTS} agents: Asterisk's logs alone, and with the feeds of all systems around. "
        "Contacts are calls, chats and mail threads; the business has a past of three months or more, which is "
        "simulated before the first contact and is in the times. One process simulates, writes and counts; of two the "
        "second one writes and counts. `--fast` writes calls that stand alone.",
    )
    # at the usual size all days; a small run is for the test of this part
    short, long = (max(1, days * min(stage.settings.calls, 1_000_000) // 1_000_000) for days in (SHORT_DAYS, LONG_DAYS))
    agents = AGENTS if stage.settings.calls >= 1_000_000 else 8
    one, two = ({"processes": processes, "is_whole": True} for processes in (1, 2))
    measured: dict[str, tuple[int, dict[str, Any]]] = {
        "telephone alone": (long, {"processes": 1, "is_whole": False}),
        f"all feeds, {short} days, one process": (short, one),
        f"all feeds, {short} days, two processes": (short, two),
        f"all feeds, {long} days, two processes": (long, two),
    }
    for what, (days, told) in measured.items():
        done = tasks.run("simulate_centre", out=stage.scratch("simulated"), days=days, agents=agents, **told)
        contacts = done.answer["contacts"]
        sample = Sample(done.answer["seconds"], done.answer["cpu"], done.measured.peak)
        wall = section.add(what, [sample], contacts)
        print(f"simulator, {what}: {contacts:,} contacts in {wall:.1f} s", flush=True)
    rate = 60 * contacts / wall
    section.aims.append(
        Aim(
            "simulated contacts a minute, all feeds, two processes",
            f"{rate:,.0f}",
            f"{CONTACTS_A_MINUTE:,}",
            rate >= CONTACTS_A_MINUTE,
        )
    )
    calls = 20 * stage.settings.calls
    fast = tasks.run("simulate_fast_calls", out=stage.scratch("simulated"), calls=calls, days=365)
    section.add("`--fast`, 365 days", [Sample(fast.answer["seconds"], fast.answer["cpu"], fast.measured.peak)], calls)
    section.note("simulated calls that stand alone, a minute", f"{60 * calls / fast.answer['seconds']:,.0f}")
    sampled = tasks.run("sample_simulation", out=stage.scratch("simulated"), days=short, agents=agents)
    section.tables.append(
        Table(
            f"Where the processor time goes, all feeds, {short} days, one process",
            ["part", "seconds", "share"],
            [
                [part, seconds(share * sampled.answer["cpu"]), f"{share:.0%}"]
                for part, share in sampled.answer["shares"].items()
            ],
        )
    )
    return section
