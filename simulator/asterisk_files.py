"""The simulated history in Asterisk's own file formats: queue_log and cdr-csv, rotated as logrotate does.

Belongs here: how a line is written, how files are named and compressed, and the dirt that real logs have and that must
not change any KPI (`DIRT`). Does not belong here: what happens in the centre, or what it counts for.

Bytes are a function of what is written and of the seed: archives carry no name and no time.
"""

from __future__ import annotations

import gzip
import random
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

from simulator.local_time import DAY_S, UTC_OFFSET_S, clock_texts

# cdr_csv with loguniqueid, loguserfield and newcdrcolumns
CDR_COLUMNS = (
    "accountcode",
    "src",
    "dst",
    "dcontext",
    "clid",
    "channel",
    "dstchannel",
    "lastapp",
    "lastdata",
    "start",
    "answer",
    "end",
    "duration",
    "billsec",
    "disposition",
    "amaflags",
    "uniqueid",
    "userfield",
    "peeraccount",
    "linkedid",
    "sequence",
)

# times a day, on average
DIRT = {
    "repeated_line": 4.0,
    "out_of_order_line": 6.0,
    "configreload": 0.4,
    "penalty": 1.5,
    "unknown_event": 3.0,
}
QUEUESTART_EVERY_DAYS = 7
LAST_CDR_DAYS = 2  # Master.csv holds this many, older ones are archived


class _Times:
    """Local wall-clock text of epoch seconds, fast: the date is formatted once a day."""

    def __init__(self) -> None:
        self._dates: dict[int, str] = {}
        self._clock = clock_texts()

    def text(self, at: int) -> str:
        day, second = divmod(at + UTC_OFFSET_S, DAY_S)
        prefix = self._dates.get(day)
        if prefix is None:
            prefix = self._dates[day] = datetime.fromtimestamp(day * DAY_S, UTC).strftime("%Y-%m-%d ")
        return prefix + self._clock[second]


def local_day(at: int) -> int:
    """Number of the local date since 1970-01-01."""
    return (at + UTC_OFFSET_S) // DAY_S


def stamp(day: int) -> str:
    """YYYYMMDD of a local day number, as logrotate's dateext writes it."""
    return datetime.fromtimestamp(day * DAY_S, UTC).strftime("%Y%m%d")


def _write_archive(path: Path, data: bytes, compresslevel: int = 5) -> None:
    with path.open("wb") as raw, gzip.GzipFile("", "wb", compresslevel, fileobj=raw, mtime=0) as archive:
        archive.write(data)


class QueueLog:
    """Writes queue_log: lines must be given in the order in which they happen."""

    def __init__(self, folder: Path, first_day: int, last_day: int, seed: int, queues: list[str]) -> None:
        self._folder = folder
        self._last_day = last_day
        self._first_day = first_day
        self._random = random.Random(f"queue_log dirt {seed}")
        self._queues = queues
        self._lines: list[tuple[int, str]] = []
        self._day = first_day
        self._members: list[str] = []
        self.lines = 0
        self.dirt: Counter[str] = Counter(dict.fromkeys((*DIRT, "queuestart"), 0))

    def add(self, at: int, call_id: str, queue: str, agent: str, event: str, data: str = "") -> None:
        """One line; `data` holds the event's parameters already joined by bars."""
        if (at + UTC_OFFSET_S) // DAY_S != self._day:
            self._turn(local_day(at))
        self._lines.append((at, f"{at}|{call_id}|{queue}|{agent}|{event}|{data}"))

    def see_member(self, name: str) -> None:
        """Make a member known, so that a PENALTY line can name it."""
        self._members.append(name)

    def close(self) -> None:
        """Write what is left."""
        self._turn(self._last_day + 1)

    def _turn(self, day: int) -> None:
        while self._day < day:
            self._flush(self._day)
            self._lines = []
            self._day += 1

    def _flush(self, day: int) -> None:
        lines = self._with_dirt(day, self._lines)
        self.lines += len(lines)
        data = "".join(f"{text}\n" for _, text in lines).encode()
        if day == self._last_day:
            (self._folder / "queue_log").write_bytes(data)
        else:
            _write_archive(self._folder / f"queue_log.{stamp(day)}.gz", data)

    def _times(self, kind: str) -> int:
        """How often a kind of dirt happens today: its daily mean, the fraction by chance."""
        whole, part = divmod(DIRT[kind], 1)
        n = int(whole) + (self._random.random() < part)
        self.dirt[kind] += n
        return n

    def _with_dirt(self, day: int, lines: list[tuple[int, str]]) -> list[tuple[int, str]]:
        midnight = day * DAY_S - UTC_OFFSET_S
        noise: list[tuple[int, str]] = []
        if (day - self._first_day) % QUEUESTART_EVERY_DAYS == 0:
            at = midnight if day == self._first_day else midnight + self._random.randrange(3 * 3600, 5 * 3600)
            noise.append((at, f"{at}|NONE|NONE|NONE|QUEUESTART|"))
            self.dirt["queuestart"] += 1
        for _ in range(self._times("configreload")):
            at = midnight + self._random.randrange(DAY_S)
            noise.append((at, f"{at}|NONE|NONE|NONE|CONFIGRELOAD|"))
        for _ in range(self._times("penalty") if self._members else 0):
            at = midnight + self._random.randrange(DAY_S)
            member = self._random.choice(self._members)
            noise.append(
                (at, f"{at}|NONE|{self._random.choice(self._queues)}|{member}|PENALTY|{self._random.randint(1, 9)}")
            )
        # QUEUESTART of the first day comes before everything else of its second
        lines = sorted([*noise, *lines], key=lambda line: line[0])
        self._add_unknown_events(lines)
        self._repeat_lines(lines)
        self._shuffle_lines(lines)
        return lines

    def _add_unknown_events(self, lines: list[tuple[int, str]]) -> None:
        """A caller's rating of the call, as a dial plan can log it, in the second in which the call was completed."""
        ends = [i for i, (_, text) in enumerate(lines) if "|COMPLETE" in text]
        n = self._times_if("unknown_event", len(ends) > 10)
        for i in sorted(self._random.sample(ends, n), reverse=True):
            at, text = lines[i]
            second, call_id, queue, agent, *_ = text.split("|")
            lines.insert(i + 1, (at, f"{second}|{call_id}|{queue}|{agent}|CALLRATING|{self._random.randint(1, 5)}"))

    def _times_if(self, kind: str, possible: bool) -> int:
        return self._times(kind) if possible else 0

    def _repeat_lines(self, lines: list[tuple[int, str]]) -> None:
        n = self._times_if("repeated_line", len(lines) > 100)
        for i in sorted(self._random.sample(range(len(lines)), n), reverse=True):
            lines.insert(i + 1, lines[i])

    def _shuffle_lines(self, lines: list[tuple[int, str]]) -> None:
        """Move a line behind lines that are 1 to 3 s younger. Lines of one second stay in their order."""
        wanted = self._times_if("out_of_order_line", len(lines) > 100)
        moved = 0
        for start in sorted(self._random.sample(range(len(lines) - 1), min(len(lines) - 1, wanted * 50)), reverse=True):
            if moved == wanted:
                break
            at = lines[start][0]
            latest = at + self._random.randint(1, 3)
            stop = start + 1
            if stop >= len(lines) or not at < lines[stop][0] <= latest:
                continue
            while stop < len(lines) and at < lines[stop][0] <= latest:
                stop += 1
            lines.insert(stop, lines[start])
            del lines[start]
            moved += 1
        self.dirt["out_of_order_line"] += moved - wanted


class CdrLog:
    """Writes cdr-csv/Master.csv: one row per call detail record, in the order in which calls end."""

    def __init__(self, folder: Path, first_day: int, last_day: int) -> None:
        self._folder = folder
        self._first_day = first_day
        self._last_day = last_day
        self._day = first_day
        self._rows: list[str] = []
        self._times = _Times()
        self._sequence = 0
        self.rows = 0

    def add(
        self,
        *,
        src: str,
        dst: str,
        context: str,
        clid: str,
        channel: str,
        dst_channel: str,
        app: str,
        app_data: str,
        start: int,
        answer: int | None,
        end: int,
        disposition: str,
        unique_id: str,
        linked_id: str | None = None,
        account: str = "",
    ) -> None:
        """One record; times are epoch seconds, written as local wall-clock time, and a missing answer as nothing."""
        if (end + UTC_OFFSET_S) // DAY_S != self._day:
            self._turn(local_day(end))
        text = self._times.text
        answered = f'"{text(answer)}"' if answer is not None else ""
        billsec = end - answer if answer is not None else 0
        quoted_clid = clid.replace('"', '""')
        self._sequence += 1
        self._rows.append(
            f'"{account}","{src}","{dst}","{context}","{quoted_clid}","{channel}","{dst_channel}","{app}","{app_data}",'
            f'"{text(start)}",{answered},"{text(end)}",{end - start},{billsec},"{disposition}","DOCUMENTATION",'
            f'"{unique_id}","","","{linked_id or unique_id}",{self._sequence}\n'
        )

    def close(self) -> None:
        """Write what is left."""
        self._turn(self._last_day + 1)

    def _turn(self, day: int) -> None:
        keep_from = max(self._first_day, self._last_day - LAST_CDR_DAYS + 1)
        while self._day < day:
            if self._day < keep_from or self._day == self._last_day:
                self._flush()
            self._day += 1

    def _flush(self) -> None:
        self.rows += len(self._rows)
        data = "".join(self._rows).encode()
        self._rows = []
        if self._day == self._last_day:
            (self._folder / "Master.csv").write_bytes(data)
        else:
            _write_archive(self._folder / f"Master.csv.{stamp(self._day)}.gz", data)


class CelLog:
    """Writes cel-custom/Master.csv: events of whole calls, given as calls end, in the order of their time."""

    # a call that began yesterday may still tell of yesterday
    _LATE_S = 3 * 3600

    def __init__(self, folder: Path, first_day: int, last_day: int) -> None:
        self._folder = folder
        self._last_day = last_day
        self._day = first_day
        self._days: dict[int, list[tuple[int, str]]] = {}
        self.rows = 0

    def add_all(self, events: list[tuple[int, str]]) -> None:
        """The events of one call: microseconds since the epoch, and the line."""
        latest = events[-1][0] // 1_000_000
        if local_day(events[0][0] // 1_000_000) == (day := local_day(latest)):
            self._days.setdefault(day, []).extend(events)
        else:
            for event in events:
                self._days.setdefault(local_day(event[0] // 1_000_000), []).append(event)
        while self._day < local_day(latest - self._LATE_S):
            self._flush()

    def close(self) -> None:
        """Write what is left."""
        while self._day <= self._last_day:
            self._flush()

    def _flush(self) -> None:
        lines = sorted(self._days.pop(self._day, []), key=lambda event: event[0])
        self.rows += len(lines)
        data = "".join(text for _, text in lines).encode()
        if self._day == self._last_day:
            (self._folder / "Master.csv").write_bytes(data)
        else:
            _write_archive(self._folder / f"Master.csv.{stamp(self._day)}.gz", data, compresslevel=1)
        self._day += 1
