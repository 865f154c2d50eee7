"""What a configuration says of an HTTP API that a feed is read from.

Here belongs: the models of the key `http`, and what of them contradicts itself. Not here: asking (client.py), and the
other keys of a feed (orchestration/config). Secrets are named (`${VARIABLE}`), never written.
"""

from __future__ import annotations

import difflib
import json
import re
from datetime import date
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

PLACES = ("from", "to", "page", "offset", "cursor")
"""What a request may hold in braces: the bounds of the window, and the place in the pages."""
PLACE = re.compile(r"(?<!\$)\{(\w+)\}")
# What Prometheus gives of one series in one answer at most.
PROMETHEUS_POINTS = 11_000


def wrong(text: str, kind: Literal["http", "secret"] = "http") -> PydanticCustomError:
    """A problem in the words that the reader sees. Of the kind `secret` it is told without the value."""
    return PydanticCustomError(kind, "{text}", {"text": text})


def _named(value: str) -> str:
    if not re.fullmatch(r"\$\{\w+\}", value):
        raise wrong("a secret is not written here but kept in the environment and named, like ${CRM_TOKEN}", "secret")
    return value


Text = Annotated[str, Field(min_length=1)]
Secret = Annotated[str, AfterValidator(_named)]
"""The name of an environment variable, as `${NAME}`."""


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Auth(_Model):
    """How the API knows who asks. `tc3` is the signature of Tencent Cloud's API 3.0; `query_signature` signs the sorted
    query by HMAC as RPC APIs of Alibaba Cloud ask for."""

    kind: Literal["none", "bearer", "basic", "header", "tc3", "query_signature"] = "none"
    token: Secret | None = None
    user: Text | None = None
    password: Secret | None = None
    name: Text | None = None
    value: Secret | None = None
    id: Secret | None = None
    secret: Secret | None = None
    service: Text | None = None
    action: Text | None = None
    version: Text | None = None
    region: Text | None = None
    hash: Literal["sha1", "sha256"] = "sha1"

    @model_validator(mode="after")
    def _complete(self) -> Auth:
        needs = {
            "none": (),
            "bearer": ("token",),
            "basic": ("user", "password"),
            "header": ("name", "value"),
            "tc3": ("id", "secret", "service", "action", "version"),
            "query_signature": ("id", "secret"),
        }
        takes = {*needs[self.kind], "kind", *{"tc3": ("region",), "query_signature": ("hash",)}.get(self.kind, ())}
        lacking = [key for key in needs[self.kind] if getattr(self, key) is None]
        if lacking:
            raise wrong(f"auth {self.kind} needs {' and '.join(lacking)}")
        if extra := sorted(self.model_fields_set - takes):
            raise wrong(f"auth {self.kind} takes no {extra[0]}")
        return self

    @property
    def secrets(self) -> tuple[str, ...]:
        """What is never told, by the names of the variables that hold it."""
        return tuple(said for said in (self.token, self.password, self.value, self.id, self.secret) if said)


class Explode(_Model):
    """Records inside a record: each item of the array at `at` becomes one, with members of its parent that `carry`
    names (name in the new record -> path in the parent; it takes the place of a member of that name). An item that is
    no object becomes a member called like the array."""

    at: Text
    carry: dict[str, Text] = Field(default_factory=dict)


class Paging(_Model):
    """The way from page to page, and what ends it. `page` counts from `first`, `offset` counts records; both end with
    an empty page, one of fewer than `size` records, or `total` records. `cursor` finds a `token` in the answer for the
    next request, `next_url` a whole address there, `link` one in the header Link; they end where there is none. `more`
    (true: go on) and `end` (true: stop) are flags in the answer. `keep`: the next look goes on at the last token."""

    kind: Literal["none", "page", "offset", "cursor", "next_url", "link"] = "none"
    first: int = 1
    size: Annotated[int, Field(ge=1)] | None = None
    total: Text | None = None
    token: Text | None = None
    more: Text | None = None
    end: Text | None = None
    keep: bool = False

    @model_validator(mode="after")
    def _fits(self) -> Paging:
        takes = {
            "none": (),
            "page": ("first", "size", "total", "more", "end"),
            "offset": ("size", "total", "more", "end"),
            "cursor": ("token", "more", "end", "keep"),
            "next_url": ("token", "more", "end", "keep"),
            "link": ("more", "end"),
        }[self.kind]
        if extra := sorted(self.model_fields_set - {"kind", *takes}):
            raise wrong(f"paging {self.kind} takes no {extra[0]}")
        if "token" in takes and self.token is None:
            raise wrong(f"paging {self.kind} needs token, the path of what names the next page in the answer")
        return self


class Window(_Model):
    """The time range of a request, `{from}` up to `{to}`. The first begins on `start`, each later one `overlap_s`
    before the end of the last, for records that come late; none ends later than `lag_s` before now or spans more than
    `most_s`. `reach_days`: further back the API knows nothing. Times are written as `epoch_s`, `epoch_ms`, `iso`, or by
    a format such as `%Y-%m-%d %H:%M:%S`, in `timezone`."""

    start: date
    format: str = "epoch_s"
    timezone: str = "UTC"
    most_s: Annotated[int, Field(ge=60)] | None = None
    overlap_s: int = Field(default=0, ge=0)
    lag_s: int = Field(default=0, ge=0)
    reach_days: Annotated[int, Field(ge=1)] | None = None

    @field_validator("format")
    @classmethod
    def _known_format(cls, value: str) -> str:
        if value not in ("epoch_s", "epoch_ms", "iso") and "%" not in value:
            raise wrong("a format is epoch_s, epoch_ms, iso, or like %Y-%m-%d %H:%M:%S")
        return value

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, OSError, ValueError) as error:
            raise wrong("this is not a time zone; use an IANA name (Asia/Shanghai)") from error
        return value

    @model_validator(mode="after")
    def _moves_on(self) -> Window:
        if self.most_s is not None and self.most_s <= self.overlap_s:
            raise wrong("most_s must be more than overlap_s, or the window never moves on")
        return self


class Failure(_Model):
    """How an answer of status 200 says that it is none: a value at `at`, other than the `ok` ones (without them any but
    0). The failures whose `code` is listed in `retry` pass by themselves."""

    at: Text
    ok: tuple[str, ...] = ()
    code: Text | None = None
    message: Text | None = None
    retry: tuple[str, ...] = ()


class Prometheus(_Model):
    """Range queries of Prometheus, joined by labels and time: a record for each series and step, with `at` (ISO, UTC,
    the beginning of the step), `metric` (the labels) and one member for each query."""

    queries: dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")], Text] = Field(min_length=1)
    step_s: int = Field(default=60, ge=1)

    @field_validator("queries")
    @classmethod
    def _names_are_free(cls, value: dict[str, str]) -> dict[str, str]:
        for taken in ("at", "metric"):
            if taken in value:
                raise wrong(f"a query can't be called {taken}: the record has such a member")
        return value


class Limits(_Model):
    """What is borne: attempts of a request and seconds of waiting between them, seconds for a connection and for
    silence in an answer, size of an answer, pages of a window, requests a minute."""

    attempts: int = Field(default=8, ge=1, le=100)
    patience_s: int = Field(default=900, ge=0)
    connect_s: float = Field(default=10, gt=0)
    read_s: float = Field(default=60, gt=0)
    answer_mb: int = Field(default=32, ge=1, le=1024)
    pages: int = Field(default=100_000, ge=1)
    requests_per_minute: Annotated[float, Field(gt=0)] | None = None


class Http(_Model):
    """An HTTP API that a feed is read from: one request, repeated over windows and pages. `records` is the path of the
    array of records in the answer (nothing: the answer is the array). In url, query and body `${VARIABLE}` stands for
    the environment, and `{from}`, `{to}`, `{page}`, `{offset}`, `{cursor}` for the place; what holds `{cursor}` is left
    out of the first request."""

    url: str = Field(pattern=r"^(https?://|\$\{\w+(:-[^}]*)?\}).*$")
    method: Literal["GET", "POST"] = "GET"
    query: dict[str, str] = Field(default_factory=dict)
    headers: dict[str, str] = Field(default_factory=dict)
    body: str | None = None
    records: str = ""
    explode: tuple[Explode, ...] = ()
    paging: Paging = Paging()
    window: Window | None = None
    auth: Auth = Auth()
    failure: Failure | None = None
    prometheus: Prometheus | None = None
    limits: Limits = Limits()
    at_most_every_s: int = Field(default=60, ge=0, le=86400)
    allow_plain_http: bool = False

    @field_validator("headers")
    @classmethod
    def _no_secret(cls, value: dict[str, str]) -> dict[str, str]:
        for name in value:
            if name.lower() in ("authorization", "cookie", "proxy-authorization"):
                raise wrong(f"{name} belongs to auth, which keeps it from being told")
        return value

    @model_validator(mode="after")
    def _fits(self) -> Http:
        texts = [self.url, *self.query.values(), self.body or ""]
        places = {name for text in texts for name in PLACE.findall(text)}
        if unknown := sorted(places - set(PLACES)):
            close = difflib.get_close_matches(unknown[0], PLACES, n=1)
            hint = f"; did you mean {{{close[0]}}}?" if close else ""
            raise wrong(f"{{{unknown[0]}}} stands for nothing{hint}")
        if self.prometheus is not None:
            extra = {"method", "query", "body", "records", "explode", "paging", "failure"} & self.model_fields_set
            if extra or places:
                raise wrong(f"prometheus takes no {', '.join(sorted(extra)) or 'place in its url'}")
            if self.window is None:
                raise wrong("prometheus needs a window")
            return self
        for name, kind in (("page", "page"), ("offset", "offset"), ("cursor", "cursor")):
            if (name in places) != (self.paging.kind == kind):
                raise wrong(f"paging {kind} and {{{name}}} in query or body go together")
        if self.window is None and places & {"from", "to"}:
            raise wrong("{from} and {to} need a window")
        if self.window is not None and "from" not in places:
            raise wrong("a window needs {from} in url, query or body")
        if self.body is not None:
            self._check_body()
        return self

    def _check_body(self) -> None:
        if self.method != "POST":
            raise wrong("a body needs method POST")
        filled = re.sub(r"\$\{\w+\}", "0", PLACE.sub("0", self.body or ""))
        try:
            is_object = isinstance(json.loads(filled), dict)
        except ValueError as error:
            raise wrong('the body is no JSON; write places as {from} or, for texts, "{from}"') from error
        if not is_object:
            raise wrong("the body must be a JSON object")

    def asked(self) -> dict[str, Any]:
        """What decides which records are asked for; how, how often and by whom is left out."""
        said = self.model_dump(
            mode="json", exclude={"auth", "limits", "at_most_every_s", "allow_plain_http", "failure"}
        )
        if self.window is not None:
            said["window"] = {"start": said["window"]["start"]}
        return said
