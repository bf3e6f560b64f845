"""The dates, windows and rhythms of metrics: from words to values."""

from __future__ import annotations

from hub.mappings import grammar_metrics as g
from hub.model import Rhythm, fold
from hub.tomlfile import Table, did_you_mean, instead


def shown(value: object) -> str:
    """A text as it compares: folded, one blank between words."""
    return fold(" ".join(value.split())) if isinstance(value, str) else ""


def dated(table: Table, key: str) -> str | None:
    """The date that a line names, folded."""
    text = table.text(key, f'Name a date: {key} = "closed".')
    return None if text is None else _date(table, (key,), text)


def _date(table: Table, keys: tuple[str | int, ...], text: str) -> str | None:
    word = shown(text)
    if word in g.DATES:
        return word
    named = fold(text.strip())
    kind, _, stage = named.partition(":")
    if kind.strip() == "stage" and stage.strip():
        return f"stage:{stage.strip()}"
    if named.startswith("field.") and named[6:].strip():
        return f"field.{named[6:].strip()}"
    right = instead(g.DATES_OTHERS.get(word, ""))
    otherwise = f"Use {', '.join(g.DATES)}, stage:NAME, or field.NAME for a field of your own."
    near = right or did_you_mean(word, g.DATES, otherwise=otherwise, likeness=0.7)
    table.problem(keys, f'"{text}" is no date of an item.', near)
    return None


def between(table: Table) -> tuple[str, str] | None:
    """The two dates of ``days_between``."""
    example = 'Write days_between = ["started", "done"].'
    value = table.values["days_between"]
    if not isinstance(value, list):
        table.expected("days_between", "a list of two dates", value, example)
        return None
    if len(value) != 2 or not all(isinstance(one, str) and one.strip() for one in value):
        table.problem("days_between", f"`{table.prefix}days_between` must hold the names of two dates.", example)
        return None
    first, last = (_date(table, ("days_between", n), str(one)) for n, one in enumerate(value))
    if first is None or last is None:
        return None
    if first == last:
        text = f"`{table.prefix}days_between` names `{first}` twice, so it is always 0."
        table.problem("days_between", text, "Name the first date and the last.")
        return None
    return first, last


def window(table: Table) -> str | None:
    """``cycle``, ``next cycle``, ``year``, ``all``, or days as ``28d``."""
    text = table.text("window", 'Write window = "cycle", "next cycle", "year", "all", or days such as "28d".')
    if text is None:
        return None
    word = shown(text)
    if word in g.WINDOWS:
        return word
    days = _days(word)
    if days is not None and 1 <= days <= g.MOST_DAYS:
        return f"{days}d"
    if days is not None:
        table.problem("window", f'"{text}" is no window.', f"Name 1 to {g.MOST_DAYS} days.")
        return None
    otherwise = 'Write "cycle", "next cycle", "year", "all", or days such as "28d".'
    near = did_you_mean(word, g.WINDOWS, otherwise=otherwise, likeness=0.75)
    table.problem("window", f'"{text}" is no window.', instead(g.WINDOWS_OTHERS.get(word, "")) or near)
    return None


def settle(table: Table) -> int:
    """How many last days are not final."""
    value = table.values.get("settle")
    whole = isinstance(value, int) and not isinstance(value, bool)
    text = table.text("settle", f'Write settle = "{value}d".' if whole else 'Write days: settle = "3d".')
    if text is None:
        return 0
    days = _days(shown(text))
    if days is not None and 1 <= days <= g.MOST_SETTLE:
        return days
    remedy = f'Name 1 to {g.MOST_SETTLE} days: settle = "3d".' if days is not None else 'Write days: settle = "3d".'
    table.problem("settle", f'"{text}" is no number of days.', remedy)
    return 0


def _days(word: str) -> int | None:
    found = g.DAYS.fullmatch(word)
    return None if found is None else int(found[1]) * (7 if found[2] == "w" else 1)


def rhythm(table: Table) -> Rhythm | None:
    """How often a new value is expected."""
    written = table.values.get("every")
    right = g.RHYTHMS_OTHERS.get(shown(written))
    if right is not None:
        table.problem("every", f'"{written}" is no rhythm.', instead(right))
        return None
    return table.choice("every", g.RHYTHMS)
