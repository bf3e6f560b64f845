"""Google Sheets, by gspread (the extra ``sheets``). Its cells come as JSON, so they need no parser of their own.

Values are asked for unformatted and dates as serial numbers, so that no country's way of writing them is in between
(https://developers.google.com/sheets/api/reference/rest/v4/spreadsheets.values/get). Reading needs the scope
``spreadsheets.readonly`` only, and the sheet shared with the service account's address.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

import orjson

from connectors._shared.status import error_for as error_for_status
from connectors.base import AccessLost, AuthError, BadData, EndpointGone, Io, Misconfigured, SourceError, SourceSettings
from connectors.spreadsheet.book import Sheet, error_for
from connectors.spreadsheet.grid import Grid, Refused
from connectors.spreadsheet.plan import Plan, google_id
from connectors.spreadsheet.scan import limits
from connectors.spreadsheet.table import Record, Table

API = "https://sheets.googleapis.com"
SCOPE = "https://www.googleapis.com/auth/spreadsheets.readonly"
PAGE = 1_000
_FIELDS = "properties(title,timeZone),sheets(properties(sheetId,title,hidden,sheetType),merges)"
_KEY = "Put the JSON key of a service account there, and share the sheet with the account's address."


class GoogleBook:
    """One Google Sheet. Every request goes through ``Io``; gspread and google-auth bring paths and the signature of the login."""

    def __init__(self, settings: SourceSettings, io: Io, plan: Plan) -> None:
        ident = google_id(settings.url)
        assert ident is not None
        self._id, self._plan = ident, plan
        self._io = io.beside(API)
        self._login = _Login(settings, io)
        self._lock = threading.Lock()
        self._client = _client(self._io, self._login)
        self._meta = self._call("fetch_sheet_metadata", self._id, {"includeGridData": "false", "fields": _FIELDS})
        self.name = str((self._meta.get("properties") or {}).get("title") or self._id)
        self._read: dict[str, GoogleRecords | Refused] = {}
        self.digest = uuid.uuid4().hex  # what is read tomorrow is taken for another content

    def version(self, mark: str) -> None:
        """Google says of no sheet whether it changed."""

    @property
    def account(self) -> str:
        """The address of the service account."""
        return self._login.address

    def sheets(self) -> list[Sheet]:
        found = []
        for entry in self._rows():
            about = entry["properties"]
            if about.get("sheetType", "GRID") == "GRID":
                found.append(Sheet(str(about["sheetId"]), str(about["title"]), not about.get("hidden", False)))
        return found

    def records(self, sheet: Sheet) -> GoogleRecords:
        with self._lock:
            if sheet.id not in self._read:
                try:
                    self._read[sheet.id] = self._table(sheet)
                except Refused as refused:
                    self._read[sheet.id] = refused
            found = self._read[sheet.id]
        if isinstance(found, Refused):
            raise error_for(found)
        return found

    def close(self) -> None:
        """The requests' connections belong to ``Io``."""

    def _rows(self) -> list[Mapping[str, Any]]:
        rows = self._meta.get("sheets")
        if not isinstance(rows, list) or not all(isinstance(row, dict) and "properties" in row for row in rows):
            raise BadData("Google answers without a list of sheets", hint="It is tried again with the next run.")
        return rows

    def _table(self, sheet: Sheet) -> GoogleRecords:
        name = sheet.name.replace("'", "''")
        asked = {"valueRenderOption": "UNFORMATTED_VALUE", "dateTimeRenderOption": "SERIAL_NUMBER", "majorDimension": "ROWS"}
        answer = self._call("values_get", self._id, f"'{name}'", asked)
        rows = answer.get("values", [])
        if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
            raise BadData("Google answers without rows", hint="It is tried again with the next run.")
        limits(self.name, sheet.name, len(rows), max(map(len, rows), default=0))
        table = Table(Grid(iter(rows), merged=self._merges(sheet)), self._plan, self.name, sheet.name)
        records = list(table.records())
        table.finish()
        return GoogleRecords(records, table.column)

    def _merges(self, sheet: Sheet) -> tuple[tuple[int, int, int, int], ...]:
        entry = next(row for row in self._rows() if str(row["properties"]["sheetId"]) == sheet.id)
        return tuple(
            (area.get("startRowIndex", 0), area.get("startColumnIndex", 0), area["endRowIndex"] - 1, area["endColumnIndex"] - 1)
            for area in entry.get("merges") or ()
        )

    def _call(self, method: str, *args: Any) -> dict[str, Any]:
        """One request, by the method of gspread that makes it."""
        self._login.fresh()
        return self._io.call(self._once, method, args, bucket="sheets")

    def _once(self, method: str, args: tuple[Any, ...]) -> dict[str, Any]:
        try:
            found = getattr(self._client, method)(*args)
        except ValueError:  # it is no JSON
            found = None
        if not isinstance(found, dict):
            raise BadData("Google answers something else than JSON", hint="It is tried once more.")
        return found


class GoogleRecords:
    """The records of a sheet, in memory."""

    def __init__(self, records: list[Record], column: str | None) -> None:
        self._records, self.column = records, column
        self.count = -(-len(records) // PAGE)

    def pages(self, first: int = 0) -> Iterator[list[Record]]:
        for at in range(first * PAGE, len(self._records), PAGE):
            yield self._records[at : at + PAGE]


# ---- the login --------------------------------------------------------------------------------------------------------


class _Login:
    """A service account's access token, asked for once an hour."""

    def __init__(self, settings: SourceSettings, io: Io) -> None:
        from google.auth.exceptions import GoogleAuthError
        from google.auth.transport.requests import Request
        from google.oauth2.service_account import Credentials

        if settings.token is None:
            raise AuthError(f"source {settings.name} has no token", hint=_KEY)
        credentials: Any = None
        try:
            info = orjson.loads(settings.token.reveal())
            make: Any = Credentials.from_service_account_info  # untyped
            credentials = make(info, scopes=[SCOPE])
        except (ValueError, TypeError, AttributeError, KeyError, GoogleAuthError):
            pass  # raised out here: the library's own error holds parts of the key
        if credentials is None:
            raise AuthError("the token is no JSON key of a service account", hint=_KEY)
        self._credentials, self._lock = credentials, threading.Lock()
        self.address = str(credentials.service_account_email)
        parts = urlsplit(str(info["token_uri"]))
        self._io = io.beside(f"{parts.scheme}://{parts.netloc}")
        self._io.allow_post(parts.path)
        self._request = Request(_session(self._io))

    def fresh(self) -> None:
        """Ask for a token where there is none that still holds."""
        with self._lock:
            if not self._credentials.valid:
                self._io.call(self._once, bucket="token")

    def _once(self) -> None:
        from google.auth.exceptions import GoogleAuthError

        refused = False
        try:
            self._credentials.refresh(self._request)
        except (GoogleAuthError, ValueError, TypeError, KeyError):  # the last two for an answer that is no object
            refused = True
        if refused:  # outside, for the library's error holds the answer
            raise AuthError("Google gives no token for this key", hint="Make a new key for the service account.")

    def sign(self, headers: dict[str, str]) -> None:
        self._credentials.apply(headers)


def _client(io: Io, login: _Login) -> Any:
    """gspread's client on a guarded session."""
    from gspread.http_client import HTTPClient
    from gspread.urls import SPREADSHEETS_API_V4_BASE_URL

    base = SPREADSHEETS_API_V4_BASE_URL.partition("/v4/")[0]

    class Client(HTTPClient):
        def request(self, method: str, endpoint: str, *args: Any, **kwargs: Any) -> Any:
            kwargs["headers"] = {}
            login.sign(kwargs["headers"])
            return super().request(method, endpoint.replace(base, API, 1), *args, **kwargs)

    make: Any = Client  # with a session of one's own it takes no credentials
    client = make(None, session=_session(io))
    client.set_timeout((5, 60))  # the guarded adapter has shorter ones of its own
    return client


def _session(io: Io) -> Any:
    """A session that can only reach the origin of its ``io``, and raises our errors for refusals."""
    import requests
    from requests.adapters import BaseAdapter

    inner = io.requests_adapter()

    class Refusing(BaseAdapter):
        def send(self, request: Any, *args: Any, **kwargs: Any) -> Any:
            response = inner.send(request, *args, **kwargs)
            if response.status_code >= 400:
                raise _refusal(response.status_code, response.headers)
            return response

        def close(self) -> None:
            inner.close()

    session = requests.Session()
    session.trust_env = False
    session.adapters.clear()
    session.mount("https://", Refusing())
    session.mount("http://", session.get_adapter("https://x"))
    return session


def _refusal(status: int, headers: Mapping[str, str]) -> SourceError:
    if status in (400, 401):
        return AuthError(f"Google refuses the service account's key ({status})", hint="Make a new key.", status=status)
    if status == 403:
        hint = (
            "Share the sheet with the service account's address, as a viewer, and enable the Google Sheets API for its project."
        )
        return AccessLost("the service account may not read this sheet (403)", hint=hint, status=status)
    if status in (404, 410):
        return EndpointGone(f"there is no such Google Sheet ({status})", hint="Correct `url` in config.toml.", status=status)
    return error_for_status(status, headers, vendor="Google")


def book_for(settings: SourceSettings, io: Io, plan: Plan) -> GoogleBook:
    """The Google Sheet of the settings. Raises ``Misconfigured`` where the extra is not installed."""
    try:
        import gspread  # noqa: F401
    except ImportError:
        raise Misconfigured("Google Sheets need a library that is not installed", hint="Run: pip install gspread") from None
    return GoogleBook(settings, io, plan)
