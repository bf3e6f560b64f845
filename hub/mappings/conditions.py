"""The lines of ``when`` and ``unless``: from tables to conditions."""

from __future__ import annotations

import re
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from hub.mappings import grammar_rules as g
from hub.mappings.comparisons import exactly, read_table
from hub.mappings.draft import Draft
from hub.mappings.line import CAPTURES, KEY_RESULT, TEAM, Keys, Line, finite, toml
from hub.model import Condition, Filter, Test, fold
from hub.tomlfile import Table, day_of, did_you_mean, instead, nearest
from hub.tomlfile.dates import is_day

BRACE = re.compile(r"\{[^{}\s]*\}")
_OPERATOR = re.compile(r"(>=|=>|<=|=<|>|<|=)\s*(.+)")


class Read(NamedTuple):
    """A line that was understood, and where it stands in its block."""

    condition: Condition
    keys: Keys

    @property
    def captures(self) -> tuple[str, ...]:
        """The placeholders that it fills."""
        texts = [t.folded for t in self.condition.tests if t.how == "capture"]
        return tuple(c for c in CAPTURES if any(c in t for t in texts))


def read_lines(draft: Draft, block: Table, key: str, word: str = "", *, names: bool = True) -> list[Read]:
    """The lines of ``when`` or ``unless`` of a block, those without a mistake. ``word`` is how messages call what stands under
    ``key``; ``names`` is whether items may name key results and teams in them."""
    word = word or key
    lines = block.table(key, word, _as_line(word, block.values.get(key)))
    if lines is None:
        return []
    if not lines.values and key == "unless":
        block.problem(key, f"`{word}` is empty.", f'Add a line such as {word}.label = "spike", or remove it.')
    found: list[Read] = []
    for name in lines.values:
        if name == "field":
            found += _named_fields(draft, lines, key, word, names)
        elif name in g.FIELDS:
            found += _line(Line(draft, lines, name, name, word, names), (key, name))
        elif name in g.FIELDS_REFUSED:
            remedy = g.FIELDS_REFUSED[name].replace("when.", f"{word}.")
            lines.problem(name, f"`{word}.{name}` is not supported by this version.", remedy, at_key=True)
        else:
            lines.problem(name, f'"{name}" is no field of a condition.', _no_field(name, word), at_key=True)
    return found


class Lines(NamedTuple):
    """The lines of ``when`` and ``unless`` that rows or items must fit, which name nothing."""

    when: list[Read]
    unless: list[Read]

    @property
    def filter(self) -> Filter:
        return Filter(tuple(line.condition for line in self.when), tuple(line.condition for line in self.unless))

    @property
    def all(self) -> list[Read]:
        return [*self.when, *self.unless]


def read_filter(draft: Draft, block: Table) -> Lines:
    """The lines by which a block that is no rule narrows what it reads."""
    if block.values.get("when") == {}:
        word = f"{block.prefix}when"
        block.problem("when", f"`{word}` is empty.", f'Add a line such as {word}.project = "CORE", or remove it.')
    when, unless = (read_lines(draft, block, key, f"{block.prefix}{key}", names=False) for key in ("when", "unless"))
    return Lines(when, unless)


def _no_field(key: str, word: str) -> str:
    otherwise = f"A field of your own is written {word}.field.{key}; others are {', '.join(g.FIELDS)}."
    right = instead(g.FIELDS_OTHERS.get(fold(key).replace("-", "_").replace(" ", "_"), ""))
    return right or did_you_mean(key, g.FIELDS, otherwise=otherwise, likeness=0.7)


_IN_ONE = re.compile(r"\s*(\w+)\s*(?:[:=~]|==|is)\s*[\"']?([^\"'\\]+?)[\"']?\s*", re.IGNORECASE)


def _as_line(word: str, value: object) -> str:
    """How to write a condition that was given as one text: ``label:x``."""
    found = _IN_ONE.fullmatch(value) if isinstance(value, str) else None
    field = nearest(found[1], g.FIELDS, 0.7) if found else None
    if found and field:
        return f'Write {word}.{field} = "{found[2]}".'
    return f'Write one line per condition: {word}.project = "CORE".'


def _named_fields(draft: Draft, lines: Table, key: str, word: str, names: bool) -> list[Read]:
    fields = lines.table("field", f"{word}.field", f'Name the field: {word}.field.team = "Core".')
    found: list[Read] = []
    for name in fields.values if fields else ():
        assert fields is not None
        found += _line(Line(draft, fields, name, f"field.{fold(name)}", word, names), (key, "field", name))
    return found


def _line(line: Line, keys: Keys) -> list[Read]:
    value = line.table.values[line.key]
    alternatives = value if isinstance(value, list) else [value]
    if not alternatives:
        text = f"`{line.shown}` is an empty list, which nothing can match."
        line.problem((line.key,), text, "Name at least one value, or remove the line.")
        return []
    tests: list[Test] = []
    for index, one in enumerate(alternatives):
        read = _tests(line, (line.key, index) if isinstance(value, list) else (line.key,), one)
        if not read:
            return []
        tests += read
    captured = next((c for t in tests if t.how == "capture" for c in CAPTURES if c in t.folded), None)
    if len(tests) > 1 and captured:
        line.problem((line.key,), f"A line with {captured} can have no other values.", "Write one rule for each of them.")
        return []
    return [Read(Condition(line.field, tuple(dict.fromkeys(tests)), line.table.at(line.key)), keys)]


# ---- one alternative ------------------------------------------------------------------------------------------------------


def _tests(line: Line, keys: Keys, value: Any) -> list[Test]:
    """An alternative as tests; none, with a problem, when it is a mistake."""
    if isinstance(value, dict):
        test = read_table(line, keys, value)
    elif line.field == "level":
        test = _level(line, keys, value)
    elif line.kind in ("day", "number"):
        test = _day_or_number(line, keys, value)
    else:
        written = _written(line, keys, value)
        if written is not None and line.kind == "state":
            return _state(line, keys, written)
        test = None if written is None else _text(line, keys, written)
    return [] if test is None else [test]


def _written(line: Line, keys: Keys, value: Any) -> str | None:
    if isinstance(value, bool) or not isinstance(value, str | int):
        remedy = "Write the value in quotes, as the source spells it." if not isinstance(value, list) else "One text per value."
        if line.kind == "own" and (day := day_of(value)) is not None:
            remedy = f"Write it in quotes as a text, or for a day {line.shown} = {{ gte = {day}, lte = {day} }}."
        line.problem(keys, f"`{line.shown}` compares with a text, not with {_kind(value)}.", remedy)
        return None
    if str(value).strip():
        return str(value)
    remedy = f"Write {line.shown} = {{ empty = true }} to find what has no value."
    line.problem(keys, f"`{line.shown}` compares with an empty text.", "Remove it." if line.field in g.ALWAYS else remedy)
    return None


def _kind(value: object) -> str:
    return {"bool": "true or false", "list": "a list", "Decimal": "a number with a point"}.get(type(value).__name__, "a date")


def _text(line: Line, keys: Keys, written: str) -> Test | None:
    if any(c in written for c in CAPTURES):
        return _capture(line, keys, written)
    if BRACE.search(written):
        return None  # reported with all others by ``braces``
    if not _few_stars(line, keys, written):
        return None
    glob = "*" in written or "?" in written
    if line.kind == "team":
        return _team(line, keys, written, glob)
    return Test("glob" if glob else "equal", fold(written), written)


def _few_stars(line: Line, keys: Keys, written: str) -> bool:
    if re.sub(r"\*+", "*", written).count("*") <= g.MAX_STARS:
        return True
    text = f"The pattern in `{line.shown}` has more than {g.MAX_STARS} stars."
    line.problem(keys, text, "Shorten it, or write several patterns.")
    return False


def _team(line: Line, keys: Keys, written: str, glob: bool) -> Test | None:
    if not glob:
        id = line.draft.resolve("team", line.table, keys, written)
        return None if id is None else Test("equal", fold(id), written)
    fits = re.compile("".join({"*": ".*", "?": "."}.get(c, re.escape(c)) for c in fold(written)))
    known = line.draft.known.get("team", {})
    if "team" in line.draft.hidden or any(fits.fullmatch(id) for id in known):
        return Test("glob", fold(written), written)
    line.problem(
        keys, f'No team has an id like "{written}".', f"Known: {', '.join(sorted(k.id for k in known.values())) or 'none'}."
    )
    return None


def _state(line: Line, keys: Keys, written: str) -> list[Test]:
    states = g.STATES.get(fold(written.strip()))
    if states is not None:
        return [Test("equal", state, written) for state in states]
    if not BRACE.search(written):
        remedy = instead(g.STATES_OTHERS.get(fold(written.strip()), "")) or did_you_mean(written, g.STATES)
        line.problem(keys, f'"{written}" is no state.', remedy)
    elif any(c in written for c in CAPTURES):
        _capture(line, keys, written)
    return []


def _level(line: Line, keys: Keys, value: Any) -> Test | None:
    if isinstance(value, str) and any(c in value for c in CAPTURES):
        return _capture(line, keys, value)
    number, written = finite(value), toml(value) if not isinstance(value, str) else str(value)
    if number is None and isinstance(value, str):
        text = g.LEVEL_NUMBERS.get(fold(written), written)
        number = Decimal(text) if re.fullmatch(r"-?[0-9]{1,2}", text) else None
    if number is not None and number == number.to_integral_value() and abs(number) < 100:
        return Test("equal", str(int(number)), written)
    words, otherwise = ("epic", "story", "sub-task"), "Use epic, story, sub-task or a number (2 is above epics)."
    if not BRACE.search(written):
        line.problem(keys, f'"{written}" is no level.', did_you_mean(written, words, otherwise=otherwise))
    return None


def _day_or_number(line: Line, keys: Keys, value: Any) -> Test | None:
    if isinstance(value, str) and any(c in value for c in CAPTURES):
        return _capture(line, keys, value)
    if isinstance(value, str) and BRACE.search(value):
        return None
    right = day_of(value) if line.kind == "day" else finite(value)
    if right is not None:
        return exactly(right)
    is_a = "is a day" if line.kind == "day" else "is a number"
    if isinstance(value, datetime) and line.kind == "day":
        line.problem(keys, f"`{line.shown}` is a day, without a time.", f"Write {line.shown} = {value.date()}.")
    elif isinstance(value, str) and fold(value.strip()) in g.TODAY:
        text = "Conditions never name today, so that past figures stay as they are."
        line.problem(keys, text, f'Write a day, or {line.shown} = {{ within = "cycle" }}.')
    elif isinstance(value, str):
        row = "Write YEAR-MONTH-DAY in that row." if line.kind == "day" else "Write a number in that row."
        line.problem(keys, f'`{line.shown}` {is_a}, and "{value}" a text.', _from_text(line, value.strip()), row=row)
    else:
        what = "a list" if isinstance(value, list) else toml(value)
        remedy = "{ within = [2027-01-01, 2027-01-31] }" if line.kind == "day" else "{ gte = 5 }"
        line.problem(keys, f"`{line.shown}` {is_a}, not {what}.", f"Write for example {line.shown} = {remedy}.")
    return None


def _from_text(line: Line, text: str) -> str:
    """What a text for a day or a number was most likely meant to be."""
    if not text:
        return f"Write {line.shown} = {{ empty = true }} to find what has no value."
    operator = _OPERATOR.fullmatch(text)
    op, rest = (g.OPERATORS_OTHERS[operator[1]], operator[2]) if operator else ("", text)
    is_one = is_day(rest) if line.kind == "day" else re.fullmatch(r"-?\d+(\.\d+)?", rest) is not None
    if is_one and op in g.OPERATORS:
        return f"Write {line.shown} = {{ {op} = {rest} }}."
    if is_one:
        return f"Write it without quotes: {line.shown} = {rest}."
    window = g.WINDOWS_OTHERS.get(fold(text), fold(text))
    if line.kind == "day" and window in g.WINDOWS:
        return f'Write {line.shown} = {{ within = "{window}" }}.'
    if fold(text) in (*g.CYCLE_DAYS, *g.FIELDS) or text.startswith("field."):
        return f'Write what to compare: {line.shown} = {{ lte = "{text}" }}.'
    example = '{ within = "cycle" }' if line.kind == "day" else "{ gte = 5 }"
    return f"Write for example {line.shown} = {example}."


def _capture(line: Line, keys: Keys, written: str) -> Test | None:
    braces = BRACE.findall(written)
    if not line.names or any(b not in CAPTURES for b in braces):
        return None  # reported with all others by ``braces``
    named = KEY_RESULT if KEY_RESULT in braces else TEAM
    what = "a key result" if named == KEY_RESULT else "a team"
    if line.word == "unless":
        without = re.sub(r"\*+", "*", BRACE.sub("*", written))
        line.problem(
            keys, f"`{line.shown}` cannot name {what}; only `when` can.", f'Write a star: {line.shown} = "{without}".', part=named
        )
    elif line.field in g.NAMELESS:
        line.problem(keys, f"`{line.shown}` cannot name {what}.", f'Use a label: when.label = "kr:{named}".', part=named)
    elif len(set(braces)) < len(braces):
        twice = next(b for b in braces if braces.count(b) > 1)
        line.problem(keys, f"{twice} stands twice in one value.", "Keep one of the two.")
    elif len(braces) > 1 and "".join(braces) in written:
        text = f"Nothing stands between {braces[0]} and {braces[1]}, so nothing says where one ends."
        line.problem(keys, text, f'Put a sign between them: "{braces[0]}/{braces[1]}".')
    elif _few_stars(line, keys, written):
        return Test("capture", fold(written), written)
    return None
