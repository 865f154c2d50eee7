"""Requests to a Metabase, with patience.

Belongs here: what may be asked again and what may not, and failures told in one line. Not here: which requests.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import httpx
import tenacity

from metabase.errors import MetabaseError, UnknownError

_TRIES = 5
_TIMEOUT_S = 60.0


class Client:
    """A Metabase at `url`; `key` is an API key of an administrator, None before there is one."""

    def __init__(
        self,
        url: str,
        key: str | None,
        *,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] | None = None,
    ) -> None:
        headers = {"x-api-key": key} if key else {}
        self._http = httpx.Client(
            base_url=url.rstrip("/"), headers=headers, timeout=_TIMEOUT_S, transport=transport, follow_redirects=False
        )
        self.pause = sleep or tenacity.nap.sleep

    def get(self, path: str, **query: str) -> Any:
        """Asked again when the server is busy or out of reach."""
        return self._patiently(lambda: self._once("GET", path, params=query))

    def put(self, path: str, body: Any) -> Any:
        """As get: putting the same twice is putting it once."""
        return self._patiently(lambda: self._once("PUT", path, json=body))

    def post(self, path: str, body: Any, *, is_repeatable: bool = False) -> Any:
        """Asked once, unless twice is as good as once. UnknownError when it may have been done all the same."""
        ask = partial(self._once, "POST", path, json=body)
        return self._patiently(ask) if is_repeatable else ask()

    def sign_in(self, session: str) -> None:
        """From now on in the name of a person who signed in."""
        self._http.headers["x-metabase-session"] = session

    def create(self, path: str, body: Any, find: Callable[[], int | None]) -> int:
        """The number of what was created. When it is not known whether the server did it, `find` looks before it is
        asked again, so that nothing is made twice."""

        is_asked = False

        def attempt() -> int:
            nonlocal is_asked
            if is_asked and (found := find()) is not None:
                return found
            is_asked = True
            return int(self.post(path, body)["id"])

        return int(self._patiently(attempt))

    def permit(self, path: str, groups: dict[str, Any]) -> None:
        """Rights of groups, added to a graph that Metabase changes only for those who know its latest revision."""

        def attempt() -> None:
            revision = self._once("GET", path)["revision"]
            self._once("PUT", path, json={"revision": revision, "groups": groups})

        self._patiently(attempt)

    def close(self) -> None:
        """Gives the connection back."""
        self._http.close()

    def _patiently(self, ask: Callable[[], Any]) -> Any:
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(UnknownError),
            stop=tenacity.stop_after_attempt(_TRIES),
            wait=tenacity.wait_exponential(multiplier=0.5, max=8),
            sleep=self.pause,
            reraise=True,
        )
        return retrying(ask)

    def _once(self, method: str, path: str, **parts: Any) -> Any:
        where = f"{method} {path}"
        try:
            answer = self._http.request(method, path, **parts)
        except httpx.TransportError as error:
            todo = "see whether CALLMART_METABASE_URL is right and Metabase runs, then run the command again."
            raise UnknownError(f"Metabase does not answer ({type(error).__name__}).", where=where, todo=todo) from error
        if answer.status_code in (401, 403):
            todo = "set CALLMART_METABASE_KEY to an API key of the group Administrators."
            raise MetabaseError("Metabase does not accept the key.", where=where, todo=todo)
        if answer.status_code >= 500 or answer.status_code in (409, 429):
            todo = "see Metabase's log, then run the command again: it goes on where it stopped."
            raise UnknownError(f"Metabase failed ({answer.status_code}).", where=where, todo=todo)
        if answer.status_code >= 300:
            said = " ".join(answer.text.split())[:300]
            raise MetabaseError(f"Metabase refused ({answer.status_code}): {said}.", where=where)
        return answer.json() if answer.content else None
