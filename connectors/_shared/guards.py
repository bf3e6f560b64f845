"""What may leave: one origin, GET and HEAD, and the POSTs that a connector declared. Every transport asks here first."""

from __future__ import annotations

import re
from dataclasses import dataclass

from urllib3.exceptions import LocationParseError
from urllib3.util.url import Url, parse_url

from connectors._shared.addresses import is_loopback, judge, literal
from connectors.base import Misconfigured

DEFAULT_PORTS = {"http": 80, "https": 443}
READING = frozenset({"GET", "HEAD"})
_ODD = re.compile(r"[\x00-\x20\x7f\\]")
"""Characters on which URL parsers disagree: a URL with one of them is refused, not guessed."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Scheme, host and port: what a credential belongs to."""

    scheme: str
    host: str
    port: int

    def __str__(self) -> str:
        return f"{self.scheme}://{self.host}:{self.port}"


def _parse(url: str) -> Url:
    if _ODD.search(url):
        raise Misconfigured("an address holds spaces, backslashes or control characters")
    try:
        return parse_url(url)
    except LocationParseError:
        raise Misconfigured("an address cannot be parsed") from None


def origin_of(parsed: Url) -> Origin:
    """The origin of an absolute http(s) URL. Raises ``Misconfigured`` for anything else, and for user names in it."""
    if parsed.auth is not None:
        raise Misconfigured("an address holds a user name or password", hint="put credentials into user and token")
    if parsed.scheme not in DEFAULT_PORTS or not parsed.host:
        raise Misconfigured("an address is not an absolute http or https URL")
    return Origin(parsed.scheme, parsed.host.lower().rstrip("."), parsed.port or DEFAULT_PORTS[parsed.scheme])


class Guard:
    """The rules of one source. ``target`` is the only way from a URL to something that is sent."""

    def __init__(self, base_url: str, *, private: bool = False) -> None:
        """``private`` is ``allow_private_networks``. Raises ``Misconfigured`` for an address that no source may have."""
        parsed = _parse(base_url)
        self.origin = origin_of(parsed)
        self._base_path = (parsed.path or "").rstrip("/")
        self._posts: set[str] = set()
        if self.origin.scheme == "http" and not is_loopback(self.origin.host):
            raise Misconfigured("the source's url is http", hint="use https; http is allowed to this machine only")
        address = literal(self.origin.host)
        if address is not None:  # a name is judged when it is resolved, behind a proxy by the proxy
            judge(address, self.origin.host.strip("[]"), private=private)

    def allow_post(self, *paths: str) -> None:
        """Declare reading POSTs by their path below the base URL, compared exactly as sent."""
        self._posts.update(f"{self._base_path}/{path.lstrip('/')}" for path in paths)

    def target(self, method: str, url: str) -> str:
        """Path and query to send to the pinned origin. Raises ``Misconfigured`` before anything leaves.

        Only this text is used afterwards: host and port come from the settings, so a difference between two URL parsers
        cannot send a request elsewhere.
        """
        parsed = _parse(url)
        found = origin_of(parsed)
        if found != self.origin:
            raise Misconfigured(
                f"an address points to another origin ({found} instead of {self.origin}); nothing was sent",
                hint="the url of a source must be the address that its API answers under",
            )
        method = method.upper()
        if method not in READING and not (method == "POST" and (parsed.path or "/") in self._posts):
            raise Misconfigured(f"a {method} was stopped: only reading requests leave")
        return parsed.request_uri

    def redirect(self, status: int, location: str | None) -> Misconfigured:
        """The error for a 3xx answer. It names the other origin, never the path or query."""
        where = "elsewhere"
        if location and "//" in location:
            try:
                found = origin_of(_parse(location if ":" in location.split("//")[0] else f"{self.origin.scheme}:{location}"))
                where = "itself" if found == self.origin else f"another origin ({found})"
            except Misconfigured:
                where = "an address that cannot be followed"
        return Misconfigured(
            f"the server redirects to {where}; redirects are not followed",
            hint="set url to the final address of the site; a sign-on page in front of the API needs a way past it",
            status=status,
        )


class NoSite(Guard):
    """Of a source that is no site (a file, a database): nothing leaves over HTTP. Its origin only tells accounts apart."""

    def __init__(self, url: str) -> None:
        scheme, _, rest = url.partition("://")
        self.origin = Origin(scheme, rest.rpartition("@")[2].partition("?")[0], 0)
        self._base_path = ""
        self._posts = set()

    def target(self, method: str, url: str) -> str:
        """Always raises ``Misconfigured``."""
        raise Misconfigured("a source that is no site asked for a request over HTTP; nothing was sent")
