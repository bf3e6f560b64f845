"""``Trello``: what the contract asks, put together from boards, pages of cards and their history.

Every board is read whole each time: Trello has no reliable "changed since". ``dateLastActivity`` does not move when a list is
renamed or archived, and on boards made from templates it is older than the card.
"""

from __future__ import annotations

import hashlib
import logging
import threading
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from functools import partial
from typing import Any, TypeVar, cast
from urllib.parse import quote
from zoneinfo import ZoneInfo

import orjson

from connectors.base import (
    AccessLost,
    Account,
    AuthError,
    Connector,
    CursorExpired,
    Dimension,
    Fetched,
    Gone,
    Io,
    Misconfigured,
    Page,
    Partition,
    Rejected,
    Seen,
    SourceSettings,
    WorkItem,
)
from connectors.trello import boards
from connectors.trello.boards import Board, Facts
from connectors.trello.client import Site, is_id, pages
from connectors.trello.fields import wanted
from connectors.trello.history import KINDS, Moves, moves
from connectors.trello.normalise import CARD_FIELDS, created, left_out, make_normaliser, rejected, strangers

log = logging.getLogger(__name__)

T = TypeVar("T")

SHAPE = 1
"""Raise it when the same card would become another ``WorkItem``."""
ATTACHED = "url,isUpload"
_SHORT_LINK = 8
"""Characters of a board's short link."""


class Trello(Connector):
    """One account's boards. Lists are read once per run and kept."""

    resume_ttl = 24 * 3600.0
    """A position is the id of a card, below which the pass goes on."""

    def __init__(self, settings: SourceSettings, io: Io) -> None:
        super().__init__(settings, io)
        self._site = Site(settings, io)
        self._wanted = wanted(settings)
        self._zone = ZoneInfo(settings.timezone)
        self._lock = threading.RLock()
        self._kept: dict[str, Any] = {}
        self._locks: dict[str, threading.Lock] = {}

    # ---- who, and what there is

    def check(self) -> Account:
        """The account of the token, configured fields that no board has, and whether it sees any board."""
        try:
            me = self._site.row("members/me", {"fields": "fullName,username"}, "id")
        except AccessLost as error:
            if error.status != 404:
                raise
            raise Misconfigured("url does not answer like Trello", hint='Write url = "https://api.trello.com/1".') from None
        if not is_id(me["id"]):
            raise AuthError("Trello names no account for this token", hint="Check `user` and the token.")
        name = me.get("fullName")
        live = [part for part in self.partitions() if part.state == "live"]
        return Account(
            id=me["id"],
            name=name if isinstance(name, str) else None,
            missing=() if live else ("this account is a member of no open board: add it to those to read",),
            unresolved=self._unresolved(live) if self._wanted.names else (),
        )

    def _unresolved(self, live: list[Partition]) -> tuple[str, ...]:
        from connectors.trello.fields import unresolved

        custom = {f"{part.title} ({part.key or part.id})": self._seen(part.id) for part in live}
        return unresolved(self._wanted, {name: known.custom for name, known in custom.items() if known is not None})

    def partitions(self) -> list[Partition]:
        """The configured boards by id, short link or exact name, or all of the account's; templates only if named."""
        found = self._boards()
        if not self.settings.partitions:
            return [self._partition(found[ident]) for ident in sorted(found) if not found[ident].template]
        return list({part.id: part for part in map(self._named, self.settings.partitions)}.values())

    def _named(self, name: str) -> Partition:
        found = self._boards()
        same = [each for each in found.values() if name in (each.id, each.key)]
        same = same or [each for each in found.values() if each.name.casefold() == name.casefold()]
        if len(same) > 1:
            links = ", ".join(sorted(each.key or each.id for each in same))
            raise Misconfigured(
                f"{len(same)} boards are named {name}", hint=f"Write the short link of the one that is meant: {links}."
            )
        if not same and (is_id(name) or (len(name) == _SHORT_LINK and name.isalnum())):
            stranger = self._once(f"board {name}", partial(boards.named, self._site, name))
            same = [stranger] if stranger is not None else []
        return self._partition(same[0]) if same else Partition(name, name, name, "unseen")

    def _partition(self, board: Board) -> Partition:
        state = "archived" if board.closed else "live"
        return Partition(board.id, board.name, board.key, cast(Any, state), reads="whole", fingerprint=self._fingerprint())

    def _fingerprint(self) -> str:
        asked = self._wanted
        read = [SHAPE, self.settings.url, asked.own, asked.checklists, asked.custom, asked.estimate, self._history]
        return hashlib.blake2b(orjson.dumps(read), digest_size=16).hexdigest()

    def dimensions(self) -> Iterator[Dimension]:
        """Custom fields, boards, and lists (each a status and a container), of the boards that are read."""
        live = [part.id for part in self.partitions() if part.state == "live"]
        known = {board: found for board in live if (found := self._seen(board)) is not None}
        for board, found in known.items():
            yield from boards.field_rows(board, found)
        yield from boards.board_rows(self._boards())
        for board, found in known.items():
            yield from boards.list_rows(board, found)

    # ---- cards

    def changes(self, partition: Partition, since: datetime | None, resume: str | None) -> Iterator[Page]:
        """Every card of the board, archived ones too; a page for each of Trello's, and one at the end."""
        params = {"fields": CARD_FIELDS, "attachments": "true", "attachment_fields": ATTACHED, **self._custom_fields()}
        at = self._position(resume)
        for rows, bad, following in pages(self._site, f"boards/{partition.id}/cards/all", params, at):
            items, wrong = self._items(partition.id, rows)
            at = following
            yield Page(items=items, rejected=(*(rejected(row, "id is unreadable") for row in bad), *wrong), resume=at)
        yield Page(resume=at, end="complete")

    @staticmethod
    def _position(resume: str | None) -> str | None:
        if resume is not None and not is_id(resume):
            raise CursorExpired("the stored position is none of Trello's", hint="The board is read again from its beginning.")
        return resume

    def _items(self, board: str, rows: list[dict[str, Any]]) -> tuple[tuple[WorkItem, ...], tuple[Rejected, ...]]:
        """The cards of a page, without those that are no work."""
        cards = self._with_attachments([row for row in rows if not left_out(row)])
        known = self._facts(board)
        if any(strangers(card, known) for card in cards):
            known = self._facts(board, afresh=True)
        history = self._moves(board)
        if history is not None and cards:
            history.back_to(min(created(card["id"]) for card in cards))
        normalise = make_normaliser(known, self._wanted, history.of if history is not None else _never, self._zone)
        found = [normalise(card) for card in cards]
        return (
            tuple(one for one in found if isinstance(one, WorkItem)),
            tuple(one for one in found if isinstance(one, Rejected)),
        )

    def _with_attachments(self, cards: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The cards with their attachments, asked for one by one where the listing left them out."""
        lacking = [card for card in cards if "attachments" not in card and _counts_attachments(card)]
        for card, found in zip(lacking, self._site.each(self._attachments, lacking), strict=True):
            card["attachments"] = found
        return cards

    def _attachments(self, card: dict[str, Any]) -> list[Any]:
        try:
            return self._site.rows_once(f"cards/{card['id']}/attachments", {"fields": ATTACHED})
        except AccessLost:
            return []  # it was deleted since it was listed

    def census(self, partition: Partition) -> Iterator[Seen]:
        """All ids of the board; a complete pass lists the same."""
        params = {"fields": "dateLastActivity,idBoard,idList,isTemplate,cardRole"}
        for rows, _, _ in pages(self._site, f"boards/{partition.id}/cards/all", params):
            for row in rows:
                if not left_out(row):
                    yield Seen(row["id"], None, (partition.id,))

    def get(self, ids: Iterable[str]) -> Fetched:
        """Cards by id or short link. 404 is Trello's word that a card was deleted; 401 that this account may not see it. A card
        that has become a template or mirror is not to be had."""
        asked = list(dict.fromkeys(ids))
        items: list[WorkItem] = []
        gone: list[Gone] = []
        denied: list[str] = []
        bad: list[Rejected] = []
        for ident, answer in zip(asked, self._site.each(self._card, asked), strict=True):
            if isinstance(answer, AccessLost):
                if answer.status == 404 and is_id(ident):
                    gone.append(Gone(ident, "deleted"))
                elif is_id(ident):
                    denied.append(ident)
            elif left_out(answer):
                denied.append(ident)
            else:
                found = self._item(answer)
                if isinstance(found, WorkItem):
                    items.append(found)
                else:
                    bad.append(found)
        return Fetched(tuple(items), tuple(gone), tuple(denied), tuple(bad))

    def _card(self, ident: str) -> dict[str, Any] | AccessLost:
        params: dict[str, Any] = {"fields": CARD_FIELDS, "attachments": "true", "attachment_fields": ATTACHED}
        params |= self._custom_fields()
        if self._history:
            params |= {"actions": KINDS, "actions_limit": 1000, "action_fields": "type,date,data"}
        try:
            return self._site.row_once(f"cards/{quote(ident, safe='')}", params, "id")
        except AccessLost as error:
            return error
        except Misconfigured as error:  # 400: no card can have such an id
            if error.status != 400:
                raise
            return AccessLost(str(error), hint=error.hint, status=400)

    def _item(self, card: dict[str, Any]) -> WorkItem | Rejected:
        """A card that was read by itself; its board may be another one than it was last seen on."""
        board = str(card.get("idBoard"))
        known = self._seen(board) if is_id(board) else None
        if known is None:
            return rejected(card, "the lists of its board cannot be read")
        if strangers(card, known):
            known = self._facts(board, afresh=True)
        history = [move for _, move in moves(card.get("actions") or ())]
        return make_normaliser(known, self._wanted, lambda _: history, self._zone)(card)

    def _custom_fields(self) -> dict[str, str]:
        return {"customFieldItems": "true"} if self._wanted.names else {}

    @property
    def _history(self) -> bool:
        return bool(self.settings.options.get("history", True))

    def close(self) -> None:
        self._site.close()
        self.io.close()

    # ---- read once per run

    def _boards(self) -> dict[str, Board]:
        return self._once("boards", partial(boards.roster, self._site))

    def _facts(self, board: str, *, afresh: bool = False) -> Facts:
        read = partial(boards.facts, self._site, board, checklists=bool(self._wanted.checklists))
        return self._once(f"facts {board}", read, afresh=afresh)

    def _seen(self, board: str) -> Facts | None:
        """The same, None for a board that the account lost while it was read: its pass says so."""
        try:
            return self._facts(board)
        except AccessLost:
            log.warning("trello: the lists of board %s cannot be read by this account", board)
            return None

    def _moves(self, board: str) -> Moves | None:
        return self._once(f"moves {board}", partial(Moves, self._site, board)) if self._history else None

    def _once(self, name: str, read: Callable[[], T], *, afresh: bool = False) -> T:
        """What ``read`` gives, by whichever thread needs it first; boards do not wait for each other."""
        with self._lock:
            lock = self._locks.setdefault(name, threading.Lock())
        with lock:
            if afresh or name not in self._kept:
                self._kept[name] = read()
            return cast(T, self._kept[name])


def _never(card: str) -> tuple[()]:
    return ()


def _counts_attachments(card: dict[str, Any]) -> bool:
    badges = card.get("badges")
    count = badges.get("attachments") if isinstance(badges, dict) else None
    return isinstance(count, int) and count > 0
