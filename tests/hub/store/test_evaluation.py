"""Links, snapshots and the marks that decide whether an evaluation may end."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from connectors.base import Page
from hub.model import Attachment, Finding, Share, SourceFacts, Unit
from hub.store import Store
from hub.store.write import Message
from tests.hub.store.world import NOON, World, item, mapping, node, world


def synced(w: World, *ids: str) -> None:
    w.sync(*(item(id_) for id_ in ids))


def test_an_evaluation_ends_only_without_marks(store: Store) -> None:
    with world(store) as w:
        synced(w, "1", "2")
        assert w.finish() is None
        assert w.reader.evaluation() is None
        w.assess()
        seq = w.finish()
        latest = w.reader.evaluation()
        assert latest is not None
        assert (latest.seq, latest.as_of, latest.mapping_hash, latest.run_id) == (seq, NOON, "m1", w.run)


def test_a_snapshot_is_written_only_when_it_changed(store: Store) -> None:
    with world(store) as w:
        first = w.finish(node(Fraction(1, 3), units=3), node(None, "new"))
        w.finish(node(Fraction(1, 3), units=3), node(None, "new"))
        third = w.finish(node(Fraction(2, 3), units=3), node(None, "new"))
        assert [(s.node.id, s.seq, s.node.progress) for s in w.reader.latest_snapshots("Q1")] == [
            ("new", first, None), ("sso", third, Fraction(2, 3)),
        ]  # fmt: skip
        assert w.query("SELECT count(*) FROM snapshot") == [(3,)]
        assert w.query("SELECT count(*) FROM evaluation") == [(3,)]


def test_a_snapshot_answers_as_of_a_seq_and_ends_with_its_node(store: Store) -> None:
    with world(store) as w:
        first = w.finish(node(Fraction(1, 3)))
        second = w.finish(node(Fraction(1, 2)))
        w.finish(node(None, "another"))
        assert first is not None
        assert second is not None
        for as_of, progress in ((first, Fraction(1, 3)), (second - 1, Fraction(1, 3)), (second, Fraction(1, 2))):
            found = w.reader.snapshot("Q1", "key_result", "sso", as_of=as_of)
            assert found is not None
            assert found.node.progress == progress
        assert w.reader.snapshot("Q1", "key_result", "sso", as_of=first - 1) is None
        assert w.reader.snapshot("Q1", "key_result", "sso") is None, "the mapping has no such key result any more"


def test_fractions_and_details_are_exact(store: Store) -> None:
    huge = Fraction(10**40 + 1, 3**50)
    with world(store) as w:
        w.finish(node(Fraction(7, 16), mean={1: Fraction(1, 3)}, missing=2, kinds=("a", "b")), node(huge, "huge"))
        huge_one, sso = w.reader.latest_snapshots()
        assert sso.node == node(Fraction(7, 16), mean={"1": "1/3"}, missing=2, kinds=["a", "b"])
        assert huge_one.node.progress == huge
        assert w.query("SELECT progress FROM snapshot WHERE id = 'sso'") == [("7/16",)]


def test_links_come_back_as_they_were_given(store: Store) -> None:
    with world(store) as w:
        synced(w, "1", "2", "3")
        w.settle()
        [(read_seq, items)] = w.reader.dirty_trees(10)
        one, two, three = (each.no for each in items)
        half = Fraction(1, 2)
        both = (Share("key_result", "soc2", half, 4, "kr:soc2"), Share("key_result", "sso", half, 4))
        given = [
            Attachment(one, "Q1", "linked", both, 100, one, 0, (("kr:typo", "typo", "sso"),), "doing", "core"),
            Attachment(two, "Q1", "contested", (Share("key_result", "sso", Fraction(0), 1),), 50, one, 1),
            Attachment(three, "Q1", "unanchored"),
            Attachment(one, "Q2", "allowance", (Share("allowance", "ops", Fraction(1), 2),), 50, one, 0),
        ]  # fmt: skip
        unit = Unit(one, "Q1", "sso", half, True, "doing", 1, Decimal("2.50"), Decimal("8"), "")
        other = Unit(one, "Q1", "soc2", half, False, "doing", 1, None, None, "covered")
        found = [Finding("estimate", two, "PAY-2 has the estimate -1.")]
        w.writer.put_attachments([one, two, three], given, [unit, other], found, read_seq=read_seq)

        back = w.reader.attachments([one, two, three])
        assert [each for no in (one, two, three) for each in back[no] if each.cycle == "Q1"] == given[:3]
        assert back[one][1] == given[3]
        assert list(w.reader.units()) == [other, unit]
        assert list(w.reader.units([("Q1", "sso"), ("Q1", "none")])) == [unit]
        assert list(w.reader.findings()) == found
        assert w.reader.outcome_counts("Q1") == {"linked": 1, "contested": 1, "unanchored": 1}
        assert [(r.item.id, r.unit) for r in w.reader.links("Q1", "key_result", "sso")] == [("1", unit), ("2", None)]
        assert [r.item.id for r in w.reader.links("Q1", "key_result", "sso", after=one, limit=1)] == ["2"]
        assert w.finish() is not None

        w.writer.put_attachments([two], [], [], [], read_seq=read_seq)
        assert set(w.reader.attachments([one, two, three])) == {one, three}, "exactly the given numbers are replaced"
        assert list(w.reader.findings()) == []


def test_lists_of_outcomes_can_be_narrowed(store: Store) -> None:
    with world(store) as w:
        w.sync(item("1", containers=("P1",)), item("2", containers=("P2", "P3")), item("3"))
        w.assess()

        def found(**only: tuple[str, ...]) -> list[str]:
            return [each.id for each, _ in w.reader.attached("Q1", ["linked"], **only)]

        assert found() == ["1", "2", "3"]
        assert found(sources=("jira",), containers=("P1", "P3")) == ["1", "2"]
        assert found(sources=("asana",)) == []
        assert list(w.reader.attached("Q1", ["unanchored"])) == []


def test_findings_about_a_rule_are_kept_once_until_the_mapping_changes(store: Store) -> None:
    told = Finding("unevaluable", None, "rule reads a field that jira does not have")
    with world(store) as w:
        w.sync(item("1"), item("2"))
        w.writer.put_mapping(mapping("m1"), engine="1")
        w.settle()
        numbers = {id_: each.no for id_, each in w.items().items()}
        for id_ in ("1", "2"):
            own = Finding("estimate", numbers[id_], f"odd {id_}")
            w.writer.put_attachments([numbers[id_]], [], [], [told, own], read_seq=w.reader.seq())
        assert [f.text for f in w.reader.findings(kinds=["unevaluable"])] == [told.text]
        assert len(list(w.reader.findings())) == 3
        w.writer.put_mapping(mapping("m2"), engine="1")
        assert [f.text for f in w.reader.findings()] == ["odd 1", "odd 2"], "those of items stay until their item is calculated"


def test_an_item_that_changes_while_it_is_assessed_stays_marked(store: Store) -> None:
    with world(store) as w:
        synced(w, "1", "2")
        w.settle()
        chunks = w.reader.dirty_trees(10)
        read_seq, items = next(chunks)
        w.sync(item("1", "Changed meanwhile"), item("3", "Came meanwhile"))
        w.attach(items, read_seq)
        assert list(chunks) == [], "what came meanwhile has no settled parent yet"
        assert w.dirty() == {"1", "3"}
        assert w.finish() is None
        assert w.assess() == [["1", "3"]]
        assert w.finish() is not None


def test_another_mapping_engine_or_fact_marks_everything(store: Store) -> None:
    facts = {"jira": SourceFacts("jira", "jira", frozenset({"label", "type"}))}
    with world(store) as w:
        synced(w, "1", "2")

        def recalculates(hash_: str = "m1", engine: str = "1", facts: object = facts, clockwork: object = (0, 1)) -> bool:
            w.assess()
            marked = w.writer.put_mapping(mapping(hash_), engine=engine, facts=facts, clockwork=clockwork)
            assert w.dirty() == ({"1", "2"} if marked else set())
            return marked

        assert recalculates()
        assert not recalculates()
        assert recalculates(hash_="m2")
        assert recalculates(hash_="m2", engine="2")
        assert recalculates(hash_="m2", engine="2", facts={})
        assert recalculates(), "back to the first one"
        assert recalculates(clockwork=(1, 1)), "the life of a rule has begun"
        assert not recalculates(clockwork=(1, 1))
        stored = w.reader.mapping("m2")
        assert stored is not None
        assert stored.files == {"strategy.toml": "# m2\n"}


def test_a_mapping_that_was_tried_and_given_up_leaves_nothing_behind(store: Store) -> None:
    """An evaluation under m2 died after its first chunk; the admin then went back to m1."""
    with world(store) as w:
        synced(w, "1", "2")
        w.writer.put_mapping(mapping("m1"), engine="1")
        w.assess()
        w.finish()
        w.writer.put_mapping(mapping("m2"), engine="1")
        w.settle()
        read_seq, items = next(w.reader.dirty_trees(1))
        w.attach(items, read_seq)
        assert w.writer.put_mapping(mapping("m1"), engine="1")
        assert w.dirty() == {"1", "2"}


def test_a_message_is_stored_once_with_its_evaluation(store: Store) -> None:
    with world(store) as w:
        seq = w.finish(messages=[Message("sso:done", "status", {"to": "done"})])
        w.finish(messages=[Message("sso:done", "status", {"to": "done"}), Message("soc2:done", "status", {})])
        rows = w.query("SELECT key, payload, from_seq FROM outbox ORDER BY id")
        assert rows[0] == ("sso:done", '{"to":"done"}', seq)
        assert [row[0] for row in rows] == ["sso:done", "soc2:done"]


def test_an_evaluation_knows_how_fresh_each_source_was(store: Store) -> None:
    with world(store) as w:
        w.writer.end_run(w.run, "complete", finished_at=NOON + 7, counts={})
        seq = w.finish(facts={"jira": SourceFacts("jira", "jira", frozenset({"type", "label"}))})
        w.writer.end_run(w.run, "complete", finished_at=NOON + 9, counts={})
        w.finish()
        assert seq is not None
        then = w.reader.evaluation(seq)
        assert then is not None
        assert then.freshness == {"jira": NOON + 7}
        assert then.facts["jira"]["item_fields"] == ["label", "type"]


def test_a_second_identical_night_writes_nothing_but_its_own_record(store: Store) -> None:
    with world(store) as w:
        synced(w, "1", "2")
        w.writer.put_mapping(mapping(), engine="1")
        w.assess()
        w.finish()
        tables = ("item", "item_version", "edge", "attachment", "link", "snapshot", "outbox", "dirty", "mapping", "dimension")
        before = [w.query(f"SELECT * FROM {table}") for table in tables]
        synced(w, "1", "2")
        w.put(Page(end="unchanged"))
        w.writer.put_mapping(mapping(), engine="1")
        assert w.assess() == []
        w.finish()
        assert [w.query(f"SELECT * FROM {table}") for table in tables] == before
