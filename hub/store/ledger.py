"""The stored contributions as a ledger that measures ask."""

from __future__ import annotations

from collections.abc import Sequence

from hub.measure import Answer, Ask
from hub.store.read import Reader


class StoredLedger:
    """Answers from the contributions of items as they are stored now: one statement for each sort of question."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def answer(self, asks: Sequence[Ask]) -> list[Answer]:
        found: list[Answer] = [Answer()] * len(asks)
        for how in ("sums", "distinct", "newest"):
            places = [n for n, ask in enumerate(asks) if ask.how == how]
            if not places:
                continue
            windows = [asks[n].window for n in places]
            if how == "sums":
                made = [Answer(sums=sums) for sums in self._reader.sums(windows)]
            elif how == "distinct":
                made = [Answer(distinct=count) for count in self._reader.distinct(windows)]
            else:
                made = [Answer(newest=rows) for rows in self._reader.newest(windows)]
            for n, answer in zip(places, made, strict=True):
                found[n] = answer
        return found
