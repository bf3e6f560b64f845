"""Whatever happens between evaluations, what is stored afterwards is what a calculation of everything says.

Items come, change, move, leave and come back in two sources; lists and mapping files change; runs end well or not; days pass.
After each evaluation attachments, links, findings and snapshots are compared with ``assess`` over all that is stored, parents
and duplicates with ``link``, and at the end of some histories everything with a second store that was filled from nothing.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule, run_state_machine_as_test

from connectors.base import Dimension, Page, WorkItem
from hub.assess import assess
from hub.mappings import parse
from hub.model import Attachment, Mapping, SourceFacts
from hub.patterns import link
from hub.store import Store, open_store
from hub.store.read import Reader
from hub.store.write import Writer
from hub.store.write_evaluation import _snapshot_columns
from hub.sync.evaluate import Work, calculate, known_dimensions
from hub.sync.private import privacy
from tests.hub.store.world import World, wiped
from tests.hub.sync.worlds import state

FIELDS = frozenset(
    ["source", "project", "key", "type", "level", "status", "state", "resolution", "label", "title", "estimate", "done", "closed"]
)
FACTS = {
    "jira": SourceFacts("jira", "jira", FIELDS | {"field.team", "field.see"}),
    "trello": SourceFacts("trello", "trello", FIELDS),
}

BASE = """
[cycle]
2027-q1 = { starts = 2027-01-01, ends = 2027-03-31 }
2027-q2 = { starts = 2027-04-01, ends = 2027-06-30 }
[pillar]
land = { name = "Land" }
[allowance]
ktlo = { name = "Keep the lights on" }
[[team]]
id = "core"
owns.project = "PAY*"
[[team]]
id = "field"
owns.field.team = "field"
[[objective]]
id = "o1"
cycle = "2027-q1"
anchor.pillar = "land"
[[objective]]
id = "o2"
cycle = "2027-q2"
anchor.pillar = "land"
[[key_result]]
kind = "completion"
id = "sso"
objective = "o1"
[[key_result]]
kind = "completion"
id = "soc2"
objective = "o1"
by = "estimate"
[[key_result]]
kind = "completion"
id = "sso"
objective = "o2"
level = "story"
[[rule]]
when.label = "kr:{key_result}"
to = "{key_result}"
"""
PARTS = (
    '[[rule]]\nwhen.key = ["A-1", "B-2"]\nto = "soc2"\n',
    '[[rule]]\nwhen.project = "PAY"\nwhen.state = "open"\nto = "sso"\n',
    '[[rule]]\nwhen.title = "*urgent*"\nunless.label = "calm"\nallowance = "ktlo"\n',
    '[[rule]]\nwhen.project = "SHOP"\nstarts = 2027-02-01\nends = 2027-02-20\nto = { sso = 0.5, soc2 = 0.5 }\n',
    '[[rule]]\nwhen.label = "hr"\nprivate = true\nignore = "people"\n',
    '[[rule]]\nwhen.field.team = "field"\nfallback = true\nto = "soc2"\n',
    '[[rule]]\nwhen.source = "trello"\nwhen.closed = { within = "cycle" }\npriority = 60\nto = "sso"\n',
    '[status.jira]\n"Review" = "done"\n"Gone" = "dropped"\n',
    '[[pattern]]\nin = ["title", "attachment"]\nfinds = "jira key"\nas = "child"\n',
    '[[pattern]]\nin = "title"\nfinds = "dup:(.*)"\nas = "duplicate"\n',
    '[[pattern]]\nsource = "trello"\nin = "label"\nfinds = "url"\nas = "child"\n',
    '[[pattern]]\nsource = "jira"\nin = "field.see"\nfinds = "(\\\\w\\\\d)"\nas = "duplicate"\n',
)


@lru_cache(maxsize=4096)
def mapping(parts: frozenset[int]) -> Mapping:
    found, problems = parse({"all.toml": BASE + "".join(PARTS[n] for n in sorted(parts))}, "UTC")
    assert found is not None, problems
    return found


# ---- what may happen ----------------------------------------------------------------------------------------------------

KEYS = [f"{letter}-{n}" for letter in "AB" for n in range(1, 7)]
URLS = ["https://a.test/1", "https://b.test/2"]
COPIES = [f"dup:{key}" for key in ("A-1", "a-2", "B-1", "B-2")]
SAYS = st.lists(st.one_of(st.sampled_from(KEYS), st.sampled_from([*COPIES, *URLS, "urgent", "do"])), max_size=2).map(" ".join)
LABELS = st.lists(st.sampled_from(["kr:sso", "kr:soc2", "kr:typo", "kr:ktlo", "calm", "hr", *URLS]), max_size=2, unique=True)
DONE = datetime(2027, 2, 10, tzinfo=UTC)
CREATED = datetime(2026, 12, 1, tzinfo=UTC)


@st.composite
def works(draw: st.DrawFn) -> tuple[str, WorkItem]:
    """(source, an item as it is from now on)"""
    source = draw(st.sampled_from(["jira", "trello"]))
    letter, n = ("A" if source == "jira" else "B"), draw(st.integers(1, 4))
    return source, WorkItem(
        f"{source[0]}{n}",
        draw(SAYS),
        key=draw(st.sampled_from([f"{letter}-{n}", f"{letter}-{n}", f"{letter}-{n + 4}"])) if n < 3 else f"{letter}-{n}",
        url=draw(st.sampled_from([None, f"https://{letter.lower()}.test/{n}"])),
        type="Story",
        level=draw(st.sampled_from([-1, 0, 0, 1])),
        status_id=draw(st.sampled_from(["1", "2", "3", "4"])),
        resolution=draw(st.sampled_from([None, None, "Won't Do"])),
        parent_ref=draw(
            st.sampled_from([None, None, f"{source[0]}1", f"{source[0]}2", f"{letter}-3", f"{letter}-5", "unread", "unread"])
        ),
        containers=(draw(st.sampled_from(["P1", "P2"])),),
        labels=tuple(draw(LABELS)),
        links=tuple(("attachment", each) for each in draw(st.lists(st.sampled_from(URLS), max_size=1))),
        estimate=draw(st.sampled_from([None, "1", "3", "-1"])),
        created_at=CREATED,
        done_at=DONE,
        fields=draw(st.sampled_from([{}, {"team": "field"}, {"see": "t1"}, {"see": "j2"}])) if source == "jira" else {},
    )


CHANGING = ("title", "key", "status_id", "parent_ref", "containers", "labels", "links", "level", "fields")
"""Fields that change after an item came."""
STATUSES = {"1": "To do", "2": "Doing", "3": "Review", "4": "Gone"}
CATEGORIES = st.sampled_from(["new", "indeterminate", "done", None])


class Machine(RuleBasedStateMachine):
    """``store`` is where it happens; with ``scratch`` (an address) the end is compared with a store that is filled at once."""

    def __init__(self, store: Store, scratch: str | None = None) -> None:
        super().__init__()
        self.store, self.scratch = store, scratch
        self.stack = ExitStack()
        self.stack.enter_context(wiped(store))
        self.worlds = {name: self.world(store, name, self.stack) for name in FACTS}
        self.evaluation = self.stack.enter_context(Writer(store, self.stack.enter_context(store.own("evaluation"))))
        self.reader = Reader(store)
        self.now: dict[tuple[str, str], WorkItem] = {}
        self.lists = {"1": "new", "2": "indeterminate", "3": "indeterminate", "4": "done"}
        self.projects = {"P1": "PAY", "P2": "SHOP"}
        self.parts: frozenset[int] = frozenset()
        self.day = 25
        self.step = 0

    @staticmethod
    def world(store: Store, name: str, stack: ExitStack) -> World:
        mine = stack.enter_context(store.own(f"source:{name}"))
        return World(store, stack.enter_context(Writer(store, mine)), name)

    @property
    def mapping(self) -> Mapping:
        return mapping(self.parts)

    @property
    def as_of(self) -> int:
        return int(datetime(2027, 1, 1, 12, tzinfo=UTC).timestamp() * 1000) + self.day * 86_400_000

    # ---- steps ----

    @initialize(parts=st.sets(st.integers(0, len(PARTS) - 1)), batch=st.lists(works(), min_size=3, max_size=8))
    def begin(self, parts: set[int], batch: list[tuple[str, WorkItem]]) -> None:
        self.parts = frozenset(parts)
        self.put_lists(self.worlds)
        self.put(batch)

    @rule(batch=st.lists(st.tuples(works(), st.sets(st.sampled_from(CHANGING), min_size=1, max_size=3)), min_size=1, max_size=2))
    def read(self, batch: list[tuple[tuple[str, WorkItem], set[str]]]) -> None:
        """Items that are new, back, or changed in a few of their fields."""
        found = []
        for (source, each), fields in batch:
            former = self.now.get((source, each.id))
            found.append((source, replace(former, **{f: getattr(each, f) for f in fields}) if former else each))
        self.put(found)

    @rule(batch=st.lists(works(), min_size=1, max_size=4))
    def read_others(self, batch: list[tuple[str, WorkItem]]) -> None:
        self.put(batch)

    @precondition(lambda self: self.now)
    @rule(data=st.data(), presence=st.sampled_from(["trashed", "archived", "out_of_scope"]))
    def leave(self, data: st.DataObject, presence: str) -> None:
        source, id_ = data.draw(st.sampled_from(sorted(self.now)))
        self.worlds[source].leave(id_, presence=presence)
        if presence != "archived":
            del self.now[source, id_]

    @rule(status=st.sampled_from(["1", "2", "3", "4"]), category=CATEGORIES, project=st.sampled_from(["PAY", "SHOP", "PAYROLL"]))
    def change_lists(self, status: str, category: str, project: str) -> None:
        self.lists[status] = category
        self.projects["P1"] = project
        self.put_lists(self.worlds)

    @rule(parts=st.sets(st.integers(0, len(PARTS) - 1), min_size=1, max_size=3))
    def edit(self, parts: set[int]) -> None:
        self.parts ^= parts

    @rule(source=st.sampled_from(sorted(FACTS)), result=st.sampled_from(["complete", "partial"]))
    def end_run(self, source: str, result: Any) -> None:
        self.worlds[source].end(result)

    @invariant()
    def calculated(self) -> None:
        """Most steps are followed by an evaluation, a few days later; some by another step first."""
        self.day += self.step % 5
        self.step += 1
        if self.step % 4:
            self.calculate(self.reader, self.evaluation)
            self.compare()

    def teardown(self) -> None:
        try:
            self.calculate(self.reader, self.evaluation)
            self.compare()
            if self.scratch:
                self.compare_with_scratch(self.scratch)
        finally:
            self.stack.close()

    # ---- how they are made ----

    def put(self, batch: list[tuple[str, WorkItem]]) -> None:
        for source, world in self.worlds.items():
            latest = {each.id: each for name, each in batch if name == source}
            self.now.update({(source, id_): each for id_, each in latest.items()})
            if latest:
                known = privacy(self.mapping, known_dimensions(self.reader, FACTS))
                world.put(Page(items=tuple(latest.values()), end="complete"), privacy=known)

    def put_lists(self, worlds: dict[str, World]) -> None:
        for world in worlds.values():
            world.dimensions(
                *(Dimension("status", id_, name, self.lists[id_]) for id_, name in STATUSES.items()),
                *(Dimension("container", id_, key.title(), attributes={"key": key}) for id_, key in self.projects.items()),
            )

    def calculate(self, reader: Reader, evaluation: Writer) -> None:
        assert calculate(evaluation, reader, Work(self.mapping, FACTS, self.as_of)) is not None

    # ---- what must hold ----

    def compare(self) -> None:
        reader, items = self.reader, list(self.reader.items())
        assert reader.dirty_count() == 0
        linked = link(items, self.mapping.patterns)
        assert items == linked.items
        dimensions = known_dimensions(reader, FACTS)
        everything = assess(self.mapping, items, dimensions, self.as_of)
        stored = [each for found in reader.attachments([i.no for i in items]).values() for each in found]
        assert ordered(stored) == ordered(everything.attachments)
        assert sorted(reader.units()) == sorted(everything.units)
        told, fresh = set(reader.findings()), {*everything.findings, *linked.findings}
        assert {f for f in told if f.no is not None} == {f for f in fresh if f.no is not None}
        assert {f for f in fresh if f.no is None} <= told, "what a rule could not answer stays told until the mapping changes"
        assert {(s.node.cycle, s.node.kind, s.node.id): _snapshot_columns(s.node) for s in reader.latest_snapshots()} == {
            (n.cycle, n.kind, n.id): _snapshot_columns(n) for n in everything.nodes
        }
        with self.store.read() as sql:
            assert sql.rows(WAITED_FOR) == [], "a parent is kept no longer than until its source was read to the end"
        known = privacy(self.mapping, dimensions)
        if known is not None:
            assert [i for i in items if i.title and known.matches(i)] == []

    def compare_with_scratch(self, url: str) -> None:
        """Without what a newcomer cannot know: former names, parents that are kept, and titles of what once was private."""
        for world in self.worlds.values():
            world.end("complete")
        self.put([(source, replace(each)) for (source, _), each in sorted(self.now.items())])
        self.calculate(self.reader, self.evaluation)
        self.compare()
        if any(i.aliases or i.former_urls or i.presence == "archived" for i in self.reader.items()):
            return
        with open_store(url) as store, wiped(store), ExitStack() as stack:
            worlds = {name: self.world(store, name, stack) for name in FACTS}
            evaluation = stack.enter_context(Writer(store, stack.enter_context(store.own("evaluation"))))
            fresh, self.worlds, self.reader = Reader(store), worlds, Reader(store)
            self.put_lists(worlds)
            self.put([(source, each) for (source, _), each in sorted(self.now.items())])
            for world in worlds.values():
                world.end("complete")
            self.calculate(fresh, evaluation)
            theirs = state(store)
        mine = state(self.store)
        for table in COMPARED:
            assert mine[table] == theirs[table], table


WAITED_FOR = """
    SELECT item.id FROM edge JOIN item ON item.no = edge.child_no WHERE by = 'kept' AND EXISTS (
        SELECT 1 FROM run WHERE run.source = item.source AND run.result = 'complete' AND run.to_seq > item.from_seq)"""
COMPARED = ("edges", "cuts", "references", "duplicates", "ambiguities", "attachments", "links", "snapshots", "dirty")


def ordered(attachments: Any) -> list[Attachment]:
    return sorted(a._replace(shares=tuple(sorted(a.shares)), broken=tuple(sorted(a.broken, key=repr))) for a in attachments)


# ---- how often ----------------------------------------------------------------------------------------------------------


def often(examples: int, steps: int, **more: Any) -> settings:
    checks = list(HealthCheck)
    given = {"derandomize": True, "database": None} | more
    return settings(max_examples=examples, stateful_step_count=steps, deadline=None, suppress_health_check=checks, **given)


@pytest.mark.timeout(300)
def test_incremental_is_full(hasty_store: Store) -> None:
    run_state_machine_as_test(lambda: Machine(hasty_store), settings=often(450, 6))


@pytest.mark.timeout(300)
def test_incremental_is_what_a_newcomer_calculates(hasty_store: Store, tmp_path_factory: pytest.TempPathFactory) -> None:
    url = f"sqlite:///{tmp_path_factory.mktemp('scratch') / 'scratch.db'}"
    run_state_machine_as_test(lambda: Machine(hasty_store, url), settings=often(50, 6))


@pytest.mark.postgres
def test_incremental_is_full_on_postgres(postgres_store: Store) -> None:
    run_state_machine_as_test(lambda: Machine(postgres_store), settings=often(20, 6))


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_incremental_is_full_for_long(hasty_store: Store) -> None:
    run_state_machine_as_test(lambda: Machine(hasty_store), settings=often(10_000, 15, derandomize=False))
