"""What all resources share: the sandbox's switches, answers and refusals, and pages by startAt."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from hub.sandbox.company import account_id

Json = dict[str, Any]
LIST_PAGE = 50
ME = 0  # the account is the first person of the company


@dataclass
class Settings:
    """What the sandbox's own switches set."""

    user: str = "demo@anchorline.example"
    token: str = "demo-token"
    page_limit: int = 0  # at most so many rows a page, everywhere
    latency: float = 0.0  # seconds added to every answer
    anonymous: bool = False  # a bad credential searches anonymously with 200 instead of 401
    account: str = field(default_factory=lambda: account_id(ME))
    zone: str = "Europe/Lisbon"
    german: bool = False  # names in the account's language, unless X-Force-Accept-Language asks for the request's own
    index_lag: int = 0  # seconds for which search goes on answering from before a change
    date_skew: float = 0.0  # seconds by which the Date header and serverTime are off from the clock of the data
    role: tuple[str, ...] = ()  # keys or ids of the only projects that the account's role may browse; empty: all
    rights: tuple[str, ...] = ("BROWSE_PROJECTS",)  # keys of the permissions that the account has
    window: int = 10_000  # Data Center: no search reaches beyond so many results
    blackout: bool = False  # search finds nothing and details are silent for everything, while the account stays known
    limit: int = 0  # requests per second, endpoint and method before a 429; 0: no limit
    limit_wait: int = 1  # seconds of its Retry-After
    limit_grace: float = 0.5  # seconds after an announced wait in which another request may still be under way
    strict: bool = False  # waits that faults announce are enforced like those of the limit

    def cap(self, most: int) -> int:
        """The largest page where the vendor allows `most` rows."""
        return min(most, self.page_limit) if self.page_limit else most


class Refused(Exception):
    """An answer that is an error: status and body."""

    def __init__(self, status: int, body: Any) -> None:
        super().__init__(status)
        self.status, self.body = status, body


def refused(status: int, *messages: str) -> Refused:
    """An error in the vendor's usual shape."""
    return Refused(status, {"errorMessages": list(messages), "errors": {}})


def answer(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """A JSON answer."""
    return Response(orjson.dumps(body), status, headers, "application/json;charset=UTF-8")


def number(text: str | None, default: int, name: str) -> int:
    """A parameter that counts something."""
    try:
        found = default if text is None else int(text)
    except ValueError:
        raise refused(400, f"The value '{text}' for '{name}' is not a number.") from None
    if found < 0:
        raise refused(400, f"The value '{text}' for '{name}' is negative.")
    return found


def meaning(request: Request, kind: str) -> Json | None:
    """The options of a fault that changes what this answer means."""
    found: Json | None = request.scope.get("sandbox.meaning", {}).get(kind)
    return found


async def body_of(request: Request) -> Json:
    """The JSON object that was sent."""
    try:
        body = orjson.loads(await request.body())
    except orjson.JSONDecodeError:
        raise refused(400, "There was an error parsing JSON. Check that your request body is valid.") from None
    if not isinstance(body, dict):
        raise refused(400, "The request body must be an object.")
    return body


def page(request: Request, settings: Settings, rows: list[Json], default: int = LIST_PAGE, most: int = LIST_PAGE) -> Json:
    """A page by startAt, maxResults and isLast."""
    start = number(request.query_params.get("startAt"), 0, "startAt")
    size = min(number(request.query_params.get("maxResults"), default, "maxResults"), settings.cap(most))
    shift = meaning(request, "shift")
    at = max(0, start + int(shift.get("by", 1))) if shift else start
    found = [] if meaning(request, "empty_page") is not None else rows[at : at + size]
    last = at + len(found) >= len(rows) or meaning(request, "no_token") is not None
    answered = {"startAt": start, "maxResults": size, "total": len(rows), "isLast": last, "values": found}
    if "/agile/" not in request.url.path:
        url = request.url.replace(path=request.scope.get("sandbox.prefix", "") + request.url.path)
        answered["self"] = str(url)
        if not last:
            answered["nextPage"] = str(url.include_query_params(startAt=start + len(found), maxResults=size))
    return answered
