"""One attempt over plain sockets, the same tests through both faces: the requests adapter and the httpx transport."""

from __future__ import annotations

import datetime as dt
import gzip
import ipaddress
import socket
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from connectors._shared.guards import Guard
from connectors._shared.io import RunIo
from connectors.base import Misconfigured, SourceError, Unavailable
from tests.connectors.raw import drip, raw_server, reply, silence, then_close, then_reset
from tests.connectors.runs import Clock, make_io

Send = Callable[..., Any]
Open = Callable[[RunIo], Send]


def through_requests(io: RunIo) -> Send:
    session = requests.Session()
    for scheme in ("http://", "https://"):
        session.mount(scheme, io.requests_adapter())
    return lambda url, method="GET", **more: io.call(session.request, method, url, **more)


def through_httpx(io: RunIo) -> Send:
    client = httpx.Client(transport=io.httpx_transport(), follow_redirects=True)
    return lambda url, method="GET", **more: io.call(client.request, method, url, **more)


@pytest.fixture(params=[through_requests, through_httpx], ids=["requests", "httpx"])
def opened(request: pytest.FixtureRequest) -> Open:
    return request.param  # type: ignore[no-any-return]


def test_an_answer_arrives_whole_and_decompressed(opened: Open) -> None:
    packed = gzip.compress(b'{"a": "\xc3\xa4"}')
    with raw_server(reply(packed, "200 OK", "Content-Encoding: gzip", "Date: Sun, 22 Nov 2026 10:00:00 GMT")) as server:
        io = make_io(server.url)
        assert opened(io)(f"{server.url}/x").json() == {"a": "ä"}
        assert io.vendor_now() == dt.datetime(2026, 11, 22, 10, tzinfo=dt.UTC)
        counted = io.counters()
        assert (counted["requests"], counted["http_2xx"], counted["bytes"], counted["waited"]) == (1, 1, 11, 0)


# ---- where requests may go


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:{b}/x",
        "http://localhost:{b}/x",
        "https://127.0.0.1:{a}/x",
        "http://127.0.0.1:{a}@127.0.0.1:{b}/x",
        "http://user:pass@127.0.0.1:{a}/x",
        "HTTP://127.0.0.1:{b}/x",
        "http://[::1]:{a}/x",
    ],
)
def test_an_address_on_another_origin_is_refused_and_hears_nothing(opened: Open, address: str) -> None:
    """S04: other port, other host, downgrade, user names, another spelling."""
    with raw_server() as a, raw_server() as b:
        with pytest.raises(Misconfigured):
            opened(make_io(a.url))(address.format(a=a.port, b=b.port))
        assert (a.requests, b.requests) == ([], [])


@pytest.mark.parametrize(
    "odd", ["http://a.example\\@b.example/", "http://a.example/\x00", "http://a.example /", "//b.example/x", "/x", ""]
)
def test_an_address_that_parsers_read_differently_is_refused(odd: str) -> None:
    """S04: backslash, NUL, blank, no scheme."""
    with pytest.raises(Misconfigured):
        Guard("https://a.example").target("GET", odd)


def test_the_same_origin_in_another_spelling_is_the_same() -> None:
    assert Guard("https://a.example").target("GET", "HTTPS://A.Example:443/p?q=1") == "/p?q=1"


def test_http_is_for_this_machine_only() -> None:
    """S05: a credential is never sent in the clear."""
    with pytest.raises(Misconfigured, match="http"):
        Guard("http://jira.example.com")


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"])
def test_a_redirect_to_another_origin_is_an_error_and_nothing_is_sent_there(opened: Open, status: str) -> None:
    """S04, S05: no redirect is followed, wherever it leads."""
    with raw_server() as b, raw_server(reply(b"", status, f"Location: {b.url}/x?token=1")) as a:
        with pytest.raises(Misconfigured, match="another origin") as caught:
            opened(make_io(a.url))(f"{a.url}/x")
        assert "token" not in str(caught.value)
        assert (len(a.requests), b.requests) == (1, [])


def test_a_redirect_to_itself_is_an_error_too(opened: Open) -> None:
    with raw_server(reply(b"", "302 Found", "Location: /login")) as a:
        with pytest.raises(Misconfigured, match="redirect"):
            opened(make_io(a.url))(f"{a.url}/x")
        assert len(a.requests) == 1


@pytest.mark.parametrize(
    ("method", "path"),
    [("DELETE", "/x"), ("PUT", "/x"), ("PATCH", "/x"), ("POST", "/x"), ("POST", "/search/"), ("POST", "/search/../issue")],
)
def test_only_reading_requests_leave(opened: Open, method: str, path: str) -> None:
    """S24: any other method is refused before it leaves."""
    with raw_server() as server:
        io = make_io(server.url)
        io.allow_post("search")
        with pytest.raises(Misconfigured, match="stopped"):
            opened(io)(server.url + path, method)
        assert server.requests == []


def test_a_declared_post_leaves_with_its_body(opened: Open) -> None:
    with raw_server() as server:
        io = make_io(f"{server.url}/ex/jira/1")
        io.allow_post("search")
        opened(io)(f"{server.url}/ex/jira/1/search?a=1", "POST", json={"q": 1})
        assert server.requests[0].startswith(b"POST /ex/jira/1/search?a=1 ")
        assert server.requests[0].replace(b" ", b"").endswith(b'{"q":1}')


def test_a_request_outside_of_call_is_refused() -> None:
    with raw_server() as server:
        session = requests.Session()
        session.mount("http://", make_io(server.url).requests_adapter())
        with pytest.raises(Misconfigured, match="outside"):
            session.get(server.url)
        assert server.requests == []


# ---- when and how much


ENDLESS = reply(b"", "200 OK", "Content-Length: 9999999999", length=False)


@pytest.mark.parametrize("head", [ENDLESS, b"HTTP/1.1 200 OK\r\nX-A: ", b""], ids=["body", "header", "status line"])
def test_a_server_that_drips_is_stopped_by_the_deadline_of_the_attempt(opened: Open, head: bytes) -> None:
    """F04: one byte at a time, in the status line, the headers or the body."""
    clock = Clock(tick=1.0)  # a look at the clock costs a second, and lets the server say one byte
    with raw_server(drip(head, b"H", clock.looks)) as server:
        with pytest.raises(Unavailable) as caught:
            opened(make_io(server.url, clock, call_deadline=20.0, attempts=1))(f"{server.url}/x")
        assert caught.value.timed_out


def test_a_server_that_says_nothing_is_left_after_the_read_timeout(opened: Open) -> None:
    """F04: connected, and then silence."""
    with raw_server(silence) as server:
        with pytest.raises(Unavailable) as caught:
            opened(make_io(server.url, read_timeout=0.05, attempts=1))(f"{server.url}/x")
        assert caught.value.timed_out


def test_a_gzip_bomb_is_stopped_at_the_cap(opened: Open) -> None:
    """F22: ten kilobytes that would be five megabytes."""
    bomb = gzip.compress(b"0" * 5_000_000)
    assert len(bomb) < 10_000
    with raw_server(reply(bomb, "200 OK", "Content-Encoding: gzip")) as server:
        with pytest.raises(Misconfigured, match="larger than 100000 bytes"):
            opened(make_io(server.url, max_body=100_000))(f"{server.url}/x")
        assert len(server.requests) == 1


def test_a_long_plain_body_is_stopped_at_the_cap(opened: Open) -> None:
    """F22: without compression too."""
    with (
        raw_server(drip(ENDLESS, b"0" * 1000)) as server,
        pytest.raises(Misconfigured, match="larger"),
    ):
        opened(make_io(server.url, max_body=100_000))(f"{server.url}/x")


CHUNKED = reply(b"3\r\n2,2\r\n", "200 OK", "Transfer-Encoding: chunked", length=False)
CUT = {
    "shorter than Content-Length": then_close(reply(b"2,2", "200 OK", "Content-Length: 4", length=False)),
    "no last chunk": then_close(CHUNKED),
    "cut inside a chunk": then_close(reply(b"9\r\n2,2", "200 OK", "Transfer-Encoding: chunked", length=False)),
    "torn connection": then_reset(reply(b"2,2", "200 OK", "Content-Length: 4", length=False)),
    "ends with the connection": then_close(reply(b"2,2", length=False)),
    "gzip broken inside": reply(gzip.compress(b"2,20" * 500)[:10] + b"\xff" * 30, "200 OK", "Content-Encoding: gzip"),
    "gzip without its end": reply(gzip.compress(b"2,20" * 500)[:-9], "200 OK", "Content-Encoding: gzip"),
    "an encoding that was not offered": reply(b"xx", "200 OK", "Content-Encoding: br"),
    "no HTTP": then_close(b"220 mail.example.com ESMTP\r\n"),
    "closed at once": then_close(b""),
}


@pytest.mark.parametrize("how", CUT)
def test_a_cut_answer_is_unavailable_and_never_shorter_data(opened: Open, how: str) -> None:
    """F05, F06: torn, shorter than promised, without its last chunk, without any length, cut inside gzip."""
    with raw_server(CUT[how]) as server, pytest.raises(Unavailable):
        opened(make_io(server.url, attempts=1))(f"{server.url}/x")


def test_a_cut_answer_is_asked_again_on_a_new_connection(opened: Open) -> None:
    """F05, F06: and nothing of the first one is kept."""
    with raw_server(then_close(CHUNKED), reply(b"[1]")) as server:
        assert opened(make_io(server.url))(f"{server.url}/x").json() == [1]


def test_a_whole_chunked_answer_is_taken(opened: Open) -> None:
    with raw_server(CHUNKED + b"0\r\n\r\n") as server:
        assert opened(make_io(server.url))(f"{server.url}/x").text == "2,2"


# ---- what cannot work


def test_a_refused_connection_is_unavailable(opened: Open) -> None:
    with raw_server() as server:
        url = server.url
    with pytest.raises(Unavailable, match="cannot be reached"):
        opened(make_io(url, attempts=2))(f"{url}/x")


@pytest.mark.parametrize(("code", "kind"), [(socket.EAI_NONAME, Misconfigured), (socket.EAI_AGAIN, Unavailable)])
def test_an_unknown_host_name_is_not_asked_a_hundred_times(
    opened: Open, monkeypatch: pytest.MonkeyPatch, code: int, kind: type[SourceError]
) -> None:
    """F48: NXDOMAIN is a mistake, a silent name server a fault."""
    asked: list[object] = []

    def unknown(*args: object, **_: object) -> None:
        asked.append(args)
        raise socket.gaierror(code, "no")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(kind):
        opened(make_io("https://nowhere.invalid", attempts=3))("https://nowhere.invalid/x")
    assert len(asked) == (1 if kind is Misconfigured else 3)


@pytest.mark.parametrize(
    ("proxy", "kind"), [("http://127.0.0.1:{port}", Unavailable), ("socks5://127.0.0.1:{port}", Misconfigured)]
)
def test_the_proxy_of_the_environment_is_used_and_hears_no_credential(
    opened: Open, monkeypatch: pytest.MonkeyPatch, proxy: str, kind: type[SourceError]
) -> None:
    """F48, S05: the proxy resolves the name; it hears the host only."""
    with raw_server(reply(b"", "403 Forbidden")) as server:
        monkeypatch.setenv("HTTPS_PROXY", proxy.format(port=server.port).replace("//", "//me:pw@"))
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)
        url = "https://vendor.example.com"
        with pytest.raises(kind, match="proxy"):
            opened(make_io(url, attempts=1))(f"{url}/x?a=1", headers={"Authorization": "Basic hunter2"})
        if kind is Unavailable:
            (heard,) = server.requests
            assert heard.startswith(b"CONNECT vendor.example.com:443") and b"Basic bWU6cHc=" in heard
            assert b"hunter2" not in heard and b"a=1" not in heard


def test_this_machine_is_never_reached_by_a_proxy(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    with raw_server() as proxy, raw_server() as server:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        monkeypatch.setenv("NO_PROXY", "")
        opened(make_io(server.url))(f"{server.url}/x")
        assert (len(server.requests), proxy.requests) == (1, [])


def certificate(folder: Path, name: str, days: int = 1) -> tuple[ssl.SSLContext, str]:
    """A self-signed certificate for ``name``: the server's context, and its PEM as an own authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    today = dt.datetime.now(dt.UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(today - dt.timedelta(days=9))
        .not_valid_after(today + dt.timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(name))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = folder / "cert.pem"
    pem.write_bytes(built.public_bytes(serialization.Encoding.PEM))
    secret = folder / "key.pem"
    secret.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem, secret)
    return context, str(pem)


def test_a_trusted_certificate_is_accepted_by_its_path(opened: Open, tmp_path: Path) -> None:
    context, pem = certificate(tmp_path, "127.0.0.1")
    with raw_server(context=context) as server:
        assert opened(make_io(server.url, ca_file=pem))(f"{server.url}/x").json() == {}


@pytest.mark.parametrize(("name", "days", "trusted"), [("127.0.0.1", 1, False), ("127.0.0.2", 1, True), ("127.0.0.1", -1, True)])
def test_self_signed_wrong_host_and_expired_are_refused_without_a_second_try(
    opened: Open, tmp_path: Path, name: str, days: int, trusted: bool
) -> None:
    """F48, S03: before a byte of the request leaves."""
    context, pem = certificate(tmp_path, name, days)
    with raw_server(context=context) as server:
        clock = Clock()
        with pytest.raises(Misconfigured, match="certificate"):
            opened(make_io(server.url, clock, ca_file=pem if trusted else None))(f"{server.url}/x")
        assert (server.requests, clock.slept) == ([], [])


def test_an_sdk_cannot_turn_verification_off() -> None:
    """S03: the only context is ours."""
    with raw_server() as server:
        with pytest.raises(Misconfigured, match="verification"):
            through_requests(make_io(server.url))(f"{server.url}/x", verify=False)
        assert server.requests == []


@pytest.mark.parametrize("fault", [*CUT.values(), reply(b"", "302 Found", "Location: /?token=hunter2")], ids=[*CUT, "redirect"])
def test_no_text_of_an_error_holds_query_header_or_body(opened: Open, fault: Any) -> None:
    """S02: over all broken answers."""
    with raw_server(fault) as server:
        with pytest.raises(SourceError) as caught:
            opened(make_io(server.url, attempts=1))(f"{server.url}/x?token=hunter2", headers={"Authorization": "Basic hunter2"})
        shown = f"{caught.value!r} {caught.value.hint} {caught.value.__cause__!r}"
        assert "hunter2" not in shown and "2,2" not in shown
