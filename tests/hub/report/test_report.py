"""The read side on a small company: lists, filters, and explanations that stay with their evaluation."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import pytest

from connectors.base import Dimension, WorkItem
from hub.assess import ENGINE, Assessor, nodes, tally
from hub.errors import UsageError
from hub.mappings import parse
from hub.model import Dimensions, Mapping, SourceFacts
from hub.report import Report, as_json
from hub.store import Store
from tests.hub.store.world import MONDAY, NOON, World, item, world

FIELDS = frozenset({"source", "project", "key", "type", "level", "status", "label", "component", "sprint", "assignee", "title"})
FACTS = {"jira": {"kind": "jira", "item_fields": sorted(FIELDS), "effort": "count"}}
FILES = {
    "mappings/all.toml": """
[cycle]
2026-q1 = { starts = 2026-01-01, ends = 2026-03-31 }
[pillar]
trust = { name = "Trust" }
[allowance]
ktlo = { name = "Keep the lights on" }
[[team]]
id = "core"
name = "Product core"
owns.project = "CORE"
[[team]]
id = "pay"
name = "Payments"
owns.project = "PAY"
[[objective]]
id = "safe"
name = "Safe sign-in"
cycle = "2026-q1"
anchor.pillar = "trust"
[[key_result]]
id = "sso"
name = "Single sign-on"
objective = "safe"
kind = "completion"
[[key_result]]
id = "audit"
name = "Audit log"
objective = "safe"
kind = "completion"
by = "estimate"
[[rule]]
name = "label"
when.label = "kr:{key_result}"
to = "{key_result}"
[[rule]]
name = "by component"
when.component = "Login"
to = "sso"
[[rule]]
name = "by title"
when.title = "*audit*"
to = "audit"
[[pattern]]
in = "label"
finds = "dup-([0-9]+)"
as = "duplicate"
"""
}


def understood() -> Mapping:
    mapping, problems = parse(FILES, "UTC")
    assert mapping is not None, problems
    return mapping


DOING = {"status_id": "3", "status": "In Progress", "category": "indeterminate", "created_at": MONDAY}
DONE = {"status_id": "5", "status": "Done", "category": "done", "created_at": MONDAY, "done_at": MONDAY}
TODO = {"status_id": "1", "status": "To Do", "category": "new", "created_at": MONDAY}


def issue(id_: str, title: str = "Work", project: str = "100", **more: object) -> WorkItem:
    prefix = {"100": "CORE", "200": "PAY"}[project]
    given = {**DOING, "key": f"{prefix}-{id_}", "containers": (project,), **more}
    return item(id_, title, hour=float(id_), **given)  # type: ignore[arg-type]


class Company:
    """Items in, an evaluation over them, a report on it."""

    def __init__(self, w: World, store: Store) -> None:
        self.w = w
        self.mapping = understood()
        self.report = Report(store)
        w.dimensions(
            Dimension("container", "100", "Product", None, {"key": "CORE"}),
            Dimension("container", "200", "Payments", None, {"key": "PAY"}),
        )

    def links(self) -> None:
        """Calculate the links of what is dirty, without concluding."""
        w = self.w
        w.writer.put_mapping(self.mapping, engine=ENGINE, facts=FACTS)
        w.writer.settle_edges(self.mapping.patterns)
        d = w.reader.dimensions()
        facts = {"jira": SourceFacts("jira", "jira", FIELDS)}
        assessor = Assessor(self.mapping, Dimensions(d.statuses, d.containers, d.sprints, d.types, facts), NOON)
        for read_seq, items in w.reader.dirty_trees(100):
            part = assessor.part(items)
            numbers = [i.no for i in items]
            w.writer.put_attachments(numbers, part.attachments, part.units, part.findings, read_seq=read_seq)

    def evaluate(self, *items: WorkItem) -> None:
        self.w.sync(*items)
        self.links()
        results = nodes(self.mapping, tally(self.w.reader.units()), NOON)
        about = {"mapping_hash": self.mapping.hash, "engine": ENGINE, "run_id": self.w.run, "facts": FACTS}
        assert self.w.writer.finish_evaluation(as_of=NOON, nodes=results, **about) is not None  # type: ignore[arg-type]

    def keys(self, **filters: object) -> list[str | None]:
        found = self.report.unanchored(**filters)  # type: ignore[arg-type]
        assert found is not None
        return [w.key for w in found.items]


@pytest.fixture
def company(sqlite_store: Store) -> Iterator[Company]:
    with world(sqlite_store) as w:
        yield Company(w, sqlite_store)


def test_before_the_first_evaluation_there_is_nothing_and_no_zero(company: Company) -> None:
    assert company.report.tree() is None and company.report.unanchored() is None
    assert company.report.explain("sso") == []


def test_what_nobody_measured_is_unmeasured(company: Company) -> None:
    """F39: neither 0 % nor 100 %."""
    company.evaluate(issue("1", labels=("kr:sso",)))
    tree = company.report.tree()
    assert tree is not None
    (pillar,) = tree.company.children
    (objective,) = pillar.children
    assert [(kr.id, kr.progress) for kr in objective.children] == [("sso", 0), ("audit", None)]
    assert (objective.progress, objective.measured, objective.key_results) == (0, 1, 2)
    assert objective.children[1].note == "no work is attached"


def test_an_epic_stands_for_the_loose_work_beneath_it(company: Company) -> None:
    epic = issue("1", "Loose epic", level=1, type="Epic")
    stories = [issue(str(n), parent_ref="1") for n in (2, 3, 4)]
    company.evaluate(epic, *stories, issue("5"))
    found = company.report.unanchored()
    assert found is not None
    assert [(w.key, w.effort, w.active) for w in found.items] == [("CORE-1", 4, 4), ("CORE-5", 1, 1)]
    assert found.total == 5 and found.rows == 2


def test_a_quiet_epic_is_the_row_of_its_active_stories(company: Company) -> None:
    company.evaluate(issue("1", "Backlog epic", level=1, **TODO), issue("2", parent_ref="1"))
    assert company.keys() == ["CORE-1"]


def test_sub_tasks_are_their_parents_business_but_not_that_of_a_duplicate(company: Company) -> None:
    """A duplicate stands in no list, so that nothing would tell of what is done beneath it."""
    below = {"level": -1, "type": "Sub-task"}
    stories = issue("1", labels=("kr:sso",)), issue("2", parent_ref="1", labels=("dup-9",)), issue("9", labels=("kr:sso",))
    sub_tasks = [issue("3", parent_ref="2", **below), issue("4", parent_ref="3", **below)]
    company.evaluate(*stories, *sub_tasks, issue("5"), issue("6", parent_ref="5", **below))
    found = company.report.unanchored()
    assert found is not None
    assert [(row.key, row.active) for row in found.items] == [("CORE-5", 1), ("CORE-3", 1)]


def test_the_list_is_filtered_by_what_exists_and_refuses_what_does_not(company: Company) -> None:
    company.evaluate(issue("1"), issue("2", project="200"), issue("3", project="200", labels=("kr:sso",)))
    assert company.keys(team="Payments") == company.keys(project="PAY") == company.keys(team="pay") == ["PAY-2"]
    assert company.keys(source="jira", limit=1) != []
    for wrong in ({"team": "Paymints"}, {"source": "jera"}, {"project": "NOPE"}):
        with pytest.raises(UsageError):
            company.keys(**wrong)


def test_open_before_done_and_the_latest_change_first(company: Company) -> None:
    company.evaluate(issue("1", **DONE), issue("2"), issue("3"))
    assert company.keys() == ["CORE-3", "CORE-2", "CORE-1"]


def test_contested_and_broken_have_lists_of_their_own(company: Company) -> None:
    torn = issue("1", "Write the audit log", components=("Login",))
    misspelt = issue("2", labels=("kr:ssso",))
    company.evaluate(torn, misspelt, issue("3", parent_ref="2"))
    found = company.report.unanchored()
    assert found is not None and found.items == ()
    assert [w.why for w in found.contested] == ["claimed by audit (mappings/all.toml:40) and sso (mappings/all.toml:36)"]
    assert [(w.key, w.why) for w in found.broken] == [("CORE-2", "kr:ssso: no key result 'ssso'; did you mean 'sso'?")]


def test_an_explanation_stays_with_its_evaluation_when_items_move_on(company: Company) -> None:
    """The next page is stored but not evaluated: what is explained is the number that is shown."""
    company.evaluate(issue("1", labels=("kr:sso",), **DONE), issue("2", labels=("kr:sso",)))
    company.w.sync(issue("2", "Renamed since", labels=("kr:audit",)))
    (told,) = company.report.explain_item("CORE-2")
    assert told.title == "Work" and [s.id for s in told.shares] == ["sso"]
    (node,) = company.report.explain_node("sso")
    assert node.progress == Fraction(1, 2) and [u.title for u in node.units] == ["Work", "Work"]


def test_a_number_is_explained_although_its_links_are_already_new(company: Company) -> None:
    """An evaluation that died between links and conclusion leaves newer links than snapshots: the past is assessed again."""
    company.evaluate(issue("1", labels=("kr:sso",), **DONE), issue("2", labels=("kr:sso",)))
    company.w.sync(issue("2", labels=("kr:audit",)))
    company.links()
    (node,) = company.report.explain_node("sso")
    assert node.progress == Fraction(1, 2)
    assert [(u.key, u.counts, u.state) for u in node.units] == [("CORE-1", True, "done"), ("CORE-2", True, "doing")]


def test_an_item_is_explained_by_the_parents_of_its_evaluation(company: Company) -> None:
    """Killed right after parents were resolved anew: the item's story and its key result's still agree."""
    epics = issue("1", level=1, labels=("kr:sso",)), issue("2", level=1)
    company.evaluate(*epics, issue("3", parent_ref="1"))
    company.w.sync(issue("3", parent_ref="2"))
    company.w.writer.settle_edges()
    (told,) = company.report.explain_item("CORE-3")
    assert told.chain == ("CORE-3", "CORE-1") and [s.id for s in told.shares] == ["sso"]
    (node,) = company.report.explain_node("sso")
    assert [u.key for u in node.units if u.counts] == ["CORE-3"]


def test_an_item_that_came_after_the_evaluation_is_not_explained_by_it(company: Company) -> None:
    company.evaluate(issue("1"))
    company.w.sync(issue("7"))
    assert company.report.explain_item("CORE-7") == []


def test_the_deciding_line_is_the_one_that_failed(company: Company) -> None:
    company.evaluate(issue("1", "Sign-in page", components=("Checkout",)))
    (told,) = company.report.explain_item("core-1")
    by_name = {r.name: r for r in told.rules}
    deciding = by_name["by component"].deciding
    assert deciding is not None and not deciding.holds
    assert (deciding.place, deciding.wanted, deciding.values) == ("mappings/all.toml:38", ("Login",), ("Checkout",))


def test_json_keeps_fractions_exact_and_readable(company: Company) -> None:
    company.evaluate(issue("1", labels=("kr:sso", "kr:audit")), issue("2", labels=("kr:sso",), **DONE))
    (node,) = company.report.explain_node("sso")
    printed = as_json(node)
    assert printed["progress"] == "2/3" and printed["progress_value"] == pytest.approx(2 / 3)
    assert [u["part"] for u in printed["units"]] == ["1/2", "1/1"]
    assert printed["as_of"] == "2026-03-02T12:00:00Z"
