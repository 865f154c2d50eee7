"""Where a contact comes from, and for which line of business it is: what a number tells, and what the CRM holds of the
customer.

Belongs here: these two rulings. Does not belong here: what is counted by region (the other modules).
"""

from __future__ import annotations

from collections.abc import Callable

from simulator.events import Contact

RegionOf = Callable[[Contact], str | None]
BusinessOf = Callable[[Contact], str | None]
_CITIES = {
    "010": "110000", "020": "440100", "021": "310000", "022": "120000", "023": "500000", "025": "320100",
    "027": "420100", "028": "510100", "029": "610100", "0451": "230100", "0512": "320500", "0531": "370100",
    "0571": "330100", "0574": "330200", "0731": "430100", "0755": "440300",
}  # fmt: skip


def by_number(contact: Contact) -> str | None:
    """The city of a landline; a mobile number can be anywhere."""
    number = contact.caller if contact.medium == "voice" else ""
    is_short_code = number[1:2] in ("1", "2")
    return _CITIES.get(number[: 3 if is_short_code else 4])


def by_number_or_customer(city_of: Callable[[str], str]) -> RegionOf:
    """As above, else the city of a customer whom an agent has handled: the CRM lists those. `city_of`: by customer."""

    def region_of(contact: Contact) -> str | None:
        city = by_number(contact)
        return city_of(str(contact.customer_id)) if city is None and _is_listed(contact) else city

    return region_of


def no_business(contact: Contact) -> str | None:
    """Without a CRM no contact has a line of business."""
    return None


def by_listed_customer(business_of: Callable[[str], str]) -> BusinessOf:
    """The line of business of a customer whom an agent has handled. `business_of`: by customer."""
    return lambda contact: business_of(str(contact.customer_id)) if _is_listed(contact) else None


def _is_listed(contact: Contact) -> bool:
    return contact.customer_id is not None and (contact.medium != "voice" or bool(contact.legs))
