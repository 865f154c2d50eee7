"""Monitoring of the interfaces that the centre calls: what Prometheus keeps of them, and how it is asked.

Belongs here: the series and their queries. Does not belong here: the server that answers for it (`simulator.serve`).
"""

from __future__ import annotations

from typing import Any

from simulator.forms.shapes import Shape, Style

FEED = "canonical.api_call_minute"
CALLS, FAILURES, P95 = "calls", "failures", "p95_s"
QUERIES = {
    CALLS: "sum by (tool, endpoint) (increase(tool_requests_total[1m]))",
    FAILURES: 'sum by (tool, endpoint) (increase(tool_requests_total{outcome!="ok"}[1m]))',
    P95: "histogram_quantile(0.95, sum by (tool, endpoint, le) (increase(tool_request_duration_seconds_bucket[1m])))",
}
MAPPING = {
    "endpoint_id": "metric ->> '$.endpoint'",
    "tool_name": "metric ->> '$.tool'",
    "minute_at": '"at"',
    "call_count": "round(cast(calls as double), 6)",
    "failure_count": "round(coalesce(cast(failures as double), 0), 6)",
    "latency_p95_ms": "round(1000 * cast(p95_s as double), 3)",
}


def stored() -> Shape:
    """What the server keeps of a minute, to answer from."""
    return Shape(FEED, Style(instants="epoch", holder="members"))


def feed_settings(url: str, first_date: str) -> dict[str, Any]:
    """The feed in callmart.yaml; a week a request, below the points that Prometheus gives of one series."""
    return {
        "critical": False,
        "http": {
            "url": f"{url}/api/v1/query_range",
            "prometheus": {"step_s": 60, "queries": QUERIES},
            "window": {
                "start": first_date,
                "timezone": "Asia/Shanghai",
                "lag_s": 120,
                "overlap_s": 600,
                "most_s": 604800,
            },
        },
        "mapping": MAPPING,
    }
