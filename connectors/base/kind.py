"""What a connector module offers as ``KIND``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from connectors.base.interface import Connector, Io
from connectors.base.settings import SourceSettings


@dataclass(frozen=True, slots=True)
class Option:
    """A setting of one kind's ``[source.NAME]`` table beyond the common ones.

    ``type``: ``str``, ``bool``, ``int``, ``float``, ``Decimal``; ``tuple`` for a list of texts; ``dict`` for a table of texts.
    """

    name: str
    type: type
    default: Any = None
    help: str = ""
    choices: tuple[str, ...] = ()
    """Of a text: the only values that it may have; empty takes any."""


@dataclass(frozen=True, slots=True)
class SettingFault:
    """What is wrong with the settings of a source: the keys that lead there, a sentence, and what to do about it."""

    at: tuple[str, ...]
    """``("columns", "amount")``; empty for the table as a whole."""
    text: str
    remedy: str = ""
    named: bool = False
    """The last key itself is wrong, not its value."""


@dataclass(frozen=True, slots=True)
class Access:
    """What a vendor's administrator is asked for, in the vendor's own words; `init KIND --letter` makes a letter of it.

    Every text is a line of its own without the full stop; ``{partitions}`` in a right becomes the configured ones.
    """

    account: tuple[str, ...]
    """Which kind of account, and what it needs before any right on content."""
    rights: tuple[str, ...]
    """The least rights, each where it is given; nothing that writes."""
    scopes: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """(which case it is for, the scopes as they are spelt), for vendors whose credentials can be limited."""
    reads: tuple[str, ...] = ()
    """What is read."""
    leaves: tuple[str, ...] = ()
    """What is never read, although the rights would allow it."""
    token: tuple[str, ...] = ()
    """How the credential is made, how long it lives, how it is replaced."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What a connector module offers as ``KIND``: its name, class, secrets and settings, known without importing an SDK."""

    name: str
    title: str
    factory: Callable[[SourceSettings, Io], Connector]
    needs_user: bool = False
    user_is_key: bool = False
    """``user`` is an API key, a part of the credential: asked for as such, and hidden wherever a secret is."""
    needs_token: bool = True
    open_address: Callable[[str], bool] | None = None
    """Of a kind that needs a token: which urls need none all the same (a database in a file, a socket of this machine)."""
    address: Literal["https", "file", "database"] = "https"
    """What ``url`` is: a site; a file (then ``file`` may stand in its place) or an https address; a database's URL."""
    rate: float | None = None
    """Requests a second and account that the vendor's limits allow; what the configuration says goes before. None: no limit of
    ours, the vendor's own words are heeded."""
    work: bool = True
    """Whether its items are usually work that should serve a key result; else only metrics read them."""
    queries: bool = False
    """Whether it runs the queries that mapping files name, and ``partitions`` names them."""
    partition_word: str = "projects"
    """What the config calls its partitions: ``projects``, ``boards``, ``objects``."""
    item_fields: frozenset[str] = frozenset()
    """Which of the conditions' fields this kind has (``label``, ``component``, ``sprint``, ...)."""
    answers: Callable[[SourceSettings], frozenset[str]] | None = None
    """Which of ``item_fields`` the items of one source have, where its settings decide that; without it all of them."""
    options: tuple[Option, ...] = ()
    examine: Callable[[SourceSettings], Iterable[SettingFault]] | None = None
    """What is wrong with settings of which each is well-formed by itself. Looks at nothing else, and never at the secret."""
    rights: str = ""
    """The least rights the credential needs, as one sentence for the admin."""
    access: Access | None = None
    """The same in full, for the letter to the administrator."""
    expiry: str = ""
    """When a credential ends, where ``Account.expires_at`` cannot tell it: one sentence."""
    search_urls: Callable[[str, Sequence[str]], tuple[str, ...]] | None = None
    """Addresses at which the vendor lists certain items, for people: from the address of one of them, and the keys of all;
    several where one would be too long, none where it cannot be said."""
    edition_by: str = ""
    """The option that chooses between editions of the product: ``deployment``."""
    editions: Mapping[str, Kind] = field(default_factory=dict)
    """Value of that option -> the kind as it is then: another title, other needs and rights. Other values mean this one."""

    def edition(self, options: Mapping[str, Any]) -> Kind:
        """This kind as a source with these options has it."""
        return self.editions.get(str(options.get(self.edition_by)), self)
