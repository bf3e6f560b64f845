"""What the sources' words mean: ``[status.NAME]`` and ``[resolution]``."""

from __future__ import annotations

import re
from typing import Any

from hub.mappings import grammar_rules as g
from hub.mappings.draft import Draft
from hub.model import State, StatusWord, fold
from hub.tomlfile import Table, did_you_mean, instead

_EXAMPLE = 'Write [status.jira] and under it lines such as "Parked" = "todo".'


def read_status_map(draft: Draft) -> None:
    """Read all status maps and resolutions. A source's table may stand in several files; its lines are one map."""
    for top in draft.tops():
        status = top.table("status", "[status]", _EXAMPLE)
        for name in status.values if status else ():
            assert status is not None
            table = _source(status, name)
            if table is not None:
                central(draft, table)
                _words(draft, name, table)
        _resolution(draft, top)


def central(draft: Draft, table: Table) -> None:
    """What holds for all teams cannot stand in the file of one."""
    fence = draft.fence(table)
    if fence is not None:
        text = f'{table.label} holds for all teams, and this file belongs to "{fence}".'
        table.problem((), text, "Move it to a file without `[file] team`.")


def _source(status: Table, name: str) -> Table | None:
    if not isinstance(status.values[name], str):
        return status.table(name, f"[status.{name}]", _EXAMPLE)
    text = f'"{name}" stands in [status] itself, which says no source.'
    status.problem(name, text, "Write the name of a source or a kind above it, such as [status.jira].", at_key=True)
    return None


def _words(draft: Draft, source: str, table: Table) -> None:
    found = {word.folded: word for word in draft.statuses.get(fold(source), ())}
    for written, value in table.values.items():
        state = _state(table, written, value)
        folded = fold(written)
        if state is None:
            continue
        if folded not in found:
            found[folded] = StatusWord(folded, written, state, table.at(written))
        elif found[folded].state == state:
            text = f'The line "{written}" repeats {found[folded].place}.'
            table.problem(written, text, "Remove one of the two.", warning=True, at_key=True)
        else:
            text = f'"{written}" means "{state}" here, and "{found[folded].state}" at {found[folded].place}.'
            table.problem(written, text, "Keep one of the two.", at_key=True)
    draft.statuses[fold(source)] = tuple(found.values())


def _state(table: Table, written: str, value: Any) -> State | None:
    states = ", ".join(g.STATUS_STATES)
    if not written.strip():
        table.problem(written, "A status without a name stands for nothing.", "Write its name or id.", at_key=True)
    elif re.sub(r"\*+", "*", written).count("*") > g.MAX_STARS:
        text = f'"{written}" has more than {g.MAX_STARS} stars.'
        table.problem(written, text, "Shorten it, or write several lines.", at_key=True)
    elif isinstance(value, dict):
        inner = next(iter(value), "x")
        text = f'"{written}" is a table, where a state is wanted.'
        table.problem(
            written, text, f'A status with a dot in its name goes in quotes: "{written}.{inner}" = "todo".', at_key=True
        )
    elif not isinstance(value, str):
        table.problem(written, f'The state of "{written}" must be one of {states}, in quotes.', 'Write "todo", for example.')
    else:
        state = next((s for s in g.STATUS_STATES if s == fold(value.strip())), None)
        if state is not None:
            return state
        if fold(value.strip()) in g.STATES:
            either = '"todo" or "doing"' if fold(value.strip()) == "open" else '"done" or "dropped"'
            table.problem(written, f'"{value}" stands for two states.', f"Write {either}.")
        else:
            remedy = instead(g.STATES_OTHERS.get(fold(value.strip()), "")) or did_you_mean(value, g.STATUS_STATES)
            table.problem(written, f'"{value}" is no state.', remedy)
    return None


def _resolution(draft: Draft, top: Table) -> None:
    table = top.table("resolution", "[resolution]", 'Write [resolution] and under it dropped = ["Out of date"].')
    if table is None:
        return
    central(draft, table)
    table.only(g.RESOLUTION, others=g.RESOLUTION_OTHERS)
    for index, name in enumerate(table.texts("dropped")):
        if "*" in name:
            keys = ("dropped", index) if isinstance(table.values["dropped"], list) else ("dropped",)
            table.problem(keys, f'"{name}" is compared as it stands; * is no wildcard here.', "Name each resolution in full.")
        else:
            draft.dropped_resolutions.add(fold(name))
