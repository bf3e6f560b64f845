"""Google Sheets against a stand-in of its two endpoints on this machine: the login, sheets, rows, and what can go wrong."""

from __future__ import annotations

import json
import logging
import sys
import traceback
from collections.abc import Iterator
from datetime import date
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from connectors.base import (
    AccessLost,
    AuthError,
    BadData,
    EndpointGone,
    Misconfigured,
    Page,
    RateLimited,
    Secret,
    SourceError,
    SourceSettings,
    Unavailable,
    checked,
)
from connectors.spreadsheet import google
from connectors.spreadsheet.plan import google_id
from tests.connectors.raw import RawServer, reply
from tests.connectors.sheets import ITEMS, VALUES, opened

IDENT = "1AbCdEfGhIjKlMnOpQrStUvWxYz0123456789-_ab"
URL = f"https://docs.google.com/spreadsheets/d/{IDENT}/edit"
READER = "anchorline@acme.iam.example"
ACCESS = "ya29.access-of-the-test"
SERIAL = 46295
"""2026-09-30"""


@pytest.fixture(scope="module")
def private_key() -> str:
    key = rsa.generate_private_key(65537, 2048)
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return key.private_bytes(*form).decode()


class Google:
    """A token endpoint, and one spreadsheet. ``refuse`` maps the beginning of a path to an answer in its place."""

    def __init__(self) -> None:
        self.sheets: dict[str, tuple[int, list[list[Any]]]] = {
            "KPIs": (
                0,
                [["Date", "Metric", "Value", "By", "Note"], [SERIAL, "NPS", 41, "Ada"], [SERIAL, "Churn", 2.5, "Ben", "two"]],
            ),
            "It's old": (7, []),
        }
        self.hidden = {"It's old"}
        self.merges: list[dict[str, int]] = []
        self.refuse: dict[str, bytes] = {}
        self.server = RawServer(route=self._answer)

    def paths(self) -> list[str]:
        return [unquote(urlsplit(request.split(b" ")[1].decode()).path) for request in self.server.requests]

    def _answer(self, request: bytes) -> bytes:
        method, target, _ = request.partition(b"\r\n")[0].decode().split(" ")
        parts = urlsplit(target)
        path = unquote(parts.path)
        for begin, answer in self.refuse.items():
            if path.startswith(begin):
                return answer
        if path == "/token":
            assert method == "POST" and b"assertion=" in request
            return reply(json.dumps({"access_token": ACCESS, "expires_in": 3600, "token_type": "Bearer"}).encode())
        if f"authorization: bearer {ACCESS}".encode() not in request.lower():
            return reply(b'{"error": {"code": 401}}', "401 Unauthorized")
        asked = parse_qs(parts.query)
        root = f"/v4/spreadsheets/{IDENT}"
        if path == root:
            return reply(json.dumps(self._about()).encode())
        assert (asked["valueRenderOption"], asked["dateTimeRenderOption"]) == (["UNFORMATTED_VALUE"], ["SERIAL_NUMBER"])
        name = path.removeprefix(f"{root}/values/").strip("'").replace("''", "'")
        rows = self.sheets[name][1]
        return reply(json.dumps({"range": name, "majorDimension": "ROWS", **({"values": rows} if rows else {})}).encode())

    def _about(self) -> dict[str, Any]:
        found: list[dict[str, Any]] = [
            {
                "properties": {
                    "sheetId": number,
                    "title": name,
                    "sheetType": "GRID",
                    **({"hidden": True} if name in self.hidden else {}),
                }
            }
            for name, (number, _) in self.sheets.items()
        ]
        found[0]["merges"] = self.merges
        found.append({"properties": {"sheetId": 99, "title": "Chart", "sheetType": "OBJECT"}})
        return {"properties": {"title": "Company KPIs"}, "sheets": found}


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Google]:
    found = Google()
    monkeypatch.setattr(google, "API", found.server.url)
    yield found
    found.server.close()


@pytest.fixture
def settings(site: Google, private_key: str) -> SourceSettings:
    key = {
        "type": "service_account", "client_email": READER, "private_key_id": "1", "private_key": private_key,
        "token_uri": f"{site.server.url}/token", "project_id": "acme",
    }  # fmt: skip
    return SourceSettings("kpis", "spreadsheet", URL, token=Secret(json.dumps(key)), options=dict(VALUES))


def read(settings: SourceSettings, **limits: Any) -> list[Page]:
    with opened(settings, **limits) as connector:
        connector.check()
        live = [part for part in connector.partitions() if part.state == "live"]
        return [page for part in live for page in checked(connector.changes(part, None, None))]


def test_values_are_read_unformatted(settings: SourceSettings, site: Google) -> None:
    (page,) = read(settings)
    assert [(value.series, value.on, value.value, value.by, value.note, value.at) for value in page.values] == [
        ("NPS", date(2026, 9, 30), "41", "Ada", None, "KPIs!C2"),
        ("Churn", date(2026, 9, 30), "2.5", "Ben", "two", "KPIs!C3"),
    ]
    root = f"/v4/spreadsheets/{IDENT}"
    assert site.paths() == ["/token", root, f"{root}/values/'KPIs'"], "one login, one request for the list, one for each sheet"


def test_who_it_is_and_which_sheets_there_are(settings: SourceSettings) -> None:
    with opened(settings) as connector:
        account = connector.check()
        assert (account.id, account.name) == (IDENT, READER)
        assert [(part.id, part.title) for part in connector.partitions()] == [("0", "KPIs")]
        assert [row.name for row in connector.dimensions()] == ["KPIs", "It's old"]


def test_a_hidden_sheet_is_read_where_it_is_named_and_its_name_is_quoted(settings: SourceSettings, site: Google) -> None:
    site.sheets["It's old"] = (7, [["Deal ID", "Deal", "Stage", "Amount", "Created"], ["D-1", "A", "Won", 5, SERIAL]])
    with opened(with_(settings, partitions=("it's OLD",), options=dict(ITEMS))) as connector:
        (part,) = connector.partitions()
        (page,) = connector.changes(part, None, None)
        assert (part.id, [item.id for item in page.items]) == ("7", ["D-1"])
        assert connector.get(["D-1", "D-2"]).gone[0].id == "D-2"


def with_(settings: SourceSettings, **changes: Any) -> SourceSettings:
    import dataclasses

    return dataclasses.replace(settings, **changes)


def test_sheets_have_the_faults_that_files_have(settings: SourceSettings, site: Google) -> None:
    site.sheets["KPIs"][1].append([SERIAL + 1, "NPS", "#REF!"])
    site.sheets["KPIs"][1].append([SERIAL + 2, "NPS", "abc"])
    with pytest.raises(BadData) as caught:
        read(settings)
    assert str(caught.value) == (
        'Company KPIs, KPIs!C4: the formula gives #REF! in the column Value; C5: "abc" is no number in the column Value'
    )
    site.merges = [{"startRowIndex": 1, "endRowIndex": 3, "startColumnIndex": 2, "endColumnIndex": 3}]
    with pytest.raises(BadData, match="Company KPIs, KPIs!C2:C3: the cells are merged"):
        read(settings)


REFUSALS: dict[str, tuple[str, bytes, type[SourceError]]] = {
    "not shared": ("/v4", reply(b'{"error": {"code": 403, "message": "secret text"}}', "403 Forbidden"), AccessLost),
    "no such sheet": ("/v4", reply(b"{}", "404 Not Found"), EndpointGone),
    "token refused": ("/v4", reply(b"{}", "401 Unauthorized"), AuthError),
    "slow down": ("/v4", reply(b"{}", "429 Slow", "Retry-After: 1"), RateLimited),
    "broken": ("/v4", reply(b"{}", "503 No"), Unavailable),
    "no JSON": ("/v4", reply(b"<html>"), BadData),
    "no sheets": ("/v4", reply(b"{}"), BadData),
    "a list": ("/v4", reply(b"[]"), BadData),
    "rows of something else": (f"/v4/spreadsheets/{IDENT}/values", reply(b'{"values": [1]}'), BadData),
    "key refused": ("/token", reply(b'{"error": "invalid_grant"}', "400 Bad Request"), AuthError),
    "no access": ("/token", reply(b"{}"), AuthError),
    "a login that is no JSON": ("/token", reply(b"<html>"), AuthError),
    "login broken": ("/token", reply(b"{}", "500 No"), Unavailable),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_a_refusal_is_said_in_words_without_any_secret(
    settings: SourceSettings, site: Google, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    path, answer, error = REFUSALS[name]
    site.refuse[path] = answer
    with pytest.raises(error) as caught:
        read(settings, attempts=2)
    assert caught.value.hint
    shown = "".join(traceback.format_exception(caught.value)) + caught.value.hint + caplog.text
    assert settings.token is not None
    key = json.loads(settings.token.reveal())["private_key"]
    assert ACCESS not in shown and key.splitlines()[1] not in shown and "secret text" not in shown


def test_a_fault_that_passes_is_survived(settings: SourceSettings, site: Google) -> None:
    answer, calls = site._answer, []

    def flaky(request: bytes) -> bytes:
        calls.append(request)
        return reply(b"<html>", "503 No") if len(calls) % 2 else answer(request)

    site.server._route = flaky
    assert len(read(settings)[0].values) == 2


@pytest.mark.parametrize(
    "token", [None, "abc", "{}", '{"type": "service_account", "private_key": "x", "client_email": "a"}', "[1]"]
)
def test_what_is_no_key(settings: SourceSettings, token: str | None) -> None:
    wrong = with_(settings, token=None if token is None else Secret(token))
    with pytest.raises(AuthError) as caught, opened(wrong) as connector:
        connector.check()
    assert "JSON key of a service account" in caught.value.hint


def test_a_login_elsewhere_without_encryption_is_refused(settings: SourceSettings) -> None:
    assert settings.token is not None
    key = json.loads(settings.token.reveal()) | {"token_uri": "http://evil.example/token"}
    with pytest.raises(Misconfigured, match="url is http"), opened(with_(settings, token=Secret(json.dumps(key)))) as connector:
        connector.check()


def test_the_requests_are_counted_and_end_with_the_run(settings: SourceSettings) -> None:
    with opened(settings) as connector:
        connector.check()
        assert connector.io.counters()["requests"] == 2
        io = connector.io
    with pytest.raises(SourceError):
        io.beside("https://elsewhere.example")


def test_without_the_extra_it_is_said_what_to_install(settings: SourceSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gspread", None)
    with pytest.raises(Misconfigured) as caught, opened(settings) as connector:
        connector.check()
    assert caught.value.hint == "Run: pip install gspread"


@pytest.mark.parametrize(
    ("url", "ident"),
    [(URL, IDENT), (URL.removesuffix("/edit"), IDENT), (f"https://docs.google.com/spreadsheets/d/{IDENT}/view", IDENT),
     ("https://docs.google.com/document/d/1AbCdEfGhIjKlMnOpQrStUvWxYz", None),
     (f"https://evil.example/spreadsheets/d/{IDENT}", None),
     ("https://docs.google.com/spreadsheets/d/e/2PACX/pub", None)],
)  # fmt: skip
def test_which_addresses_are_google_sheets(url: str, ident: str | None) -> None:
    assert google_id(url) == ident
