"""``docs/mapping-reference.md``, from the description of the grammar and the text around it in ``reference.md``.

A line ``[[block NAME]]`` of that text becomes the section's keys and example; the others likewise. ``make docs`` writes the page.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from hub.mappings import grammar as g
from hub.mappings import grammar_rules as r
from hub.mappings import spec
from hub.mappings.files import MAX_BYTES
from hub.mappings.spec.conditions import CONDITIONS
from hub.mappings.spec.each import FOR_EACH, PEOPLE
from hub.mappings.spec.worlds import EXPECTED, HEAD, ITEM
from hub.model import BY_KEY, FALLBACK, NAMED, ORDINARY
from hub.rules import cel
from hub.tomlfile.spec import Key

_NOTE = "<!-- Made by `make docs` from hub/mappings/spec and hub/mappings/reference.md: change it there. -->\n\n"
_PIECE = re.compile(r"\[\[([a-z_]+)(?: ([a-z_]+))?\]\]")
_IN_CODE = re.compile(r"(```.*?^```$|`[^`\n]*`)", re.MULTILINE | re.DOTALL)


def reference() -> str:
    """The whole page."""
    text = Path(__file__).with_suffix(".md").read_text("utf-8")
    made = _filled(text, _PIECES)
    return _NOTE + made.replace("[[contents]]", _contents(made))


def _filled(text: str, pieces: dict[str, Callable[[str], str]]) -> str:
    """The text with its pieces in place; what no piece is called stays (a header such as ``[[rule]]``)."""
    return _PIECE.sub(lambda found: pieces[found[1]](found[2] or "") if found[1] in pieces else found[0], text)


def _contents(text: str) -> str:
    heads = re.findall(r"^## (.+)$", _IN_CODE.sub("", text), re.MULTILINE)
    return "\n".join(f"- [{head}](#{anchor(head)})" for head in heads)


def anchor(heading: str) -> str:
    """What a link to a heading ends in."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


# ---- tables ---------------------------------------------------------------------------------------------------------------


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    every = [list(head), *map(list, rows)]
    every.insert(1, ["---"] * len(every[0]))
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in every)


def _flat(keys: Iterable[Key], prefix: str = "") -> Iterator[tuple[str, Key]]:
    """Keys with those of their tables, as they are written with dots."""
    for key in keys:
        yield f"{prefix}{key.name}", key
        if key.value.keys and key.value is not CONDITIONS:
            yield from _flat(key.value.keys, f"{prefix}{key.name}.")


def _keys(keys: Iterable[Key]) -> str:
    return _table(("key", "takes", "meaning", "example"), (_row(name, key) for name, key in _flat(keys)))


def _row(name: str, key: Key) -> Iterable[str]:
    return f"`{name}`", _takes(key), key.meaning + _usual(key), f"`{key.example}`"


def _takes(key: Key) -> str:
    return f"{key.value.words}; **required**" if key.required else key.value.words


def _usual(key: Key) -> str:
    if not key.default:
        return ""
    plain = re.fullmatch(r'"[^"]*"|[0-9.]+|true|false', key.default)
    return f" If not said: {f'`{key.default}`' if plain else key.default}."


# ---- pieces ---------------------------------------------------------------------------------------------------------------


def _block(name: str) -> str:
    block = next(b for b in spec.BLOCKS if b.name == name)
    parts = [f"### `{block.header}`", block.intro]
    parts += [f"Each line: `{block.line}`"] if block.line else []
    parts += [_keys(block.keys), f"```toml\n{block.example}```", *block.notes]
    return "\n\n".join(parts)


def _fields(_: str) -> str:
    kinds = {"source": "text", "team": "text", "level": "word or number", "own": "text, number or day", "state": "word"}
    rows = ((f"`{f.name}`", kinds.get(f.kind, f.kind), f.meaning, f"`{f.example}`") for f in (*spec.FIELDS, spec.OWN))
    return _table(("field", "is a", "meaning", "example"), rows)


def _operators(_: str) -> str:
    words = {"text": "texts", "day": "days", "number": "numbers", "level": "`level`", "own": "`field.NAME`", "team": "`team`"}
    rows = (
        (
            f"`{o.name}`",
            ", ".join(words[k] for k in o.kinds if k in words),
            o.meaning,
            o.right,
            f"`{o.example}`",
        )
        for o in spec.OPERATORS
    )
    return _table(("operator", "for", "holds when", "takes", "example"), rows)


def _strengths(_: str) -> str:
    rows = (
        (NAMED, "by which the item names the key result itself: `when.label = \"kr:{key_result}\"`"),
        (BY_KEY, "with a `when.key` line"),
        (ORDINARY, "of any other kind"),
        (FALLBACK, "with `fallback = true`"),
    )  # fmt: skip
    return "\n".join(f"| {strength} | {text} |" for strength, text in rows)


def _people(_: str) -> str:
    rows = ((f"`{key.name}`", key.meaning + (" **Required.**" if key.required else "")) for key in PEOPLE)
    return _table(("column", "meaning"), rows)


def _for_each(_: str) -> str:
    return _keys(Key(f"for_each.{k.name}", k.value, k.meaning, k.example) for k in FOR_EACH.value.keys)


def _worlds(_: str) -> str:
    parts = ("At the head of a file:", HEAD), ("Of each `[[item]]`:", ITEM), ("What must become of it:", EXPECTED)
    return "\n\n".join(f"{title}\n\n{_keys(keys)}" for title, keys in parts)


def _limit(name: str) -> str:
    return {
        "stars": str(r.MAX_STARS),
        "expr": f"{cel.LONGEST:,}",
        "priority": f"{r.PRIORITIES[0]} to {r.PRIORITIES[-1]}",
        "bytes": f"{MAX_BYTES // 2**20} MB",
    }[name]


def _listed(names: Iterable[str]) -> str:
    *most, last = (f"`{name}`" for name in names)
    return f"{', '.join(most)} and {last}"


_OF_OTHERS = frozenset({"progress", "current", "value", "done", "label", "labels", "private", "with", "state"})
"""Words that key results have elsewhere: a message helps whoever writes them, but the grammar never had them."""


def _refused(_: str) -> str:
    groups: tuple[tuple[str, dict[str, str]], ...] = (
        ("`{}` of a `[[key_result]]`", {k: v for k, v in g.KEY_RESULT_REFUSED.items() if k not in _OF_OTHERS}),
        ("`{}` of an `[[objective]]`", {"continues": g.OBJECTIVE_REFUSED["continues"]}),
        ("`owns.{}`", g.OWNS_REFUSED),
        ("`when.{}`", r.FIELDS_REFUSED),
    )
    rows = ((form.format(word), remedy) for form, words in groups for word, remedy in words.items())
    return _table(("word", "instead"), rows)


_PIECES: dict[str, Callable[[str], str]] = {
    "block": _block,
    "cel": lambda _: _listed(cel.VARIABLES),
    "example": lambda _: spec.WORLD.example.rstrip("\n"),
    "fields": _fields,
    "for_each": _for_each,
    "limit": _limit,
    "moving": lambda _: _listed(field for field in r.FIELDS if field in r.MOVING | r.FINISHING),
    "operators": _operators,
    "people": _people,
    "steps": lambda _: _keys(spec.STEPS),
    "private": lambda _: _listed(r.PRIVATE),
    "refused": _refused,
    "strengths": _strengths,
    "worlds": _worlds,
}


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(reference(), "utf-8")
