"""The ready configurations of APIs, on answers made up in the systems' own form, from a server to rows in the lake.

Here belongs: what a vendor's fields mean, and its signature. Not here: what holds for every API (test_http.py).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import shutil
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from orchestration import paths
from orchestration.errors import InputError
from orchestration.extract.http import client
from orchestration.extract.landing import read_manifests
from tests.orchestration.api_server import Asked, Reply, serving
from tests.orchestration.extract_kit import NOW, Kit, read

EXAMPLES = paths.PROJECT / "examples"
DAY = 1772668800  # 2026-03-05T00:00:00Z


@pytest.fixture(autouse=True)
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    found: list[float] = []
    monkeypatch.setattr(client, "sleep", found.append)
    monkeypatch.setenv("NO_PROXY", "*")
    return found


def kit_of(folder: Path, example: str, feed: str) -> Kit:
    """One feed of an example, as it stands there."""
    if not (folder / "callmart.yaml").exists():
        shutil.copyfile(EXAMPLES / example / "callmart.yaml", folder / "callmart.yaml")
    return Kit(folder, feed)


def lake(kit: Kit, now: datetime = NOW) -> list[dict[str, Any]]:
    """Rows of the lake, by key; nothing may be refused or lost."""
    kit.refresh(now)
    files = paths.lake_dir(kit.root, kit.feed).glob("dt=2*/part-0.parquet")
    keys = kit.config.feed(kit.feed).contract.natural_key
    return sorted((row for file in files for row in read(file)), key=lambda row: [str(row[key]) for key in keys])


def shown(rows: list[dict[str, Any]], *names: str) -> list[tuple[Any, ...]]:
    return [tuple(str(v) if isinstance(v := row[name], datetime) else v for name in names) for row in rows]


def landed(kit: Kit) -> bytes:
    files = [file for file in paths.lake_dir(kit.root, kit.feed).rglob("*") if file.is_file()]
    return b"".join(file.read_bytes() for file in files)


# --- Zendesk ---------------------------------------------------------------------------------------------

TOKEN = "zendesk-token-4711"


def zendesk_ticket(number: int, status: str, generated: int, **more: Any) -> dict[str, Any]:
    return {
        "url": f"https://example.zendesk.com/api/v2/tickets/{number}.json", "id": number, "external_id": None,
        "via": {"channel": "web", "source": {"from": {}, "to": {}, "rel": None}}, "created_at": "2026-03-05T01:00:00Z",
        "updated_at": "2026-03-05T01:00:00Z", "generated_timestamp": generated, "type": "problem",
        "subject": "收不到验证码 13800138000", "description": "请回电", "priority": "high", "status": status,
        "requester_id": 9001, "submitter_id": 501, "assignee_id": 501, "group_id": 31, "due_at": None,
        "tags": ["sms"], "custom_fields": [{"id": 1, "value": None}], "satisfaction_rating": {"score": "offered"},
    } | more  # fmt: skip


class Zendesk:
    """Two pages of tickets, one of events, ratings by cursor; the first request of all is told to wait."""

    def __init__(self) -> None:
        self.is_busy = True
        self.changes: list[dict[str, Any]] = []
        self.url = ""

    def __call__(self, asked: Asked) -> Reply:
        said = base64.b64decode(asked.headers["authorization"].removeprefix("Basic ")).decode()
        if said != f"admin@example.com/token:{TOKEN}":
            return Reply({"error": "Couldn't authenticate you"}, 401)
        if self.is_busy:
            self.is_busy = False
            return Reply({"error": "APIRateLimitExceeded"}, 429, {"Retry-After": "23"})
        answers = {"cursor": self.cursor, "ticket_events": self.ticket_events, "satisfaction_ratings": self.ratings}
        return answers[asked.path.rpartition("/")[2].removesuffix(".json")](asked)

    def cursor(self, asked: Asked) -> Reply:
        at = asked.query.get("cursor", "")
        if not at:
            assert asked.query == {"start_time": "1767225600", "per_page": "1000"}
        pages: dict[str, tuple[list[dict[str, Any]], str, bool]] = {
            "": (
                [zendesk_ticket(1, "open", DAY + 10), zendesk_ticket(2, "new", DAY + 20, submitter_id=9001)],
                "p2",
                False,
            ),
            "p2": ([zendesk_ticket(3, "pending", DAY + 30, assignee_id=None)], "p3", True),
            "p3": (self.changes, "p4", True),
        }
        tickets, next_at, is_end = pages[at]
        url = f"{self.url}/api/v2/incremental/tickets/cursor.json?cursor={next_at}&per_page=1000"
        return Reply(
            {"tickets": tickets, "after_url": url, "after_cursor": next_at, "before_url": None, "end_of_stream": is_end}
        )

    def ticket_events(self, asked: Asked) -> Reply:
        def update(number: int, second: int, *children: dict[str, Any]) -> dict[str, Any]:
            return {
                "id": number * 100, "ticket_id": 1, "timestamp": DAY + second, "created_at": "2026-03-05T00:00:10Z",
                "updater_id": 501, "via": "Web form", "system": {"client": "x"}, "event_type": "Audit",
                "child_events": [
                    {"id": number * 100 + place, "via": "Web form", "via_reference_id": None} | child
                    for place, child in enumerate(children, 1)
                ],
            }  # fmt: skip

        events = [
            update(1, 10, {"event_type": "Create", "status": "new"}, {"event_type": "Create", "priority": "high"}),
            update(2, 60, {"event_type": "Change", "group_id": "31", "previous_value": "30"},
                   {"event_type": "Change", "assignee_id": "501", "previous_value": None}),
            update(3, 120, {"event_type": "Comment", "comment_present": True, "comment_public": True},
                   {"event_type": "Change", "status": "solved", "previous_value": "new"}),
            update(4, 180, {"event_type": "Change", "status": "open", "previous_value": "solved"}),
            update(5, 240, {"event_type": "Change", "status": "closed", "previous_value": "open"},
                   {"event_type": "Notification"}),
        ]  # fmt: skip
        url = f"{self.url}/api/v2/incremental/ticket_events.json?start_time={DAY + 240}"
        return Reply(
            {"ticket_events": events, "count": 5, "end_time": DAY + 240, "next_page": url, "end_of_stream": True}
        )

    def ratings(self, asked: Asked) -> Reply:
        def rating(number: int, score: str) -> dict[str, Any]:
            return {
                "id": number, "assignee_id": 501, "group_id": 31, "requester_id": 9001, "ticket_id": number - 70,
                "score": score, "created_at": "2026-03-05T02:00:00Z", "updated_at": "2026-03-05T03:00:00Z",
                "comment": "谢谢", "reason": "No reason provided",
            }  # fmt: skip

        found = [rating(71, "good"), rating(72, "bad"), rating(73, "offered")]
        if asked.query.get("score") == "received":
            found = found[:2]
        after = asked.query.get("page[after]")
        assert asked.query["page[size]"] == "100"
        page = found[2:] if after else found[:2]
        query = f"page[size]=100&page[after]=abc&start_time={asked.query['start_time']}"
        return Reply(
            {
                "satisfaction_ratings": page,
                "meta": {"has_more": not after and len(found) > 2, "after_cursor": "abc"},
                "links": {"next": f"{self.url}/api/v2/satisfaction_ratings.json?{query}"},
            }
        )


@pytest.fixture
def zendesk(monkeypatch: pytest.MonkeyPatch) -> Any:
    answer = Zendesk()
    with serving(answer) as api:
        answer.url = api.url
        monkeypatch.setenv("ZENDESK_URL", api.url)
        monkeypatch.setenv("ZENDESK_EMAIL", "admin@example.com")
        monkeypatch.setenv("ZENDESK_TOKEN", TOKEN)
        yield answer


def test_zendesk_tickets_are_exported_by_cursor_and_then_their_changes(
    zendesk: Zendesk, tmp_path: Path, waits: list[float]
) -> None:
    kit = kit_of(tmp_path, "zendesk", "canonical.ticket")
    rows = lake(kit)
    names = ("ticket_id", "status", "priority", "created_by_agent_id", "assigned_agent_id", "created_at")
    assert shown(rows, *names) == [
        ("1", "in_progress", "high", "501", "501", "2026-03-05 01:00:00"),
        ("2", "open", "high", None, "501", "2026-03-05 01:00:00"),
        ("3", "waiting", "high", "501", None, "2026-03-05 01:00:00"),
    ]
    assert {str(row["record_updated_at"]) for row in rows[:1]} == {"2026-03-05 00:00:10"}
    assert waits[0] == 23 and all(len(row["customer_key"]) == 64 and row["flags"] is None for row in rows)
    assert b"9001" not in landed(kit) and "验证码".encode() not in landed(kit)
    zendesk.changes = [zendesk_ticket(2, "solved", DAY + 500), zendesk_ticket(3, "deleted", DAY + 510)]
    rows = lake(kit, NOW + timedelta(hours=1))
    assert shown(rows, "ticket_id", "status") == [("1", "in_progress"), ("2", "solved"), ("3", "cancelled")]


def test_zendesk_events_inside_an_update_become_rows_of_their_own(zendesk: Zendesk, tmp_path: Path) -> None:
    rows = lake(kit_of(tmp_path, "zendesk", "canonical.ticket_event"))
    names = ("event_id", "happened_at", "kind", "from_status", "to_status", "from_department_id", "to_department_id")
    assert shown(rows, *names) == [
        ("101", "2026-03-05 00:00:10", "created", None, "new", None, None),
        ("102", "2026-03-05 00:00:10", "other", None, None, None, None),
        ("201", "2026-03-05 00:01:00", "sent_to_department", None, None, "30", "31"),
        ("202", "2026-03-05 00:01:00", "assigned", None, None, None, None),
        ("301", "2026-03-05 00:02:00", "commented", None, None, None, None),
        ("302", "2026-03-05 00:02:00", "solved", "new", "solved", None, None),
        ("401", "2026-03-05 00:03:00", "reopened", "solved", "open", None, None),
        ("501", "2026-03-05 00:04:00", "archived", "open", "closed", None, None),
        ("502", "2026-03-05 00:04:00", "other", None, None, None, None),
    ]
    assert {(row["ticket_id"], row["flags"]) for row in rows} == {("1", None)}


def test_zendesk_ratings_are_invitations_and_answers(zendesk: Zendesk, tmp_path: Path) -> None:
    invitations = lake(kit_of(tmp_path, "zendesk", "canonical.survey_invitation"))
    assert shown(invitations, "survey_id", "ticket_id", "agent_id", "sent_at", "flags") == [
        (str(70 + n), str(n), "501", "2026-03-05 02:00:00", None) for n in (1, 2, 3)
    ]
    responses = lake(kit_of(tmp_path, "zendesk", "canonical.survey_response"))
    assert shown(responses, "survey_id", "question_kind", "score", "scale_max", "responded_at", "flags") == [
        ("71", "csat", 1.0, 1.0, "2026-03-05 03:00:00", None),
        ("72", "csat", 0.0, 1.0, "2026-03-05 03:00:00", None),
    ]


def test_a_wrong_zendesk_token_is_told(zendesk: Zendesk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZENDESK_TOKEN", "another-token-0815")
    with pytest.raises(InputError, match="401 Unauthorized") as told:
        kit_of(tmp_path, "zendesk", "canonical.ticket").land()
    assert "another-token-0815" not in str(told.value) and "secret" in str(told.value)


# --- Tencent Cloud Contact Center ------------------------------------------------------------------------

KEY_ID, KEY = "AKID-of-a-test", "key-of-a-test-4711"


def is_signed(asked: Asked) -> bool:
    """The signature, computed by the published steps on what came over the wire."""
    credential, names, signature = (
        part.partition("=")[2] for part in asked.headers["authorization"].removeprefix("TC3-HMAC-SHA256 ").split(", ")
    )
    key_id, date, service, end = credential.split("/")
    headers = "".join(f"{name}:{asked.headers[name].lower()}\n" for name in names.split(";"))
    request = f"{asked.method}\n{asked.path}\n\n{headers}\n{names}\n{hashlib.sha256(asked.body).hexdigest()}"
    stamp = asked.headers["x-tc-timestamp"]
    text = f"TC3-HMAC-SHA256\n{stamp}\n{date}/{service}/{end}\n{hashlib.sha256(request.encode()).hexdigest()}"

    def signed(key: bytes, message: str) -> bytes:
        return hmac.new(key, message.encode(), hashlib.sha256).digest()

    wanted = signed(signed(signed(signed(b"TC3" + KEY.encode(), date), service), end), text).hex()
    return (key_id, service, signature) == (KEY_ID, "ccc", wanted) and "host" in names and "content-type" in names


def cdr(number: int, status: str, **more: Any) -> dict[str, Any]:
    begin = DAY + 1000 * number
    return {
        "Caller": "008613800138000", "Callee": "00864008001001", "Time": begin, "Direction": 0, "CallType": 1,
        "Duration": 0, "RecordURL": "", "RecordId": "", "SeatUser": None, "EndStatus": 1, "SkillGroup": "售后",
        "CallerLocation": "广东深圳", "IVRDuration": 5, "RingTimestamp": 0, "AcceptTimestamp": 0,
        "EndedTimestamp": begin + 65, "IVRKeyPressed": ["1"], "HungUpSide": "user", "ServeParticipants": None,
        "SkillGroupId": 0, "EndStatusString": status, "StartTimestamp": begin, "QueuedTimestamp": 0,
        "PostIVRKeyPressed": None, "QueuedSkillGroupId": 0, "SessionId": f"s{number}", "ProtectedCaller": "",
        "ProtectedCallee": "", "Uui": "", "QueuedSkillGroupName": "",
    } | more  # fmt: skip


def accepted(number: int, **more: Any) -> dict[str, Any]:
    begin = DAY + 1000 * number
    seat = {
        "Name": "张三", "Mail": "zhangsan@example.com", "Phone": "008613900139000", "UserId": "zhangsan@example.com",
        "Nick": "小张", "StaffNumber": "1001", "SkillGroupNameList": ["售后"],
    }  # fmt: skip
    times = {"RingTimestamp": begin + 15, "AcceptTimestamp": begin + 25, "Duration": 40, "SeatUser": seat}
    return cdr(number, "ok", **(times | more))


def queued(number: int) -> dict[str, Any]:
    return {"QueuedTimestamp": DAY + 1000 * number + 5, "QueuedSkillGroupId": 77}


CALLS = [
    accepted(1, **queued(1)),
    cdr(2, "waitingGiveUp", **queued(2)),
    cdr(3, "ivrGiveUp"),
    cdr(4, "notWorkTime", HungUpSide="system"),
    accepted(5, Direction=1, Caller="00864008001001", Callee="008613700137000", HungUpSide="seat"),
    cdr(6, "noSeatOnline", **queued(6)),
]


def tccc(asked: Asked) -> Reply:
    """Calls that began in the window, two to a page whatever is asked for; a wrong signature has status 200."""
    if not is_signed(asked):
        error = {"Code": "AuthFailure.SignatureFailure", "Message": "The provided credentials could not be validated."}
        return Reply({"Response": {"Error": error, "RequestId": "r"}})
    said = asked.json
    assert (said["SdkAppId"], said["PageSize"]) == (1400000000, 100) and asked.method == "POST"
    assert (asked.headers["x-tc-action"], asked.headers["x-tc-version"]) == ("DescribeTelCdr", "2020-02-10")
    assert said["EndTimeStamp"] - said["StartTimeStamp"] <= 86400
    found = [call for call in CALLS if said["StartTimeStamp"] <= call["StartTimestamp"] < said["EndTimeStamp"]]
    begin = 2 * said["PageNumber"]
    page = {"TotalCount": len(found), "TelCdrList": found[begin : begin + 2] or None, "RequestId": "r"}
    return Reply({"Response": page})


@pytest.fixture
def tencent(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    with serving(tccc) as api:
        monkeypatch.setenv("TCCC_URL", f"{api.url}/")
        monkeypatch.setenv("TCCC_SDK_APP_ID", "1400000000")
        monkeypatch.setenv("TENCENTCLOUD_SECRET_ID", KEY_ID)
        monkeypatch.setenv("TENCENTCLOUD_SECRET_KEY", KEY)
        kit = kit_of(tmp_path, "tencent_ccc", "canonical.contact")
        text = (tmp_path / "callmart.yaml").read_text("utf-8")
        kit.configure(text.replace("start: 2026-01-01", "start: 2026-03-04"))  # fewer days, fewer requests
        yield api, kit


def test_calls_of_tencent_become_contacts(tencent: Any) -> None:
    _, kit = tencent
    rows = lake(kit)
    names = (
        "contact_id",
        "direction",
        "outcome",
        "queue_id",
        "agent_id",
        "queue_wait_s",
        "ring_s",
        "talk_s",
        "hangup_side",
    )
    assert shown(rows, *names) == [
        ("s1", "inbound", "answered", "77", "1001", 20, 10, 40, "caller"),
        ("s2", "inbound", "abandoned_queue", "77", None, 60, None, None, "caller"),
        ("s3", "inbound", "abandoned_ivr", None, None, None, None, None, "caller"),
        ("s4", "inbound", "blocked", None, None, None, None, None, "system"),
        ("s5", "outbound", "answered", None, "1001", None, 10, 40, "agent"),
        ("s6", "inbound", "flow_out", "77", None, 60, None, None, "caller"),
    ]
    times = ("started_at", "queue_entered_at", "queue_left_at", "agent_answered_at", "ended_at")
    assert shown(rows[:2], *times) == [
        (
            "2026-03-05 00:16:40",
            "2026-03-05 00:16:45",
            "2026-03-05 00:17:05",
            "2026-03-05 00:17:05",
            "2026-03-05 00:17:45",
        ),
        ("2026-03-05 00:33:20", "2026-03-05 00:33:25", "2026-03-05 00:34:25", None, "2026-03-05 00:34:25"),
    ]
    assert {(row["caller_masked"], row["dialled_number"]) for row in rows if row["direction"] == "inbound"} == {
        ("138****8000", "4008001001")
    }
    assert rows[4]["caller_masked"] == "137****7000" and all(row["flags"] is None for row in rows)
    for secret in (b"13800138000", "张三".encode(), b"zhangsan"):
        assert secret not in landed(kit)


def test_days_of_tencent_are_read_page_by_page_and_the_last_hours_again(tencent: Any) -> None:
    api, kit = tencent
    kit.land()
    asked = [(said.json["StartTimeStamp"] - DAY, said.json["PageNumber"]) for said in api.asked]
    assert [page for begin, page in asked if begin == 0] == [0, 1, 2]
    assert [page for begin, page in asked if begin != 0] == [0] * 6
    until = api.asked[-1].json["EndTimeStamp"]
    assert until == int(NOW.timestamp()) - 300
    kit.land(NOW + timedelta(hours=1))
    assert api.asked[-1].json["StartTimeStamp"] == until - 21600
    assert len(read_manifests(kit.feed, kit.root)) == 1


def test_a_wrong_signature_is_told_though_its_status_is_good(tencent: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    _, kit = tencent
    monkeypatch.setenv("TENCENTCLOUD_SECRET_KEY", "another-key-0815")
    with pytest.raises(InputError, match=r"AuthFailure\.SignatureFailure") as told:
        kit.land()
    assert "another-key-0815" not in str(told.value) and KEY_ID not in str(told.value)
