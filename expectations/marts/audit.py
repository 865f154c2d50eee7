"""What must hold of fct_query before it is released.

Belongs here: rules about the logs of queries and exports. Keys and value lists are dbt tests.
"""

from __future__ import annotations

from expectations.check import Text
from expectations.marts.common import MartSuite, breaks, no_phone_number, not_negative, warns

_KEY = ("tool_name", "query_id", "local_date")

SUITE = MartSuite(
    "fct_query",
    (
        not_negative(*_KEY),
        no_phone_number(*_KEY),
        breaks(
            "traceable_identity",
            "可追溯标记与执行者、查询不符",
            "the mark of what can be traced contradicts user and query",
            """
            select tool_name, query_id, local_date, user_id, query_hash, saved_query_id, table_names, is_traceable
            from {batch} where is_traceable
                <> (user_id is not null and coalesce(query_hash, saved_query_id, table_names) is not null)
               or is_vouched and not is_traceable""",
        ),
        warns(
            "chain_broken",
            "日志的哈希链断开或分叉",
            "the chain of a log is cut, or two rows follow one",
            """
            select tool_name, query_id, local_date, executed_at, user_id, chain_state from {batch}
            where chain_state in ('cut', 'forked')""",
            Text(
                "先查是否缺日志文件；不缺则有人删除或插入过日志：保全工具自身的日志并查明是谁",
                "look for a missing file of the log; if none is, rows were taken out or put in: secure the tool's own "
                "log and find out by whom",
            ),
        ),
    ),
)
