"""A vendor in memory: the truth, an index that lags behind it, and a small JSON API over both.

The truth is a list of versions per item. ``/search`` and ``/census`` answer from the index, where a version appears only after
its lag; ``/fetch`` answers from the truth. Partitions can be hidden, archived or in the trash; in a blackout every list is empty
and everything that is asked for by id is denied, as for a stranger. Answers are status, headers and bytes.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any, Literal, NamedTuple

import orjson

State = Literal["live", "archived", "trashed", "deleted", "merged"]
Answer = tuple[int, dict[str, str], bytes]

STATUSES = {"1": "To do", "2": "Doing", "3": "Done", "4": "Review"}
TYPES = {1: "Epic", 0: "Story", -1: "Sub-task"}
LABELS = ("kr:count", "kr:points", "kr:epics", "kr:rest", "kr:typo", "kr:ktlo", "noise", "late")
ESTIMATES = (None, "1", "2", "3", "0.5", "8", "-1")
ACCOUNT = "robot-1"


class Version(NamedTuple):
    """An item between two changes. Instants are milliseconds by the vendor's clock; ``poison`` is one that cannot be read."""

    id: str
    partition: str
    key: str
    title: str
    level: int
    status: str
    resolution: str | None
    parent: str | None
    labels: tuple[str, ...]
    estimate: str | None
    created: int
    updated: int
    done: int | None
    state: State = "live"
    poison: bool = False
    into: str | None = None
    """Of a merged one, the item that it became a part of."""


@dataclass(slots=True)
class Place:
    """A project as the vendor keeps it. ``hidden`` is out of the account's sight."""

    id: str
    key: str
    title: str
    state: Literal["live", "archived", "trashed"] = "live"
    hidden: bool = False
    refused: bool = False
    """Listed among the projects, and nothing in it may be read."""


@dataclass(slots=True)
class Habits:
    """How a vendor behaves all its life."""

    lag: int = 0
    """Milliseconds by which its index may trail its truth."""
    skew: int = 0
    """Milliseconds that its clock is ahead of ours."""
    tick: int = 1
    """Resolution of its stamps in milliseconds."""
    telling: bool = False
    """Says of a lost item how it went; otherwise that it is not to be had."""
    token_life: int = 3_600_000
    """Milliseconds for which a page token can be used."""


@dataclass(slots=True)
class Query:
    """What a page token stands for: the listing, and the last row that was given."""

    path: str
    partition: str
    since: int | None
    order: str
    size: int
    after: tuple[int, int] | None
    until: int


def iso(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds")


@dataclass
class Vendor:
    """``clock`` gives true time in milliseconds; the vendor adds its own skew."""

    clock: Callable[[], int]
    habits: Habits = field(default_factory=Habits)
    places: dict[str, Place] = field(default_factory=dict)
    items: dict[str, list[Version]] = field(default_factory=dict)
    categories: dict[str, str] = field(
        default_factory=lambda: {"1": "new", "2": "indeterminate", "3": "done", "4": "indeterminate"}
    )
    blackout: bool = False
    account: str = ACCOUNT
    _shown_at: dict[str, list[int]] = field(default_factory=dict)
    _tokens: dict[str, Query] = field(default_factory=dict)
    _serial: int = 0

    # ---- the truth ----

    def now(self) -> int:
        return self.clock() + self.habits.skew

    def stamp(self) -> int:
        return self.now() // self.habits.tick * self.habits.tick

    def latest(self, id_: str) -> Version:
        return self.items[id_][-1]

    def current(self) -> Iterator[Version]:
        return (versions[-1] for versions in self.items.values())

    def put(self, version: Version, lag: int = 0) -> None:
        """A new version; the index shows it after ``lag`` milliseconds, in order."""
        shown = self._shown_at.setdefault(version.id, [])
        shown.append(max(self.clock() + lag, shown[-1] if shown else 0))
        self.items.setdefault(version.id, []).append(version)

    def visible(self, version: Version) -> bool:
        """Whether the account can see it just now, by id or in a list that is up to date."""
        place = self.places[version.partition]
        return version.state == "live" and place.state == "live" and not (place.hidden or place.refused or self.blackout)

    def settled(self) -> bool:
        """Whether the index shows the truth."""
        now = self.clock()
        return all(shown[-1] <= now for shown in self._shown_at.values())

    def indexed(self, id_: str) -> Version | None:
        now = self.clock()
        for version, at in zip(reversed(self.items[id_]), reversed(self._shown_at[id_]), strict=True):
            if at <= now:
                return version
        return None

    def clone(self, clock: Callable[[], int]) -> Vendor:
        """The same vendor with a life of its own from here on."""
        places = {id_: replace(place) for id_, place in self.places.items()}
        items = {id_: list(versions) for id_, versions in self.items.items()}
        shown = {id_: list(each) for id_, each in self._shown_at.items()}
        return replace(self, clock=clock, habits=replace(self.habits), places=places, items=items,
                       categories=dict(self.categories), _shown_at=shown, _tokens=dict(self._tokens))  # fmt: skip

    # ---- the API ----

    def answer(self, path: str, params: dict[str, Any]) -> Answer:
        handler: dict[str, Callable[[dict[str, Any]], Any]] = {
            "/me": lambda _: {"account": self.account},
            "/partitions": self._partitions,
            "/lists": self._lists,
            "/search": lambda p: self._listing("/search", p),
            "/census": lambda p: self._listing("/census", p),
            "/fetch": self._fetch,
        }
        found = handler[path](params)
        if isinstance(found, int):
            return found, self.headers(), b'{"message": "refused"}'
        return 200, self.headers(), orjson.dumps(found)

    def headers(self) -> dict[str, str]:
        date = datetime.fromtimestamp(self.now() // 1000, UTC)
        return {"Content-Type": "application/json", "Date": format_datetime(date, usegmt=True)}

    def _partitions(self, _: dict[str, Any]) -> Any:
        seen = (p for p in self.places.values() if not p.hidden)
        return {"partitions": [{"id": p.id, "key": p.key, "title": p.title, "state": p.state} for p in seen]}

    def _lists(self, _: dict[str, Any]) -> Any:
        return {"statuses": [{"id": i, "name": STATUSES[i], "category": self.categories[i]} for i in STATUSES]}

    def _listing(self, path: str, params: dict[str, Any]) -> Any:
        token = params.get("token")
        if token is not None:
            query = self._tokens.get(token)
            if query is None or query.until < self.clock():
                return 410
        else:
            query = Query(path, params["partition"], params.get("since"), params["order"], params["size"], None, 0)
        place = self.places.get(query.partition)
        if place is None or place.hidden or place.refused or place.state != "live":
            return 403
        return self._page(query)

    def _page(self, query: Query) -> Any:
        found = [] if self.blackout else self._matching(query)
        rows = [v for v in found if query.after is None or _order(v, query.order) > query.after]
        rows.sort(key=lambda v: _order(v, query.order))
        page, more = rows[: query.size], len(rows) > query.size
        answer: dict[str, Any] = {"last": not more}
        if query.path == "/census":
            answer["rows"] = [{"id": v.id, "updated": iso(v.updated)} for v in page]
        else:
            answer["rows"] = [row_of(v) for v in page]
            if self.habits.telling and query.since is not None and query.after is None and not self.blackout:
                answer["gone"] = [{"id": v.id, "how": v.state, "into": v.into} for v in self._left(query)]
        if more:
            self._serial += 1
            answer["next"] = f"page-{self._serial}"
            last = _order(page[-1], query.order)
            self._tokens[answer["next"]] = Query(
                query.path, query.partition, query.since, query.order, query.size, last, self.clock() + self.habits.token_life
            )
            if len(self._tokens) > 500:
                for old in list(self._tokens)[:250]:
                    del self._tokens[old]
        return answer

    def _matching(self, query: Query) -> list[Version]:
        shown = (self.indexed(id_) for id_ in self.items)
        return [v for v in shown if v is not None and v.state == "live" and v.partition == query.partition and _since(v, query)]

    def _left(self, query: Query) -> list[Version]:
        shown = (self.indexed(id_) for id_ in self.items)
        return [v for v in shown if v is not None and v.state != "live" and v.partition == query.partition and _since(v, query)]

    def _fetch(self, params: dict[str, Any]) -> Any:
        items, gone, denied = [], [], []
        for id_ in params["ids"]:
            version = self.items[id_][-1] if id_ in self.items else None
            if version is not None and self.visible(version):
                items.append(row_of(version))
            elif version is not None and self._tells(version):
                gone.append({"id": id_, "how": version.state, "into": version.into})
            else:
                denied.append(id_)
        return {"items": items, "gone": gone, "denied": denied}

    def _tells(self, version: Version) -> bool:
        place = self.places[version.partition]
        return self.habits.telling and version.state != "live" and not (place.hidden or place.refused or self.blackout)


def _since(version: Version, query: Query) -> bool:
    """The filter knows minutes only."""
    return query.since is None or version.updated // 60_000 >= query.since // 60_000


def _order(version: Version, order: str) -> tuple[int, int]:
    number = int(version.id)
    return {"id": (number, 0), "down": (-number, 0), "updated": (version.updated, number)}[order]


def row_of(v: Version) -> dict[str, Any]:
    """A version as the API gives it; a poisoned one has no status."""
    return {
        "id": v.id, "key": v.key, "title": v.title, "level": v.level, "partition": v.partition,
        "status": None if v.poison else v.status, "resolution": v.resolution, "parent": v.parent, "labels": list(v.labels),
        "estimate": v.estimate, "created": iso(v.created), "updated": iso(v.updated),
        "done": None if v.done is None else iso(v.done),
    }  # fmt: skip


# ---- what people do with it -------------------------------------------------------------------------------------------------


class Company:
    """People at work: each act changes the truth. ``rng`` alone decides, so that a seed gives the same company."""

    def __init__(self, vendor: Vendor, rng: random.Random) -> None:
        self.vendor = vendor
        self.rng = rng

    def act(self, poison: bool = False) -> None:
        """One change of one item; ``poison``: it may become unreadable."""
        acts = [
            self.create,
            self.update,
            self.update,
            self.update,
            self.finish,
            self.move,
            self.remove,
            self.restore,
            self.reparent,
        ]
        if poison and self.rng.random() < 0.15:
            acts = [self.spoil]
        self.rng.choice(acts)()

    def _lag(self) -> int:
        return self.rng.choice((0, self.vendor.habits.lag // 3, self.vendor.habits.lag * 9 // 10))

    def _pick(self, *states: str) -> Version | None:
        found = [v for v in self.vendor.current() if v.state in (states or ("live",))]
        return self.rng.choice(found) if found else None

    def _change(self, version: Version | None, **changes: Any) -> None:
        if version is not None:
            values = {"updated": self.vendor.stamp(), "poison": False} | changes
            self.vendor.put(version._replace(**values), self._lag())

    def create(self, partition: str | None = None, level: int | None = None) -> None:
        vendor, rng = self.vendor, self.rng
        place = vendor.places[partition or rng.choice(sorted(vendor.places))]
        number = len(vendor.items) + 1
        level = rng.choice((1, 0, 0, 0, -1)) if level is None else level
        at = vendor.stamp()
        status = rng.choice(sorted(STATUSES))
        vendor.put(
            Version(
                str(number), place.id, f"{place.key}-{number}", f"Work {number}", level, status, None, self._parent(level),
                self._labels(), rng.choice(ESTIMATES), at, at, at if status in "34" else None,
            ),
            self._lag(),
        )  # fmt: skip

    def update(self) -> None:
        rng = self.rng
        found = self._pick()
        if found is None:
            return
        what: dict[str, Callable[[], Any]] = {
            "title": lambda: f"Work {found.id}, take {rng.randrange(1000)}",
            "labels": self._labels,
            "estimate": lambda: rng.choice(ESTIMATES),
        }
        name = rng.choice(sorted(what))
        self._change(found, **{name: what[name]()})

    def finish(self) -> None:
        """Another status, with a resolution where it is done."""
        found = self._pick()
        status = self.rng.choice(sorted(STATUSES))
        resolution = self.rng.choice((None, "Fixed", "Won't Do")) if status == "3" else None
        self._change(found, status=status, resolution=resolution, done=self.vendor.stamp() if status in "34" else None)

    def move(self) -> None:
        found = self._pick()
        if found is not None:
            place = self.vendor.places[self.rng.choice(sorted(self.vendor.places))]
            self._change(found, partition=place.id, key=f"{place.key}-{found.id}")

    def remove(self) -> None:
        """Deleted, in the trash or archived; with an index that lags, lists show it for a while."""
        state = self.rng.choice(("deleted", "trashed", "archived")) if self.vendor.habits.telling else "deleted"
        found = self._pick()
        if found is not None:
            self._change(found, state=state, poison=found.poison)

    def restore(self) -> None:
        """Back again, half of the time without a new stamp: only a census shows it then."""
        found = self._pick("deleted", "trashed", "archived")
        if found is not None:
            stamp = self.vendor.stamp() if self.rng.random() < 0.5 else found.updated
            self._change(found, state="live", updated=stamp, poison=found.poison)

    def reparent(self) -> None:
        found = self._pick()
        if found is not None:
            self._change(found, parent=self._parent(found.level))

    def spoil(self) -> None:
        """From now on nobody can read it, until somebody changes it."""
        self._change(self._pick(), poison=True)

    def flip(self, partition: str) -> None:
        """Every item of a project gets another status at once."""
        for each in [v for v in self.vendor.current() if v.partition == partition and v.state == "live"]:
            self._change(each, status="2" if each.status == "1" else "1", resolution=None, done=None)

    def clear(self, partition: str, share: float) -> None:
        """A part of a project is deleted for good."""
        found = [v for v in self.vendor.current() if v.partition == partition and v.state == "live"]
        for each in found[: int(len(found) * share)]:
            self._change(each, state="deleted", poison=each.poison)

    def rename(self, partition: str) -> None:
        """A project gets another key and title: a row of a list changes, its items do not."""
        place = self.vendor.places[partition]
        place.key = f"{place.key.split('X')[0]}X{self.rng.randrange(10)}"
        place.title = f"Renamed {place.key}"

    def _parent(self, level: int) -> str | None:
        above = [v.id for v in self.vendor.current() if v.level == level + 1 and v.state == "live"]
        return self.rng.choice(above) if above and self.rng.random() < 0.7 else None

    def _labels(self) -> tuple[str, ...]:
        return tuple(sorted(self.rng.sample(LABELS, self.rng.choice((0, 0, 1, 1, 1, 2)))))
