"""Patterns: the texts that make an item of one tool the child, relation or duplicate of one of another."""

from __future__ import annotations

import re
from typing import Any

from hub.mappings import grammar_rules as g
from hub.mappings.braces import unexplained
from hub.mappings.draft import Draft
from hub.mappings.regexes import compiled, normal
from hub.mappings.status_map import central
from hub.mappings.templates import blocks
from hub.model import Pattern, fold
from hub.tomlfile import Table, did_you_mean, instead, nearest


def read_patterns(draft: Draft) -> None:
    """Read all ``[[pattern]]`` blocks, in the order of files and lines."""
    for table in blocks(draft, "pattern"):
        central(draft, table)
        table.only(g.PATTERN, others=g.PATTERN_OTHERS)
        source, fields, finds, relation = table.text("source"), _fields(table), _finds(table), _relation(table)
        if not fields or finds is None or relation is None or unexplained(table):
            continue
        pattern = Pattern(len(draft.patterns), source, fields, finds, relation, table.place)
        _adds_nothing(draft, table, pattern)
        draft.patterns.append(pattern)


def _fields(table: Table) -> tuple[str, ...]:
    if "in" not in table:
        table.missing("in", 'Say where the text stands, for example in = ["title", "attachment"].')
        return ()
    found: list[str] = []
    for index, word in enumerate(table.texts("in")):
        folded = fold(word.strip())
        keys = ("in", index) if isinstance(table.values["in"], list) else ("in",)
        if folded == "description":
            text = "No source reads descriptions so far, so the pattern finds nothing there."
            table.problem(keys, text, "Use title, attachment, label or a field of your own.", warning=True)
        if folded in g.PATTERN_IN or (folded.startswith("field.") and len(folded) > 6):
            found.append(folded)
            continue
        right = instead(g.PATTERN_IN_OTHERS.get(folded, ""))
        words = f"Use {', '.join(g.PATTERN_IN)} or field.NAME for a field of your own."
        table.problem(keys, f'A pattern cannot look in "{word}".', right or did_you_mean(word, g.PATTERN_IN, otherwise=words))
        return ()
    return tuple(dict.fromkeys(found))


def _finds(table: Table) -> str | None:
    if "finds" not in table:
        table.missing("finds", 'Say what it finds: finds = "jira key", finds = "url", or a regular expression with one group.')
        return None
    written = table.text("finds", 'Write "jira key", "url" or a regular expression with one group.')
    if written is None:
        return None
    word = fold(" ".join(written.split()))
    if word in g.PATTERN_FINDS:
        return word
    pattern = None if word in g.PATTERN_FINDS_OTHERS else compiled(table, ("finds",), "finds", written)
    if pattern is None:
        if word in g.PATTERN_FINDS_OTHERS:
            table.problem("finds", f'"{written}" is nothing that a pattern finds.', instead(g.PATTERN_FINDS_OTHERS[word]))
        return None
    return normal(written) if _one_group(table, written, pattern) else None


def _one_group(table: Table, written: str, pattern: Any) -> bool:
    remedy = "Put round brackets around what names the other item, such as (CORE-[0-9]+)."
    if pattern.groups == 0:
        near = nearest(written, g.PATTERN_FINDS)
        table.problem("finds", f'"{written}" has no group, so it names nothing.', f'Did you mean "{near}"?' if near else remedy)
    elif pattern.groups > 1:
        text = f"The regular expression has {pattern.groups} groups, and one of them must name the other item."
        table.problem("finds", text, "Keep that one, and write (?:...) for the others.")
    elif re.search(r"(?<!\\)\(\)", written):
        table.problem("finds", "The group of the regular expression is empty, so it names nothing.", remedy, part="()")
    else:
        return True
    return False


def _relation(table: Table) -> g.Relation | None:
    if "as" not in table:
        table.missing("as", 'Say what the item becomes: as = "child", "relation" or "duplicate".')
        return None
    written = table.values["as"]
    right = g.PATTERN_AS_OTHERS.get(fold(written.strip()).replace("_", " ")) if isinstance(written, str) else None
    if right is not None:
        table.problem("as", f'"{written}" is no value of `as`.', instead(right))
        return None
    return table.choice("as", g.PATTERN_AS)


def _adds_nothing(draft: Draft, table: Table, pattern: Pattern) -> None:
    """Warn of a pattern whose finds an earlier one has already."""
    for other in draft.patterns:
        if (
            other.finds == pattern.finds
            and other.relation == pattern.relation
            and (other.source is None or (pattern.source is not None and fold(other.source) == fold(pattern.source)))
            and set(pattern.fields) <= set(other.fields)
        ):
            text = f"The pattern at {other.place} finds all that this one could find."
            table.problem((), text, "Remove one of the two.", warning=True)
            return
