"""From here to a source: its name, its certificate."""

from __future__ import annotations

import os
import socket
import ssl
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.parse import urlsplit

import certifi

from hub.config.values import Source
from hub.doctor.checks import Check, error, ok, warning

SECONDS = 10.0
SOON = 21
"""Days before a certificate ends from which on it is a warning."""


def reach(source: Source, now: int) -> Iterator[Check]:
    """DNS, then TLS; through a proxy both are the proxy's business."""
    parts = urlsplit(source.url)
    if parts.scheme not in ("http", "https"):
        return  # no site: its connector says how it is reached
    host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    if _proxied(parts.scheme, host):
        yield ok("dns", f"{host} is reached through a proxy, which looks it up", source.name)
        return
    found = names(host, port, source.name)
    yield found
    if found.result != "ok":
        return
    if parts.scheme == "http":
        yield ok("tls", "not used: the source is on this machine", source.name)
        return
    yield certificate(host, port, source.name, now)


def _proxied(scheme: str, host: str) -> bool:
    named = urllib.request.getproxies()
    return bool(named.get(scheme) or named.get("all")) and not urllib.request.proxy_bypass(host)


def names(host: str, port: int, source: str) -> Check:
    """Whether the host's name leads to an address."""
    try:
        found = {entry[4][0] for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)}
    except OSError:
        do = "Check `url` in config.toml, and this machine's name server."
        return error("dns", f"{host} has no address", do, source)
    return ok("dns", f"{host} has {len(found)} address{'es' if len(found) > 1 else ''}", source)


def certificate(host: str, port: int, source: str, now: int) -> Check:
    """Whether a verified TLS connection comes about, and until when the certificate lasts."""
    context = ssl.create_default_context(cafile=os.environ.get("SSL_CERT_FILE") or certifi.where())
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        with (
            socket.create_connection((host, port), SECONDS) as plain,
            context.wrap_socket(plain, server_hostname=host) as secure,
        ):
            ends, version = (secure.getpeercert() or {}).get("notAfter"), secure.version()
    except ssl.SSLCertVerificationError as fault:
        do = "Set SSL_CERT_FILE to a PEM file with your own authority, if it is yours; verification cannot be turned off."
        return error("tls", f"the certificate of {host} is not trusted: {fault.verify_message}", do, source)
    except (ssl.SSLError, TimeoutError):
        return error("tls", f"{host}:{port} does not speak TLS as it should", "Check scheme and port of `url`.", source)
    except OSError as fault:
        do = "Check the network and the firewall of this machine."
        return error("tls", f"{host}:{port} cannot be reached: {fault.strerror or 'no answer'}", do, source)
    if not isinstance(ends, str):
        return ok("tls", f"{version}, verified", source)
    until = datetime.fromtimestamp(ssl.cert_time_to_seconds(ends), UTC)
    days = (until - datetime.fromtimestamp(now / 1000, UTC)).days
    if days < SOON:
        do = "Tell whoever runs that server: from then on nothing can be read."
        return warning("tls", f"{version}, verified; the certificate of {host} ends in {days} days", do, source)
    return ok("tls", f"{version}, verified; the certificate lasts until {until:%Y-%m-%d}", source)
