"""Proof of who asks: authentication of requests, with secrets that only the environment holds.

Here belongs: turning a feed's `auth` into what httpx adds to a request. Not here: sending it (client.py).

The algorithms are those of the vendors' public documents: API 3.0 signature of Tencent Cloud (TC3-HMAC-SHA256), and the
signature of the sorted query (HMAC-SHA1 or -SHA256) of RPC APIs.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import uuid
from collections.abc import Generator
from datetime import UTC, datetime
from urllib.parse import quote

import httpx

from orchestration.config import Feed

_JSON = "application/json; charset=utf-8"
_Flow = Generator[httpx.Request, httpx.Response, None]


class Header(httpx.Auth):
    """A secret in a header."""

    def __init__(self, name: str, value: str) -> None:
        self._name, self._value = name, value

    def auth_flow(self, request: httpx.Request) -> _Flow:
        request.headers[self._name] = self._value
        yield request


class Tc3(httpx.Auth):
    """TC3-HMAC-SHA256: method, path, query, two headers and the body are signed with a key of the day (UTC)."""

    requires_request_body = True

    def __init__(self, key_id: str, secret: str, service: str, action: str, version: str, region: str | None) -> None:
        self._id, self._secret, self._service = key_id, secret, service
        self._action, self._version, self._region = action, version, region

    def auth_flow(self, request: httpx.Request) -> _Flow:
        now = datetime.now(UTC)
        request.headers["Content-Type"] = _JSON
        request.headers["X-TC-Action"] = self._action
        request.headers["X-TC-Version"] = self._version
        request.headers["X-TC-Timestamp"] = str(int(now.timestamp()))
        if self._region:
            request.headers["X-TC-Region"] = self._region
        request.headers["Authorization"] = self.authorization(request, now)
        yield request

    def authorization(self, request: httpx.Request, now: datetime) -> str:
        """The header of a request that is sent at `now` (UTC)."""
        signed = ("content-type", "host")
        lines = "".join(f"{name}:{request.headers[name]}\n" for name in signed)
        names = ";".join(signed)
        query = request.url.query.decode()
        body = hashlib.sha256(request.content).hexdigest()
        canonical = "\n".join((request.method, request.url.path, query, lines, names, body))
        scope = f"{now:%Y-%m-%d}/{self._service}/tc3_request"
        hashed = hashlib.sha256(canonical.encode()).hexdigest()
        text = f"TC3-HMAC-SHA256\n{int(now.timestamp())}\n{scope}\n{hashed}"
        key = f"TC3{self._secret}".encode()
        for part in scope.split("/"):
            key = hmac.new(key, part.encode(), hashlib.sha256).digest()
        signature = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
        return f"TC3-HMAC-SHA256 Credential={self._id}/{scope}, SignedHeaders={names}, Signature={signature}"


class QuerySignature(httpx.Auth):
    """The signature of the method and the sorted query, put into the query with a nonce and the time (UTC)."""

    def __init__(self, key_id: str, secret: str, algorithm: str) -> None:
        self._id, self._secret, self._algorithm = key_id, secret, algorithm

    def auth_flow(self, request: httpx.Request) -> _Flow:
        said = {
            "AccessKeyId": self._id,
            "SignatureMethod": f"HMAC-{self._algorithm.upper()}",
            "SignatureNonce": str(uuid.uuid4()),
            "SignatureVersion": "1.0",
            "Timestamp": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        }
        signed = self.signed(request.method, dict(request.url.params) | said)
        request.url = request.url.copy_with(query=signed.encode())
        yield request

    def signed(self, method: str, query: dict[str, str]) -> str:
        """The query with its signature."""
        sorted_query = "&".join(f"{_escaped(name)}={_escaped(query[name])}" for name in sorted(query))
        text = f"{method}&{_escaped('/')}&{_escaped(sorted_query)}"
        digest = hmac.new(f"{self._secret}&".encode(), text.encode(), self._algorithm).digest()
        return f"{sorted_query}&Signature={_escaped(base64.b64encode(digest).decode())}"


def _escaped(text: str) -> str:
    return quote(text, safe="-_.~")


def authentication(feed: Feed) -> httpx.Auth | None:
    """What proves a feed's requests. Raises InputError for a variable that is not set or can't be sent."""
    assert feed.http is not None
    said = feed.http.auth

    def value(key: str) -> str:
        found = feed.expand(getattr(said, key), f"http.auth.{key}")
        if not found.isascii() or not found.isprintable() or found != found.strip():
            raise feed.error(
                f"the value for {key} has spaces at an end, a line end or signs that no header can hold.",
                f"http.auth.{key}",
                f"set the variable in {getattr(said, key)} to the secret alone (a line end often comes from a file).",
                "secret",
            )
        return found

    match said.kind:
        case "bearer":
            return Header("Authorization", f"Bearer {value('token')}")
        case "basic":
            return httpx.BasicAuth(value("user"), value("password"))
        case "header":
            return Header(said.name or "", value("value"))
        case "tc3":
            return Tc3(
                value("id"), value("secret"), said.service or "", said.action or "", said.version or "", said.region
            )
        case "query_signature":
            return QuerySignature(value("id"), value("secret"), said.hash)
    return None


def without_secrets(feed: Feed, text: str) -> str:
    """A text with every secret of the feed left out."""
    assert feed.http is not None
    for said in feed.http.auth.secrets:
        text = text.replace(feed.expand(said, "http.auth"), "…")
    return text
