"""What urllib3 and the socket say, as our errors."""

from __future__ import annotations

import socket
import ssl

from urllib3 import exceptions as u3

from connectors._shared.guards import Origin
from connectors.base import Misconfigured, SourceError, Unavailable


def translated(error: Exception, origin: Origin) -> SourceError:
    """The outside's fault without its text: urllib3's messages hold hosts, paths and queries."""
    if isinstance(error, u3.ProxyError):
        return Unavailable("the proxy cannot be reached", hint="check HTTPS_PROXY and NO_PROXY")
    if isinstance(error, u3.NameResolutionError):
        cause = error.__cause__ or error.__context__
        if isinstance(cause, socket.gaierror) and cause.errno == socket.EAI_AGAIN:
            return Unavailable("the name server does not answer", hint="check the network of this machine")
        return Misconfigured(f"the host {origin.host} does not exist", hint="Check `url` in config.toml.")
    if isinstance(error, (u3.SSLError, ssl.SSLError)):
        cause = error.args[0] if error.args else None
        if isinstance(cause, ssl.SSLEOFError) or isinstance(error, ssl.SSLEOFError):
            return Unavailable("the connection was closed while TLS was set up", hint="it is tried again")
        return _tls(cause if isinstance(cause, ssl.SSLError) else error, origin)
    if isinstance(error, (u3.TimeoutError, TimeoutError)) and not isinstance(error, u3.NewConnectionError):
        return Unavailable("the server did not answer in time", hint="it is tried again", timed_out=True)
    if isinstance(error, u3.NewConnectionError):
        return Unavailable(
            f"{origin.host}:{origin.port} cannot be reached", hint="Check `url` in config.toml, the network and the firewall."
        )
    if isinstance(error, (u3.ProtocolError, OSError)):
        if isinstance(error, u3.ProtocolError) and any(isinstance(part, TimeoutError) for part in error.args):
            return Unavailable("the server did not answer in time", hint="it is tried again", timed_out=True)
        return Unavailable("the connection broke before the answer was complete", hint="it is tried again")
    return Unavailable("an answer cannot be read as HTTP", hint="it is tried again")


def _tls(error: Exception, origin: Origin) -> SourceError:
    reason = str(getattr(error, "reason", None) or error).upper()
    if isinstance(error, ssl.SSLCertVerificationError) or "CERTIFICATE" in reason:
        hint = "Set SSL_CERT_FILE to a PEM file with your own authority, if it is yours; verification cannot be turned off."
        return Misconfigured(f"the certificate of {origin.host} is not trusted", hint=hint)
    if "WRONG_VERSION_NUMBER" in reason or "RECORD LAYER" in reason or "HTTP_REQUEST" in reason:
        hint = "Check the scheme and port of `url` in config.toml."
        return Misconfigured(f"{origin.host}:{origin.port} does not speak TLS", hint=hint)
    if any(word in reason for word in ("PROTOCOL", "VERSION", "HANDSHAKE_FAILURE", "CIPHER")):
        hint = "The server must offer TLS 1.2 or newer; older ones are not secure."
        return Misconfigured(f"{origin.host}:{origin.port} and this machine have no kind of TLS in common", hint=hint)
    return Unavailable("the encrypted connection broke", hint="it is tried again")
