"""What the numbers of `docs/sql_guide.md` must agree with: the released KPI that each of them is.

Here belongs: by question, SQL that sets a number of the guide beside the one of `kpi_value`. Not here: the queries (the
guide), their results on the demo centre (tests/demo).
"""

from __future__ import annotations

from typing import Any

import duckdb

from orchestration.sql_guide import Question

# Questions that ask for no KPI: the health of the feeds, transfers, cohorts.
NO_KPI = {1, 11, 20}
_PERIODS = {
    "day": "cast(max(as_of) as date) - 1",
    "week": "date_trunc('week', max(as_of)) - interval 7 days",
    "month": "date_trunc('month', max(as_of)) - interval 1 month",
}


def _last(kpi: str, grain: str, dim_set: str) -> str:
    """Rows of a KPI's variant (`M021:offered`) in the last whole period of the grain."""
    return f"({_kpi(kpi, grain, dim_set)} and period_start = (select {_PERIODS[grain]} from marts.release)) as k"


def _kpi(kpi: str, grain: str, dim_set: str) -> str:
    kpi_id, variant = kpi.split(":")
    return (
        f"select * from marts.kpi_value where kpi_id = '{kpi_id}' and variant = '{variant}' and grain = '{grain}' "
        f"and dim_set = '{dim_set}'"
    )


# By question: a number of the guide, and the same one of kpi_value. `guide` is the result of the question.
SAME: dict[int, list[str]] = {
    2: [f"select inbound, value from guide left join ({_kpi('M002:all', 'day', 'all')}) on period_start = local_date"],
    3: [
        f"select service_level, round(value, 4) from guide left join "
        f"{_last('M021:offered_net_short', 'week', 'queue+hour_of_day')} "
        "on queue = queue_id and hour_of_day = local_hour"
    ],
    4: [
        f"select service_level, round(value, 4) from guide as g left join "
        f"{_last('M021:offered_net_short', 'week', 'queue')} on k.queue = g.queue"
    ],
    6: [
        f"select {column}, round(value, 4) from guide left join {_last(kpi, 'month', 'queue')} on queue = queue_id"
        for column, kpi in {
            "abandonment_rate": "M033:offered_net_short",
            "with_short_abandons": "M033:offered",
        }.items()
    ],
    7: [
        f"select missed_calls, denominator - numerator from guide left join "
        f"{_last('M021:offered_net_short', 'day', 'queue')} on queue = 'support'"
    ],
    9: [
        f"select mean_wait_s, round(value, 2) from guide left join {_last('M024:answered', 'week', 'queue')} "
        "on queue = queue_id"
    ],
    10: [
        f"select occupancy, round(value, 4) from guide cross join {_last('M066:occupancy', 'week', 'all')} "
        "where guide.team = '(all)'"
    ],
    12: [
        "select first_contact_resolution, round(value, 4) from guide "
        f"left join ({_kpi('M094:fcr_7d_issue', 'week', 'all')}) on period_start = week",
    ],
    13: [
        f"select repeat_rate, round(value, 4) from guide left join {_last('M098:forward', 'month', 'issue')} "
        "on issue = issue_id"
    ],
    14: [
        f"select {column}, round(value / 3600, 2) from guide left join {_last(kpi, 'month', 'ticket_type')} "
        "on member = ticket_type"
        for column, kpi in {"calendar_hours": "M086:calendar", "business_hours": "M086:business"}.items()
    ],
    15: [
        f"select {ours}, {theirs} from guide left join {_last('M112:top_2', 'month', 'agent')} on agent = agent_id"
        for ours, theirs in {"csat": "round(value, 4)", "guide.n": "k.denominator"}.items()
    ],
    16: [
        f"select {column}, round(value, 4) from guide left join {_last(kpi, 'month', 'channel')} "
        "on channel = channel_id"
        for column, kpi in {"self_service_rate": "M058:all", "menu_to_agent_rate": "M052:centre"}.items()
    ],
    17: [
        f"select complaints, value from guide cross join {_last('M123:opened', 'month', 'all')} "
        "where complaint_type = '(all)'",
        f"select complaints, value from guide left join {_last('M123:opened', 'month', 'complaint_type')} "
        "on member = complaint_type where complaint_type <> '(all)'",
        f"select per_thousand, round(1000 * value, 2) from guide cross join {_last('M126:contacts', 'month', 'all')} "
        "where complaint_type = '(all)'",
    ],
    18: [
        f"select cost_per_contact, round(value, 2) from guide left join {_last('M150:handled', 'month', 'channel')} "
        "on channel = channel_id"
    ],
    19: [
        f"select (select {end}(offered, position) from guide), sum(denominator) "
        f"from {_last('M021:offered', 'month', of)}"
        for end, of in {"arg_min": "all", "arg_max": "queue"}.items()
    ],
}


def pairs(con: duckdb.DuckDBPyConnection, question: Question) -> list[tuple[Any, Any]]:
    """Numbers of a question, each beside the KPI that it is."""
    guide = f"with guide as ({question.sql.strip().removesuffix(';')})"
    return [pair for check in SAME[question.number] for pair in con.execute(f"{guide} {check}").fetchall()]
