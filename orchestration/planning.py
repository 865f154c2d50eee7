"""Which dates a run has to build, for whoever starts one: the command, the schedules, the sensor.

Here belongs: the range of a run and the tags that name it. Not here: starting the run (build.py, automation/), and what
dbt makes of the range (warehouse.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from dagster._core.storage.tags import ASSET_PARTITION_RANGE_END_TAG, ASSET_PARTITION_RANGE_START_TAG

from orchestration import paths, warehouse
from orchestration.assets.context import PLANNED_TAG, Site
from orchestration.errors import InputError
from orchestration.extract.reference import write_reference
from orchestration.feeds import stale_feeds
from orchestration.scopes.published import are_up_to_date


def range_tags(first: date, last: date, *, asked_for: bool = False) -> dict[str, str]:
    """Tags that make one run of all partitions from `first` to `last`.

    Of a range that somebody asked for every date is built anew, as of one that is chosen in the UI; of a range that
    was planned only the dates whose files changed, though one of them be a year old.
    """
    return {
        ASSET_PARTITION_RANGE_START_TAG: first.isoformat(),
        ASSET_PARTITION_RANGE_END_TAG: last.isoformat(),
        # The list of runs hides Dagster's own tags, so this one says the dates too.
        **({} if asked_for else {PLANNED_TAG: f"{first}" if first == last else f"{first} to {last}"}),
    }


def is_up_to_date(site: Site) -> bool:
    """Whether the release, and that of each scope, was made from just the lake, the models and the configuration that
    are there now."""
    write_reference(site.config, site.root, stale_feeds(site.config, site.root))
    plan = warehouse.plan_warehouse(site.root, site.config.centre.timezone)
    return plan is not None and plan.is_empty and are_up_to_date(site.config.scopes, site.root)


def range_to_build(
    site: Site, touched: Sequence[date], first: date | None = None, last: date | None = None
) -> tuple[date, date]:
    """The dates of a run: those whose partitions `touched` names, and from `first` to `last` where these are given.

    Without any of them the newest date. Raises InputError when no feed has brought a row, or for a date before the
    centre's first one.
    """
    known = [day for day in lake_dates(site) if day != paths.ZERO_DATE]
    dates = [*touched, *known]
    if not dates:
        raise InputError(
            "the configured files hold no row that could be loaded.",
            file=site.config.path,
            rule="no_rows",
            todo="look at the reasons in the quarantine folder of the data root.",
        )
    begin = first or (min(touched) if touched else max(dates))
    end = last or (max(touched) if touched else max(dates))
    if first is not None and last is None:
        end = max(dates)
    if last is not None and first is None:
        begin = min(dates)
    # An explicit range never leaves out what new files touch: a release must be one state of the lake.
    begin, end = min([begin, *touched]), max([end, *touched])
    if begin < site.config.centre.first_date:
        raise InputError(
            f"{begin} lies before the centre's first date.",
            file=site.config.path,
            column="centre.first_date",
            todo=f"choose --from {site.config.centre.first_date} or later, or move first_date.",
        )
    return begin, end


def lake_dates(site: Site) -> list[date]:
    """Dates for which some feed has a partition in the lake; the zero date is one of them."""
    return [
        date.fromisoformat(path.parent.name.removeprefix("dt="))
        for path in site.root.glob("lake/*/*/dt=*/part-0.parquet")
    ]
