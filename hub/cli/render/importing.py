"""What an import found and what it would change, as people compare it with their sheet."""

from __future__ import annotations

from collections.abc import Iterator

from rich.cells import cell_len
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from hub.cli.render.text import BAD, BOLD, DIM, KEY, WARN, clean, count, fit, heading, words
from hub.cli.render.text import columns as grid
from hub.importing import Change, Columns, FilePlan, Missing, Plan, Sheet
from hub.importing.cycles import proposal
from hub.importing.values import letters
from hub.tomlfile.write import key, value

_SIGNS = {"+": "green", "~": WARN, "-": BAD, "=": DIM}
_KINDS = {"objective": "objective ", "key_result": "key result"}
_WHAT = {"+": "new", "~": "changed", "-": "no longer in the sheet", "=": "as they were"}


def head(file: str, sheet: Sheet, found: Columns) -> Text:
    """Which sheet, and where its headers are."""
    rows = len(sheet.rows) - found.header - 1
    return words(
        (clean(file), BOLD), f', sheet "{clean(sheet.name)}": headers in row {found.header + 1}, {count(rows, "row")} beneath'
    )


def columns(found: Columns, width: int) -> RenderableType:
    """What each column is taken for, with what stands in it."""
    table = grid()
    table.show_header, table.header_style = True, DIM
    for name in ("read as", "column", "with texts such as"):
        table.add_column(name, no_wrap=True)
    rows = [(name, one.letter, one.header, one.samples) for name, one in found.meant.items()]
    left = max([7, *(len(name) for name, *_ in rows)])
    middle = min(max([6, *(len(f"{at} {clean(text)}") for _, at, text, _ in rows)]), 30)
    for name, at, text, samples in rows:
        shown = ", ".join(clean(sample) for sample in samples)
        table.add_row(Text(name, KEY), fit(f"{at} {clean(text)}", middle), fit(shown, max(width - left - middle - 6, 10)))
    parts: list[RenderableType] = [table]
    if found.others:
        names = ", ".join(f"{letters(one.column)} {clean(one.header) or '(no header)'}" for one in found.others)
        parts.append(Text(f"not read: {names}", DIM))
    parts.append(Text("Not right? --columns name=HEADER,... says it better, such as --columns owner=B.", DIM))
    return Group(*parts)


# ---- changes ------------------------------------------------------------------------------------------------------------


def changes(made: Plan, into: str, width: int) -> RenderableType:
    """File by file: what is new, what changes key by key, what the sheet no longer has."""
    parts: list[RenderableType] = [_cycles(made)]
    for each in made.files:
        if each.changed:
            parts += ["", *_file(each, into, width)]
    same = sum(change.sign == "=" for each in made.files for change in each.changes)
    if same and any(each.changed for each in made.files):
        parts += ["", Text("1 more is as it was." if same == 1 else f"{same} more are as they were.", DIM)]
    return Group(*parts)


def _cycles(made: Plan) -> Text:
    told = ", ".join(f"{count(number, 'objective')} in {clean(id)}" for id, number in made.cycles.items()) or "no objective"
    others = f"; {count(made.others, 'objective')} of other cycles left out" if made.others else ""
    return Text(f"{told}{others}", BOLD)


def _file(each: FilePlan, into: str, width: int) -> Iterator[RenderableType]:
    signs = [change.sign for change in each.changes]
    told = ", ".join(f"{signs.count(sign)} {_WHAT[sign]}" for sign in "+~-" if sign in signs)
    yield words((clean(f"{into}/{each.name}"), BOLD), f"  {'new file' if each.before is None else told}")
    shown = [change for change in each.changes if change.sign != "="]
    ids = min(max((cell_len(change.id) for change in shown), default=0), 30)
    for change in shown:
        yield from _change(change, ids, width)


def _change(change: Change, ids: int, width: int) -> Iterator[RenderableType]:
    start = f"  {change.sign} {_KINDS[change.kind]}  "
    id_ = change.id + " " * max(ids - cell_len(change.id), 0)
    name = fit(clean(change.name), max(width - len(start) - cell_len(id_) - 2, 10))
    yield words((start, _SIGNS[change.sign]), (clean(change.id), KEY), f"{id_[len(change.id) :]}  {name}")
    for keys, old, new in change.lines:
        said = (
            f"{keys}: {old} -> {new}" if old and keys else f"{keys} = {new} (new)" if keys else f"{old} -> {new}" if old else new
        )
        yield Padding(Text(clean(said)), (0, 0, 0, len(start)))


# ---- what is left to do -------------------------------------------------------------------------------------------------


def unmeasured(made: Plan) -> RenderableType:
    """Key results with numbers in the sheet, by owner."""
    total = sum(map(len, made.unmeasured.values()))
    verb = "has" if total == 1 else "have"
    text = (
        f"{count(total, 'key result')} {verb} no measure yet. Without a metric progress is the share of the "
        "attached work that is done; the sheet's numbers are kept as comments."
    )
    table = grid()
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for owner, rows in made.unmeasured.items():
        table.add_row(Text(f"  {fit(clean(owner) or 'nobody', 28)}"), ", ".join(clean(id) for id, _ in rows))
    return Group(Text(text, BOLD), table)


def named(made: Plan) -> Text:
    """What could attach work already."""
    which = f"{count(made.named, 'key result')} {'has' if made.named == 1 else 'have'} a label or a link to work in the sheet"
    return Text(f"{which}, kept as a comment; a [[rule]] with when.label or when.key attaches that work.")


def missing(made: Plan, folder: str) -> RenderableType:
    """Lines to add to the mapping files, ready to be copied: they may stand anywhere in a file."""
    parts: list[RenderableType] = [
        heading(f"Not declared in the mapping files yet; add this to a file in {folder}, and import again.")
    ]
    if set(made.missing) != {"cycle"}:
        parts.append(Text("Unknown teams and pillars are left out of the files until then."))
    for kind, rows in made.missing.items():
        for one in rows:
            parts.append(Text())
            if one.near:
                parts.append(Text(f'  # or correct "{clean(one.written)}" in the sheet to "{clean(one.near)}"', WARN))
            parts += [Text(f"  {line}") for line in _declared(kind, one)]
    return Group(*parts)


def _declared(kind: str, one: Missing) -> list[str]:
    if kind == "cycle":
        return proposal(one.written).table
    name = f"name = {clean(value(one.written))}"
    return ["[[team]]", f"id = {value(one.id)}", name] if kind == "team" else [f"[pillar.{key(one.id)}]", name]
