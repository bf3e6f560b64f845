"""Where a source may live (S05): never where a machine keeps its own credentials, inside a private network only when told so."""

from __future__ import annotations

import contextlib
import datetime as dt
import ipaddress
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from connectors._shared.addresses import is_loopback, judge, literal
from connectors._shared.io import RunIo
from connectors.base import Misconfigured
from tests.connectors.raw import raw_server, reply, then_close
from tests.connectors.runs import make_io

VENDOR = "https://vendor.example.com"
NEVER = [
    "169.254.169.254", "169.254.0.1", "0.0.0.0", "224.0.0.1", "100.100.100.200", "[::]", "[fe80::1]", "[ff02::1]",
    "[fd00:ec2::254]", "[::ffff:169.254.169.254]", "[64:ff9b::a9fe:a9fe]", "[2002:a9fe:a9fe::1]",
    "0xa9.0xfe.0xa9.0xfe", "2852039166", "0",
]  # fmt: skip
PRIVATE = [
    "10.0.0.5", "172.16.3.4", "192.168.1.1", "100.64.0.1", "240.0.0.1", "255.255.255.255", "[fc00::1]", "[fec0::1]",
    "[::ffff:10.0.0.5]", "[64:ff9b::a00:5]", "[2002:a00:5::1]", "0x7f.1", "127.1", "2130706433", "017700000001",
    "[::ffff:127.0.0.1]", "0xa.5",
]  # fmt: skip
PUBLIC = ["93.184.216.34", "[2606:2800:220:1::1]", "[64:ff9b::5db8:d822]"]


def get(io: RunIo, url: str) -> Any:
    session = requests.Session()
    for scheme in ("http://", "https://"):
        session.mount(scheme, io.requests_adapter())
    return io.call(session.get, url)


@pytest.mark.parametrize("host", NEVER)
@pytest.mark.parametrize("private", [False, True])
def test_no_source_lives_where_machines_keep_their_credentials(host: str, private: bool) -> None:
    """S05: link-local, metadata, unspecified and multicast addresses in every spelling, whatever the settings say."""
    with pytest.raises(Misconfigured, match="no source lives"):
        make_io(f"https://{host}", allow_private_networks=private)


@pytest.mark.parametrize("host", PRIVATE)
def test_a_private_address_needs_the_setting(host: str) -> None:
    """S05: loopback in an odd spelling counts as private: it is somebody's trick or a mistake."""
    with pytest.raises(Misconfigured, match="private network") as caught:
        make_io(f"https://{host}")
    assert "allow_private_networks" in caught.value.hint
    make_io(f"https://{host}", allow_private_networks=True)


@pytest.mark.parametrize("host", PUBLIC)
def test_a_public_address_is_fine(host: str) -> None:
    make_io(f"https://{host}")


@pytest.mark.parametrize("host", ["0x7f.1", "127.1", "2130706433", "[::ffff:127.0.0.1]", "localhost.localdomain", "10.0.0.5"])
@pytest.mark.parametrize("private", [False, True])
def test_plain_http_goes_to_this_machine_in_its_plain_spelling_only(host: str, private: bool) -> None:
    """S05: the setting for private networks does not make http safe."""
    with pytest.raises(Misconfigured):
        make_io(f"http://{host}:1", allow_private_networks=private)


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "localhost", "127.8.9.10"])
def test_this_machine_in_its_plain_spelling_is_allowed(host: str) -> None:
    """The sandbox lives there."""
    make_io(f"http://{host}:1")


def answers(monkeypatch: pytest.MonkeyPatch, *rounds: list[str], port: int = 443) -> list[object]:
    """The name server says each of ``rounds`` once, the last one for ever; what it was asked is returned."""
    asked: list[object] = []

    def resolve(host: str, *_: object, **__: object) -> list[tuple[Any, ...]]:
        asked.append(host)
        found = rounds[min(len(asked), len(rounds)) - 1]
        return [
            (socket.AF_INET6, socket.SOCK_STREAM, 6, "", (one, port, 0, 0)) if ":" in one
            else (socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port))
            for one in found
        ]  # fmt: skip

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    return asked


@pytest.fixture
def connected(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Where sockets of this test were connected to, or would have been: nothing leaves."""
    tried: list[object] = []

    def connect(_: socket.socket, where: object) -> None:
        tried.append(where)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket.socket, "connect", connect)
    return tried


@pytest.mark.parametrize("address", ["169.254.169.254", "10.0.0.5", "127.0.0.1", "::1", "0.0.0.0", "::ffff:127.0.0.1", "fe80::1"])
def test_a_name_that_leads_inside_is_refused_before_anything_is_sent(
    monkeypatch: pytest.MonkeyPatch, connected: list[object], address: str
) -> None:
    """S05: a name of the outside with an address of the inside; asked once, not retried."""
    asked = answers(monkeypatch, [address])
    with pytest.raises(Misconfigured):
        get(make_io(VENDOR), f"{VENDOR}/x")
    assert (asked, connected) == (["vendor.example.com"], [])


def test_of_several_addresses_only_those_outside_are_tried(monkeypatch: pytest.MonkeyPatch, connected: list[object]) -> None:
    """S05: a name server that mixes them in."""
    answers(monkeypatch, ["10.0.0.5", "93.184.216.34", "127.0.0.1"])
    with pytest.raises(Exception, match="cannot be reached"):
        get(make_io(VENDOR, attempts=1), f"{VENDOR}/x")
    assert connected == [("93.184.216.34", 443)]


def test_localhost_must_be_this_machine(monkeypatch: pytest.MonkeyPatch, connected: list[object]) -> None:
    """S05: http is allowed to ``localhost`` because it does not leave."""
    answers(monkeypatch, ["93.184.216.34"], port=1)
    with pytest.raises(Misconfigured, match="not this machine"):
        get(make_io("http://localhost:1"), "http://localhost:1/x")
    assert connected == []


def named_certificate(folder: Path, name: str) -> tuple[ssl.SSLContext, str]:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    today = dt.datetime.now(dt.UTC)
    built = (
        x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key()).serial_number(1)
        .not_valid_before(today - dt.timedelta(days=1)).not_valid_after(today + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    pem, secret = folder / "cert.pem", folder / "key.pem"
    pem.write_bytes(built.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    secret.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem, secret)
    return context, str(pem)


def test_a_name_server_that_changes_its_mind_redirects_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """S05, rebinding: a name is resolved once per connection, judged, and that very address is connected to."""
    context, pem = named_certificate(tmp_path, "vendor.example.com")
    with raw_server(then_close(reply(b"{}", "200 OK", "Connection: close")), context=context) as server:
        asked = answers(monkeypatch, ["127.0.0.1"], ["169.254.169.254"], port=server.port)
        url = f"{VENDOR}:{server.port}"
        io = make_io(url, ca_file=pem, allow_private_networks=True)
        assert get(io, f"{url}/x").json() == {}
        assert asked == ["vendor.example.com"], "a second look could give another address than the one that was judged"
        with pytest.raises(Misconfigured, match="no source lives"):
            get(io, f"{url}/x")
        assert (len(asked), len(server.requests)) == (2, 1)


def test_the_certificate_belongs_to_the_name_and_not_to_the_address(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """S03, S05: connecting to an address does not loosen what is verified."""
    context, pem = named_certificate(tmp_path, "somebody-else.example.com")
    with raw_server(context=context) as server:
        answers(monkeypatch, ["127.0.0.1"], port=server.port)
        url = f"{VENDOR}:{server.port}"
        with pytest.raises(Misconfigured, match="not trusted"):
            get(make_io(url, ca_file=pem, allow_private_networks=True), f"{url}/x")
        assert server.requests == []


def test_behind_a_proxy_the_proxy_resolves(monkeypatch: pytest.MonkeyPatch) -> None:
    """S05: the vendor's name may not even exist here. The proxy's own address is the operator's choice."""
    for name in ("NO_PROXY", "no_proxy", "https_proxy"):
        monkeypatch.delenv(name, raising=False)
    with raw_server(reply(b"", "502 Bad Gateway")) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        asked: list[object] = []
        real = socket.getaddrinfo
        monkeypatch.setattr(
            socket, "getaddrinfo", lambda host, *more, **named: (asked.append(host), real(host, *more, **named))[1]
        )
        with pytest.raises(Exception, match="proxy"):
            get(make_io(VENDOR, attempts=1), f"{VENDOR}/x")
        assert asked == ["127.0.0.1"]
        assert proxy.requests[0].startswith(b"CONNECT vendor.example.com:443")


@pytest.mark.parametrize("host", ["169.254.169.254", "0x7f.1", "10.0.0.5"])
def test_a_proxy_is_no_way_around_the_rules_for_addresses(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    """S05: a url that spells a forbidden address is refused before a proxy hears of it."""
    with raw_server() as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        with pytest.raises(Misconfigured):
            make_io(f"https://{host}")
        assert proxy.requests == []


def test_a_redirect_to_a_private_address_is_refused() -> None:
    """S05: as every redirect is."""
    with raw_server(reply(b"", "302 Found", "Location: http://169.254.169.254/latest/meta-data")) as server:
        with pytest.raises(Misconfigured, match="another origin"):
            get(make_io(server.url), f"{server.url}/x")
        assert len(server.requests) == 1


@contextlib.contextmanager
def old_tls() -> Iterator[int]:
    """Answers every greeting with "this protocol version is not supported", as a server of another age does."""
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as listener:

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    sock, _ = listener.accept()
                    with sock:
                        sock.recv(65536)
                        sock.sendall(bytes.fromhex("15030100020246"))

        threading.Thread(target=serve, daemon=True).start()
        yield listener.getsockname()[1]


def test_a_server_with_old_tls_only_is_a_mistake_to_mend_and_not_a_fault_to_wait_out() -> None:
    """F48, S03: TLS 1.2 at least; one try."""
    with old_tls() as port:
        url = f"https://127.0.0.1:{port}"
        io = make_io(url)
        with pytest.raises(Misconfigured, match="TLS"):
            get(io, f"{url}/x")
        assert io.counters()["requests"] == 1


def test_spellings_are_told_apart() -> None:
    assert [is_loopback(host) for host in ("127.0.0.1", "::1", "[::1]", "localhost")] == [True] * 4
    assert [is_loopback(host) for host in ("127.1", "::ffff:127.0.0.1", "localhost.example.com", "")] == [False] * 4
    assert literal("0x7f.1") == ipaddress.ip_address("127.0.0.1")
    assert literal("vendor.example.com") is None
    with pytest.raises(Misconfigured):
        judge(ipaddress.ip_address("::ffff:10.0.0.1"), "vendor.example.com", private=False)
