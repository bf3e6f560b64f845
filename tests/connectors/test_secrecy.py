"""No secret leaves by an error or a log line (S02), whatever the other side does, and nothing turns verification off (S03)."""

from __future__ import annotations

import ast
import base64
import contextlib
import gzip
import io as files
import logging
import string
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import connectors
from connectors._shared import decode
from connectors._shared.io import RunIo
from connectors._shared.status import error_for
from connectors.base import Secret
from tests.connectors.raw import Answer, drip, raw_server, reply, silence, then_close, then_reset
from tests.connectors.runs import make_io, make_settings

LOUD = ("", "urllib3", "urllib3.connectionpool", "urllib3.connection", "urllib3.util.retry", "urllib3.response", "requests",
        "httpx", "httpcore", "connectors", "connectors._shared.io")  # fmt: skip


def echoes(secret: str) -> dict[str, Answer]:
    """Faults of all kinds; wherever an answer has room for words, it says the secret back."""
    said = secret.encode()
    page = b'{"items": ["' + said + b'"], "errors": ["' + said + b'"]}'
    odd = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n" + said + b"\r\nX: y\r\nContent-Length: 2\r\n\r\n{}"
    return {
        **{f"status {status}": reply(page, f"{status} {secret}", f"X-Echo: {secret}")
           for status in (400, 401, 403, 404, 408, 410, 413, 418, 425, 500, 502, 503)},
        "429": reply(page, f"429 {secret}", f"Retry-After: {secret}"),
        "429, date": reply(page, "429 Slow", f"Date: {secret}", "Retry-After: 1"),
        "redirect": reply(b"", "302 Found", f"Location: /{secret}?token={secret}"),
        "redirect away": reply(b"", "301 Moved", f"Location: http://127.0.0.1:1/{secret}#{secret}"),
        "redirect nowhere": reply(b"", "308 Moved", f"Location: http://[{secret}"),
        "html": reply(b"<html>" + said).replace(b"application/json", b"text/html"),
        "a kind of its own": reply(page).replace(b"application/json", b"application/" + said),
        "no JSON": reply(b'{"items": ' + said),
        "errors": reply(page),
        "another shape": reply(b'["' + said + b'"]'),
        "no body": reply(b""),
        "cut": then_close(reply(page[:-3], "200 OK", "Content-Length: 99", length=False)),
        "cut chunk": then_close(reply(b"ff\r\n" + said, "200 OK", "Transfer-Encoding: chunked", length=False)),
        "bad chunk": then_close(reply(said + b"\r\n", "200 OK", "Transfer-Encoding: chunked", length=False)),
        "torn": then_reset(reply(page[:-3], "200 OK", "Content-Length: 99", length=False)),
        "no length": then_close(reply(page, length=False)),
        "bad length": reply(page, "200 OK", f"Content-Length: {secret}", length=False),
        "gzip broken": reply(gzip.compress(page)[:-9] + said, "200 OK", "Content-Encoding: gzip"),
        "another encoding": reply(page, "200 OK", f"Content-Encoding: {secret}"),
        "too large": reply(said * 5000),
        "no HTTP": then_close(said + b" is no status line\r\n"),
        "odd header": odd,
        "long header": reply(page, "200 OK", f"X-Long: {secret * 6000}"),
        "many headers": reply(page, "200 OK", *[f"X-{number}: {secret}" for number in range(200)]),
        "closed at once": then_close(b""),
        "silence": silence,
        "drip": drip(b"HTTP/1.1 200 OK\r\nX: ", said),
    }  # fmt: skip


@contextlib.contextmanager
def heard() -> Iterator[files.StringIO]:
    """Everything that is logged at any level, with the tracebacks of the records, as text."""
    text = files.StringIO()
    handler = logging.StreamHandler(text)
    handler.setFormatter(logging.Formatter("%(name)s %(message)s %(args)s"))
    loggers = [logging.getLogger(name) for name in LOUD]
    levels = [logger.level for logger in loggers]
    logging.getLogger().addHandler(handler)
    for logger in loggers:
        logger.setLevel(1)
    try:
        yield text
    finally:
        logging.getLogger().removeHandler(handler)
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


def told(error: BaseException | None) -> str:
    """All that an error and the whole chain behind it could be made to say."""
    if error is None:
        return ""
    more = repr(vars(error)) if hasattr(error, "__dict__") else ""
    shown = [str(error), repr(error), repr(error.args), more, "".join(traceback.format_exception(error))]
    return "\n".join([*shown, told(error.__cause__), told(error.__context__)])


def forms(secret: str) -> set[str]:
    """The ways in which a credential might leak: plain, quoted, escaped, in base64 alone and as basic authentication."""
    basic = base64.b64encode(f"robot@example.com:{secret}".encode()).decode()
    plain = base64.b64encode(secret.encode()).decode().rstrip("=")
    return {secret, quote(secret, safe=""), quote(secret), repr(secret)[1:-1], plain, basic.rstrip("=")}


def ask(io: RunIo, url: str, secret: str, face: str) -> None:
    """One page, with the credential in every place that vendors have for it: header, basic, query, path and cookie."""
    address = f"{url}/{quote(secret, safe='')}/x?key={quote(secret, safe='')}&items=1"
    headers = {"Authorization": f"Bearer {secret}", "Cookie": f"session={secret}", "X-Api-Key": secret}

    def once() -> None:
        if face == "requests":
            session = requests.Session()
            for scheme in ("http://", "https://"):
                session.mount(scheme, io.requests_adapter())
            response: Any = session.get(address, headers=headers, auth=("robot@example.com", secret))
        else:
            with httpx.Client(transport=io.httpx_transport()) as client:
                response = client.get(address, headers=headers)
        if response.status_code >= 400:
            raise error_for(response.status_code, response.headers, vendor="The vendor")
        decode.obj(response.content, response.headers.get("Content-Type"), "items")

    io.call(once)


SECRET = "s3cr+t/T0ken=x~hunter2"


@pytest.mark.parametrize("face", ["requests", "httpx"])
@pytest.mark.parametrize("fault", echoes(SECRET))
def test_no_fault_makes_an_error_or_a_log_line_say_the_secret(fault: str, face: str) -> None:
    """S02: over all faults, at every level of every logger, in the whole chain of every error."""
    with heard() as text, raw_server(echoes(SECRET)[fault]) as server:
        io = make_io(server.url, attempts=2, read_timeout=0.05, call_deadline=5.0, max_body=100_000)
        shown = ""
        try:
            ask(io, server.url, SECRET, face)
        except Exception as error:
            shown = told(error)
        assert server.requests and SECRET.encode() in server.requests[0], "the test sends what it looks for"
        everything = shown + text.getvalue() + repr(io.counters()) + repr(make_settings(server.url, token=Secret(SECRET)))
    assert shown or fault in ("odd header", "many headers")
    for form in forms(SECRET):
        assert form not in everything


@pytest.mark.parametrize("face", ["requests", "httpx"])
def test_what_keeps_a_connection_from_being_made_says_nothing_either(face: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """S02: nobody there, no such name, no TLS there, a proxy that refuses and whose own password is one more secret."""
    with raw_server() as server:
        nobody = server.url
    urls = [nobody, nobody.replace("http", "https"), "https://nowhere.invalid"]
    with heard() as text, raw_server(reply(b"", "407 Who", "Proxy-Authenticate: Basic")) as proxy:
        shown = ""
        for url in urls:
            if url.startswith("https://nowhere"):
                monkeypatch.setenv("HTTPS_PROXY", proxy.url.replace("//", f"//me:{quote(SECRET, safe='')}@"))
                monkeypatch.setenv("NO_PROXY", "")
            with pytest.raises(Exception) as caught:
                ask(make_io(url, attempts=2), url, SECRET, face)
            shown += told(caught.value)
        assert proxy.requests
        everything = shown + text.getvalue()
    for form in forms(SECRET):
        assert form not in everything


ALPHABET = string.ascii_letters + string.digits + "+/=~_.-"


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.text(ALPHABET, min_size=12, max_size=40).map("tk~{}".format),  # one of digits alone would be a wait, or a length
    st.integers(9, 11),
    st.sampled_from(sorted(set(echoes("x")) - {"silence", "drip"})),
)
def test_no_secret_at_all_is_said(secret: str, length: int, fault: str) -> None:
    """S02: random secrets, and one that is the beginning of the other."""
    for one in (secret, secret[:length]):
        with heard() as text, raw_server(echoes(one)[fault]) as server:
            shown = ""
            try:
                ask(make_io(server.url, attempts=1, read_timeout=0.05, max_body=20_000), server.url, one, "requests")
            except Exception as error:
                shown = told(error)
            everything = shown + text.getvalue()
        for form in forms(one):
            assert form not in everything


def test_nothing_but_the_one_context_decides_what_is_trusted() -> None:
    """S03: no ``verify=``, no unverified context, no ``CERT_NONE`` anywhere in the connectors."""
    assert connectors.__file__ is not None
    found = []
    for path in Path(connectors.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            name = node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
            if isinstance(node, ast.keyword) and node.arg in ("verify", "cert_reqs", "assert_hostname", "check_hostname"):
                found.append((path.name, node.arg))
            if name in ("CERT_NONE", "CERT_OPTIONAL", "_create_unverified_context", "check_hostname", "verify_mode"):
                found.append((path.name, name))
            if name == "create_default_context":
                found.append((path.name, name))
    assert found == [("wire.py", "create_default_context")]
