"""One request to an API, asked until it is answered, refused, or patience ends.

Here belongs: connections, what is tried again and when, redirects, sizes, and the words of a failure. Not here: which
request comes next (paging.py), and what an answer means (records.py).

Tried again is what passes by itself: connections that fail or drop, answers that end in the middle, 408, 425, 429 and
5xx, and failures that the configuration lists. The wait is what the API asks for (Retry-After), else it grows by
chance up to a minute.
"""

from __future__ import annotations

import email.utils
import ipaddress
import json
import logging
import math
import ssl
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from http import HTTPStatus
from types import TracebackType
from typing import Any
from urllib.parse import unquote

import httpx
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt
from tenacity.stop import stop_base
from tenacity.wait import wait_random_exponential

from orchestration.config import Feed
from orchestration.errors import InputError
from orchestration.extract.http.records import at
from orchestration.extract.http.signing import authentication, without_secrets
from orchestration.extract.masking import mask_text

_AGAIN = {408, 425, 429}
_REDIRECTS = {301, 302, 303, 307, 308}
_MOST_REDIRECTS = 5
_LONGEST_ANSWER_S = 600  # an answer that drips for longer is dropped
_GROWING = wait_random_exponential(multiplier=1, max=60)
_TODO = {
    400: "compare url, query and body in the configuration with the API's documentation.",
    401: "see that the variables in auth hold a valid secret, and that auth is of the kind that the API asks for.",
    403: "let the API's owner allow this user or key to read these records.",
    404: "correct the url in the configuration.",
}
# These two tell whole addresses, whose queries hold ids, signatures and places in the data.
for _name in ("httpx", "httpcore"):
    logging.getLogger(_name).setLevel(logging.WARNING)


def sleep(seconds: float) -> None:
    """Wait; tests put another in its place."""
    time.sleep(seconds)


@dataclass(frozen=True)
class Request:
    """One request; `url` is whole, `query` is added to its own."""

    method: str
    url: str
    query: dict[str, str]
    body: bytes | None = None


@dataclass(frozen=True)
class Answer:
    """What came back: the JSON value (None for no content), and the address that the header Link calls next."""

    body: Any
    next_url: str | None = None


class Refused(InputError):
    """The API understood the request and does not answer it (4xx); asking the same again is useless."""

    def __init__(self, status: int, problem: str, **where: Any) -> None:
        self.status = status
        super().__init__(problem, **where)


class _Passing(Exception):
    """A failure that may pass by itself; `wait_s` is what the API asks for."""

    def __init__(self, reason: str, wait_s: float | None = None) -> None:
        self.reason, self.wait_s = reason, wait_s
        super().__init__(reason)


class Client:
    """Asks one feed's API. Use it as a context manager."""

    def __init__(self, feed: Feed, name: str) -> None:
        """`name` is what errors call the API. Raises InputError for an address or a secret that can't be used."""
        assert feed.http is not None
        self._feed, self._name, self._said, self._limits = feed, name, feed.http, feed.http.limits
        self.url = feed.expand(feed.http.url, "http.url")
        self._base = self._checked(self.url)
        self._auth = authentication(feed)
        timeout = httpx.Timeout(self._limits.read_s, connect=self._limits.connect_s)
        headers = {"User-Agent": "callmart", "Accept": "application/json"} | feed.http.headers
        self._http = httpx.Client(timeout=timeout, headers=headers, verify=_trusted())
        self._asked_at = -math.inf

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def ask(self, request: Request) -> Answer:
        """The answer to a request. Raises Refused for a 4xx, InputError for an API that does not answer in time, or
        with what is no JSON, too large, or elsewhere."""
        retrying = Retrying(
            sleep=sleep,
            wait=_wait,
            stop=stop_after_attempt(self._limits.attempts) | _Patience(self._limits.patience_s),
            retry=retry_if_exception_type(_Passing),
            reraise=True,
        )
        try:
            return retrying(self._once, request)
        except _Passing as error:
            attempts = retrying.statistics["attempt_number"]
            raise self.error(
                f"the API does not answer: {error.reason} ({attempts} attempts).",
                "see that the API can be reached from here and works; the next build goes on where this one stopped.",
            ) from None  # what httpx tells may hold an address

    def same_place(self, url: str) -> str:
        """An address of the API, whole. Raises InputError for one at another host, which must not see secrets."""
        try:
            found = self._base.join(url)
        except httpx.InvalidURL:
            raise self.error(
                "the API sends on to an address that can't be read.", "see what it gives at paging.token."
            ) from None
        if _origin(found) != _origin(self._base) or found.userinfo:
            raise self.error(
                "the API sends on to another host, which is not asked: it would see the secrets.",
                "write the address of the host that answers into url.",
            )
        if without_secrets(self._feed, unquote(str(found))) != unquote(str(found)):
            raise self.error(
                "the API writes a secret into the address of the next page, where it would be kept.",
                "let the configuration make the address: paging cursor, with the token that the API gives.",
            )
        return str(found)

    def error(self, problem: str, todo: str) -> InputError:
        """An error about the API, in words without a secret."""
        return InputError(self._told(problem), file=self._name, rule="http", todo=todo)

    # --- one attempt -------------------------------------------------------------------------------------

    def _once(self, asked: Request) -> Answer:
        headers = {"Content-Type": "application/json"} if asked.body is not None else {}
        url = httpx.URL(asked.url)
        if asked.query:
            url = url.copy_merge_params(asked.query)
        for _ in range(_MOST_REDIRECTS):
            request = self._http.build_request(asked.method, url, headers=headers, content=asked.body)
            self._pace()
            try:
                response = self._http.send(request, auth=self._auth, stream=True)
                try:
                    if response.status_code in _REDIRECTS:
                        url = self._redirected(asked, response)
                        continue
                    return self._answer(response)
                finally:
                    response.close()
            except (httpx.TransportError, httpx.DecodingError) as error:
                raise _Passing(_words(error)) from error
        raise self.error("the API sends on from address to address.", "write the last address into url.")

    def _pace(self) -> None:
        """Wait until the next request is due."""
        if self._limits.requests_per_minute is not None:
            due = self._asked_at + 60 / self._limits.requests_per_minute
            left = due - time.monotonic()
            if left > 0:
                sleep(left)
            self._asked_at = max(due, time.monotonic())

    def _redirected(self, asked: Request, response: httpx.Response) -> httpx.URL:
        if asked.method != "GET" and response.status_code not in (307, 308):
            raise self.error(f"the API answers a {asked.method} with {_status(response)}.", _TODO[404])
        return httpx.URL(self.same_place(response.headers.get("Location", "")))

    def _answer(self, response: httpx.Response) -> Answer:
        status = response.status_code
        if status in _AGAIN or status >= 500:
            raise _Passing(f"it says {_status(response)}", _asked_wait(response))
        text = self._text(response)
        if status >= 400:
            said = " ".join(text.split())[:200]
            raise self._refused(status, f"{_status(response)}{f' ({said})' if said else ''}")
        link = response.links.get("next", {}).get("url")
        if status == HTTPStatus.NO_CONTENT:
            return Answer(None, link)
        try:
            body = json.loads(text, parse_float=_number, parse_constant=_no_number)
        except (ValueError, RecursionError):
            if not {"content-length", "transfer-encoding"} & set(response.headers):
                raise _Passing("the answer ends in the middle") from None
            kind = response.headers.get("content-type", "unknown")
            raise self.error(
                f"the answer is no JSON (its type is {kind!r}).",
                "see that url is the API's and not a page for people, and that the API is asked for JSON.",
            ) from None
        self._check_failure(body)
        return Answer(body, link)

    def _text(self, response: httpx.Response) -> str:
        limit, begun = self._limits.answer_mb << 20, time.monotonic()
        blocks, size = [], 0
        for block in response.iter_bytes(1 << 16):
            size += len(block)
            if size > limit:
                raise self.error(
                    f"an answer is larger than {self._limits.answer_mb} MB.",
                    "ask for fewer records a page, or for a shorter window (most_s); or raise limits.answer_mb.",
                )
            if time.monotonic() - begun > _LONGEST_ANSWER_S:
                raise _Passing("the answer does not end")
            blocks.append(block)
        encoding = response.charset_encoding or "utf-8"
        try:
            return b"".join(blocks).decode("utf-8-sig" if encoding.lower() in ("utf-8", "utf8") else encoding)
        except (UnicodeDecodeError, LookupError):
            raise self.error(
                f"the answer is no text in {encoding}, as it should be.", "let the API's owner correct its answers."
            ) from None

    def _check_failure(self, body: Any) -> None:
        """Raise for an answer that says of itself that it is a failure."""
        said = self._said.failure
        if said is None:
            return
        found = at(body, said.at)
        if found in (None, False, "") or (said.ok and str(found) in said.ok):
            return
        code = str(at(body, said.code) if said.code else found)[:100]
        message = str(at(body, said.message) or "")[:200] if said.message else ""
        told = f"it says {code}{f' ({message})' if message else ''}"
        if code in said.retry:
            raise _Passing(self._told(told))
        raise self._refused(HTTPStatus.BAD_REQUEST, told)

    # --- words -------------------------------------------------------------------------------------------

    def _refused(self, status: int, said: str) -> Refused:
        text = self._told(f"the API refuses the request: {said}.")
        return Refused(status, text, file=self._name, rule="http", todo=_TODO.get(status, _TODO[400]))

    def _checked(self, url: str) -> httpx.URL:
        def problem(text: str, todo: str) -> InputError:
            return self._feed.error(text, "http.url", todo, "http")

        try:
            found = httpx.URL(url)
        except httpx.InvalidURL:
            raise problem("the url can't be read.", "correct it, or the variable that it names.") from None
        if found.scheme not in ("http", "https") or not found.host:
            raise problem(
                "the url does not begin with https:// and a host.", "correct it, or the variable that it names."
            )
        if found.userinfo:
            raise problem("the url holds a user or password.", "write them into auth.")
        if found.scheme == "http" and not (self._said.allow_plain_http or _is_this_machine(found.host)):
            raise problem(
                "the url is not encrypted (http://): secrets and records could be read on the way.",
                "use https://, or put `allow_plain_http: true` if the network is your own.",
            )
        return found

    def _told(self, text: str) -> str:
        """A text of the API without secrets and telephone numbers."""
        return mask_text(without_secrets(self._feed, text)) or ""


@cache
def _trusted() -> ssl.SSLContext:
    """The authorities that vouch for hosts; read once for all feeds, as they are many."""
    return httpx.create_ssl_context()


class _Patience(stop_base):
    """Ends the attempts before the waits between them are longer than `most_s` together."""

    def __init__(self, most_s: float) -> None:
        self._most_s = most_s

    def __call__(self, state: RetryCallState) -> bool:
        return state.idle_for + state.upcoming_sleep > self._most_s


def _wait(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    asked = error.wait_s if isinstance(error, _Passing) else None
    return _GROWING(state) if asked is None else asked


def _asked_wait(response: httpx.Response) -> float | None:
    """Seconds by Retry-After, which names them or a date; against the API's own clock where it tells it."""
    said = response.headers.get("Retry-After", "").strip()
    if said.isdigit():
        return float(said)
    until, now = _date(said), _date(response.headers.get("Date", "")) or datetime.now(UTC)
    return None if until is None else max(0.0, (until - now).total_seconds())


def _date(text: str) -> datetime | None:
    try:
        found = email.utils.parsedate_to_datetime(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _status(response: httpx.Response) -> str:
    return f"{response.status_code} {response.reason_phrase}".strip()


def _words(error: httpx.RequestError) -> str:
    """What happened, without what httpx tells of the request."""
    for kind, words in (
        (httpx.ConnectTimeout, "no connection in time"),
        (httpx.TimeoutException, "silence for too long"),
        (httpx.ConnectError, "no connection"),
        (httpx.RemoteProtocolError, "the connection was dropped"),
        (httpx.DecodingError, "the answer is packed wrongly"),
    ):
        if isinstance(error, kind):
            return words
    return "the connection broke"


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _number(text: str) -> float | str:
    """A number with a fraction; as text where a float would not hold it, so that no digit is lost."""
    value = float(text)
    return value if math.isfinite(value) and Decimal(text) == Decimal(repr(value)) else text


def _no_number(text: str) -> Any:
    raise ValueError(f"{text} is no JSON")
