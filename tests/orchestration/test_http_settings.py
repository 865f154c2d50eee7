"""What a configuration may say of an API, and how requests prove who asks.

Here belongs: the key `http`, and signatures against published examples. Not here: what travels (test_http.py).
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, parse_qsl

import httpx
import pytest

from orchestration import paths
from orchestration.config import Config, load_config, parse_config
from orchestration.errors import InputError
from orchestration.extract.http.land import api_name
from orchestration.extract.http.settings import Http
from orchestration.extract.http.signing import QuerySignature, Tc3, authentication
from tests.orchestration.extract_kit import CENTRE

FEED = """\
sources:
  canonical:
    feeds:
      ticket:
        http: {url: 'https://crm.example/v1/tickets'}
        mapping: {ticket_id: id, created_at: created, status: state}
"""
HTTP = "http: {url: 'https://crm.example/v1/tickets'}"
GOOD = [
    "query: {page: '{page}'}, paging: {kind: page, first: 0, size: 50}",
    'method: POST, body: \'{"from": {from}, "at": "{cursor}", "app": ${APP}}\', window: {start: 2026-01-01}, '
    "paging: {kind: cursor, token: a.b, end: c, keep: true}",
    "auth: {kind: tc3, id: '${A}', secret: '${B}', service: ccc, action: X, version: '1', region: r}",
    "auth: {kind: query_signature, id: '${A}', secret: '${B}', hash: sha256}",
    "auth: {kind: header, name: X-Key, value: '${A}'}",
    "window: {start: 2026-01-01, timezone: Asia/Shanghai}, prometheus: {queries: {calls: up}}",
]


def parsed(said: str) -> Config:
    return parse_config(CENTRE + FEED.replace("tickets'}", f"tickets', {said}}}"), Path("callmart.yaml"))


def http(said: str) -> Http:
    found = parsed(said).feed("canonical.ticket").http
    assert found is not None
    return found


@pytest.mark.parametrize("said", GOOD)
def test_a_request_can_be_configured(said: str) -> None:
    assert http(said).url == "https://crm.example/v1/tickets"


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("recrods: items", "did you mean records?"),
        ("paging: {kind: page, sise: 5}", "did you mean size?"),
        ("query: {p: '{pge}'}", "{pge} stands for nothing; did you mean {page}?"),
        ("query: {p: '{page}'}", "paging page and {page} in query or body go together"),
        ("paging: {kind: offset}", "paging offset and {offset}"),
        ("paging: {kind: cursor}", "needs token"),
        ("paging: {kind: link, token: a}", "paging link takes no token"),
        ("query: {since: '{from}'}", "need a window"),
        ("window: {start: 2026-01-01}", "a window needs {from}"),
        ("query: {s: '{from}'}, window: {start: 2026-01-01, format: seconds}", "a format is epoch_s"),
        ("query: {s: '{from}'}, window: {start: 2026-01-01, timezone: Asia/Shanghi}", "not a time zone"),
        ("query: {s: '{from}'}, window: {start: 2026-01-01, most_s: 60, overlap_s: 60}", "never moves on"),
        ("body: '{}'", "needs method POST"),
        ("method: POST, body: '{\"a\": from}'", "the body is no JSON"),
        ("method: POST, body: '[]'", "must be a JSON object"),
        ("method: PUT", "http.method"),
        ("headers: {Authorization: 'Bearer x'}", "belongs to auth"),
        ("auth: {kind: bearer, token: t0ken-in-plain}", "kept in the environment and named"),
        ("auth: {kind: bearer}", "auth bearer needs token"),
        ("auth: {kind: basic, user: u, password: '${P}', token: '${T}'}", "auth basic takes no token"),
        ("auth: {kind: tc3, id: '${A}', secret: '${B}'}", "needs service and action and version"),
        ("prometheus: {queries: {calls: up}}", "prometheus needs a window"),
        ("prometheus: {queries: {at: up}}, window: {start: 2026-01-01}", "can't be called at"),
        ("prometheus: {queries: {a: up}}, records: x, window: {start: 2026-01-01}", "prometheus takes no records"),
    ],
)
def test_a_mistake_is_told_in_words_with_its_line(said: str, words: str) -> None:
    with pytest.raises(InputError) as told:
        parsed(said)
    assert words in str(told.value) and told.value.line == 10
    assert "t0ken-in-plain" not in str(told.value)


def test_an_api_takes_no_form_of_files_and_a_log_no_api() -> None:
    text = CENTRE + FEED
    for more, words in (
        ("format: {delimiter: ;}", "an API answers in JSON and takes no format"),
        ("encoding: gbk", "takes no encoding"),
        ("paths: [a.csv]", "needs either paths or a database or http"),
    ):
        with pytest.raises(InputError, match=words):
            parse_config(text.replace(HTTP, f"{HTTP}\n        {more}"), Path("callmart.yaml"))
    log = "sources: {asterisk: {feeds: {queue_log: {http: {url: 'https://pbx.example'}}}}}\n"
    with pytest.raises(InputError, match="has a fixed form and takes no http"):
        parse_config(CENTRE + log, Path("callmart.yaml"))


def test_where_records_come_from_changes_no_number() -> None:
    assert parsed("records: a").fingerprint == parsed("records: b").fingerprint


def test_only_what_decides_the_records_begins_a_feed_anew() -> None:
    plain = "query: {since: '{from}'}, window: {start: 2026-01-01%s}%s"
    known = http(plain % ("", "")).asked()
    for same in (
        (", overlap_s: 9", ""),
        ("", ", limits: {attempts: 2}"),
        ("", ", auth: {kind: bearer, token: '${T}'}"),
    ):
        assert http(plain % same).asked() == known
    for other in (("", ", records: b"), ("", ", method: POST")):
        assert http(plain % other).asked() != known
    assert http(plain.replace("-01-01", "-01-02") % ("", "")).asked() != known


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://crm.example/v1/tickets?brand=1", "http/v1/tickets"),
        ("https://${NAME}.crm.example/v1/tickets/", "http/v1/tickets"),
        ("${CRM_URL}/v1/tickets", "http/v1/tickets"),
        ("${CRM_URL:-https://crm.example/secret}", "http"),
    ],
)
def test_lineage_names_the_path_and_not_the_host(url: str, name: str) -> None:
    assert api_name(Http(url=url)) == name


@pytest.mark.parametrize("example", ["zendesk", "tencent_ccc", "prometheus"])
def test_an_example_is_a_valid_configuration_and_holds_no_secret(example: str) -> None:
    config = load_config(paths.PROJECT / "examples" / example / "callmart.yaml")
    for feed in config.feeds.values():
        assert feed.http is not None
        assert all(said.startswith("${") for said in feed.http.auth.secrets)


# --- signatures ------------------------------------------------------------------------------------------

DATE = datetime.fromtimestamp(1551113065, UTC)
BODY = '{"Limit": 1, "Filters": [{"Values": ["\\u672a\\u547d\\u540d"], "Name": "instance-name"}]}'


@pytest.mark.parametrize(
    ("secret", "signature"),
    [
        # The example of Tencent Cloud's documentation in two of its editions.
        ("Gu5t9xGARNpq86cd98joQYCN3*******", "2230eefd229f582d8b1b891af7107b91597240707d778ab3738f756258d7652c"),
        ("Gu5t9xGARNpq86cd98joQYCN3EXAMPLE", "72e494ea809ad7a8c8f7a4507b9bddcbaa8e581f516e8da2f66e2c5a96525168"),
    ],
)
def test_tc3_gives_the_published_signature(secret: str, signature: str) -> None:
    auth = Tc3("AKIDEXAMPLE", secret, "cvm", "DescribeInstances", "2017-03-12", "ap-guangzhou")
    request = httpx.Request("POST", "https://cvm.tencentcloudapi.com/", content=BODY)
    request.headers["Content-Type"] = "application/json; charset=utf-8"
    assert auth.authorization(request, DATE) == (
        "TC3-HMAC-SHA256 Credential=AKIDEXAMPLE/2019-02-25/cvm/tc3_request, SignedHeaders=content-type;host, "
        f"Signature={signature}"
    )


def test_the_query_signature_gives_the_published_one() -> None:
    """The example of Alibaba Cloud's documentation of RPC signatures."""
    query = {
        "Timestamp": "2016-02-23T12:46:24Z",
        "Format": "XML",
        "AccessKeyId": "testid",
        "Action": "DescribeRegions",
        "SignatureMethod": "HMAC-SHA1",
        "SignatureNonce": "3ee8c1b8-83d3-44af-a94f-4e0ad82fd6cf",
        "Version": "2014-05-26",
        "SignatureVersion": "1.0",
    }
    signed = QuerySignature("testid", "testsecret", "sha1").signed("GET", query)
    assert parse_qs(signed)["Signature"] == ["OLeaidS1JvxuMvnyHOwuJ+uX5qY="]


def test_a_signed_query_keeps_its_values_and_is_signed_anew_each_time() -> None:
    auth = QuerySignature("id", "secret", "sha256")

    def sent() -> dict[str, str]:
        request = httpx.Request("GET", "https://ccc.example/", params={"Action": "List", "Text": "售后 a+b*~"})
        next(auth.auth_flow(request))
        return dict(parse_qsl(request.url.query.decode()))

    first, second = sent(), sent()
    assert (first["Text"], first["SignatureMethod"], first["AccessKeyId"]) == ("售后 a+b*~", "HMAC-SHA256", "id")
    assert first["SignatureNonce"] != second["SignatureNonce"] and first["Signature"] != second["Signature"]
    unsigned = {name: value for name, value in first.items() if name != "Signature"}
    assert parse_qs(auth.signed("GET", unsigned))["Signature"] == [first["Signature"]]


@pytest.mark.parametrize(
    ("said", "header", "value"),
    [
        (
            "{kind: basic, user: '${KEY_ID}/token', password: '${KEY}'}",
            "authorization",
            "Basic a2V5LWlkL3Rva2VuOmtleS0xMjM=",
        ),
        ("{kind: bearer, token: '${KEY}'}", "authorization", "Bearer key-123"),
        ("{kind: header, name: X-Api-Key, value: '${KEY}'}", "x-api-key", "key-123"),
    ],
)
def test_a_secret_goes_where_the_api_looks_for_it(
    monkeypatch: pytest.MonkeyPatch, said: str, header: str, value: str
) -> None:
    monkeypatch.setenv("KEY_ID", "key-id")
    monkeypatch.setenv("KEY", "key-123")
    auth: Any = authentication(parsed(f"auth: {said}").feed("canonical.ticket"))
    request = next(auth.auth_flow(httpx.Request("GET", "https://crm.example/")))
    assert request.headers[header] == value


def test_a_variable_that_is_not_set_is_told_by_its_name() -> None:
    feed = parsed("auth: {kind: bearer, token: '${NOT_SET_ANYWHERE}'}").feed("canonical.ticket")
    with pytest.raises(InputError, match="NOT_SET_ANYWHERE, which is not set"):
        authentication(feed)
