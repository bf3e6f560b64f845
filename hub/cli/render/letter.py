"""The letter to a vendor's administrator, as plain text that survives any mail program."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from connectors.base import Access
from hub.cli.render.text import clean

if TYPE_CHECKING:
    from connectors.base import Kind
    from hub.config import Source

WIDTH = 76
EXAMPLE_DOMAIN = ".example"
_PLACES = {"https": "Site", "file": "File", "database": "Database"}
"""What is at the address of a source, by what its kind says that the address is."""


def letter(kind: Kind, source: Source | None) -> str:
    """The whole letter; what is not known stands in square brackets, for the sender to fill in."""
    access = kind.access or Access(account=("An account of its own, not a person's",), rights=(kind.rights or "Read access",))
    known = _Known(kind, source)
    return "\n".join(
        [
            f"Subject: Read access to {known.system} for Anchorline",
            "",
            *_para(f"Dear administrator of {known.system},"),
            *_para(f"{known.purpose} It only reads: no request of it creates, changes or deletes anything in {known.system}."),
            *_para("Please set up what follows, and nothing more."),
            *_head("Where"),
            *_facts(known.facts()),
            *_head("Account"),
            *_points(access.account),
            *_head("Rights, and no others"),
            *_points(right.replace("{partitions}", known.partitions()) for right in access.rights),
            *(_scopes(access) if access.scopes else []),
            *(_token(access) if access.token else []),
            *_reading(access, known),
            *_running(known),
            *_checking(known),
            *_checklist(known, access),
            "Thank you.",
            "[your name, how to reach you]",
        ]
    )


class _Known:
    """What the configuration says, or brackets."""

    def __init__(self, kind: Kind, source: Source | None) -> None:
        host = urlsplit(source.url).hostname or "" if source else ""
        shipped = host.endswith(EXAMPLE_DOMAIN)  # `init` wrote it, nobody has changed it yet
        self.word = kind.partition_word
        self.system = kind.title if kind.address == "https" else f"the {_within(kind.title)}"
        self.purpose = (
            f"we use Anchorline to see how the work in {kind.title} moves our objectives and key results, and which work serves "
            "none of them."
            if kind.work
            else f"we use Anchorline to see how far our key results are, some of them by figures from {self.system}."
        )
        self._meant = "whose work shall count" if kind.work else "that our metrics read"
        self._place = _PLACES[kind.address]
        self.is_database = kind.address == "database"
        self.place = f"your {self._place.lower()}"
        self._named_by = "key" if kind.work else "name"
        self.name = source.name if source else kind.name
        self._url = clean(source.url) if source and not shipped else ""
        self._user = clean(source.user) if source and source.user and not source.user.endswith(EXAMPLE_DOMAIN) else ""
        self._partitions = tuple(clean(p) for p in source.partitions) if source and not shipped else ()
        self._all = source is not None and not shipped and not source.partitions
        self.host = host if host and not shipped else ""

    def facts(self) -> list[tuple[str, str]]:
        return [
            (self._place, self._url or f"[the {self._place.lower()}'s address]"),
            ("Account", self._user or "[proposed name or mail address of the account]"),
            (self.word.capitalize(), self.partitions()),
            ("Until", "[how long we need it, or: until further notice]"),
        ]

    def partitions(self) -> str:
        if self._partitions:
            return ", ".join(self._partitions)
        return f"all {self.word} {self._meant}" if self._all else f"[the {self.word}, by {self._named_by}]"


# ---- parts --------------------------------------------------------------------------------------------------------------


def _scopes(access: Access) -> list[str]:
    lines = [
        *_head("Scopes"),
        *_para(
            "A token without scopes needs no entry here: the rights above are its limit. With scopes, choose one set of these:"
        ),
    ]
    for case, names in access.scopes:
        lines += _wrapped(f"{case}:", "- ", "  ")
        lines += _wrapped("  ".join(names), "    ", "    ")
    return [*lines, ""]


def _token(access: Access) -> list[str]:
    return [*_head("Token"), *_points(access.token)]


def _reading(access: Access, known: _Known) -> list[str]:
    lines = _head("What is read and kept")
    if access.reads:
        lines += _points((*access.reads, *(f"Never read: {what}" for what in access.leaves)))
    return [
        *lines,
        *_para(
            "What is read is stored in a database on our side, with its former versions, so that every figure can be explained "
            "later. A record that cannot be understood is kept as it came until it can. The program sends it nowhere else."
        ),
        *_para(f"Nothing is ever written to {known.system}: the program refuses to send any request but those that read."),
    ]


def _running(known: _Known) -> list[str]:
    how = "encrypted connections" if known.is_database else "encrypted connections (HTTPS, port 443)"
    return [
        *_head("Where it runs"),
        *_para(
            f"On [machine, place and department]. It opens {how} to {known.host or known.place} and to no other address of "
            f"yours; your side never has to connect to it. If {known.place} limits addresses, ours is [outgoing address]."
        ),
    ]


def _checking(known: _Known) -> list[str]:
    return [
        *_head("How we see that it worked"),
        *_para(
            f"We run `anchorline check --online {known.name}`. It names the account it was let in as, counts the {known.word} "
            "that the account sees, and lists every right that is missing. We send you what it says if something is."
        ),
    ]


def _checklist(known: _Known, access: Access) -> list[str]:
    steps = [
        "account made: ____________________",
        f"rights given on: {known.partitions()}",
        *(["token made, without scopes or with: ____________________"] if access.scopes else []),
        "token ends on: ____-__-__",
        "token handed over through [a safe channel], not by mail",
        f"`anchorline check --online {known.name}` names the account and the {known.word} (we do this)",
    ]
    lines = _head("Checklist")
    for step in steps:
        lines += _wrapped(step, "[ ] ", "    ")
    return [*lines, ""]


# ---- text ---------------------------------------------------------------------------------------------------------------


def _within(title: str) -> str:
    """A title inside of a sentence: its capital goes, unless it is an abbreviation's."""
    return f"{title[:1].lower()}{title[1:]}" if title[1:2].islower() else title


def _head(text: str) -> list[str]:
    return [text, "-" * len(text)]


def _para(text: str) -> list[str]:
    return [*_wrapped(text, "", ""), ""]


def _facts(rows: list[tuple[str, str]]) -> list[str]:
    width = max(len(name) for name, _ in rows) + 3
    lines = []
    for name, value in rows:
        lines += _wrapped(value, f"{name}:".ljust(width), " " * width)
    return [*lines, ""]


def _points(texts: Iterable[str]) -> list[str]:
    lines = []
    for text in texts:
        lines += _wrapped(f"{text}.", "- ", "  ")
    return [*lines, ""]


def _wrapped(text: str, first: str, rest: str) -> list[str]:
    return textwrap.wrap(
        text, WIDTH, initial_indent=first, subsequent_indent=rest, break_long_words=False, break_on_hyphens=False
    )
