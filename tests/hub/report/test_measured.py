"""Metrics and measured key results on a stored company: statuses, explanations that stay with their evaluation, reconciling."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Any

import pytest

from connectors.base import Dimension, MetricValue, Page, Partition, WorkItem
from hub.mappings import parse
from hub.model import Mapping, SourceFacts
from hub.report import MetricExplanation, Node, NodeExplanation, Report, as_json
from hub.report.reconciled import Theirs
from hub.store import Store
from hub.sync.evaluate import Work, calculate
from tests.hub.store.world import MONDAY, NOON, PAYMENTS, World, item, world

FIELDS = frozenset(
    {"source", "key", "type", "status", "label", "title", "amount", "created", "closed", "done", "due", "field.region"}
)
KPIS = Partition("KPIS", "KPIs", yields="values", reads="whole", fingerprint="f1")
FACTS = {"jira": SourceFacts("jira", "jira", FIELDS)}
FILES = {
    "mappings/all.toml": """
[cycle]
2026-q1 = { starts = 2026-01-01, ends = 2026-03-31 }
[pillar]
growth = { name = "Growth" }
[rates]
plan = { base = "USD", since = 2025-01-01, EUR = "1.10" }
[[objective]]
id = "land"
name = "Land accounts"
cycle = "2026-q1"
anchor.pillar = "growth"
[[metric]]
id = "won"
name = "Revenue won"
source = "jira"
sum = "amount"
when.state = "done"
when.type = "Deal"
dated = "closed"
rates = "plan"
[[metric]]
id = "uptime"
source = "jira"
series = "uptime"
unit = "%"
every = "week"
[[key_result]]
id = "arr"
name = "New revenue"
objective = "land"
kind = "increase"
metric = "won"
start = 0
target = 1000
[[key_result]]
id = "arr-emea"
objective = "land"
kind = "increase"
metric = "won"
when.field.region = "EMEA"
start = 0
target = 400
part_of = "arr"
[[key_result]]
id = "up"
objective = "land"
kind = "stay_above"
metric = "uptime"
target = 99.9
judge = "last"
[[key_result]]
id = "launch"
objective = "land"
kind = "milestone"
steps = [
  { name = "SAML", due = 2026-02-15, weight = 2, when = { label = "saml" } },
  { name = "SCIM", due = 2026-03-15, when = { label = "scim" } },
]
[[key_result]]
id = "work"
objective = "land"
kind = "completion"
[[rule]]
name = "label"
when.label = "kr:{key_result}"
to = "{key_result}"
"""
}


def understood() -> Mapping:
    mapping, problems = parse(FILES, "UTC")
    assert mapping is not None, problems
    return mapping


def on(day: str) -> datetime:
    return datetime.fromisoformat(f"{day}T12:00").replace(tzinfo=UTC)


def deal(id_: str, amount: str | None = "100", closed: str | None = "2026-02-10", currency: str = "USD", **more: Any) -> WorkItem:
    given = {
        "key": f"D-{id_}",
        "type": "Deal",
        "url": f"https://x.example/browse/D-{id_}",
        "containers": ("P1",),
        "hour": float(id_),
    }
    state = (
        {"status_id": "5", "status": "Won", "category": "done"}
        if closed
        else {"status_id": "3", "status": "Open", "category": "new"}
    )
    given |= {"created_at": MONDAY - timedelta(days=40), "done_at": on(closed) if closed else None, "amount": amount} | state
    return item(id_, f"Account {id_}", currency=currency, **{**given, **more})


def issue(id_: str, *labels: str, done: bool = False) -> WorkItem:
    return deal(id_, None, "2026-02-01" if done else None, type="Story", labels=labels)


def reading(day: str, value: str, by: str | None = None) -> MetricValue:
    return MetricValue("uptime", date.fromisoformat(day), value, "%", by=by, at=f"KPIs!C{day[-2:]}")


class Company:
    """Rows in, an evaluation over them, a report on it."""

    def __init__(self, w: World, store: Store) -> None:
        self.w, self.mapping, self.report = w, understood(), Report(store)
        w.dimensions(Dimension("container", "P1", "Deals", None, {"key": "D"}))

    def sync(self, *rows: WorkItem | MetricValue) -> None:
        items = tuple(row for row in rows if isinstance(row, WorkItem))
        values = tuple(row for row in rows if isinstance(row, MetricValue))
        self.w.put(Page(items=items, end="complete"))
        if values:
            self.w.writer.put_partitions("jira", [PAYMENTS, KPIS])
            at = self.w.writer.start_pass("jira", KPIS.id, "f1", run_id=self.w.run, at=NOON, resume_ttl=0.0)
            page = Page(values=values, end="complete")
            self.w.writer.put_page("jira", KPIS.id, at.pass_id, page, run_id=self.w.run, seen_at=NOON)
        self.w.end("complete")

    def evaluate(self, *rows: WorkItem | MetricValue, as_of: int = NOON) -> None:
        self.sync(*rows)
        assert calculate(self.w.writer, self.w.reader, Work(self.mapping, FACTS, as_of, self.w.run)) is not None

    def nodes(self) -> dict[str, Node]:
        tree = self.report.tree()
        assert tree is not None
        found: dict[str, Node] = {}

        def walk(node: Node) -> None:
            assert node.id not in found, f"{node.id} stands in the tree twice"
            found[node.id] = node
            for child in node.children:
                walk(child)

        walk(tree.company)
        return found

    def explain(self, id_: str) -> NodeExplanation:
        (found,) = self.report.explain_node(id_)
        return found


@pytest.fixture
def company(store: Store) -> Iterator[Company]:
    with world(store) as w:
        yield Company(w, store)


DEALS = (
    deal("1"),
    deal("2", "200", currency="EUR", fields={"region": "EMEA"}),
    deal("3", closed=None),
    deal("4", closed="2025-12-30"),
)
VALUES = (reading("2026-02-16", "99.95"), reading("2026-02-23", "99.5", by="lena@acme.example"))


# ---- the tree -----------------------------------------------------------------------------------------------------------


def test_each_kind_says_its_number_and_its_status(company: Company) -> None:
    company.evaluate(*DEALS, *VALUES, issue("20", "saml", done=True), issue("21", "kr:work", "kr:arr"))
    told = {id_: (node.status, node.note) for id_, node in company.nodes().items() if node.kind == "key_result"}
    assert told == {
        "arr": ("off track", "320 of 1,000 USD, from 0; work 0/1"),
        "arr-emea": ("at risk", "220 of 400 USD, from 0"),
        "up": ("off track", "99.5 against at least 99.9 %"),
        "launch": ("on track", "1 of 2 steps"),
        "work": ("off track", "0 of 0.5 done (1 items, some shared)"),
    }
    nodes = company.nodes()
    assert nodes["arr"].why == "32 % against 68 % expected on day 61 of 90; at risk from 47 %"
    assert [child.id for child in nodes["arr"].children] == ["arr-emea"]
    assert [child.id for child in nodes["land"].children] == ["arr", "up", "launch", "work"]
    assert (nodes["land"].status, nodes["growth"].status, nodes["company"].status) == ("off track",) * 3
    assert as_json(nodes["arr"])["figures"] == {
        "kind": "increase", "rows": 2, "newest": "2026-02-10", "unit": "USD", "start": "0", "target": "1000", "current": "320",
        "work": {"units": 1, "done_units": 0, "left_out": {}}, "parts": ["arr-emea"],
    }  # fmt: skip


def test_progress_is_shown_as_it_is(company: Company) -> None:
    company.evaluate(deal("1", "1120"), deal("2", "-40", fields={"region": "EMEA"}))
    nodes = company.nodes()
    assert (nodes["arr"].progress, nodes["arr"].unclamped) == (1, Fraction(108, 100))
    assert (nodes["arr-emea"].progress, nodes["arr-emea"].unclamped) == (0, Fraction(-1, 10))


def test_what_cannot_be_calculated_is_said_once_above_the_tree(company: Company) -> None:
    company.evaluate(deal("1", currency="CHF", fields={"region": "EMEA"}), *VALUES)
    tree = company.report.tree()
    assert tree is not None
    (said,) = (note for note in tree.notes if "cannot be calculated" in note)
    assert said == "1 metric cannot be calculated (won: plan has no rate for CHF (1 row)). `anchorline metrics` says all of it."
    assert "1 metric typed by hand (uptime)." in tree.notes
    nodes = company.nodes()
    assert (nodes["arr"].status, nodes["arr"].note) == ("unknown", "plan has no rate for CHF (1 row)")


def test_old_data_makes_unknown_what_it_feeds(company: Company) -> None:
    """Two days after the last complete run, and more than a week after the newest value."""
    company.evaluate(*DEALS, *VALUES, issue("20", "saml", done=True), issue("21", "kr:work"))
    calculate(company.w.writer, company.w.reader, Work(company.mapping, FACTS, NOON + 12 * 86_400_000, company.w.run))
    nodes = company.nodes()
    assert {id_: nodes[id_].status for id_ in ("arr", "up", "launch", "work")} == dict.fromkeys(
        ("arr", "up", "launch", "work"), "unknown"
    )
    assert nodes["launch"].why == "jira was last read to its end 12 days ago"
    assert nodes["up"].why == "the newest value is of 23 Feb 2026, and one is expected every week"
    tree = company.report.tree()
    assert tree is not None
    (said,) = (note for note in tree.notes if "late" in note)
    assert said.startswith("2 metrics are late (uptime: the newest value is of 23 Feb 2026") or said.startswith(
        "2 metrics are late"
    )


# ---- explanations -------------------------------------------------------------------------------------------------------


def test_a_key_result_is_explained_down_to_its_rows(company: Company) -> None:
    company.evaluate(*DEALS, *VALUES)
    told = company.explain("arr")
    assert told.formula == "(current - start) / (target - start) = (320 - 0) / (1,000 - 0) = 32 %"
    found = told.evidence
    assert found is not None and found.metric is not None and found.adds_up
    assert [(row.name, row.on, row.value, row.adds, row.rate) for row in found.rows] == [
        ("D-2", date(2026, 2, 10), "200", 220, Fraction(11, 10)),
        ("D-1", date(2026, 2, 10), "100", 100, 1),
    ]
    assert all(row.run == str(company.w.run - 1) for row in found.rows)
    assert [(g.reason, g.count, g.place, g.adds) for g in found.left_out] == [
        ("before_window", 1, None, 100),
        ("filtered", 1, "mappings/all.toml:18", None),
    ]
    assert (found.metric.first, found.metric.last, found.metric.lines[1]) == (
        date(2026, 1, 1), date(2026, 3, 31), ("when.type = Deal", "mappings/all.toml:19"),
    )  # fmt: skip
    assert (found.start_words, found.target_words) == ("0 USD, as written", "1,000 USD, as written")
    assert [(part.id, part.current, part.status) for part in found.parts] == [("arr-emea", 220, "at risk")]
    assert [link.url for link in told.links] == ["https://x.example/issues/?jql=issuekey%20in%20(D-2,D-1)"]


def test_an_explanation_stays_with_its_evaluation_when_rows_move_on(company: Company) -> None:
    company.evaluate(*DEALS, *VALUES, issue("20", "saml", done=True))
    company.sync(deal("1", "900"), reading("2026-02-23", "100"), issue("20", "saml"))
    arr, up, launch = (company.explain(id_) for id_ in ("arr", "up", "launch"))
    assert arr.evidence is not None and arr.evidence.adds_up
    assert {row.name: row.adds for row in arr.evidence.rows} == {"D-1": 100, "D-2": 220}
    assert up.evidence is not None and [row.value for row in up.evidence.rows] == ["99.5", "99.95"]
    assert launch.evidence is not None and [[row.state for row in step.rows] for step in launch.evidence.steps] == [["done"], []]


def test_numbers_are_explained_although_what_rows_add_is_already_new(company: Company) -> None:
    """An evaluation that died between links and conclusion leaves newer contributions than snapshots."""
    company.evaluate(*DEALS, *VALUES, issue("20", "saml", done=True))
    company.sync(deal("1", "900"), issue("20", "saml"))
    from hub.sync.evaluate import _links

    _links(company.w.writer, company.w.reader, Work(company.mapping, FACTS, NOON), lambda items: None)
    launch, metrics = company.explain("launch"), company.report.metrics()
    assert launch.evidence is not None and [row.state for row in launch.evidence.steps[0].rows] == ["done"]
    assert metrics is not None and [(m.id, m.value) for m in metrics.metrics] == [("won", 320), ("uptime", Fraction("99.5"))]


def test_the_periods_of_a_control_key_result(company: Company) -> None:
    company.evaluate(*VALUES)
    found = company.explain("up").evidence
    assert found is not None and found.metric is not None
    assert [(p.first, p.last, p.value, p.holds) for p in found.periods] == [
        (date(2026, 2, 16), date(2026, 2, 22), Fraction("99.95"), True),
        (date(2026, 2, 23), date(2026, 3, 1), Fraction("99.5"), False),
    ]
    assert [(row.name, row.by) for row in found.rows] == [("KPIs!C23", "lena@acme.example"), ("KPIs!C16", None)]
    assert found.metric.typed_by == ("lena@acme.example",)


def test_a_metric_is_explained_by_itself_and_listed(company: Company) -> None:
    company.evaluate(*DEALS, *VALUES)
    (told,) = company.report.explain("won")
    assert isinstance(told, MetricExplanation)
    assert told.sentence == "Revenue won is 320 USD, from 2 rows, the newest of 10 Feb 2026."
    assert [(each["id"], each["narrowed"]) for each in told.used_by] == [("arr", False), ("arr-emea", True)]
    metrics = company.report.metrics()
    assert metrics is not None
    assert [(m.id, m.value, m.unit, m.typed, m.used_by) for m in metrics.metrics] == [
        ("won", 320, "USD", False, ("arr", "arr-emea")),
        ("uptime", Fraction("99.5"), "%", True, ("up",)),
    ]


def test_an_item_says_what_reads_it(company: Company) -> None:
    company.evaluate(*DEALS, issue("20", "saml", "kr:work"))
    (told,) = company.report.explain_item("D-2")
    assert [(r.metric, r.adds, r.unit, r.sentence, r.key_results) for r in told.read_by] == [
        ("won", 200, "EUR", "won adds 200 EUR", ("arr", "arr-emea"))
    ]
    (step,) = company.report.explain_item("D-20")[0].read_by
    assert (step.sentence, step.key_results) == ('launch reads it for the step "SAML": it is not done yet', ("launch",))
    (outside,) = company.report.explain_item("D-4")[0].read_by
    assert (outside.key_results, outside.why) == ((), "its day, 30 Dec 2025, lies outside of the window of arr")


# ---- reconcile ----------------------------------------------------------------------------------------------------------


def test_the_group_that_explains_a_difference_exactly_comes_first(company: Company) -> None:
    company.evaluate(*DEALS, deal("5", "70", type="Renewal"))
    found = company.report.reconcile("arr", Theirs(Fraction(390)))
    assert found is not None and (found.ours, found.difference, found.equal) == (320, 70, False)
    assert [(s.exactly, s.group.adds, s.group.why) for s in found.suspects] == [
        (True, 70, "they do not fit when.type = Deal"),
        (False, 100, "they lie before the window, cycle: 1 Jan to 31 Mar 2026"),
        (False, None, "they do not fit when.state = done"),
    ]


def test_keys_on_one_side_only_say_why(company: Company) -> None:
    company.evaluate(*DEALS, deal("5", "70", type="Renewal"), deal("6", "5"))
    theirs = ("d-1", "D-2", "D-1", "D-4", "D-5", "D-99", "ABC-1", "7788")
    found = company.report.reconcile("arr", Theirs(Fraction(325), theirs))
    assert found is not None
    assert (found.equal, found.difference, found.ids, found.both, found.twice) == (False, 0, 7, 2, ("D-1",))
    assert [row.name for row in found.only_ours] == ["D-6"]
    assert {each.name: each.why for each in found.only_theirs} == {
        "D-4": "they lie before the window, cycle: 1 Jan to 31 Mar 2026",
        "D-5": "they do not fit when.type = Deal",
        "D-99": "not read: jira reads D, but lists no such item; it may be deleted, or hidden from the account",
        "ABC-1": "not read: no source reads a project ABC",
        "7788": "not read: no row of jira has this key or id",
    }


def test_a_former_key_is_the_same_item(company: Company) -> None:
    company.evaluate(deal("1"), deal("2"))
    company.evaluate(deal("1", key="NEW-1", hour=50.0))
    found = company.report.reconcile("arr", Theirs(None, ("D-1", "2")))
    assert found is not None and (found.equal, found.both, found.only_theirs) == (True, 2, ())


def test_attached_work_is_reconciled_by_its_units(company: Company) -> None:
    company.evaluate(issue("1", "kr:work", done=True), issue("2", "kr:work"), issue("3", "kr:up", done=True))
    done = company.report.reconcile("work", Theirs(Fraction(2), ("D-1", "D-2", "D-3")))
    assert done is not None and (done.ours, done.difference) == (1, 1)
    assert {each.name: each.why for each in done.only_theirs} == {
        "D-2": "they are not done yet",
        "D-3": "it serves up (up)",
    }
    everything = company.report.reconcile("work", Theirs(Fraction(2)), side="all")
    assert everything is not None and everything.equal


def test_a_number_is_the_same_with_the_decimals_that_theirs_has(company: Company) -> None:
    company.evaluate(deal("1", "100.4567"), deal("2", "220"))
    expected = {("320.46", 2): True, ("320.5", 1): True, ("320", 0): True, ("320.45", 2): False, ("321", 0): False}
    for (text, places), equal in expected.items():
        found = company.report.reconcile("arr", Theirs(Fraction(text), places=places))
        assert found is not None
        assert found.equal == equal and not (equal and found.suspects), text
    found = company.report.reconcile("arr", Theirs(Fraction("320.46"), places=2))
    assert found is not None and found.difference == Fraction("0.0033"), "what is left is told"


def test_a_share_of_periods_is_reconciled_in_per_cent(company: Company) -> None:
    text = FILES["mappings/all.toml"].replace('judge = "last"', 'judge = "share"')
    mapping, problems = parse({"mappings/all.toml": text}, "UTC")
    assert mapping is not None, problems
    company.mapping = mapping
    company.evaluate(reading("2026-01-07", "99.95"), reading("2026-01-14", "99.5"), reading("2026-01-21", "100"))
    found = company.report.reconcile("up", Theirs(Fraction("66.67"), places=2))
    assert found is not None
    assert (found.ours, found.unit, found.rows, found.equal) == (Fraction(200, 3), "%", 2, True)
    whole = company.report.reconcile("up", Theirs(Fraction(100)))
    assert whole is not None and [(s.exactly, s.group.why) for s in whole.suspects] == [(True, "the period does not hold")]
    assert [row.name for row in whole.suspects[0].group.rows] == ["12 Jan to 18 Jan 2026"]


def test_steps_are_reconciled_by_those_that_are_done(company: Company) -> None:
    company.evaluate(issue("1", "saml", done=True), issue("2", "scim"))
    found = company.report.reconcile("launch", Theirs(Fraction(2)))
    assert found is not None
    assert [(s.exactly, s.group.why) for s in found.suspects] == [(True, 'the step "SCIM" is not done')]
