"""The days that move a centre's volumes: repayment, promotions, public holidays, a recall.

Belongs here: when they are, and by how much an ordinary day's arrivals change on them. Does not belong here: the feed
that tells of them (`business.calendar`), what a scenario makes of them (`scenarios`).

A day is a number of local days since 1970-01-01.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Literal

from simulator.catalogue import PRODUCTS
from simulator.local_time import EPOCH
from simulator.records import chance

OccasionKind = Literal["promotion", "recall", "repayment", "holiday"]
REPAYMENT_DAYS = (10, 25)
_AROUND_REPAYMENT = 3
_RECALL_LASTS = 10
_RECALLS_PER_YEAR = 0.7
MEMBER_DAY = 18


@dataclass(frozen=True, slots=True)
class Occasion:
    """Days from `first_day` to before `end_day` on which more or fewer customers come.

    `uplift`: topic -> arrivals as a multiple of an ordinary day's; the topic `*` stands for all that are not named.
    `is_planned`: known weeks before, unlike a recall. `product_id`: the product that is recalled.
    """

    occasion_id: str
    kind: OccasionKind
    name_zh: str
    name_en: str
    first_day: int
    end_day: int
    uplift: dict[str, float] = field(default_factory=dict)
    is_planned: bool = True
    product_id: str | None = None


# first and last date of the official free days; other years have the fixed dates alone
_HOLIDAYS: dict[int, tuple[tuple[str, str, str, str], ...]] = {
    2024: (
        ("元旦", "New Year", "01-01", "01-01"),
        ("春节", "Spring Festival", "02-10", "02-17"),
        ("清明节", "Qingming Festival", "04-04", "04-06"),
        ("劳动节", "Labour Day", "05-01", "05-05"),
        ("端午节", "Dragon Boat Festival", "06-08", "06-10"),
        ("中秋节", "Mid-Autumn Festival", "09-15", "09-17"),
        ("国庆节", "National Day", "10-01", "10-07"),
    ),
    2025: (
        ("元旦", "New Year", "01-01", "01-01"),
        ("春节", "Spring Festival", "01-28", "02-04"),
        ("清明节", "Qingming Festival", "04-04", "04-06"),
        ("劳动节", "Labour Day", "05-01", "05-05"),
        ("端午节", "Dragon Boat Festival", "05-31", "06-02"),
        ("国庆节、中秋节", "National Day and Mid-Autumn Festival", "10-01", "10-08"),
    ),
    2026: (
        ("元旦", "New Year", "01-01", "01-03"),
        ("春节", "Spring Festival", "02-15", "02-23"),
        ("清明节", "Qingming Festival", "04-04", "04-06"),
        ("劳动节", "Labour Day", "05-01", "05-05"),
        ("端午节", "Dragon Boat Festival", "06-19", "06-21"),
        ("中秋节", "Mid-Autumn Festival", "09-25", "09-27"),
        ("国庆节", "National Day", "10-01", "10-07"),
    ),
}
_FIXED_HOLIDAYS = (
    ("元旦", "New Year", "01-01", "01-01"),
    ("劳动节", "Labour Day", "05-01", "05-03"),
    ("国庆节", "National Day", "10-01", "10-07"),
)
_PROMOTIONS = (
    ("618", "6.18 年中大促", "6.18 mid-year sale", (6, 16), (6, 20)),
    ("1111", "双十一大促", "11.11 sale", (11, 9), (11, 13)),
)
_SALE = {"purchase": 2.1, "logistics": 1.5, "membership": 1.3, "billing": 1.15, "*": 1.05}
_MEMBER_DAY = {"purchase": 1.3, "membership": 1.4}
_REPAYMENT = {"billing": 1.35}
_RECALL = {"repair": 2.2, "complaint": 1.6}
_HOLIDAY = {"logistics": 0.85, "*": 0.72}


class Calendar:
    """All occasions of a seed: only the recall is a matter of chance."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self.of_year = lru_cache(maxsize=16)(self._of_year)
        self.of_day = lru_cache(maxsize=1024)(self._of_day)

    def arrivals(self, day: int, topic: str) -> float:
        """Arrivals of a topic on a day, as a multiple of an ordinary day's of the same weekday."""
        factor = 1.0
        for occasion in self.of_day(day):
            factor *= occasion.uplift.get(topic, occasion.uplift.get("*", 1.0))
        return factor

    def has(self, day: int, kind: str) -> bool:
        """Whether an occasion of this kind is on that day."""
        return any(occasion.kind == kind for occasion in self.of_day(day))

    def _of_day(self, day: int) -> tuple[Occasion, ...]:
        year = date.fromordinal(EPOCH + day).year
        return tuple(occasion for occasion in self.of_year(year) if occasion.first_day <= day < occasion.end_day)

    def _of_year(self, year: int) -> tuple[Occasion, ...]:
        """The occasions of a year, in the order in which they begin; none of them crosses the turn of the year."""
        found = [*_holidays(year), *_promotions(year), *_repayments(year), *self._recalls(year)]
        return tuple(sorted(found, key=lambda occasion: (occasion.first_day, occasion.occasion_id)))

    def _recalls(self, year: int) -> list[Occasion]:
        r = chance(self._seed, "recall", year)
        if r.random() >= _RECALLS_PER_YEAR:
            return []
        product = r.choice([product for product in PRODUCTS if product.line_id == "appliance"])
        first = _day(year, 1, 20) + r.randrange(320)
        names = (f"{product.name_zh}批次召回", f"Recall of a batch: {product.name_en.lower()}")
        return [
            Occasion(
                f"recall-{year}", "recall", *names, first, first + _RECALL_LASTS, _RECALL, False, product.product_id
            )
        ]


def _day(year: int, month: int, day: int) -> int:
    return date(year, month, day).toordinal() - EPOCH


def _holidays(year: int) -> list[Occasion]:
    found = []
    for number, (name_zh, name_en, first, last) in enumerate(_HOLIDAYS.get(year, _FIXED_HOLIDAYS), start=1):
        begins, ends = (date.fromisoformat(f"{year}-{text}").toordinal() - EPOCH for text in (first, last))
        found.append(Occasion(f"holiday-{year}-{number}", "holiday", name_zh, name_en, begins, ends + 1, _HOLIDAY))
    return found


def _promotions(year: int) -> list[Occasion]:
    found = [
        Occasion(f"sale-{year}-{key}", "promotion", name_zh, name_en, _day(year, *first), _day(year, *last) + 1, _SALE)
        for key, name_zh, name_en, first, last in _PROMOTIONS
    ]
    for month in range(1, 13):
        day = _day(year, month, MEMBER_DAY)
        if month != 6:  # inside the mid-year sale
            name_zh, name_en = f"{month} 月会员日", f"Members' day {year}-{month:02d}"
            found.append(
                Occasion(f"members-{year}-{month:02d}", "promotion", name_zh, name_en, day, day + 1, _MEMBER_DAY)
            )
    return found


def _repayments(year: int) -> list[Occasion]:
    found = []
    for month in range(1, 13):
        for number in REPAYMENT_DAYS:
            day = _day(year, month, number)
            found.append(
                Occasion(
                    f"repayment-{year}-{month:02d}-{number}",
                    "repayment",
                    f"{month} 月 {number} 日还款日",
                    f"Repayment day {year}-{month:02d}-{number}",
                    day - _AROUND_REPAYMENT,
                    day + _AROUND_REPAYMENT + 1,
                    _REPAYMENT,
                )
            )
    return found
