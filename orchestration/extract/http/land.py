"""Landing of an API: which windows are asked for, their pages as they arrive, and one object for each window.

Here belongs: what lies in a feed's landing folder while and after an API is asked. Not here: one request (client.py),
the order of pages (paging.py).

Each page is kept as JSON lines in `_pages` before the next one is asked for, with the reading that it ends; a build
that was killed goes on there. A window that is read to its end becomes an object, then the feed's last look moves on:
killed between the two, the same object is put in place again.
"""

from __future__ import annotations

import gzip
import json
import os
import re
import shutil
from collections.abc import Iterable
from dataclasses import asdict, fields, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from orchestration import paths
from orchestration.config import Feed
from orchestration.errors import storing
from orchestration.extract.answers import Looked, hash_of, keep, last_look, note_look
from orchestration.extract.http.client import Client, Refused
from orchestration.extract.http.paging import Reading, Shifted, follow, request_of
from orchestration.extract.http.prometheus import ranges
from orchestration.extract.http.records import Misplaced, exploded, line, mixed, records_of
from orchestration.extract.http.settings import PROMETHEUS_POINTS, Http, Window
from orchestration.extract.landing import ORIGINAL, LandingReport, Manifest, moment, read_manifests, sweep

_PAGES, _READING = "_pages", "reading.json"
_RESUMED_WITHIN = timedelta(hours=1)  # pages of a list that goes on changing do not fit together for longer
_MOST_TURNS = 3
_STALE = (400, 404, 410, 422)  # what APIs say of a place in the pages that they no longer know
_NOT_DONE = "1970-01-01T00:00:00+00:00"  # the time of a look that left windows unread: they are asked for at once
_PROMETHEUS_S = 86_400


def land_api(feed: Feed, root: Path, now: datetime) -> LandingReport:
    """Land what an API has that is new; `now` (UTC) becomes `extracted_at` of new objects.

    Killed at any moment, the next call goes on at the page that was asked for, or asks for the window again. Raises
    InputError for an API that does not answer, refuses or answers otherwise than configured, and for a full disk.
    """
    said = feed.http
    assert said is not None
    report = LandingReport(feed.name, files=1)
    settings = hash_of(json.dumps(said.asked(), sort_keys=True))[:16]
    with storing(root):
        folder = paths.make_private(paths.landing_dir(root, feed.name), root)
        sweep(folder)
        known = {manifest.object_id: manifest for manifest in read_manifests(feed.name, root)}
        before = last_look(folder, settings)
        if before and before.is_recent(now, said.at_most_every_s):
            report.known_objects += list(known)
            return report
        name = api_name(said)
        with Client(feed, name) as client:
            _Landing(feed, said, folder, client, name, settings, known, report, now).all_windows(before)
    return report


def api_name(said: Http) -> str:
    """How lineage calls an API: by the path of its url; the host and what the environment holds are not told."""
    path = re.sub(r"^(https?://[^/]*|\$\{\w+(:-[^}]*)?\})", "", said.url)
    return "http" + re.sub(r"[?#].*", "", path).rstrip("/")


class _Landing:
    """One look at an API."""

    def __init__(
        self,
        feed: Feed,
        said: Http,
        folder: Path,
        client: Client,
        name: str,
        settings: str,
        known: dict[str, Manifest],
        report: LandingReport,
        now: datetime,
    ) -> None:
        self._feed, self._said, self._folder, self._client, self._name = feed, said, folder, client, name
        self._settings, self._known, self._report, self._now = settings, known, report, now
        self._pages = folder / _PAGES
        # Requests and contents of the window so far -> page: one that comes twice would never end, or hide another.
        self._asked: dict[str, int] = {}
        self._contents: dict[str, int] = {}

    def all_windows(self, before: Looked | None) -> None:
        """Read every window up to now, and note how far that is."""
        cursor = before.cursor if before else None
        reading = self._left(before) or self._begin(cursor, is_first=True)
        while reading is not None:
            reading = self._read(reading)
            self._keep(reading)
            cursor = self._reached(reading)
            note_look(self._folder, Looked(_NOT_DONE, self._settings, cursor))
            shutil.rmtree(self._pages, ignore_errors=True)
            goes_on = self._said.window is not None and not self._said.paging.keep
            reading = self._begin(cursor) if goes_on else None
        note_look(self._folder, Looked(self._now.isoformat(), self._settings, cursor))

    # --- windows -----------------------------------------------------------------------------------------

    def _begin(self, cursor: str | None, is_first: bool = False) -> Reading | None:
        """The first reading of the next window; None when all is read. The first of a look overlaps the last one."""
        shutil.rmtree(self._pages, ignore_errors=True)
        begun, window = self._now.isoformat(), self._said.window
        token = cursor if self._said.paging.keep else None
        if window is None:
            path = f"{self._name}?after={hash_of(token)[:8]}" if token else self._name
            return Reading(self._settings, begun, path, cursor, first_token=token, token=token)
        start, end = self._bounds(window, None if self._said.paging.keep else cursor, is_first)
        if start >= end and token is None:
            return None
        path = f"{self._name}?from={_shown(start)}&to={_shown(end)}"
        if token:
            path = f"{self._name}?after={hash_of(token)[:8]}"
        bounds = start.isoformat(), end.isoformat()
        return Reading(self._settings, begun, path, cursor, *bounds, first_token=token, token=token)

    def _bounds(self, window: Window, cursor: str | None, is_first: bool) -> tuple[datetime, datetime]:
        """The next window: its begin and end (UTC)."""
        midnight = datetime.combine(window.start, datetime.min.time(), ZoneInfo(window.timezone))
        start = midnight.astimezone(UTC)
        end = moment(self._now.isoformat()).replace(tzinfo=UTC, microsecond=0) - timedelta(seconds=window.lag_s)
        reach = start if window.reach_days is None else end - timedelta(days=window.reach_days)
        if cursor is not None:
            reached = moment(cursor).replace(tzinfo=UTC)
            if reached < reach:
                self._report.warnings.append(
                    f"{self._name}: what lies between {_shown(reached)} and {_shown(reach)} was never read, and the "
                    "API no longer reaches back to it (reach_days)"
                )
            start = max(start, reached - timedelta(seconds=window.overlap_s if is_first else 0))
        start, most = max(start, reach), window.most_s
        if self._said.prometheus is not None:
            step = self._said.prometheus.step_s
            start, end = _floor(start, step), _floor(end, step)
            most = max(step, min(most or _PROMETHEUS_S, PROMETHEUS_POINTS * step) // step * step)
        return start, end if most is None else min(end, start + timedelta(seconds=most))

    def _reached(self, reading: Reading) -> str | None:
        """How far a whole reading brought the feed."""
        if self._said.paging.keep:
            return reading.last_token or reading.first_token
        return reading.end

    def _left(self, before: Looked | None) -> Reading | None:
        """The reading that a former build did not end, if it still fits."""
        file = self._pages / _READING
        if not file.exists():
            return None
        said = json.loads(file.read_text("utf-8"))
        if said.keys() != {item.name for item in fields(Reading)}:  # another version of callmart wrote it
            return None
        found = Reading(**said)
        begun = moment(found.begun_at)
        is_young = timedelta() <= moment(self._now.isoformat()) - begun < _RESUMED_WITHIN
        is_next = found.origin == (before.cursor if before else None)
        is_open = before is None or moment(before.at) < begun
        if found.settings != self._settings or not (is_young and is_next and is_open):
            return None
        for page in self._page_files()[found.pages :]:
            page.unlink()
        return found

    # --- pages -------------------------------------------------------------------------------------------

    def _read(self, reading: Reading) -> Reading:
        """Read a window to its end, keeping each page."""
        paths.make_private(self._pages, self._folder)
        self._asked, self._contents = {}, {}
        for page in self._page_files():
            number, asked, digest = page.name.split(".")[0].split("-")
            self._asked[asked], self._contents[digest] = int(number), int(number)
        is_first = True
        while not reading.is_done:
            try:
                reading = self._page(reading)
            except Shifted:
                if reading.turn >= _MOST_TURNS:
                    shutil.rmtree(self._pages)  # the next build has its own turns
                    raise self._client.error(
                        f"the number of records does not fit the pages, {_MOST_TURNS} times in a row: records come and "
                        "go while they are read.",
                        "ask for a window that ends earlier (lag_s), or correct paging.total.",
                    ) from None
                reading = self._anew(reading)
            except Refused as error:
                if error.status not in _STALE or not is_first or not (reading.pages or reading.token):
                    raise
                reading = self._anew(reading)
            is_first = False
        return reading

    def _anew(self, reading: Reading) -> Reading:
        """Begin a window again; where even its first page is refused, without what the API gave to go on with."""
        for page in self._page_files():
            page.unlink()
        self._asked, self._contents = {}, {}
        if reading.pages:
            return reading.anew()
        self._report.warnings.append(
            f"{self._name}: the API no longer knows where the last look ended; everything is asked for again"
        )
        return replace(reading, first_token=None).anew()

    def _page(self, reading: Reading) -> Reading:
        """Ask for one page and keep it; the reading after it."""
        said = self._said
        try:
            if said.prometheus is not None:
                assert reading.start and reading.end
                bounds = (moment(text).replace(tzinfo=UTC) for text in (reading.start, reading.end))
                records: Iterable[Any] = ranges(self._client, said.prometheus, *bounds)
                return self._put(replace(reading, pages=1, is_done=True), records, "range")
            if reading.pages >= said.limits.pages:
                raise self._client.error(
                    f"there is no end after {reading.pages} pages.", "correct paging, or raise limits.pages."
                )
            request = request_of(self._feed, self._client.url, reading)
            asked = hash_of(repr(request))[:16]
            if asked in self._asked:
                raise self._client.error(
                    "the API names the same page as the next one twice; it would never end.",
                    "see that paging.token is what names the next page, and paging.end or paging.more what ends them.",
                )
            answer = self._client.ask(request)
            found = records_of(answer.body, said)
            after = follow(said, reading, answer, len(found), self._client.same_place)
            return self._put(after, exploded(found, said.explode), asked)
        except Misplaced as error:
            raise self._client.error(
                f"the answer has not the form that the configuration says: {error}.",
                "correct records, explode or paging in the configuration.",
            ) from error

    def _put(self, after: Reading, records: Iterable[Any], asked: str) -> Reading:
        """Keep a page with the reading that it ends."""
        before = int(after.content, 16)
        written, count, content = self._pages / "_page.tmp", 0, 0
        with written.open("wb") as raw, gzip.GzipFile("", "wb", 6, raw, mtime=0) as target:
            for record in records:
                text = line(record)
                target.write(text + b"\n")
                content, count = mixed([text], content), count + 1
        digest = f"{content:064x}"[-16:]
        if count and self._said.paging.kind in ("page", "offset") and digest in self._contents:
            raise self._client.error(
                f"page {after.pages} has the records of page {self._contents[digest]}.",
                "see where the API expects {page} or {offset}; if all is right, build again.",
            )
        self._asked[asked], self._contents[digest] = after.pages, after.pages
        paths.put(written, self._pages / f"{after.pages:06}-{asked}-{digest}.jsonl.gz")
        after = replace(after, lines=after.lines + count, content=f"{(before + content) % (1 << 256):x}")
        paths.put_json(self._pages / _READING, asdict(after))
        self._report.read += 1
        return after

    def _page_files(self) -> list[Path]:
        return sorted(self._pages.glob("*.jsonl.gz"))

    def _keep(self, reading: Reading) -> None:
        """Put the pages of a whole reading in place as one object; a window without records leaves none."""
        is_whole_list = reading.start is None and reading.first_token is None
        if not reading.lines and not is_whole_list:
            return
        temporary = self._folder / f"_{os.getpid()}.tmp"
        temporary.mkdir(mode=paths.PRIVATE)
        try:
            with (temporary / ORIGINAL).open("wb") as target:
                for page in self._page_files():
                    with page.open("rb") as source:
                        shutil.copyfileobj(source, target)
                target.flush()
                os.fsync(target.fileno())
            object_id = hash_of(f"{self._settings} {reading.lines} {reading.content}")
            keep(self._feed, self._folder, temporary, self._known, self._report, reading.path, object_id, self._now)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)


def _shown(when: datetime) -> str:
    return f"{when:%Y-%m-%dT%H:%M:%SZ}"


def _floor(when: datetime, step_s: int) -> datetime:
    seconds = int(when.timestamp()) // step_s * step_s
    return datetime.fromtimestamp(seconds, UTC)
