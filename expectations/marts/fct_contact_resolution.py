"""What must hold of fct_contact_resolution before it is released.

Belongs here: how many contacts can be judged, and whether repeats are told apart from first contacts. Keys and pairs of
contacts are dbt tests.
"""

from __future__ import annotations

from expectations.check import Text
from expectations.marts.common import MartSuite, breaks, no_phone_number, not_negative, warns

_KEY = ("contact_id", "local_date")
_CODING = Text(
    "核对坐席是否登记问题与客户，以及 CRM 联络导出是否完整",
    "see whether agents code issues and customers, and whether the CRM's export of contacts is complete",
)

SUITE = MartSuite(
    "fct_contact_resolution",
    (
        not_negative(*_KEY),
        no_phone_number(*_KEY),
        breaks(
            "decided_when_mature",
            "未满窗口期的联络已被判定，或已满者未判定",
            "a contact is judged before its window has passed, or not judged after it",
            """
            select contact_id, local_date, is_mature, is_followed, is_reopened from {batch}
            where is_matter_known and ((is_followed is not null) <> is_mature or (is_reopened is not null) <> is_mature)
               or not is_matter_known and (is_repeat is not null or is_followed is not null)""",
        ),
        warns(
            "known_share_falls",
            "当日客户与问题均已知的占比不到此前四周同一星期几中位数的一半",
            "on a date the share with known customer and issue is less than half of the usual one",
            """
            with days as (
                select local_date, count(*) as handled, avg(case when is_matter_known then 1 else 0 end) as known_rate
                from {mart} where local_date >= {since} - interval 28 day group by local_date),
            compared as (
                select today.local_date, today.handled, today.known_rate, median(earlier.known_rate) as usual_rate
                from days as today join days as earlier
                    on earlier.local_date < today.local_date
                    and earlier.local_date >= today.local_date - interval 28 day
                    and dayofweek(earlier.local_date) = dayofweek(today.local_date)
                where today.local_date >= {since} and today.handled >= 20 and earlier.handled >= 20
                group by all having count(*) >= 3)
            select * from compared where known_rate < 0.5 * usual_rate""",
            _CODING,
        ),
    ),
)
