"""What the tables of a file take, declared once: readers know their keys from it, editors their schema, people the reference.

    Key: one line of a table        Value: what may stand behind it, in words and as JSON Schema
    Block: a section of a file      block.names: the keys that it knows

JSON Schema here is draft 7, which every editor's TOML extension reads. A schema says keys, types and words; whatever needs a
second look (an id that exists, two lines that contradict each other) is for the reader.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from typing import Any, NamedTuple

Json = dict[str, Any]

_PLACEHOLDER = {"type": "string", "pattern": r"\{[^{}]+\}"}
"""A text with a template's placeholder in it: what it becomes is known only when the row is filled in."""
_CELL = {"type": "string", "pattern": r"^\{[^{}]+\}$"}
"""A text that is one placeholder: it takes the type of its key."""


class Value(NamedTuple):
    """What a key takes. ``words`` are for people; ``schema`` gives the JSON Schema, with ``True`` for a block that can be a
    template, where a placeholder may stand in place of a value. ``keys`` are those of a table."""

    words: str
    schema: Callable[[bool], Json]
    keys: tuple[Key, ...] = ()


class Key(NamedTuple):
    """One key of a table. ``meaning`` is a sentence, ``example`` the line as TOML. ``default`` is what holds without the line,
    as TOML writes it or in words. ``any`` is the pattern of a key that files choose themselves: its ``name`` stands for it."""

    name: str
    value: Value
    meaning: str
    example: str
    required: bool = False
    default: str = ""
    any: str = ""


class Block(NamedTuple):
    """A section of a file. ``header`` is how it is written, ``line`` how one of its lines is where it holds such; ``example``
    is whole, and stands in the reference. ``intro`` and ``notes`` are paragraphs around the table of keys."""

    name: str
    header: str
    value: Value
    keys: tuple[Key, ...]
    intro: str
    example: str
    line: str = ""
    notes: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The keys that the block knows, in order, without those that files choose themselves."""
        return names(self.keys)


def names(keys: Iterable[Key]) -> tuple[str, ...]:
    """The names of keys, without those that files choose themselves."""
    return tuple(key.name for key in keys if not key.any)


# ---- single values --------------------------------------------------------------------------------------------------------


def plain(words: str, schema: Json) -> Value:
    """A value that is no text, or a text of a fixed form: in a template a lone placeholder may stand for it."""
    return Value(words, lambda cells: _or(schema, _CELL) if cells else schema)


def formed(words: str, pattern: str) -> Value:
    """A text of a fixed form; in a template a placeholder may be a part of it."""
    schema = {"type": "string", "pattern": pattern}
    return Value(words, lambda cells: _or(schema, _PLACEHOLDER) if cells else schema)


def choice(*words: str, numbers: tuple[int, ...] = ()) -> Value:
    """One of a few words, in any case of letters; ``numbers`` are those that stand for their digits."""
    anycase = {"type": "string", "pattern": f"^(?:{'|'.join(map(_anycase, words))})$"}
    schema = _or({"enum": [*words, *numbers]}, anycase)
    return Value(_either(f"`{word}`" for word in words), lambda cells: _or(schema, _PLACEHOLDER) if cells else schema)


def number(words: str, **bounds: float) -> Value:
    """A number; ``bounds`` as in JSON Schema: ``minimum``, ``exclusiveMinimum``, ``maximum``."""
    return plain(words, {"type": "number", **bounds})


TEXT = Value("text", lambda _cells: {"type": "string", "pattern": r"\S"})
FLAG = plain("true or false", {"type": "boolean"})
DAY = plain("date", {"type": "string", "format": "date"})
POSITIVE = number("number above 0", exclusiveMinimum=0)
SHARE = number("number from 0 to 1", minimum=0, maximum=1)
PERCENT = formed("percentage", r"^\s*[0-9]{1,3}(\.[0-9]+)?\s?%\s*$")
ID = formed("id", r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
ANY_ID = r"^[A-Za-z0-9][A-Za-z0-9._-]*$"


def id_of(what: str) -> Value:
    """The id of something that is declared elsewhere."""
    return Value(f"id of {what}", TEXT.schema)


def whole(least: int, most: int) -> Value:
    """A whole number in a range."""
    return plain(f"whole number from {least} to {most}", {"type": "integer", "minimum": least, "maximum": most})


# ---- several values -------------------------------------------------------------------------------------------------------


def many(one: Value, words: str = "") -> Value:
    """A value, or a list of at least one."""
    return either(one, listed(one), words=words or f"{one.words}, or a list")


def listed(one: Value, words: str = "", *, least: int = 1, most: int | None = None) -> Value:
    """A list."""
    size: Json = {"minItems": least} | ({} if most is None else {"maxItems": most})
    return Value(words or f"list of: {one.words}", lambda cells: {"type": "array", **size, "items": one.schema(cells)})


def either(*values: Value, words: str = "") -> Value:
    """One of several kinds of values."""
    keys = tuple(key for value in values for key in value.keys)
    return Value(words or _either(v.words for v in values), lambda cells: _or(*(v.schema(cells) for v in values)), keys)


# ---- tables ---------------------------------------------------------------------------------------------------------------


def table(*keys: Key, words: str = "table", least: int = 0, most: int | None = None) -> Value:
    """A table with these keys and no others; ``least`` and ``most`` are how many of them there must be."""

    def schema(cells: bool) -> Json:
        found: Json = {"type": "object", "additionalProperties": False}
        fixed, free = [k for k in keys if not k.any], [k for k in keys if k.any]
        found |= {"properties": {k.name: described(k, cells) for k in fixed}} if fixed else {}
        found |= {"patternProperties": {k.any: described(k, cells) for k in free}} if free else {}
        required = [k.name for k in fixed if k.required]
        found |= {"required": required} if required else {}
        found |= {"minProperties": least} if least else {}
        return found | ({} if most is None else {"maxProperties": most})

    return Value(words, schema, keys)


def described(key: Key, cells: bool) -> Json:
    """The schema of a key's value with what an editor shows beside it."""
    text = key.meaning
    if key.default:
        text += f"\n\nIf not said: {key.default if _toml(key.default) is None else f'`{key.default}`'}."
    found: Json = {"description": f"{text}\n\nExample: `{key.example}`"}
    usual = _toml(key.default)
    if usual is not None:
        found["default"] = usual
    return found | key.value.schema(cells)


def _toml(written: str) -> Any | None:
    """The value that a text writes in TOML; None for words."""
    import tomllib  # for schemas only; what reads files has no need of it

    try:
        found = tomllib.loads(f"x = {written}")["x"]
    except tomllib.TOMLDecodeError:
        return None
    return found.isoformat() if isinstance(found, date) else found


# ---- sections of a file -----------------------------------------------------------------------------------------------------


def section(name: str, keys: tuple[Key, ...], intro: str, example: str, *notes: str) -> Block:
    """A table that stands once in a file: ``[name]``."""
    return Block(name, f"[{name}]", table(*keys), keys, intro, example, "", notes)


def lines(name: str, line: str, id: Key, keys: tuple[Key, ...], intro: str, example: str, *notes: str) -> Block:
    """A table with a line for each of its things: ``[name]``, and under it ``ID = { ... }``."""
    return Block(name, f"[{name}]", table(id), keys, intro, example, line, notes)


def blocks(name: str, keys: tuple[Key, ...], each: Key | None, intro: str, example: str, *notes: str) -> Block:
    """A block of its own for each thing: ``[[name]]``. ``each`` is the key that makes a template of it, if it can be one; it is
    none of the block's own ``keys``."""
    own = table(*keys, *((each,) if each else ()))
    value = Value("blocks", lambda _cells: {"type": "array", "items": own.schema(each is not None)})
    return Block(name, f"[[{name}]]", value, keys, intro, example, "", notes)


# ---- words ----------------------------------------------------------------------------------------------------------------


def _or(*schemas: Json) -> Json:
    flat = [inner for one in schemas for inner in (one["anyOf"] if set(one) == {"anyOf"} else [one])]
    return {"anyOf": flat}


def _anycase(word: str) -> str:
    return "".join(f"[{c.upper()}{c}]" if c.isalpha() else f"\\{c}" if c in ".+*?()[]{}^$|/\\" else c for c in word)


def _either(words: Iterable[str]) -> str:
    found = list(words)
    return " or ".join((", ".join(found[:-1]), found[-1])) if len(found) > 1 else found[0]
