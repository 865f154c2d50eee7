"""Who contacts the centre: customers of the population, people whom the company does not know, switchboards.

Belongs here: the choice of a person, the number or account that shows, and the number that is dialled. Does not belong
here: what the person wants (`issues`), what a customer is (`customers`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from simulator.customers import Customer, Population, Tier
from simulator.scenarios.effects import Effects
from simulator.setting import NUMBERS

# of people who call: a customer from the number that the company knows, a customer from another telephone, a stranger;
# the rest hides the number
KNOWN_NUMBER, OTHER_TELEPHONE, STRANGER = 0.82, 0.06, 0.10
ANONYMOUS_IS_IDENTIFIED = 0.5
USES_SWITCHBOARD = 0.7
SHOWS_NAME = 0.3
LANDLINE = 0.22
# how often a customer of a tier has a reason to get in touch, beside a new one
CONTACT_RATE: dict[Tier, float] = {"new": 1.0, "regular": 0.5, "vip": 0.75}
AREA_CODES = (
    *("010", "021", "020", "0755", "0571", "028", "027", "022"),
    *("025", "029", "023", "0512", "0574", "0531", "0731", "0451"),
)
_SWITCHBOARD_OF = 50
_NUMBER_SHARES = [share for _, _, share in NUMBERS]


def dialled(at: int, r: Random, effects: Effects) -> tuple[str, str]:
    """The number that a call comes to, and its entry channel."""
    shares: Sequence[float] = _NUMBER_SHARES
    if effects.has("entry_share"):
        usual = {channel: share for _, channel, share in NUMBERS}
        shares = [*effects.shares("entry_share", "channel", usual, at).values()]
    number, channel, _ = r.choices(NUMBERS, shares)[0]
    return number, channel


@dataclass(frozen=True, slots=True)
class Person:
    """One who gets in touch. `shows` is the number, account or address that the system sees.

    `customer` is who it is if the company can find that out; `is_known_by_number`: before anybody asks.
    """

    shows: str
    name: str
    customer: Customer | None
    is_known_by_number: bool

    @property
    def caller_id(self) -> str:
        """The caller id that the telephone system logs."""
        if self.shows == "anonymous":
            return '"Anonymous" <anonymous>'
        return f'"{self.name}" <{self.shows}>'

    def tier(self, at: int) -> Tier | None:
        """The tier of a customer at an instant."""
        return None if self.customer is None else self.customer.tier(at)


def switchboard(customer: Customer) -> str:
    """The number that an enterprise shows when its people call through the house's exchange; several share it."""
    group = int(customer.customer_id[1:]) // _SWITCHBOARD_OF
    return f"0218{group:07d}"


class Callers:
    """People at random, each by the generator of their contact."""

    def __init__(self, population: Population) -> None:
        self._population = population

    def customer(self, at: int, r: Random) -> Customer:
        """A customer who has joined by then; newcomers and the best ones get in touch more often."""
        while True:
            customer = self._population.customer(int(r.random() * self._population.size))
            if customer.joined_at <= at and r.random() < CONTACT_RATE[customer.tier(at)]:
                return customer

    def by_telephone(self, at: int, r: Random) -> Person:
        """Somebody who calls."""
        chance = r.random()
        if chance < KNOWN_NUMBER:
            return self.calling(self.customer(at, r), r)
        if chance < KNOWN_NUMBER + OTHER_TELEPHONE:
            number = _any_number(r)
            return Person(number, number, self.customer(at, r), False)
        if chance < KNOWN_NUMBER + OTHER_TELEPHONE + STRANGER:
            number = _any_number(r)
            return Person(number, number, None, False)
        is_identified = r.random() < ANONYMOUS_IS_IDENTIFIED
        return Person("anonymous", "Anonymous", self.customer(at, r) if is_identified else None, False)

    def calling(self, customer: Customer, r: Random) -> Person:
        """A customer at the own telephone, or at that of the firm."""
        is_enterprise = customer.customer_type == "enterprise"
        is_shared = is_enterprise and r.random() < USES_SWITCHBOARD
        number = switchboard(customer) if is_shared else customer.number
        name = customer.name[0] if r.random() < SHOWS_NAME else number
        return Person(number, name, customer, not is_shared)

    def in_app(self, at: int, r: Random) -> Person:
        """A customer who writes in the app, and is logged in there."""
        return self.logged_in(self.customer(at, r))

    def on_website(self, at: int, r: Random) -> Person:
        """A visitor of the website: half of them log in."""
        if r.random() < 0.5:
            return self.in_app(at, r)
        return Person(f"visitor-{r.getrandbits(40):010x}", "", None, False)

    def by_mail(self, at: int, r: Random) -> Person:
        """Somebody who writes a mail, mostly from an address that is known."""
        if r.random() < 0.88:
            return self.mailing(self.customer(at, r))
        return Person(f"m{r.getrandbits(32):08x}@example.net", "", None, False)

    @staticmethod
    def logged_in(customer: Customer) -> Person:
        """A customer by the account."""
        return Person(customer.open_id, customer.name, customer, True)

    @staticmethod
    def mailing(customer: Customer) -> Person:
        """A customer by the mail address."""
        return Person(customer.email, customer.name, customer, True)


def _any_number(r: Random) -> str:
    if r.random() < LANDLINE:
        return f"{r.choice(AREA_CODES)}{r.randint(2, 8)}{r.randrange(10**7):07d}"
    return f"1{r.choice('35789')}{r.randrange(10**9):09d}"
