"""The first set-up of a Metabase: a key that works, whatever interrupts."""

from __future__ import annotations

import pytest

from metabase.client import Client
from metabase.errors import MetabaseError, UnknownError
from metabase.setup import set_up
from tests.metabase.fake import FakeMetabase


def key_of(server: FakeMetabase) -> str:
    """The key that a set-up gives, by a command of its own."""
    client = Client("http://metabase", None, transport=server.transport, sleep=lambda seconds: None)
    return set_up(client, "admin@example.com", "secret", "zh")


@pytest.mark.parametrize("failure", ["before", "after"])
@pytest.mark.parametrize(
    "asked",
    [("POST", "/api/setup"), ("GET", "/api/api-key"), ("GET", "/api/permissions/group"), ("POST", "/api/api-key")],
)
def test_a_set_up_that_was_interrupted_goes_on_and_leaves_one_key(asked: tuple[str, str], failure: str) -> None:
    server = FakeMetabase({})
    server.fail = lambda number, method, path: failure if (method, path) == asked else None
    with pytest.raises(UnknownError):
        key_of(server)
    server.fail = lambda number, method, at: None
    assert key_of(server) in server.keys
    assert [name for name, _ in server.named_keys.values()] == ["callmart"]


def test_a_second_set_up_makes_the_key_anew_and_the_former_one_is_worth_nothing() -> None:
    server = FakeMetabase({})
    former = key_of(server)
    assert key_of(server) in server.keys - {former} and former not in server.keys


def test_a_set_up_leaves_the_telemetry_off_though_metabase_turns_it_on() -> None:
    server = FakeMetabase({})
    server.fail = lambda number, method, path: "before" if path == "/api/setting/anon-tracking-enabled" else None
    with pytest.raises(MetabaseError):
        key_of(server)
    assert server.settings == {"anon-tracking-enabled": True}
    server.fail = lambda number, method, at: None
    key_of(server)
    assert server.settings == {"anon-tracking-enabled": False}


def test_a_set_up_leaves_alone_what_the_environment_says() -> None:
    server = FakeMetabase({})
    server.settings_of_environment = {"anon-tracking-enabled"}
    server.settings = {"anon-tracking-enabled": False}
    assert key_of(server) in server.keys
