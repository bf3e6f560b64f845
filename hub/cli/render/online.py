"""What a source answered: who we are, what we see, what is missing, when the credential ends."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from hub.cli.ambiguity import listed
from hub.cli.asking import SOON, Last, Seen
from hub.cli.render.runs import STYLES, sentence
from hub.cli.render.text import BAD, BOLD, DIM, WARN, ago, clean, clock, count, noted, words
from hub.model.words import singular

NAMED = 12
"""More names than these are counted only."""
_KINDS = {
    "status": ("status", "statuses"),
    "type": ("type", "types"),
    "field": ("field", "fields"),
    "sprint": ("sprint", "sprints"),
}
_SAID = {"complete": "ready to be read", "partial": "can be read in part", "failed": "cannot be read", "refused": "was not asked"}


def answer(seen: Seen, now: int, width: int) -> RenderableType:
    """One source."""
    head = words(
        (clean(seen.source), BOLD), f"  {clean(seen.title)} at {clean(seen.url)}  ", (_SAID[seen.result], STYLES[seen.result])
    )
    table = Table.grid(padding=(0, 2, 0, 0), pad_edge=False)
    table.add_column(no_wrap=True, style=DIM)
    table.add_column(overflow="fold")
    for name, text in _rows(seen, now):
        table.add_row(f"  {name}", text)
    lines: list[RenderableType] = [head]
    if table.row_count:
        lines.append(table)
    if seen.error:
        lines.append(_indented(words((sentence(seen.error), BAD), f" {sentence(seen.hint)}" if seen.hint else "")))
    if notes := [*map(sentence, seen.missing), *map(sentence, seen.warnings)]:
        lines.append(_indented(noted(notes)))
    return Group(*lines)


def warned(texts: Iterable[str]) -> RenderableType:
    """What concerns several sources."""
    return noted(texts)


def _indented(part: RenderableType) -> RenderableType:
    from rich.padding import Padding

    return Padding(part, (0, 0, 0, 2))


def _rows(seen: Seen, now: int) -> Iterator[tuple[str, Text]]:
    if seen.account_id is None:
        return
    who = f"{clean(seen.account)} ({clean(seen.account_id)})" if seen.account else clean(seen.account_id)
    yield (
        "reading" if seen.of_file and not seen.account else "I am",
        Text(who + (f", time zone {clean(seen.timezone)}" if seen.timezone else "")),
    )
    if seen.states:
        yield "I see", Text(_sees(seen))
    if seen.left_out:
        names = f": {_names(seen.left_out)}" if len(seen.left_out) <= NAMED else ""
        what = f"also {count(len(seen.left_out), singular(seen.word), seen.word)} that the configuration does not read"
        yield "", Text(f"{what}{names}", DIM)
    if seen.last is not None:
        yield "last seen", _last(seen.last, len(seen.partitions), now)
    if seen.fields:
        yield "fields", _fields(seen.fields)
    counted = [count(seen.lists[kind], *forms) for kind, forms in _KINDS.items() if seen.lists.get(kind)]
    if counted:
        yield "lists", Text(", ".join(counted))
    yield "credential", _credential(seen)


def _sees(seen: Seen) -> str:
    visible = {state: number for state, number in seen.states.items() if state != "unseen"}
    total = sum(visible.values())
    text = count(total, singular(seen.word), seen.word)
    if set(visible) - {"live"}:
        text += (
            f" ({', '.join(f'{number} {state}' for state, number in sorted(visible.items(), key=lambda one: one[0] != 'live'))})"
        )
    if seen.unseen:
        text += f" of the {total + len(seen.unseen)} configured"
    if 0 < len(seen.partitions) <= NAMED:
        text += f", to read: {_names(key or title for _, key, title in seen.partitions)}"
    return text


def _last(last: Last, now_seen: int, now: int) -> Text:
    when = f" on {clock(last.at)} UTC ({ago(last.at, now)})" if last.at is not None else ""
    if not (last.gone or last.new or last.unnamed):
        return Text(f"the same {last.seen}{when}")
    parts: list[tuple[str, str]] = [(f"{last.seen}{when}, now {now_seen}", "")]
    if last.gone:
        parts.append((f"; out of sight: {_names(last.gone)}", WARN))
    if last.unnamed:
        parts.append((f"; no longer configured: {_names(last.unnamed)}", ""))
    if last.new:
        parts.append((f"; new: {_names(last.new)}", ""))
    return words(*parts)


def _fields(fields: Mapping[str, str | None]) -> Text:
    parts: list[tuple[str, str] | str] = []
    for ours, theirs in fields.items():
        parts += [", "] if parts else []
        parts.append((f"{clean(ours)} = {clean(theirs)}", "") if theirs else (f"{clean(ours)} = not found", BAD))
    return words(*parts)


def _credential(seen: Seen) -> Text:
    if seen.expires_on is None or seen.expires_in_days is None:
        return Text(clean(seen.expiry) or "it does not say when it ends; put the day into a calendar.", DIM)
    days = seen.expires_in_days
    when = f"in {count(days, 'day')}" if days > 0 else "today" if days == 0 else f"{count(-days, 'day')} ago"
    return Text(
        f"ends {seen.expires_on}, {when}" if days >= 0 else f"ended {seen.expires_on}, {when}", WARN if days < SOON else ""
    )


def _names(names: Iterable[str]) -> str:
    given = [clean(name) for name in names]
    return listed(given) if len(given) <= NAMED else f"{', '.join(given[:NAMED])} and {len(given) - NAMED} more"
