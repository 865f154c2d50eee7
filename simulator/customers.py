"""The customers of the simulated company: who they are, and how that changes.

Belongs here: a customer as a function of the seed and a number, so that millions of them need no memory. Does not
belong here: what a customer does.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from simulator.local_time import DAY_S
from simulator.records import chance
from simulator.setting import Setting

Tier = Literal["new", "regular", "vip"]
_NEW_FOR_DAYS = 90
_SURNAMES = "王李张刘陈杨赵黄周吴徐孙马朱胡郭何林高罗"
_GIVEN = (*"伟芳娜敏静强磊洋艳勇杰", "秀英", "建国", "晓明", "雨桐", "子轩", "思远", "佳怡")
_AGES = (("18-24", 0.10), ("25-34", 0.30), ("35-44", 0.27), ("45-59", 0.22), ("60+", 0.11))
_SPENDS = (("low", 0.45), ("middle", 0.40), ("high", 0.15))
# area code, region, share
_REGIONS = (
    ("010", "110000", 0.13), ("021", "310000", 0.14), ("020", "440100", 0.10), ("0755", "440300", 0.10),
    ("0571", "330100", 0.09), ("025", "320100", 0.08), ("0512", "320500", 0.07), ("028", "510100", 0.08),
    ("027", "420100", 0.07), ("029", "610100", 0.05), ("023", "500000", 0.05), ("0731", "430100", 0.04),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Customer:
    """A customer. `became_vip_at`: None for most; `number`: the telephone number that the company knows."""

    customer_id: str
    name: str
    customer_type: Literal["personal", "enterprise"]
    number: str
    email: str
    open_id: str
    age_band: str
    spend_tier: str
    is_high_value: bool
    region_code: str
    joined_at: int
    became_vip_at: int | None

    def tier(self, at: int) -> Tier:
        """The tier at an instant."""
        if self.became_vip_at is not None and at >= self.became_vip_at:
            return "vip"
        return "new" if at < self.joined_at + _NEW_FOR_DAYS * DAY_S else "regular"

    def changes(self) -> list[int]:
        """Instants from which another version of the record holds, the first included, sorted."""
        told = {self.joined_at, self.joined_at + _NEW_FOR_DAYS * DAY_S, self.became_vip_at or self.joined_at}
        return sorted(at for at in told if self.tier(at) != self.tier(at - 1) or at == self.joined_at)


class Population:
    """`size` customers, of whom some join only while the simulation runs.

    `begins` and `ends` bound the simulation (epoch seconds). Most joined in the three years before, some
    each day since.
    """

    def __init__(self, seed: int, size: int, begins: int, ends: int) -> None:
        self.size = size
        self._seed, self._begins, self._ends = seed, begins, ends
        self.customer = lru_cache(maxsize=200_000)(self._customer)

    @classmethod
    def of(cls, setting: Setting) -> Population:
        """The customers of a simulated centre."""
        return cls(setting.seed, setting.customers, setting.begins, setting.ends)

    def known(self, customer_id: str) -> Customer:
        """The customer whom the CRM knows by an id."""
        return self.customer(int(customer_id[1:]))

    def city(self, customer_id: str) -> str:
        """The code of the city in which a customer lives."""
        return self.known(customer_id).region_code

    def _customer(self, number: int) -> Customer:
        """The customer of a number below `size`."""
        r = chance(self._seed, "customer", number)
        days = (self._ends - self._begins) / DAY_S
        share_new = min(0.5, 0.0012 * days)
        if number >= self.size * (1 - share_new):
            joined_at = int(r.uniform(self._begins, self._ends))
        else:
            joined_at = self._begins - int(r.random() ** 1.3 * 3 * 365 * DAY_S)
        spend = r.choices([tier for tier, _ in _SPENDS], [share for _, share in _SPENDS])[0]
        vip = {"low": 0.01, "middle": 0.06, "high": 0.40}[spend]
        became_vip_at = joined_at + int(r.uniform(100, 700) * DAY_S) if r.random() < vip else None
        area, region, _ = r.choices(_REGIONS, [share for _, _, share in _REGIONS])[0]
        is_enterprise = r.random() < 0.06
        if is_enterprise or r.random() < 0.12:
            telephone = f"{area}{r.randint(2, 8)}{number:07d}"
        else:
            telephone = f"1{r.choice('35789')}{number * 7919 % 10**9:09d}"
        return Customer(
            customer_id=f"C{number:08d}",
            name=f"{r.choice(_SURNAMES)}{r.choice(_GIVEN)}",
            customer_type="enterprise" if is_enterprise else "personal",
            number=telephone,
            email=f"c{number:08d}@example.com",
            open_id=f"o{number * 104729 % 10**10:010d}",
            age_band=r.choices([band for band, _ in _AGES], [share for _, share in _AGES])[0],
            spend_tier=spend,
            is_high_value=spend == "high" and r.random() < 0.7,
            region_code=region,
            joined_at=joined_at,
            became_vip_at=became_vip_at,
        )
