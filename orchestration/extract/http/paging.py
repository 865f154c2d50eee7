"""From one page of an API to the next: what is asked, and when the last one is there.

Here belongs: the requests of a window in their order, as a function of what was read so far. Not here: sending them
(client.py), keeping the pages (land.py).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from orchestration.config import Feed
from orchestration.extract.http.client import Answer, Request
from orchestration.extract.http.records import Misplaced, at
from orchestration.extract.http.settings import PLACE, Http, Window
from orchestration.extract.landing import moment

_ABSENT = "\x00absent"


class Shifted(Exception):
    """The number of records changed while they were paged: some may have moved over to a page that was read already."""


@dataclass(frozen=True)
class Reading:
    """How far a window was read; kept beside its pages, so that a build that was killed goes on here.

    `origin` is how far the feed was read before; `start` and `end` (UTC, ISO) bound the window, `token` is what the
    next request goes on with and `first_token` what the first one did. `records` counts as the API does, `lines` what
    is landed; `content` is the sum of their hashes. `turn` counts how often the window was begun.
    """

    settings: str
    begun_at: str
    path: str
    origin: str | None = None
    start: str | None = None
    end: str | None = None
    first_token: str | None = None
    token: str | None = None
    last_token: str | None = None
    pages: int = 0
    records: int = 0
    lines: int = 0
    content: str = "0"
    total: int | None = None
    turn: int = 1
    is_done: bool = False

    def anew(self) -> Reading:
        """The same window from its first page."""
        return replace(
            self, token=self.first_token, last_token=None, pages=0, records=0, lines=0, content="0", total=None,
            turn=self.turn + 1, is_done=False,
        )  # fmt: skip


def request_of(feed: Feed, url: str, reading: Reading) -> Request:
    """The next request. `url` is the feed's with the variables of the environment in it. Raises InputError for an unset
    variable."""
    said = feed.http
    assert said is not None
    if said.paging.kind in ("next_url", "link") and reading.token is not None:
        return Request(said.method, reading.token, {}, _body(feed, said, reading))
    values = _values(said, reading)
    query = {
        name: _filled(feed.expand(text, f"http.query.{name}"), values)
        for name, text in said.query.items()
        if reading.token is not None or "cursor" not in PLACE.findall(text)
    }
    escaped = {name: quote(value, safe="") for name, value in values.items()}
    return Request(said.method, _filled(url, escaped), query, _body(feed, said, reading))


def follow(said: Http, reading: Reading, answer: Answer, count: int, whole: Callable[[str], str]) -> Reading:
    """The reading after a page of `count` records. `whole` makes an address of the API whole, or refuses it.

    Raises Misplaced when the answer lacks what paging needs, Shifted when records may have moved between pages.
    """
    paging, seen = said.paging, reading.records + count
    token = answer.next_url if paging.kind == "link" else at(answer.body, paging.token) if paging.token else None
    token = None if token in (None, False, "") else str(token)
    if token is not None and paging.kind in ("next_url", "link"):
        token = whole(token)
    total = _total(answer.body, paging.total)
    after = replace(
        reading,
        pages=reading.pages + 1,
        records=seen,
        token=token,
        last_token=token or reading.last_token,
        total=total,
    )
    if reading.total is not None and total is not None and total != reading.total:
        raise Shifted
    is_done = paging.kind == "none" or answer.body is None
    if answer.body is not None and paging.end is not None:
        is_done = is_done or _flag(answer.body, paging.end, "end")
    if answer.body is not None and paging.more is not None:
        is_done = is_done or not _flag(answer.body, paging.more, "more")
    if paging.kind in ("page", "offset"):
        is_last = count == 0 or (paging.size is not None and count < paging.size)
        is_done = is_done or is_last or (total is not None and seen >= total)
        if is_done and total is not None and seen < total:
            raise Shifted
    elif token is None:
        is_done = True
    return replace(after, is_done=is_done)


def written(text: str, window: Window) -> str:
    """An instant (UTC, ISO) as the API wants it."""
    when = moment(text).replace(tzinfo=ZoneInfo("UTC"))
    if window.format in ("epoch_s", "epoch_ms"):
        return str(int(when.timestamp()) * (1 if window.format == "epoch_s" else 1000))
    local: datetime = when.astimezone(ZoneInfo(window.timezone))
    if window.format != "iso":
        return local.strftime(window.format)
    said = local.isoformat(timespec="seconds")
    return said.removesuffix("+00:00") + "Z" if window.timezone == "UTC" else said


def _values(said: Http, reading: Reading) -> dict[str, str]:
    values = {"page": str(said.paging.first + reading.pages), "offset": str(reading.records)}
    if reading.token is not None:
        values["cursor"] = reading.token
    if said.window is not None and reading.start and reading.end:
        values |= {"from": written(reading.start, said.window), "to": written(reading.end, said.window)}
    return values


def _filled(text: str, values: dict[str, str]) -> str:
    return PLACE.sub(lambda match: values.get(match[1], match[0]), text)


def _body(feed: Feed, said: Http, reading: Reading) -> bytes | None:
    if said.body is None:
        return None
    values = {"cursor": _ABSENT} | _values(said, reading)
    # Variables first: what an API gives as its cursor must not name one.
    text = feed.expand(said.body, "http.body")
    escaped = {name: json.dumps(value)[1:-1] for name, value in values.items()}
    try:
        found = json.loads(_filled(text, escaped))
    except ValueError:
        names = ", ".join(sorted(set(re.findall(r"\$\{(\w+)", said.body))))
        raise feed.error("the body is no JSON with the variables in it.", "http.body", f"look at {names}.") from None
    return json.dumps(_pruned(found), ensure_ascii=False, separators=(",", ":")).encode()


def _pruned(value: Any) -> Any:
    """A value without the members that stand for a cursor that is not known yet."""
    if isinstance(value, dict):
        return {name: _pruned(inner) for name, inner in value.items() if not _is_absent(inner)}
    return [_pruned(inner) for inner in value if not _is_absent(inner)] if isinstance(value, list) else value


def _is_absent(value: Any) -> bool:
    return isinstance(value, str) and _ABSENT in value


def _flag(body: Any, path: str, key: str) -> bool:
    found = at(body, path)
    if found is None:
        raise Misplaced(f"nothing at {path} (paging.{key})")
    return found is True or str(found).lower() in ("true", "1", "yes")


def _total(body: Any, path: str | None) -> int | None:
    if path is None or body is None:
        return None
    found = at(body, path)
    try:
        return int(found)
    except (TypeError, ValueError):
        raise Misplaced(f"no number at {path} (paging.total)") from None
