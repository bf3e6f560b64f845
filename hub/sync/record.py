"""What a run says of itself: results, counts, notes."""

from __future__ import annotations

from collections import Counter

from hub.store.read import Reader
from hub.store.write import Writer
from hub.sync.events import Result, RunSummary

AGAIN = "Run `anchorline sync` again; what was read is kept."
HELD = "Look with `anchorline held`, then `anchorline approve` what is right; nothing is concluded before."


class Record:
    """Collects while a run goes on, and closes it."""

    def __init__(self, source: str, run_id: int) -> None:
        self.source = source
        self.run_id = run_id
        self.results: list[Result] = []
        """of the partitions"""
        self.counts: Counter[str] = Counter()
        self.notes: list[str] = []
        """What did not fail the run, but must be known"""
        self.error: str | None = None
        self.hint: str | None = None
        self._ended: Result = "failed"

    def note(self, text: str, hint: str) -> None:
        """The first is the run's error, the others are notes of it."""
        if self.error is None:
            self.error, self.hint = text, hint or None
        else:
            self.notes.append(text)

    def fail(self, text: str, hint: str) -> None:
        """Something could not be read."""
        self.note(text, hint or AGAIN)
        self.results.append("failed")

    @property
    def whole(self) -> bool:
        """Whether everything was read to its end, and understood."""
        return "failed" not in self.results and not self.counts["quarantined"]

    def result(self, reader: Reader) -> Result:
        """complete; held when conclusions wait for a person; partial when something could not be read or is newly in quarantine;
        failed when nothing could be read."""
        if self.counts["quarantined"]:
            self.note(
                f"{self.counts['quarantined']} records could not be understood and went into quarantine",
                "Everything else was read; the next run tries them again.",
            )
        waiting = [hold for hold in reader.holds(self.source) if hold.decision is None]
        holds = [hold for hold in waiting if hold.kind != "unlisted"]
        for hold in holds:
            self.note(f"{hold.text} ({hold.where}): held back as number {hold.id}", HELD)
        for hold in waiting:
            if hold.kind == "unlisted":  # what is configured was read all the same
                self.notes.append(
                    f"{hold.text}: whether they shall leave is for you to say (`anchorline held`, number {hold.id})"
                )
        if "failed" in self.results:
            return "partial" if "complete" in self.results else "failed"
        if self.counts["quarantined"]:
            return "partial"
        return "held" if holds else "complete"

    def end(self, writer: Writer, result: Result, at: int, error: str | None = None, hint: str | None = None) -> None:
        """Close the run's record and keep its notes."""
        self._ended = result
        self.notes[:] = dict.fromkeys(self.notes)
        writer.put_notices(self.source, self.notes)
        writer.end_run(self.run_id, result, finished_at=at, counts=self.counts, error=error or self.error, hint=hint or self.hint)

    def summary(self, seq: int | None) -> RunSummary:
        result = "partial" if seq is None and self._ended == "complete" else self._ended
        return RunSummary(
            self.source, self.run_id, result, dict(self.counts), self.error, self.hint, seq, tuple(dict.fromkeys(self.notes))
        )
