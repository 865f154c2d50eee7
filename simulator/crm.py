"""What the systems around the telephone record of contacts, customers and the roster.

Belongs here: records of the CRM's list of contacts, the menu, hand-overs, chats, customers and shifts, in the words of
the feeds' contracts. Does not belong here: what happens, forms of files, other feeds.

The CRM calls a contact what the telephone or chat system calls it, so that every record of one contact has one id.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import chain
from typing import Any

from simulator.callers import switchboard
from simulator.customers import Customer, Population
from simulator.events import Contact, Step
from simulator.exchange import Exchange
from simulator.local_time import DAY_S, UTC_OFFSET_S
from simulator.menu import FLOW_ID, FLOW_VERSION
from simulator.records import Outbox, Record
from simulator.setting import HOUR, PlannedShift

PUBLISHED_DAYS_AHEAD = 7
PUBLISHED_AT = 10 * HOUR
LONG_SHIFT_S, UNPAID_BREAK_S = 6 * HOUR, 2400


class Crm:
    """Writes records as things happen, and passes them on in the order of their time."""

    def __init__(self, exchange: Exchange, population: Population, on_record: Callable[[Record], None]) -> None:
        self._exchange = exchange
        self._population = population
        self._on_record = on_record
        self._outbox = Outbox()
        self._plans: tuple[Callable[[int], Iterator[PlannedShift]], ...] = ()
        self._changes: dict[int, array[int]] = defaultdict(lambda: array("l"))  # by day, numbers of customers

    def _put(self, feed: str, at: int, row: dict[str, Any]) -> None:
        self._outbox.put(Record(feed, at, row))

    def _pass_on(self, at: int) -> None:
        for record in self._outbox.until(at):
            self._on_record(record)

    def close(self) -> None:
        """Pass on what is left."""
        self._pass_on(self._exchange.ends + DAY_S)

    # --- roster and customers ---------------------------------------------------------------------------------------

    def begin(self, *plans: Callable[[int], Iterator[PlannedShift]]) -> None:
        """Publish the first week's shifts, and list the customers that the CRM holds when the simulation begins."""
        self._plans = plans
        days = self._exchange.setting.days
        for day in range(min(PUBLISHED_DAYS_AHEAD, days)):
            self._publish(self._exchange.begins + (day - PUBLISHED_DAYS_AHEAD) * DAY_S + PUBLISHED_AT, day)
        for day in range(PUBLISHED_DAYS_AHEAD, days):
            at = self._exchange.begins + (day - PUBLISHED_DAYS_AHEAD) * DAY_S + PUBLISHED_AT
            self._exchange.clock.at(at, self._publish, day)
        self._pass_on(self._exchange.begins)
        for number in range(self._population.size):
            self._list_customer(number)
        for day in range(1, days):
            self._exchange.clock.at(self._exchange.begins + day * DAY_S, self._list_changes, day)
        self._list_changes(self._exchange.begins, 0)

    def _publish(self, at: int, day: int) -> None:
        for shift in chain.from_iterable(plan(day) for plan in self._plans):
            date = datetime.fromtimestamp(shift.begins + UTC_OFFSET_S, UTC).strftime("%Y-%m-%d")
            length_s = shift.ends - shift.begins
            row = {
                "agent_id": shift.agent_id,
                "shift_id": date,
                "shift_date": date,
                "published_at": at,
                "planned_start_at": shift.begins,
                "planned_end_at": shift.ends,
                "paid_s": length_s - (UNPAID_BREAK_S if length_s >= LONG_SHIFT_S else 0),
                "record_updated_at": at,
            }
            self._put("canonical.shift", at, row)

    def _list_customer(self, number: int) -> None:
        """What the CRM holds of a customer when the simulation begins; the rest is noted by its day."""
        begins = self._exchange.begins
        for record in self._records_of(self._population.customer(number)):
            if record.at == begins:
                self._on_record(record)
            else:
                numbers = self._changes[(record.at - begins) // DAY_S]
                if not numbers or numbers[-1] != number:
                    numbers.append(number)

    def _list_changes(self, _: int, day: int) -> None:
        """The customers who join or change on a day of the simulation; of its second they come before all others."""
        begins = self._exchange.begins + day * DAY_S
        for number in self._changes.pop(day, ()):
            for record in self._records_of(self._population.customer(number)):
                if begins <= record.at < begins + DAY_S and record.at != self._exchange.begins:
                    self._outbox.put(record, goes_first=True)

    def _records_of(self, customer: Customer) -> Iterator[Record]:
        """Every version of a customer; those from before the simulation are in the CRM when it begins."""
        begins, ends = self._exchange.begins, self._exchange.ends
        for changed_at in customer.changes():
            if changed_at < ends:
                row = {
                    "customer_id": customer.customer_id,
                    "customer_type": customer.customer_type,
                    "tier": customer.tier(changed_at),
                    "is_high_value": customer.is_high_value,
                    "age_band": customer.age_band if customer.customer_type == "personal" else None,
                    "spend_tier": customer.spend_tier,
                    "region_code": customer.region_code,
                    "status": "active",
                    "joined_at": customer.joined_at,
                    "record_updated_at": changed_at,
                }
                yield Record("canonical.customer", max(changed_at, begins), row)
        identities = [("phone", "identity_number", customer.number)]
        if customer.customer_type == "enterprise":
            identities.append(("phone", "identity_number", switchboard(customer)))
        identities += [("email", "identity_value", customer.email), ("open_id", "identity_value", customer.open_id)]
        for kind, name, identity in identities:
            row = {
                "customer_id": customer.customer_id,
                "identity_type": kind,
                name: identity,
                "linked_at": customer.joined_at,
                "record_updated_at": customer.joined_at,
            }
            yield Record("canonical.customer_identity", max(customer.joined_at, begins), row)

    # --- calls ------------------------------------------------------------------------------------------------------

    def call_ended(self, at: int, contact: Contact) -> None:
        """The menu's steps of a call, and what its agent noted if it had one."""
        self._pass_on(at)
        for number, step in enumerate(contact.steps, 1):
            self._put("canonical.ivr_step", at, _step_row(contact, number, step))
        if not contact.legs:
            return
        self._note(contact, at + _noting_s(contact), contact.legs[0].started_at)
        for number, handover in enumerate(contact.handovers, 1):
            row = {
                "transfer_id": f"{contact.contact_id}-{number}",
                "contact_id": contact.contact_id,
                "from_agent_id": handover.from_agent_id,
                "to_agent_id": handover.to_agent_id,
                "to_queue_id": handover.to_queue_id,
                "is_external": handover.is_external,
                "kind": handover.kind,
                "reason": handover.reason,
                "transferred_at": handover.at,
                "is_completed": handover.is_completed,
                "is_problem_restated": handover.is_restated,
                "restated_evidence": None if handover.is_restated is None else "qa",
            }
            self._put("canonical.transfer", at, row)

    def _note(self, contact: Contact, at: int, answered_at: int | None) -> None:
        """The CRM's row of a contact of any medium."""
        number = contact.customer_id
        customer = None if number is None else self._population.known(number)
        is_call = contact.medium == "voice"
        visit = next((visit for visit in contact.visits if visit.exit_kind == "answered"), None)
        visit = visit or next(reversed(contact.visits), None)
        row = {
            "contact_id": contact.contact_id,
            "telephony_call_id": contact.contact_id if is_call else None,
            "channel_id": contact.channel,
            "direction": contact.direction,
            "queue_id": None if visit is None else visit.queue_id,
            "agent_id": contact.last_agent_id,
            "customer_id": contact.customer_id,
            "caller_number": contact.caller if is_call and contact.caller != "anonymous" else None,
            "region_code": None if customer is None else customer.region_code,
            "started_at": contact.started_at,
            "system_answered_at": contact.answered_at,
            "queue_entered_at": None if visit is None else contact.visits[0].entered_at,
            "queue_left_at": None if visit is None else visit.left_at,
            "agent_answered_at": answered_at,
            "ended_at": contact.ended_at,
            "outcome": "abandoned_queue" if answered_at is None else "answered",
            "issue_id": contact.issue_id,
            "disposition_code": _disposition(contact),
            "line_of_business": None if customer is None else customer.customer_type,
            "declared_resolved": contact.is_declared_solved,
            "record_updated_at": at,
        }
        self._put("canonical.contact", at, row)

    # --- chats and mails --------------------------------------------------------------------------------------------

    def digital_ended(self, contact: Contact) -> None:
        """The row of a chat or mail thread, and a chat's messages, which the chat system hands out at its end."""
        at = contact.ended_at
        self._pass_on(at)
        if contact.medium == "im":
            answered = contact.visits[-1]
            self._note(contact, at, answered.left_at if answered.exit_kind == "answered" else None)
            for number, message in enumerate(contact.messages, 1):
                row = {
                    "contact_id": contact.contact_id,
                    "message_id": str(number),
                    "sender_type": message.sender,
                    "agent_id": message.agent_id,
                    "sent_at": message.at,
                    "is_quick_reply": message.is_quick_reply if message.sender == "agent" else None,
                }
                self._put("canonical.chat_message", at, row)
        else:
            self._note(contact, at, next(message.at for message in contact.messages if message.sender == "agent"))

    def chat_state(self, agent_id: str, state: str, started_at: int, ended_at: int, chats: int) -> None:
        """One stretch of a chat agent's time; written when it ends. It holds for all chats, of which it names one
        channel: without any it would be a state on the telephone."""
        row = {
            "agent_id": agent_id,
            "state": state,
            "channel_id": "im_web",
            "started_at": started_at,
            "ended_at": ended_at,
            "duration_s": ended_at - started_at,
            "slots_used": chats,
        }
        self._put("canonical.agent_state", ended_at, row)


def _noting_s(contact: Contact) -> int:
    """How long the agent takes to note a call; not by chance, which would make the calls depend on who records them."""
    return 2 + contact.started_at * 31 % 89


def _step_row(contact: Contact, number: int, step: Step) -> dict[str, Any]:
    is_right_key = None if step.key is None else step.ended != "invalid_key"
    return {
        "contact_id": contact.contact_id,
        "step_no": number,
        "flow_id": FLOW_ID,
        "flow_version": FLOW_VERSION,
        "node_id": step.node_id,
        "entered_at": step.entered_at,
        "left_at": step.left_at,
        "key_pressed": step.key,
        "target_node_id": step.target_id,
        "is_jump_completed": is_right_key,
        "exit_kind": step.ended,
    }


def _disposition(contact: Contact) -> str | None:
    """What the agent chose from the CRM's list; nothing for a contact without an issue."""
    if contact.issue_id is None:
        return None
    if contact.is_declared_solved:
        return "resolved"
    return "handed_on" if contact.handovers else "follow_up"
