"""The only door for writing. Every method is one transaction, or says otherwise; each raises ``LostOwnership`` when another
process owns the name by now, and ``StoreUnavailable`` when the database cannot be written."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Self

from connectors.base import Account, Dimension, Fetched, Page, Partition, Seen
from hub.absence import Judged, Visibility
from hub.model import Attachment, Baseline, Contribution, Finding, NodeResult, Pattern, Unit
from hub.model import Mapping as Rules
from hub.reconcile import canonical_json
from hub.store import (
    write_absence,
    write_edges,
    write_evaluation,
    write_holds,
    write_pages,
    write_passes,
    write_private,
    write_source,
    write_values,
)
from hub.store.engine import Store
from hub.store.locks import Ownership
from hub.store.presences import STANDS_STILL, STAYED
from hub.store.write_absence import Listed
from hub.store.write_base import Pen
from hub.store.write_edges import MOVED
from hub.store.write_evaluation import Conclusion, Message
from hub.store.write_pages import PageCounts
from hub.store.write_passes import DISTRUSTED, PassKind, PassPosition, Place
from hub.store.write_private import Privacy
from hub.store.write_source import Result

__all__ = [
    "DISTRUSTED", "Listed", "Message", "PageCounts", "PassKind", "PassPosition", "Place", "Privacy", "Result", "Writer",
]  # fmt: skip


HAS_VALUES = "v.source = partition.source AND v.partition_id = partition.id AND v.to_seq IS NULL"


class Writer:
    """Writes as one owner, from one thread. ``close`` gives the connection back; a ``with`` does it too.

    All instants are milliseconds UTC.
    """

    def __init__(self, store: Store, ownership: Ownership) -> None:
        self._pen = Pen(store, ownership)
        self._store = store
        self._ownership = ownership

    def close(self) -> None:
        self._pen.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # ---- a run over a source ----

    def start_run(self, source: str, *, reason: str, mode: str, started_at: int, mapping_hash: str | None = None) -> int:
        """Open a run's record; its id counts up over all sources. Runs of this source that never ended become *failed*."""
        with self._pen.begin() as tx:
            about = write_source.NewRun(source, reason, mode, started_at, mapping_hash, self._ownership.epoch)
            return write_source.start_run(tx, about)

    def end_run(
        self,
        run_id: int,
        result: Result,
        *,
        finished_at: int,
        counts: Mapping[str, int],
        error: str | None = None,
        hint: str | None = None,
    ) -> None:
        """Close a run's record. ``complete`` is what renews the source's freshness."""
        with self._pen.begin() as tx:
            write_source.end_run(tx, run_id, result, finished_at=finished_at, counts=counts, error=error, hint=hint)

    def put_source(self, name: str, kind: str, origin: str, account: Account | None, *, run_id: int | None = None) -> None:
        """What the source is and whose credential reads it. ``account=None`` keeps the one that is stored."""
        with self._pen.begin() as tx:
            write_source.put_source(tx, name, kind, origin, account)

    def known(self, name: str) -> tuple[str | None, str | None]:
        """(account id, address) of the source's last run; None where there was none."""
        with self._store.read() as sql:
            found = sql.row("SELECT account_id, origin FROM source WHERE name = ?", name)
            return (None, None) if found is None else (found[0], found[1] or None)

    def seq(self) -> int:
        """The seq of the latest write."""
        with self._store.read() as sql:
            return int(sql.value("SELECT seq FROM clock"))

    def positions(self, source: str) -> dict[str, tuple[int | None, str | None, bool, bool, str | None]]:
        """Of each partition cursor and fingerprint of the last complete pass, whether a pass was cut off and can go on,
        whether items of it are out of sight or held, and the version that the stored content is of."""
        with self._store.read() as sql:
            rows = sql.rows(
                "SELECT id, cursor, complete_fingerprint, pass_open = 1 AND resume IS NOT NULL, version FROM partition"
                " WHERE source = ?",
                source,
            )
            lost = sql.rows(f"SELECT DISTINCT partition_id FROM item WHERE {MOVED} AND {STANDS_STILL} AND source = ?", source)
        those = {row[0] for row in lost}
        return {row[0]: (row[1], row[2], bool(row[3]), row[0] in those, row[4]) for row in rows}

    def versions(self, source: str) -> dict[str, str]:
        """Partition -> the version that its stored content is of, where its last complete pass said one."""
        with self._store.read() as sql:
            return sql.pairs("SELECT id, version FROM partition WHERE source = ? AND version IS NOT NULL", source)

    def keys(self, source: str) -> dict[str, str]:
        """id -> key of the partitions that were read at least once."""
        with self._store.read() as sql:
            rows = sql.rows(
                "SELECT id, key FROM partition WHERE source = ? AND key IS NOT NULL AND EXISTS"
                " (SELECT 1 FROM item WHERE item.source = partition.source AND item.partition_id = partition.id"
                f" UNION ALL SELECT 1 FROM metric_value AS v WHERE {HAS_VALUES}) ORDER BY id",
                source,
            )
        return {row[0]: row[1] for row in rows}

    def unlisted(self, source: str) -> list[Partition]:
        """Partitions that ``put_partitions`` did not name the last time, and of which there are items or values."""
        with self._store.read() as sql:
            rows = sql.rows(
                "SELECT id, title, key FROM partition WHERE source = ? AND listed = 0 AND EXISTS"
                " (SELECT 1 FROM item WHERE item.source = partition.source AND item.partition_id = partition.id"
                f" AND item.{STAYED} UNION ALL SELECT 1 FROM metric_value AS v WHERE {HAS_VALUES}) ORDER BY id",
                source,
            )
        return [Partition(id_, title, key, "unseen") for id_, title, key in rows]

    def put_notices(self, source: str, texts: Iterable[str]) -> None:
        """What the present run noticed beside its errors, in place of what the last one did."""
        with self._pen.begin() as tx:
            write_source.put_notices(tx, source, texts)

    def put_partitions(self, source: str, partitions: Sequence[Partition], *, run_id: int | None = None) -> None:
        """All partitions of the source. One that is missing keeps its items and positions and is marked as not listed."""
        with self._pen.begin() as tx:
            write_source.put_partitions(tx, source, partitions)

    def put_dimensions(
        self,
        source: str,
        rows: Iterable[Dimension],
        *,
        kinds: Collection[str] | None = None,
        partly: Collection[str] = (),
        run_id: int | None = None,
    ) -> list[tuple[str, str]]:
        """The source's lists; (kind, id) of the rows that are new, changed or vanished.

        ``kinds`` names the lists that were read; without it, those with at least one row. ``partly`` names those that may be
        short, because a part of them could not be read: what is missing there stays. Items that use a changed status,
        type, container or sprint become dirty. ``rows`` is read to its end before the transaction begins.
        """
        read = list(rows)
        with self._pen.begin() as tx:
            return write_source.put_dimensions(tx, source, read, kinds, partly)

    # ---- a pass over a partition ----

    def start_pass(
        self,
        source: str,
        partition_id: str,
        fingerprint: str,
        *,
        run_id: int,
        at: int,
        resume_ttl: float,
        kind: PassKind = "full",
        since: int | None = None,
        reset: bool = False,
    ) -> PassPosition:
        """Continue the unfinished pass, or begin a new one of this kind that reads from ``since``.

        It continues when it is of this kind or a full one, the fingerprint is the same and the position is this run's own or at
        most ``resume_ttl`` seconds old (0: only this run's own); a pass that never had a position begins anew. ``reset`` forgets
        the stored cursor.
        """
        with self._pen.begin() as tx:
            return write_passes.start_pass(
                tx, source, partition_id, fingerprint, run_id=run_id, at=at, resume_ttl=resume_ttl, kind=kind, since=since,
                reset=reset,
            )  # fmt: skip

    def restart_pass(self, source: str, partition_id: str) -> None:
        """Give up the position of the unfinished pass, as when the vendor no longer accepts it; then ``start_pass``."""
        with self._pen.begin() as tx:
            write_passes.restart_pass(tx, source, partition_id)

    def forget_position(self, source: str, partition_id: str | None = None) -> int:
        """Have a partition, or all of a source, read whole the next time; how many there are."""
        with self._pen.begin() as tx:
            return write_passes.forget_position(tx, source, partition_id)

    def put_page(
        self,
        source: str,
        partition_id: str,
        pass_id: int,
        page: Page,
        *,
        run_id: int,
        seen_at: int,
        vendor_started_at: int | None = None,
        shape: str | None = None,
        privacy: Privacy | None = None,
    ) -> PageCounts:
        """A page with all that follows from it: versions, aliases, seen ids, dirty marks, quarantine, and ``resume``.

        ``vendor_started_at`` is vendor time at the pass's start; the first page that has one decides. The last page makes it
        the cursor, which never goes back. Records that cannot be stored are quarantined like the page's own ``rejected``.
        Values are put aside until the last page: it takes them over as a whole, ends those that the pass did not list, or holds.
        Items that match ``privacy`` are stored without title and address, now and in their past, and no quarantined record is
        kept in raw. Raises ``ValueError`` when the pass is not under way.
        """
        place = Place(source, partition_id, pass_id, run_id, seen_at, shape, privacy.rules if privacy else "")
        incoming = write_pages.read_page(source, page, privacy)
        with self._pen.begin() as tx:
            return write_pages.put_page(tx, place, page, incoming, vendor_started_at)

    # ---- what is not listed any more ----

    def start_listing(self, source: str, partition_id: str) -> int:
        """Begin a census of a partition, after its pass; the id under which its pages are put."""
        with self._pen.begin() as tx:
            return write_passes.start_listing(tx, source, partition_id)

    def put_census(self, at: Place, page: int, rows: Sequence[Seen], *, end: bool) -> Listed:
        """A page of a census: kept until the next listing, and compared with what is stored. An item that is listed again after
        it was out of sight is present again. The page with ``end`` makes it the listing of this run."""
        with self._pen.begin() as tx:
            return write_absence.put_census(tx, at, page, rows, end=end)

    def put_fetched(
        self, at: Place, fetched: Fetched, reads: Mapping[str, Visibility], privacy: Privacy | None
    ) -> tuple[PageCounts, dict[str, str]]:
        """Items that were asked for by id, and those among them that cannot be understood; of known ones that lie outside, and
        are not stored, the presence that they would have (by id). ``reads``: the partitions, with what is known of them."""
        incoming = write_pages.read_items(at.source, fetched.items, privacy)
        incoming.refused.extend(fetched.rejected)
        with self._pen.begin() as tx:
            return write_absence.put_fetched(tx, at, incoming, reads)

    def conclude(
        self, at: Place, judged: Judged, *, whole: bool, accepted: Collection[int] = (), unclear: Collection[str] = ()
    ) -> None:
        """Apply verdicts and hold what is held, at once. ``whole``: everything was judged, but for the partitions ``unclear``, so
        a hold that nothing calls for any more is withdrawn, and the ``accepted`` ones are over."""
        with self._pen.begin() as tx:
            write_absence.conclude(tx, at, judged, whole=whole, accepted=accepted, unclear=unclear)

    def forget_unreadable(self, source: str, ids: Collection[str]) -> None:
        """Take ids that are not to be had out of quarantine."""
        if ids:
            with self._pen.begin() as tx:
                write_absence.forget_unreadable(tx, source, ids)

    def restore(self, at: Place) -> int:
        """The partition was proved unchanged: what its last listing holds is in sight again. How many items came back."""
        with self._pen.begin() as tx:
            return write_absence.restore(tx, at)

    def put_unlisted(self, at: Place, partition: str, name: str, presence: str = "unobserved") -> int:
        """Nothing lists a partition any more whose items are stored: they are unobserved (the config does not name it) or
        ``access_lost`` until a person says that they shall leave; its values stay as long. What a person said so of before leaves
        now; how many items and values."""
        with self._pen.begin() as tx:
            return write_absence.put_unlisted(tx, at, partition, name, presence)

    def listed_again(self, source: str, partitions: Collection[str], at: int) -> None:
        """These partitions are named again: nothing is to be asked about them."""
        with self._pen.begin() as tx:
            for partition in partitions:
                write_holds.close(tx, source, "unlisted", partition, "withdrawn", at)

    def approve(self, hold_id: int, at: int, by: str | None = None, *, request: int | None = None) -> str | None:
        """A person agrees to a hold: how it stands now, ``approved`` (the next run applies it) or ``applied``. None when it waits
        for nobody. ``request`` is the inbox row that says so: answered in the same transaction, and once."""
        with self._pen.begin() as tx:
            if request is not None and not tx.value("SELECT 1 FROM inbox WHERE id = ? AND done_at IS NULL", request):
                return None
            decision = write_holds.approve(tx, hold_id, at, by)
            if decision == "applied":
                write_values.let_through(tx, hold_id)
            if request is not None:
                answer = canonical_json({"decision": decision})
                tx.run("UPDATE inbox SET done_at = ?, result = ? WHERE id = ?", at, answer, request)
            return decision

    # ---- an evaluation ----

    def put_mapping(
        self, mapping: Rules, *, engine: str, facts: object = None, git_commit: str | None = None, clockwork: object = None
    ) -> bool:
        """Keep the mapping's files; whether all items became dirty.

        They do when the mapping, the ``engine`` (the calculation's own version), ``facts`` (what it knows of the sources) or
        ``clockwork`` (all that it knows of the time), both JSON-able or dataclasses, differ from those that the present links
        are calculated with.
        """
        with self._pen.begin() as tx:
            return write_evaluation.put_mapping(
                tx, mapping, engine=engine, facts=facts, git_commit=git_commit, clockwork=clockwork
            )

    def hide_titles(self, privacy: Privacy | None) -> int:
        """Forget titles and addresses of stored items, past rows included, that private rules match and that were stored under
        other rules; None is no such rule. How many rows it were. Those items become dirty. Nothing to do is one short look.

        A transaction per 2,000 rows; killed in between, the next call goes on."""
        with self._store.read() as sql:
            sources = write_private.others(sql, privacy)
        return write_private.hide(self._pen, privacy, sources)

    def clear_traces(self) -> None:
        """After ``hide_titles`` took something away, take it out of the database's file too. Not a transaction; killed on the
        way, the next call does it."""
        with self._store.read() as sql:
            erased = sql.value("SELECT erased FROM clock")
        if erased:
            self._store.compact()
            with self._pen.begin() as tx:
                tx.run("UPDATE clock SET erased = 0")

    def settle_edges(self, patterns: Iterable[Pattern] = ()) -> list[Finding]:
        """Resolve the parents of dirty items and of those that waited for one of them, and what the mapping's ``patterns`` say of
        them; all cut circles there are.

        A transaction per 2,000 items. Afterwards ``Reader.dirty_trees`` offers what was dirty when this call began; an item
        that gained, lost or changed its parent is dirty too, and so is the parent that it left. With other patterns than the
        last time all items must be dirty, as ``put_mapping`` makes them.
        """
        return write_edges.settle(self._pen, patterns)

    def put_attachments(
        self,
        nos: Sequence[int],
        attachments: Iterable[Attachment],
        units: Iterable[Unit],
        findings: Iterable[Finding],
        *,
        read_seq: int,
        contributions: Iterable[Contribution] = (),
    ) -> None:
        """Replace everything that is calculated of exactly these items, and take their dirty marks away.

        ``contributions`` are all that these items add to measures; a changed mapping takes those of all items away.

        ``findings`` about no item (a rule that a source cannot answer) are added, each once; a changed mapping clears them.

        A mark that is newer than ``read_seq`` (given by ``Reader.dirty_trees``) stays: the item changed meanwhile.
        """
        with self._pen.begin() as tx:
            write_evaluation.put_attachments(tx, nos, attachments, units, findings, read_seq, contributions)

    def finish_evaluation(
        self,
        *,
        as_of: int,
        mapping_hash: str,
        engine: str,
        run_id: int | None,
        nodes: Iterable[NodeResult],
        facts: object = None,
        freshness: Mapping[str, int] | None = None,
        counts: Mapping[str, int] | None = None,
        messages: Iterable[Message] = (),
        baselines: Iterable[Baseline] = (),
        measured: int | None = None,
    ) -> int | None:
        """Store the nodes that changed, the evaluation and its messages; its seq. None, and nothing, while marks remain, and
        where other values are in force than as of the seq ``measured``.

        ``nodes`` are all nodes of the mapping; a snapshot of a node that is not among them ends. ``freshness`` is the end of
        each source's last complete run, looked up when it is not given. Of ``baselines`` those are frozen that are not yet: what
        was measured once is never replaced.
        """
        results = list(nodes)
        with self._pen.begin() as tx:
            if tx.value("SELECT 1 FROM dirty LIMIT 1") is not None:
                return None
            if measured is not None and write_values.changed_since(tx, measured):
                return None
            about = Conclusion(as_of, mapping_hash, engine, run_id, facts, freshness, counts)
            write_evaluation.finish(tx, about, results, messages, baselines)
            return tx.seq
