"""APIs reach the lake like files: every page and every window once, whatever the network does meanwhile.

Here belongs: what holds for every HTTP API, against a server in this process. Not here: the form of a vendor's answers
(test_http_adapters.py), and what a configuration may say (test_http_settings.py).
"""

from __future__ import annotations

import email.utils
import gzip
import json
import logging
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest

from orchestration import paths
from orchestration.config import Config, parse_config
from orchestration.errors import InputError
from orchestration.extract.http import client
from orchestration.extract.landing import ORIGINAL, Manifest, live_objects, read_manifests
from tests.orchestration.api_server import Api, Asked, Reply, serving
from tests.orchestration.extract_kit import CENTRE, NOW, Kit, read

FEED = """\
sources:
  canonical:
    feeds:
      ticket:
        http:
          url: {url}/v1/tickets
          at_most_every_s: 0
{more}
        mapping:
          ticket_id: id
          created_at: created
          status: state
          record_updated_at: updated
"""
PAGES = "query: {page: '{page}'}\npaging: {kind: page}\nrecords: items"
CURSOR = "query: {after: '{cursor}'}\npaging: {kind: cursor, token: next}\nrecords: items"
WINDOW = "query: {since: '{from}', until: '{to}'}\nrecords: items\nwindow: "
SECRET = "s3cr3t-of-the-crm-0815"


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Seconds that the connector would have waited."""
    found: list[float] = []
    monkeypatch.setattr(client, "sleep", found.append)
    monkeypatch.setenv("NO_PROXY", "*")
    return found


@pytest.fixture(scope="module")
def server() -> Iterator[Api]:
    with serving(lambda asked: Reply(status=404)) as found:
        yield found


@pytest.fixture
def api(server: Api, waits: list[float]) -> Api:
    server.asked = []
    return server


class ApiKit(Kit):
    """A kit whose configuration is checked once for all tests that say the same: nothing of it lies beside the file."""

    @property
    def config(self) -> Config:
        return _parsed((self.base / "callmart.yaml").read_text("utf-8"))


@lru_cache
def _parsed(text: str) -> Config:
    return parse_config(text, Path("callmart.yaml"))


def kit_of(folder: Path, api: Api, said: str) -> Kit:
    """A feed of tickets from the API; `said` stands below `http`."""
    more = "".join(f"          {text}\n" for text in said.splitlines())
    kit = ApiKit(folder, "canonical.ticket")
    kit.configure(CENTRE + FEED.format(url=api.url, more=more))
    return kit


def ticket(number: int, state: str = "open", updated: str = "2026-03-05 10:00:00") -> dict[str, Any]:
    return {"id": number, "created": "2026-03-05 10:00:00", "state": state, "updated": updated}


def states(kit: Kit, now: datetime = NOW) -> dict[str, str]:
    """Tickets in the lake; a ticket that stood there twice, or a row that went astray, fails."""
    kit.refresh(now)
    files = sorted(paths.lake_dir(kit.root, kit.feed).glob("dt=2*/part-0.parquet"))
    rows = [row for file in files for row in read(file)]
    assert len({row["ticket_id"] for row in rows}) == len(rows)
    return {row["ticket_id"]: row["status"] for row in rows}


def ids(kit: Kit, now: datetime = NOW) -> list[int]:
    """Land, and the tickets of the objects that count; the way from there to the lake is the same for all."""
    kit.land(now)
    return sorted({record["id"] for record in landed(kit)})


def landed(kit: Kit) -> list[dict[str, Any]]:
    files = [paths.object_dir(kit.root, kit.feed, m.object_id) / ORIGINAL for m in live_objects(manifests(kit))]
    return [json.loads(text) for file in files for text in gzip.decompress(file.read_bytes()).splitlines()]


def manifests(kit: Kit) -> list[Manifest]:
    return read_manifests(kit.feed, kit.root)


def objects(kit: Kit) -> int:
    return len(manifests(kit))


def numbered(numbers: list[int], size: int, **more: Any) -> Callable[[Asked], Reply]:
    """Pages of tickets by number, from 1."""

    def answer(asked: Asked) -> Reply:
        begin = (int(asked.query["page"]) - 1) * size
        return Reply({"items": [ticket(number) for number in numbers[begin : begin + size]], **more})

    return answer


# --- pages -----------------------------------------------------------------------------------------------


def answer_any(asked: Asked) -> Reply:
    """Seven tickets, three to a page, in the manner that the path names."""
    begin = int(asked.query.get("offset") or asked.query.get("after") or (int(asked.query.get("page", 1)) - 1) * 3)
    items = [ticket(number) for number in range(1, 8)][begin : begin + 3]
    is_last = begin + 3 >= 7
    body: dict[str, Any] = {"data": {"items": items}, "total": 7, "more": not is_last, "end": is_last}
    headers = {}
    if not is_last:
        body |= {"next": str(begin + 3), "url": f"/v1/tickets?after={begin + 3}"}
        headers["Link"] = f'</v1/tickets?after={begin + 3}>; rel="next", </v1/tickets>; rel="first"'
    return Reply(body, headers=headers)


@pytest.mark.parametrize(
    ("said", "requests"),
    [
        ("query: {page: '{page}'}\npaging: {kind: page}", 4),
        ("query: {page: '{page}'}\npaging: {kind: page, size: 3}", 3),
        ("query: {page: '{page}'}\npaging: {kind: page, total: total}", 3),
        ("query: {page: '{page}'}\npaging: {kind: page, more: more}", 3),
        ("query: {offset: '{offset}'}\npaging: {kind: offset}", 4),
        ("query: {offset: '{offset}'}\npaging: {kind: offset, end: end}", 3),
        ("query: {after: '{cursor}'}\npaging: {kind: cursor, token: next}", 3),
        ("query: {after: '{cursor}'}\npaging: {kind: cursor, token: next, end: end}", 3),
        ("paging: {kind: next_url, token: url}", 3),
        ("paging: {kind: link}", 3),
    ],
)
def test_every_kind_of_paging_reads_every_record_and_stops(api: Api, tmp_path: Path, said: str, requests: int) -> None:
    api.answer = answer_any
    assert ids(kit_of(tmp_path, api, f"records: data.items\n{said}")) == [1, 2, 3, 4, 5, 6, 7]
    assert len(api.asked) == requests


def test_the_first_request_of_a_cursor_leaves_it_out_of_query_and_body(api: Api, tmp_path: Path) -> None:
    def answer(asked: Asked) -> Reply:
        assert asked.headers["content-type"] == "application/json"
        return Reply({"items": [ticket(len(api.asked))], "next": 'a"b' if len(api.asked) == 1 else None})

    api.answer = answer
    said = "method: POST\nrecords: items\npaging: {kind: cursor, token: next}\n"
    said += 'body: \'{"limit": 100, "page": {"after": "{cursor}"}}\''
    assert ids(kit_of(tmp_path, api, said)) == [1, 2]
    assert [asked.json for asked in api.asked] == [
        {"limit": 100, "page": {}},
        {"limit": 100, "page": {"after": 'a"b'}},
    ]


def test_a_cursor_cannot_name_a_variable_of_the_environment(
    api: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRM_TOKEN", SECRET)
    api.answer = lambda asked: Reply({"items": [], "next": "${CRM_TOKEN}" if len(api.asked) == 1 else None})
    kit_of(tmp_path, api, CURSOR).land()
    assert api.queries("after") == [None, "${CRM_TOKEN}"]


def test_a_record_that_comes_twice_counts_once(api: Api, tmp_path: Path) -> None:
    api.answer = lambda asked: Reply(
        {"items": [ticket(1), ticket(len(api.asked) + 1)], "next": str(len(api.asked)) if len(api.asked) < 3 else None}
    )
    kit = kit_of(tmp_path, api, CURSOR)
    assert sorted(states(kit)) == ["1", "2", "3", "4"]
    assert kit.accounting().rows_in == 6 and kit.accounting().duplicates == 2


def test_a_next_page_that_was_read_already_stops_the_build_instead_of_looping(api: Api, tmp_path: Path) -> None:
    api.answer = lambda asked: Reply({"items": [ticket(1)], "next": "again"})
    with pytest.raises(InputError, match="twice; it would never end"):
        kit_of(tmp_path, api, f"{CURSOR}\nlimits: {{pages: 9}}").land()
    assert len(api.asked) == 2


def test_an_api_that_does_not_heed_the_page_is_told_instead_of_read_for_ever(api: Api, tmp_path: Path) -> None:
    api.answer = lambda asked: Reply({"items": [ticket(1)]})
    with pytest.raises(InputError, match="page 2 has the records of page 1"):
        kit_of(tmp_path, api, PAGES).land()


def test_an_end_that_never_comes_is_bounded(api: Api, tmp_path: Path) -> None:
    api.answer = lambda asked: Reply({"items": [], "next": str(len(api.asked))})
    with pytest.raises(InputError, match="no end after 5 pages"):
        kit_of(tmp_path, api, f"{CURSOR}\nlimits: {{pages: 5}}").land()


def test_pages_whose_total_changes_are_read_again(api: Api, tmp_path: Path) -> None:
    """A ticket that is put in front while page 1 is read moves another one over to it: it would be missed."""
    numbers = [2, 3, 4, 5]

    def answer(asked: Asked) -> Reply:
        if len(api.asked) == 2:
            numbers.insert(0, 1)
        return numbered(numbers, 2, total=len(numbers))(asked)

    api.answer = answer
    said = "query: {page: '{page}'}\nrecords: items\npaging: {kind: page, total: total}"
    assert ids(kit_of(tmp_path, api, said)) == [1, 2, 3, 4, 5]
    assert api.queries("page") == ["1", "2", "1", "2", "3"]


@pytest.mark.parametrize("is_growing", [True, False])
def test_a_total_that_never_fits_the_pages_is_told(api: Api, tmp_path: Path, is_growing: bool) -> None:
    numbers = [1, 2, 3]
    api.answer = lambda asked: numbered(numbers, 2, total=10 + len(api.asked) * is_growing)(asked)
    said = "query: {page: '{page}'}\nrecords: items\npaging: {kind: page, total: total}"
    kit = kit_of(tmp_path, api, said)
    for _ in range(2):
        api.asked.clear()
        with pytest.raises(InputError, match="does not fit the pages, 3 times"):
            kit.land()
        assert objects(kit) == 0 and api.queries("page").count("1") == 3


# --- records ---------------------------------------------------------------------------------------------


def test_records_inside_records_carry_what_their_parents_know(api: Api, tmp_path: Path) -> None:
    created = {"at": "2026-03-05 10:00:00"}
    batches = [
        {"id": "b1", "when": created, "tickets": [{"id": 1, "state": "open"}, {"id": 2, "state": "solved"}]},
        {"id": "b2", "when": created, "tickets": []},
        {"id": "b3", "when": created},
        {"id": "b4", "when": created, "tickets": [{"id": 3, "state": "open", "updated": "2026-03-06"}]},
    ]
    api.answer = lambda asked: Reply({"batches": batches})
    said = "records: batches\nexplode: [{at: tickets, carry: {created: when.at, updated: when.at}}]"
    kit = kit_of(tmp_path, api, said)
    assert states(kit) == {"1": "open", "2": "solved", "3": "open"}
    versions = {str(row["record_updated_at"]) for row in kit.partition("2026-03-05")}
    assert versions == {"2026-03-05 02:00:00"}  # what is carried takes the place of the child's own


def test_no_digit_of_a_number_is_lost(api: Api, tmp_path: Path) -> None:
    api.answer = lambda asked: Reply(
        b'[{"id": 12345678901234567890123, "a": 0.10, "b": 12345678901234567.89, "c": 1e999}]'
    )
    kit = kit_of(tmp_path, api, "records: ''")
    kit.land()
    (manifest,) = manifests(kit)
    original = paths.object_dir(kit.root, kit.feed, manifest.object_id) / ORIGINAL
    assert (
        gzip.decompress(original.read_bytes())
        == b'{"a":0.1,"b":"12345678901234567.89","c":"1e999","id":12345678901234567890123}\n'
    )


def test_chinese_text_and_a_broken_character_neither_stop_a_build_nor_get_lost(api: Api, tmp_path: Path) -> None:
    api.answer = lambda asked: Reply(
        b'[{"id": "\xe5\xb7\xa5\xe5\x8d\x95-1", "created": "2026-03-05 10:00:00", "state": "open"},'
        b' {"id": "\\ud83d", "created": "2026-03-05 10:00:00", "state": "open"}]'
    )
    kit = kit_of(tmp_path, api, "records: ''")
    assert states(kit) == {"工单-1": "open"}
    assert [row["rule"] for row in kit.refused()] == ["malformed_json"]


def test_an_answer_in_another_encoding_is_read_by_its_header(api: Api, tmp_path: Path) -> None:
    text = json.dumps([ticket(1) | {"id": "工单"}], ensure_ascii=False)
    headers = {"Content-Type": "application/json; charset=gb18030"}
    api.answer = lambda asked: Reply(text.encode("gb18030"), headers=headers)
    kit = kit_of(tmp_path, api, "records: ''")
    kit.land()
    assert [record["id"] for record in landed(kit)] == ["工单"]


def test_a_list_without_a_window_is_the_whole_truth_each_time(api: Api, tmp_path: Path) -> None:
    api.answer = lambda asked: Reply({"items": [ticket(1), ticket(2)]})
    kit = kit_of(tmp_path, api, "records: items")
    assert ids(kit) == [1, 2]
    api.answer = lambda asked: Reply({"items": [ticket(2), ticket(1)]})  # in another order it is the same answer
    assert ids(kit, NOW + timedelta(minutes=1)) == [1, 2] and objects(kit) == 1
    api.answer = lambda asked: Reply({"items": [ticket(2)]})
    assert sorted(states(kit, NOW + timedelta(minutes=2))) == ["2"]
    api.answer = lambda asked: Reply({"items": None})
    assert states(kit, NOW + timedelta(minutes=3)) == {}


# --- windows ---------------------------------------------------------------------------------------------


def test_each_look_goes_on_where_the_last_ended_less_the_overlap(api: Api, tmp_path: Path) -> None:
    """The second ticket was written late, into the time that the first look had read already."""
    api.answer = lambda asked: Reply({"items": [ticket(1)] if len(api.asked) == 1 else [ticket(1), ticket(2)]})
    kit = kit_of(tmp_path, api, WINDOW + "{start: 2026-03-10, format: iso, overlap_s: 600, lag_s: 60}")
    assert ids(kit) == [1]
    assert sorted(states(kit, NOW + timedelta(hours=1))) == ["1", "2"]
    assert api.queries("since") == ["2026-03-10T00:00:00Z", "2026-03-10T07:49:00Z"]
    assert api.queries("until") == ["2026-03-10T07:59:00Z", "2026-03-10T08:59:00Z"]


def test_a_long_time_is_asked_for_in_pieces_that_leave_nothing_between_them(api: Api, tmp_path: Path) -> None:
    api.answer = lambda asked: Reply({"items": [ticket(len(api.asked))]})
    kit = kit_of(tmp_path, api, WINDOW + "{start: 2026-03-08, most_s: 86400}")
    assert ids(kit) == [1, 2, 3]
    since, until = api.queries("since"), api.queries("until")
    assert since[0] == str(int(datetime(2026, 3, 8, tzinfo=UTC).timestamp())) and until[-1] == str(int(NOW.timestamp()))
    assert since[1:] == until[:-1]
    assert len(list(paths.landing_dir(kit.root, kit.feed).glob("*/manifest.json"))) == 3


@pytest.mark.parametrize(
    ("form", "since"),
    [
        ("epoch_s, timezone: Asia/Shanghai", "1772985600"),
        ("epoch_ms, timezone: Asia/Shanghai", "1772985600000"),
        ("iso, timezone: UTC", "2026-03-09T00:00:00Z"),
        ("iso, timezone: Asia/Shanghai", "2026-03-09T00:00:00+08:00"),
        ("'%Y-%m-%d %H:%M:%S', timezone: Asia/Shanghai", "2026-03-09 00:00:00"),
    ],
)
def test_a_window_is_written_as_the_api_wants_it(api: Api, tmp_path: Path, form: str, since: str) -> None:
    api.answer = lambda asked: Reply({"items": []})
    kit_of(tmp_path, api, WINDOW + f"{{start: 2026-03-09, format: {form}}}").land()
    assert api.queries("since") == [since]


def test_what_the_api_no_longer_knows_is_not_asked_for_and_a_gap_is_told(api: Api, tmp_path: Path) -> None:
    api.answer = lambda asked: Reply({"items": []})
    kit = kit_of(tmp_path, api, WINDOW + "{start: 2026-01-01, format: iso, reach_days: 2}")
    assert kit.land().warnings == []
    report = kit.land(NOW + timedelta(days=5))
    assert api.queries("since") == ["2026-03-08T08:00:00Z", "2026-03-13T08:00:00Z"]
    assert "between 2026-03-10T08:00:00Z and 2026-03-13T08:00:00Z was never read" in report.warnings[0]


def test_an_api_is_not_asked_again_before_its_time(api: Api, tmp_path: Path) -> None:
    api.answer = lambda asked: Reply({"items": [ticket(1)]})
    kit = kit_of(tmp_path, api, "records: items")
    kit.configure((tmp_path / "callmart.yaml").read_text("utf-8").replace("every_s: 0", "every_s: 60"))
    for seconds in (0, 30, 59):
        assert ids(kit, NOW + timedelta(seconds=seconds)) == [1]
    assert len(api.asked) == 1
    ids(kit, NOW + timedelta(seconds=60))
    assert len(api.asked) == 2


def test_a_window_without_records_leaves_no_object_and_is_not_asked_for_again(api: Api, tmp_path: Path) -> None:
    api.answer = lambda asked: Reply({"items": []})
    kit = kit_of(tmp_path, api, WINDOW + "{start: 2026-03-10}")
    kit.land()
    kit.land(NOW + timedelta(minutes=1))
    assert objects(kit) == 0 and api.queries("since")[1] == str(int(NOW.timestamp()))


def test_another_question_is_asked_from_the_start_and_another_secret_is_not(
    api: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRM_TOKEN", SECRET)
    api.answer = lambda asked: Reply({"items": []})
    said = WINDOW + "{start: 2026-03-10, format: iso}"
    kit_of(tmp_path, api, said).land()
    kit_of(tmp_path, api, said + "\nauth: {kind: bearer, token: '${CRM_TOKEN}'}").land(NOW + timedelta(hours=1))
    kit_of(tmp_path, api, said.replace("query: {", "query: {brand: b, ")).land(NOW + timedelta(hours=2))
    assert api.queries("since") == ["2026-03-10T00:00:00Z", "2026-03-10T08:00:00Z", "2026-03-10T00:00:00Z"]


KEPT = CURSOR.replace("token: next}", "token: next, end: end, keep: true}").replace(
    "{after:", "{since: '{from}', after:"
)
KEPT += "\nwindow: {start: 2026-03-01}"


def test_a_kept_cursor_goes_on_with_the_next_look(api: Api, tmp_path: Path) -> None:
    def answer(asked: Asked) -> Reply:
        count = len(api.asked)
        return Reply({"items": [ticket(count)], "next": f"c{count}", "end": count != 1})

    api.answer = answer
    kit = kit_of(tmp_path, api, KEPT)
    assert ids(kit) == [1, 2]
    assert ids(kit, NOW + timedelta(hours=1)) == [1, 2, 3]
    assert api.queries("after") == [None, "c1", "c2"]


def test_a_kept_cursor_that_the_api_forgot_is_told_and_everything_is_asked_for_again(api: Api, tmp_path: Path) -> None:
    def answer(asked: Asked) -> Reply:
        if asked.query.get("after") == "c1":
            return Reply({"error": "unknown cursor"}, status=422)
        return Reply({"items": [ticket(1), ticket(len(api.asked))], "next": f"c{len(api.asked)}", "end": True})

    api.answer = answer
    kit = kit_of(tmp_path, api, KEPT)
    kit.land()
    assert "no longer knows where the last look ended" in kit.land(NOW + timedelta(hours=1)).warnings[0]
    assert ids(kit, NOW + timedelta(hours=1)) == [1, 3, 4]


# --- what the network does -------------------------------------------------------------------------------


def after(*failures: Reply) -> Callable[[Asked], Reply]:
    """Answers with two pages of tickets once the failures are through."""
    left = list(failures)

    def answer(asked: Asked) -> Reply:
        if asked.query["page"] == "2" and left:
            return left.pop(0)
        return numbered([1, 2, 3], 2)(asked)

    return answer


@pytest.mark.parametrize(
    "failure",
    [
        Reply({}, 500),
        Reply({}, 503),
        Reply({}, 408),
        Reply({}, 429),
        Reply({"items": [ticket(8), ticket(9)]}, cut=True),
        Reply(b'{"items": [{"id"', is_open_ended=True),
        Reply(b"no gzip", headers={"Content-Encoding": "gzip"}),
    ],
    ids=["500", "503", "408", "429", "dropped", "open end", "wrongly packed"],
)
def test_what_passes_by_itself_is_asked_again(api: Api, waits: list[float], tmp_path: Path, failure: Reply) -> None:
    api.answer = after(failure, failure)
    assert ids(kit_of(tmp_path, api, PAGES)) == [1, 2, 3]
    assert len(waits) == 2 and all(0 <= wait <= 4 for wait in waits)


def test_retry_after_is_kept_to_be_it_seconds_or_a_date_by_the_api_s_clock(
    api: Api, waits: list[float], tmp_path: Path
) -> None:
    there = datetime(2031, 5, 1, 12, 0, tzinfo=UTC)  # the API's clock is years ahead
    dates = {
        "Date": email.utils.format_datetime(there, usegmt=True),
        "Retry-After": email.utils.format_datetime(there + timedelta(seconds=40), usegmt=True),
    }
    api.answer = after(Reply({}, 429, {"Retry-After": "7"}), Reply({}, 503, dates))
    assert ids(kit_of(tmp_path, api, PAGES)) == [1, 2, 3]
    assert waits == [7, 40]


def test_patience_ends_with_the_attempts(api: Api, waits: list[float], tmp_path: Path) -> None:
    api.answer = lambda asked: Reply({}, 500)
    with pytest.raises(InputError, match=r"500 Internal Server Error \(4 attempts\)") as told:
        kit_of(tmp_path, api, f"{PAGES}\nlimits: {{attempts: 4}}").land()
    assert told.value.exit_code == 2 and len(api.asked) == 4 and len(waits) == 3


def test_patience_ends_before_a_wait_that_is_too_long(api: Api, waits: list[float], tmp_path: Path) -> None:
    api.answer = lambda asked: Reply({}, 429, {"Retry-After": "60"})
    with pytest.raises(InputError, match="429 Too Many Requests"):
        kit_of(tmp_path, api, f"{PAGES}\nlimits: {{patience_s: 150}}").land()
    assert waits == [60, 60]


def test_silence_is_not_waited_out(api: Api, waits: list[float], tmp_path: Path) -> None:
    is_over = threading.Event()

    def answer(asked: Asked) -> Reply:
        if len(api.asked) == 1:
            is_over.wait(10)  # by then the second request has long been answered
        return Reply({"items": [ticket(1)]})

    api.answer = answer
    try:
        assert ids(kit_of(tmp_path, api, "records: items\nlimits: {read_s: 0.2}")) == [1]
    finally:
        is_over.set()
    assert len(waits) == 1


def test_everything_is_rebuilt_from_landing_without_the_api(api: Api, tmp_path: Path) -> None:
    api.answer = numbered([1, 2, 3], 2)
    kit = kit_of(tmp_path, api, PAGES)
    before = states(kit)
    for folder in ("lake", "tmp"):
        shutil.rmtree(kit.root / folder, ignore_errors=True)
    for typed in kit.root.rglob("typed.parquet"):
        typed.unlink()
    api.answer = lambda asked: Reply({}, 500)
    with pytest.raises(InputError):
        kit.land(NOW + timedelta(hours=1))
    kit.configure((tmp_path / "callmart.yaml").read_text("utf-8").replace("every_s: 0", "every_s: 86400"))
    assert states(kit) == before


def test_an_api_that_is_not_there_is_told_without_its_address(api: Api, waits: list[float], tmp_path: Path) -> None:
    kit = kit_of(tmp_path, api, PAGES)
    kit.configure((tmp_path / "callmart.yaml").read_text("utf-8").replace(api.url, "http://127.0.0.1:9"))
    with pytest.raises(InputError, match="no connection") as told:
        kit.land()
    assert "127.0.0.1" not in str(told.value) and "http/v1/tickets" in str(told.value)


def test_requests_keep_their_distance(api: Api, waits: list[float], tmp_path: Path) -> None:
    api.answer = numbered([1, 2, 3], 2)
    kit_of(tmp_path, api, f"{PAGES}\nlimits: {{requests_per_minute: 30}}").land()
    assert len(api.asked) == 3 and len(waits) == 2 and all(1.5 < wait <= 4 for wait in waits)


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (Reply({"error": "bad"}, 400), '400 Bad Request ({"error": "bad"})'),
        (Reply({}, 401), "let|variables in auth hold a valid secret"),
        (Reply({}, 403), "allow this user or key"),
        (Reply({}, 404), "correct the url"),
        (Reply(b"<html>log in</html>", headers={"Content-Type": "text/html"}), "no JSON (its type is 'text/html')"),
        (Reply(b"\xff\xfe"), "no text in utf-8"),
        (Reply({"tickets": []}), "nothing at items; its members are tickets"),
        (Reply({"items": {"1": {}}}), "an object, no array at items"),
        (Reply({"items": "x" * (2 << 20)}), "larger than 1 MB"),
        (Reply([]), "nothing at items"),
    ],
)
def test_an_answer_that_is_of_no_use_is_told_at_once(
    api: Api, waits: list[float], tmp_path: Path, reply: Reply, words: str
) -> None:
    api.answer = lambda asked: reply
    kit = kit_of(tmp_path, api, f"{PAGES}\nlimits: {{answer_mb: 1}}")
    with pytest.raises(InputError) as told:
        kit.land()
    assert words.rpartition("|")[2] in str(told.value) and "What to do:" in str(told.value)
    assert (len(api.asked), waits, objects(kit), told.value.exit_code) == (1, [], 0, 2)


def test_a_flag_that_is_missing_is_told_and_not_taken_for_the_end(api: Api, tmp_path: Path) -> None:
    api.answer = lambda asked: Reply({"items": [ticket(1)], "meta": {}})
    said = "query: {page: '{page}'}\nrecords: items\npaging: {kind: page, more: meta.has_more}"
    with pytest.raises(InputError, match=r"nothing at meta\.has_more"):
        kit_of(tmp_path, api, said).land()


FAILURE = "\nfailure: {at: code, ok: ['0', '200'], message: msg, retry: ['busy']}"


def test_a_failure_inside_a_good_status_is_a_failure(api: Api, waits: list[float], tmp_path: Path) -> None:
    api.answer = after(Reply({"code": "busy", "items": []}))
    kit = kit_of(tmp_path, api, PAGES + FAILURE)
    assert ids(kit) == [1, 2, 3] and len(waits) == 1
    api.answer = lambda asked: Reply({"code": 51, "msg": "call 13800138000 for help", "items": []})
    with pytest.raises(InputError, match="51") as told:
        kit.land(NOW + timedelta(hours=1))
    assert "138****8000" in str(told.value) and "13800138000" not in str(told.value)
    api.answer = lambda asked: Reply({"code": 0, "items": []})
    kit.land(NOW + timedelta(hours=1))


# --- secrets ---------------------------------------------------------------------------------------------


def test_a_secret_is_sent_and_nowhere_kept_or_told(
    api: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("CRM_TOKEN", SECRET)
    caplog.set_level(logging.DEBUG)
    kit = kit_of(tmp_path, api, CURSOR + "\nauth: {kind: bearer, token: '${CRM_TOKEN}'}")

    def answer(asked: Asked) -> Reply:
        assert asked.headers["authorization"] == f"Bearer {SECRET}"
        if len(api.asked) == 2:
            return Reply({"error": f"no right for {SECRET}"}, 403)
        return Reply({"items": [ticket(1)], "next": "c1"})

    api.answer = answer
    with pytest.raises(InputError, match="no right for …") as told:
        kit.land()
    kept = [file.read_bytes() for file in kit.root.rglob("*") if file.is_file()]
    kept += [gzip.decompress(text) for text in kept if text[:2] == b"\x1f\x8b"]
    assert any(b'"id":1' in text for text in kept)
    everything = b"".join(kept).decode("utf-8", "replace") + str(told.value) + caplog.text
    assert SECRET not in everything and "127.0.0.1" not in caplog.text


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (Reply({"items": [ticket(1)], "next": "https://elsewhere.example/v1?page=2"}), "another host"),
        (Reply({"items": [ticket(1)], "next": "http://u:p@127.0.0.1/v1"}), "another host"),
        (Reply({}, 302, {"Location": "https://elsewhere.example/v1"}), "another host"),
        (Reply({"items": [ticket(1)], "next": "http://crm.example:port/"}), "can't be read"),
        (Reply({}, 302, {"Location": "/v1/tickets"}), "from address to address"),
    ],
)
def test_secrets_are_not_carried_to_another_host(api: Api, tmp_path: Path, reply: Reply, words: str) -> None:
    api.answer = lambda asked: reply
    with pytest.raises(InputError, match=words):
        kit_of(tmp_path, api, "records: items\npaging: {kind: next_url, token: next}").land()


def test_a_secret_in_the_address_of_the_next_page_is_not_kept(
    api: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRM_TOKEN", "a b/c")
    api.answer = lambda asked: Reply({"items": [ticket(1)], "next": "/v1/tickets?page=2&token=a%20b%2Fc"})
    said = "records: items\npaging: {kind: next_url, token: next}\nauth: {kind: bearer, token: '${CRM_TOKEN}'}"
    kit = kit_of(tmp_path, api, said)
    with pytest.raises(InputError, match="writes a secret into the address"):
        kit.land()
    assert not any(b"token=" in file.read_bytes() for file in kit.root.rglob("*.json"))


def test_a_redirect_at_the_same_host_is_followed(api: Api, tmp_path: Path) -> None:
    api.answer = lambda asked: (
        Reply({"items": [ticket(1)]}) if asked.path == "/v2" else Reply({}, 307, {"Location": "/v2"})
    )
    assert ids(kit_of(tmp_path, api, "records: items")) == [1]


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://crm.example", "not encrypted"),
        ("https://me:pw@crm.example", "holds a user or password"),
        ("ftp://crm.example", "does not begin with https://"),
        ("https://crm.example:port", "can't be read"),
    ],
)
def test_an_address_that_must_not_be_asked_is_told_with_its_line(
    api: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str, words: str
) -> None:
    monkeypatch.setenv("CRM_URL", url)
    kit = kit_of(tmp_path, api, "records: items")
    kit.configure((tmp_path / "callmart.yaml").read_text("utf-8").replace(api.url, "${CRM_URL}"))
    with pytest.raises(InputError, match=words) as told:
        kit.land()
    assert told.value.line == 11 and "pw" not in str(told.value)


def test_a_secret_with_a_line_end_is_told_and_not_sent(
    api: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRM_TOKEN", SECRET + "\n")
    with pytest.raises(InputError, match="a line end often comes from a file") as told:
        kit_of(tmp_path, api, "records: items\nauth: {kind: bearer, token: '${CRM_TOKEN}'}").land()
    assert SECRET not in str(told.value) and not api.asked


# --- a build that is killed ------------------------------------------------------------------------------

LAND = """
import sys
from datetime import datetime
from pathlib import Path
from orchestration.config import load_config
from orchestration.extract.landing import land
land(load_config(sys.argv[1]).feed("canonical.ticket"), Path(sys.argv[2]), datetime.fromisoformat(sys.argv[3]))
"""


def killed(kit: Kit, api: Api, is_time: Callable[[], bool]) -> None:
    """Land in a process of its own, which is killed when it is time; the API stands still from then on."""
    arguments = [sys.executable, "-c", LAND, str(kit.base / "callmart.yaml"), str(kit.root), NOW.isoformat()]
    with subprocess.Popen(arguments, cwd=paths.PROJECT, env=os.environ | {"PYTHONPATH": str(paths.PROJECT)}) as child:
        try:
            limit = time.monotonic() + 60
            while not is_time():
                assert child.poll() is None and time.monotonic() < limit
                time.sleep(0.005)
        finally:
            child.send_signal(signal.SIGKILL)
        assert child.wait() == -signal.SIGKILL


@pytest.mark.parametrize("said", [PAGES, CURSOR], ids=["page", "cursor"])
def test_a_build_that_is_killed_between_pages_goes_on_at_the_next_one(api: Api, tmp_path: Path, said: str) -> None:
    reached = 0

    def answer(asked: Asked) -> Reply:
        nonlocal reached
        number = int(asked.query.get("page") or int(asked.query.get("after") or 0) + 1)
        reached = max(reached, number)
        if number == 4 and len(api.asked) == 4:
            time.sleep(30)  # nobody waits for it: the process that asked is dead
        items = [ticket(2 * number), ticket(2 * number + 1)] if number < 6 else []
        return Reply({"items": items, "next": str(number) if number < 6 else None})

    api.answer = answer
    kit = kit_of(tmp_path, api, said)
    killed(kit, api, lambda: reached == 4)
    assert objects(kit) == 0
    kit.land(NOW + timedelta(minutes=5))
    assert [record["id"] for record in landed(kit)] == list(range(2, 12))
    pages = [asked.query.get("page") or str(int(asked.query.get("after") or 0) + 1) for asked in api.asked]
    assert pages == ["1", "2", "3", "4", "4", "5", "6"]
    assert not list(paths.landing_dir(kit.root, kit.feed).glob("_*"))


def test_a_page_that_was_written_before_its_reading_is_asked_for_again_and_counts_once(
    api: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    api.answer = numbered([1, 2, 3], 1)
    kit = kit_of(tmp_path, api, PAGES)
    put = paths.put_json

    def die_at_page_2(target: Path, value: dict[str, Any]) -> None:
        if value.get("pages") == 2:
            raise KeyboardInterrupt
        put(target, value)

    with monkeypatch.context() as patch:
        patch.setattr(paths, "put_json", die_at_page_2)
        with pytest.raises(KeyboardInterrupt):
            kit.land()
    api.answer = numbered([1, 4, 3], 1)
    kit.land(NOW + timedelta(minutes=1))
    assert [record["id"] for record in landed(kit)] == [1, 4, 3]
    assert api.queries("page") == ["1", "2", "2", "3", "4"]


def test_pages_of_an_old_build_are_asked_for_again(api: Api, tmp_path: Path) -> None:
    api.answer = lambda asked: numbered([1, 2, 3], 1)(asked) if asked.query["page"] != "3" else Reply({}, 403)
    kit = kit_of(tmp_path, api, PAGES)
    for _ in range(2):
        with pytest.raises(InputError):
            kit.land()
    assert api.queries("page") == ["1", "2", "3", "3"]
    api.answer = numbered([4, 5, 6, 7], 1)
    assert ids(kit, NOW + timedelta(hours=2)) == [4, 5, 6, 7]


def test_a_build_that_is_killed_once_its_object_is_in_place_puts_it_there_once(
    api: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from orchestration.extract.http import land as landing

    api.answer = numbered([1, 2, 3], 2)
    kit = kit_of(tmp_path, api, PAGES)

    def die(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(landing, "note_look", die)
        with pytest.raises(KeyboardInterrupt):
            kit.land()
    assert objects(kit) == 1
    assert ids(kit, NOW + timedelta(minutes=1)) == [1, 2, 3] and objects(kit) == 1
    assert len(landed(kit)) == 3


def test_the_landing_folder_is_private_and_names_no_host(api: Api, tmp_path: Path) -> None:
    api.answer = numbered([1], 1)
    kit = kit_of(tmp_path, api, PAGES)
    (row,) = kit.typed()
    folder = paths.landing_dir(kit.root, kit.feed)
    assert all(not path.stat().st_mode & 0o077 for path in folder.rglob("*") if path.is_dir())
    assert re.fullmatch(r"[0-9a-f]{24}/http/v1/tickets", row["source_file"]) and row["source_line"] == 1
