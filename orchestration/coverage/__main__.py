"""Records what is covered and writes its page: `python -m orchestration.coverage`. Takes half a minute.

`python -m orchestration.coverage apart` writes nothing: it plants each cause alone, in some minutes, and names the KPIs
that follow it in company only.

Belongs here: the command of maintainers. Does not belong here: what users ask (`report`).
"""

from __future__ import annotations

import sys

from orchestration.coverage.causes import BASES, CAUSES, CENTRES
from orchestration.coverage.moves import follows, series, simulated, truth_of
from orchestration.coverage.page import PAGE, page
from orchestration.coverage.record import RECORD, counts, fallen, recorded, text_of
from orchestration.coverage.registry import defined
from orchestration.coverage.status import covered


def main() -> None:
    """Write the record and the page, and say what fell back: it is recorded all the same, for the reviewer to see."""
    found = covered(simulated({*CAUSES, *defined()}))
    worse = fallen(recorded(), found) if RECORD.exists() else []
    RECORD.write_text(text_of(found), "utf-8")
    PAGE.write_text(page(found), "utf-8")
    for kind, by_status in counts(found.values()).items():
        print(kind, ", ".join(f"{number} {status}" for status, number in by_status.items()))
    for line in worse:
        print(f"fell back: {line}", file=sys.stderr)


def apart() -> list[str]:
    """KPIs with a truth that don't follow their cause where it is planted alone, with the cause."""
    registry, missed = defined(), []
    bases = {centre.name: truth_of(centre, CAUSES) for centre in BASES}
    for centre in CENTRES:
        base = bases[centre.base]
        of_centre = [cause for cause in CAUSES.values() if cause.centre == centre.name]
        for effect in sorted({cause.effect for cause in of_centre}):
            causes = [cause for cause in of_centre if cause.effect == effect]
            alone = truth_of(centre.alone(effect), {cause.kpi_id for cause in causes})
            for cause in causes:
                kpi = registry.get(cause.kpi_id)
                pair = (cause.kpi_id, kpi.variants[0] if kpi else cause.variant)
                before, after = (series(truth.get(pair, ()), kpi, cause.where) for truth in (base, alone))
                if pair in base and not follows(cause, before, after, kpi.unit if kpi else ""):
                    missed.append(f"{cause.kpi_id} {effect}")
    return missed


if __name__ == "__main__":
    if sys.argv[1:] == ["apart"]:
        sys.exit("\n".join(apart()))
    main()
