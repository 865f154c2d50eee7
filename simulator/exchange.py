"""The telephone system: ids, names of channels, its logs, and the list of what happened.

Belongs here: what every part of the centre shares of one run. Does not belong here: decisions.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from simulator.asterisk_files import CdrLog, CelLog, QueueLog
from simulator.clock import Clock
from simulator.events import Contact, History, Listener, Presence, Ring
from simulator.local_time import DAY_S, UTC_OFFSET_S
from simulator.setting import HOUR, LINES, Setting


def local_hour(at: int) -> float:
    """Hours since local midnight."""
    return (at + UTC_OFFSET_S) % DAY_S / HOUR


def local_midnight(at: int) -> int:
    """The local midnight before an instant."""
    return at - (at + UTC_OFFSET_S) % DAY_S


@dataclass(frozen=True, slots=True)
class CallRecord:
    """What the CDR says of one call besides its times."""

    src: str
    dst: str
    clid: str
    channel: str
    dst_channel: str = ""
    context: str = "from-trunk"
    app: str = ""
    app_data: str = ""


T = TypeVar("T", Contact, Ring, Presence)


class Passed(Generic[T]):
    """What is over, on its way to who listens: a number and the latest end are all that stays."""

    def __init__(self, tell: Callable[[T], None]) -> None:
        self._tell: Callable[[T], None] = tell
        self.number, self.latest_end = 0, 0

    def append(self, over: T) -> None:
        """Something is over."""
        self.number += 1
        self.latest_end = max(self.latest_end, over.ended_at)
        self._tell(over)


class Happenings:
    """What happened: calls in `contacts`, chats and mail threads in `digital`."""

    def __init__(self, listener: Listener, on_contact: Callable[[Contact], None]) -> None:
        def tell_call(contact: Contact) -> None:
            listener.add_contact(contact)
            on_contact(contact)

        self.contacts, self.digital = Passed(tell_call), Passed(on_contact)
        self.rings, self.presences = Passed(listener.add_ring), Passed(listener.add_presence)

    @property
    def latest_end(self) -> int:
        """When the last of all this was over."""
        return max(passed.latest_end for passed in (self.contacts, self.digital, self.rings, self.presences))


class Exchange:
    """One run's clock, logs, ids, and what happens. So that all is over at `ends`, nothing that may take long begins
    from `closing` on, nobody calls from `last_call` on, and every conversation is over at `last_word`."""

    def __init__(
        self,
        setting: Setting,
        queue_log: QueueLog,
        cdr: CdrLog,
        cel: CelLog | None,
        on_contact: Callable[[Contact], None] | None,
        listener: Listener | None = None,
    ) -> None:
        self.setting = setting
        self.clock = Clock()
        self.log = queue_log
        self.cdr = cdr
        self.cel = cel
        self.history = Happenings(listener or History(), on_contact or (lambda _: None))
        self.planted: Counter[str] = Counter()
        self.begins, self.ends = setting.begins, setting.ends
        self.closing = self.ends - 2 * HOUR
        self.last_call = self.ends - HOUR // 3
        self.last_word = self.ends - HOUR // 8
        self._serial = 0
        self._line = -1

    def weekday(self, at: int) -> int:
        """0 is Monday."""
        return ((at + UTC_OFFSET_S) // DAY_S + 3) % 7

    def unique_id(self, at: int) -> str:
        """The next id of a channel that begins."""
        self._serial += 1
        return f"{at}.{self._serial}"

    def channel(self, peer: str) -> str:
        """The next channel of a telephone or trunk."""
        self._serial += 1
        return f"{peer}-{self._serial:08x}"

    def next_line(self) -> str:
        """The trunk that takes the next call from or to outside: each in turn."""
        self._line = (self._line + 1) % len(LINES)
        return LINES[self._line]

    def write(self, contact: Contact, record: CallRecord) -> None:
        """Write the record of a call that ended."""
        self.cdr.add(
            src=record.src,
            dst=record.dst,
            context=record.context,
            clid=record.clid,
            channel=record.channel,
            dst_channel=record.dst_channel,
            app=record.app,
            app_data=record.app_data,
            start=contact.started_at,
            answer=contact.answered_at,
            end=contact.ended_at,
            disposition=contact.disposition,
            unique_id=contact.contact_id,
            account=contact.campaign_id or "",
        )

    def finished(self, contact: Contact) -> None:
        """Tell of a finished contact."""
        (self.history.contacts if contact.medium == "voice" else self.history.digital).append(contact)
