"""Rules: which work serves which key result. From ``[[rule]]`` blocks to values."""

from __future__ import annotations

import re
from typing import Any

from hub.mappings import grammar as g
from hub.mappings.draft import Draft
from hub.mappings.strategy import blocks
from hub.model import BY_KEY, FALLBACK, NAMED, ORDINARY, Condition, Rule, TargetKind, Test, fold
from hub.tomlfile import Table, did_you_mean, instead, nearest

NAME = "{key_result}"
_TARGETS: tuple[TargetKind | str, ...] = ("to", "allowance", "ignore")


def read_rules(draft: Draft) -> None:
    """Read all rules, in the order of files and lines. The key results must have been read before."""
    for table in blocks(draft, "rule"):
        _rule(draft, table)


def _rule(draft: Draft, table: Table) -> None:
    before = len(draft.problems)
    table.only(g.RULE, g.RULE_REFUSED, g.RULE_OTHERS)
    name, fallback = table.text("name"), table.flag("fallback")
    conditions = _conditions(table)
    captures = [c for c in conditions if any(t.how == "capture" for t in c.tests)]
    kind, target = _target(draft, table)
    if _unexplained(table.values):
        return  # reported by ``check_braces``; what follows from it is not worth a second message
    if len(draft.problems) == before:  # nor is what a mistake above leads to
        _consistent(table, kind, target, captures, fallback)
    if len(draft.problems) > before or kind is None:
        return
    if target == NAME:
        target, strength = None, NAMED
        _catches_all(draft, table, captures[0])
    elif fallback:
        strength = FALLBACK
    else:
        strength = BY_KEY if any(c.field == "key" for c in conditions) else ORDINARY
    draft.rules.append(Rule(len(draft.rules), name or str(table.place), tuple(conditions), kind, target, strength, table.place))


# ---- what it points to --------------------------------------------------------------------------------------------------


def _target(draft: Draft, table: Table) -> tuple[TargetKind | None, str | None]:
    given = [k for k in _TARGETS if k in table]
    if len(given) != 1:
        if not given and not table.suggested & set(_TARGETS):
            text = "The rule says nothing about the work that it finds."
            table.problem((), text, 'Add one of to = "KEY RESULT", allowance = "ID" or ignore = "the reason".')
        elif given:
            table.problem(
                given[1], f"The rule has both `{given[0]}` and `{given[1]}`.", "Keep one; write a second rule for the other."
            )
        return None, None
    if given[0] == "ignore":
        return "ignore", table.text("ignore", 'Give the reason: ignore = "requests, not planned work".')
    if given[0] == "allowance":
        return "allowance", _named(draft, table, "allowance")
    value = table.values["to"]
    if isinstance(value, dict | list):
        text = "`to` with several key results is not supported by this version."
        table.problem("to", text, f'Name one; work that serves two can carry two labels under a rule with to = "{NAME}".')
        return None, None
    return "key_result", NAME if value == NAME else _named(draft, table, "to")


def _named(draft: Draft, table: Table, key: str) -> str | None:
    """The id as declared that `to` or `allowance` names. The two share one namespace, so a mix-up is easily told."""
    id = table.text(key)
    if id is None or _BRACE.search(id):
        return None
    kind, other, right = ("key_result", "allowance", "allowance") if key == "to" else ("allowance", "key_result", "to")
    mixed_up = fold(id) in draft.known.get(other, {})
    instead = f"It is {'an allowance' if key == 'to' else 'a key result'}: write `{right}` in place of `{key}`."
    return draft.resolve(kind, table, key, id, instead if mixed_up else "")


def _consistent(table: Table, kind: TargetKind | None, target: str | None, captures: list[Condition], fallback: bool) -> None:
    if target == NAME and not captures:
        table.problem("to", f"No line of `when` says where {NAME} comes from.", f'Add one such as when.label = "kr:{NAME}".')
    elif captures and target != NAME:
        key = "to" if kind == "key_result" else kind
        place = ("when", *_keys(captures[0].field))
        table.problem(
            place, f"The line finds a {NAME}, but `{key}` does not use it.", f'Write to = "{NAME}"; it covers allowances too.'
        )
    elif len(captures) > 1:
        table.problem(
            ("when", *_keys(captures[1].field)), f"Two lines of the rule hold {NAME}.", "Write one rule for each of them."
        )
    elif captures and fallback:
        table.problem(
            "fallback", "A rule by which work names its key result cannot be a fallback.", "Remove the line `fallback`."
        )


def _catches_all(draft: Draft, table: Table, capture: Condition) -> None:
    if capture.tests[0].folded == "\0" and not capture.field.startswith("field."):
        text = f"Every {capture.field} of every item is taken for the id of a key result."
        draft.warn(capture.place, text, f'Put a prefix before it: when.{capture.field} = "kr:{NAME}".')


# ---- conditions ---------------------------------------------------------------------------------------------------------


def _keys(field: str) -> tuple[str, ...]:
    return ("field", field[6:]) if field.startswith("field.") else (field,)


def _conditions(table: Table) -> list[Condition]:
    when = table.table("when", "when", _as_line(table.values.get("when")))
    if when is None or not when.values:
        if "when" not in table.suggested and (when is not None or "when" not in table):
            table.problem(
                "when", "The rule has no `when`, so it would take all work.", 'Add a line such as when.project = "CORE".'
            )
        return []
    found: list[Condition] = []
    for key, value in when.values.items():
        if key == "field":
            found += _named_fields(when)
        elif key in g.FIELDS:
            found += _condition(when, key, key, value)
        elif key in g.FIELDS_REFUSED:
            when.problem(key, f"`when.{key}` is not supported by this version.", g.FIELDS_REFUSED[key])
        else:
            otherwise = f"A field of your own is written when.field.{key}; others are {', '.join(g.FIELDS)}."
            right = instead(g.FIELDS_OTHERS.get(fold(key), ""))
            remedy = right or did_you_mean(key, g.FIELDS, otherwise=otherwise, likeness=0.7)
            when.problem(key, f'"{key}" is no field of a condition.', remedy)
    return found


_IN_ONE = re.compile(r"\s*(\w+)\s*(?:[:=~]|==|is)\s*[\"']?([^\"'\\]+?)[\"']?\s*", re.IGNORECASE)


def _as_line(value: object) -> str:
    """How to write a condition that was given as one text: ``label:x``."""
    found = _IN_ONE.fullmatch(value) if isinstance(value, str) else None
    field = nearest(found[1], g.FIELDS, 0.7) if found else None
    return f'Write when.{field} = "{found[2]}".' if found and field else 'Write one line per condition: when.project = "CORE".'


def _named_fields(when: Table) -> list[Condition]:
    fields = when.table("field", "when.field", 'Name the field: when.field.team = "Core".')
    found: list[Condition] = []
    for name, value in fields.values.items() if fields else ():
        assert fields is not None
        found += _condition(fields, name, f"field.{fold(name)}", value)
    return found


def _condition(table: Table, key: str, field: str, value: Any) -> list[Condition]:
    shown = f"when.{field}"
    if isinstance(value, dict):
        _refuse_table(table, key, shown, value)
        return []
    alternatives = value if isinstance(value, list) else [value]
    if not alternatives:
        table.problem(
            key, f"`{shown}` is an empty list, which nothing can match.", "Name at least one value, or remove the line."
        )
        return []
    tests = []
    for index, one in enumerate(alternatives):
        test = _test(table, (key, index) if isinstance(value, list) else (key,), field, shown, one)
        if test is None:
            return []
        tests.append(test)
    if len(tests) > 1 and any(t.how == "capture" for t in tests):
        table.problem(key, f"A line with {NAME} can have no other values.", "Write one rule for each of them.")
        return []
    return [Condition(field, tuple(dict.fromkeys(tests)), table.at(key))]


_OPERATIONS = {
    "regex": ("A regular expression", "Use * and ? in a text."),
    "empty": ("A test for empty fields", "Remove the line."),
    "within": ("A window of dates", "Remove the line."),
}
_COMPARISON = ("A comparison", "Name the values, as a text or a list of texts; * stands for any letters, ? for one.")


def _refuse_table(table: Table, key: str, shown: str, value: dict[str, Any]) -> None:
    if not value or set(value) & g.OPERATORS:
        what, remedy = next((_OPERATIONS[k] for k in value if k in _OPERATIONS), _COMPARISON)
        table.problem(key, f"{what} in `{shown}` is not supported by this version.", remedy)
    else:
        remedy = 'A field with a dot in its name goes in quotes: when.field."a.b".'
        table.problem(key, f"`{shown}` must be a text or a list, not a table.", remedy)


def _test(table: Table, keys: tuple[str | int, ...], field: str, shown: str, value: Any) -> Test | None:
    if isinstance(value, bool) or not isinstance(value, str | int):
        remedy = (
            "Write the value in quotes, as the source spells it." if not isinstance(value, dict | list) else "One text per value."
        )
        table.problem(keys, f"`{shown}` compares with a text, not with {_kind(value)}.", remedy)
        return None
    written = str(value)
    if not written.strip():
        table.problem(
            keys,
            f"`{shown}` compares with an empty text.",
            "Tests for empty fields are not supported by this version; remove the line.",
        )
        return None
    if field == "level":
        return _level(table, keys, written)
    if NAME in written:
        return _capture(table, keys, field, shown, written)
    if _BRACE.search(written):
        return None  # reported with all others by ``braces``
    if "*" not in written and "?" not in written:
        return Test("equal", fold(written), written)
    if re.sub(r"\*+", "*", written).count("*") > g.MAX_STARS:
        table.problem(
            keys, f"The pattern in `{shown}` has more than {g.MAX_STARS} stars.", "Shorten it, or write several patterns."
        )
        return None
    return Test("glob", fold(written), written)


def _level(table: Table, keys: tuple[str | int, ...], written: str) -> Test | None:
    number = g.LEVEL_NUMBERS.get(fold(written), written)
    if re.fullmatch(r"-?\d{1,2}", number):
        return Test("equal", str(int(number)), written)
    words = ("epic", "story", "sub-task")
    table.problem(
        keys,
        f'"{written}" is no level.',
        did_you_mean(written, words, otherwise="Use epic, story, sub-task or a number (2 is above epics)."),
    )
    return None


def _capture(table: Table, keys: tuple[str | int, ...], field: str, shown: str, written: str) -> Test | None:
    before, _, after = written.partition(NAME)
    if field in ("source", "project", "key"):
        table.problem(keys, f"`{shown}` cannot name a key result.", f'Use a label: when.label = "kr:{NAME}".')
    elif NAME in after:
        table.problem(keys, f"{NAME} stands twice in one value.", "Keep one of the two.")
    elif "*" in before + after or "?" in before + after:
        table.problem(
            keys, f"* and ? beside {NAME} are not supported by this version.", f'Write the exact text around it: "kr:{NAME}".'
        )
    elif not _BRACE.search(before + after):
        return Test("capture", f"{fold(before)}\0{fold(after)}", written)
    return None


def _kind(value: object) -> str:
    return {"bool": "true or false", "list": "a list", "dict": "a table", "Decimal": "a number with a point"}.get(
        type(value).__name__, "a date"
    )


# ---- braces -------------------------------------------------------------------------------------------------------------

_BRACE = re.compile(r"\{[^{}\s]*\}")


def _unexplained(value: Any) -> bool:
    """Whether a text inside holds a brace other than the one that rules may hold."""
    if isinstance(value, dict | list):
        return any(_unexplained(v) for v in (value.values() if isinstance(value, dict) else value))
    return isinstance(value, str) and any(brace != NAME for brace in _BRACE.findall(value))


def check_braces(draft: Draft) -> None:
    """A ``{brace}`` that nothing explains is a mistake anywhere, so that a typo never becomes a name."""
    for top in draft.tops():
        _braces(top, (), top.values)


def _braces(top: Table, path: tuple[str | int, ...], value: Any) -> None:
    if isinstance(value, dict):
        if "for_each" not in value:  # refused as a whole; its braces would be columns
            for key, inner in value.items():
                _braces(top, (*path, key), inner)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            _braces(top, (*path, index), inner)
    elif isinstance(value, str):
        allowed = len(path) > 2 and path[0] == "rule" and path[2] in ("to", "when")
        for brace in dict.fromkeys(_BRACE.findall(value)):
            if not (allowed and brace == NAME):
                near = allowed and did_you_mean(brace[1:-1], ("key_result",), otherwise=" ")
                remedy = (
                    f"Did you mean {NAME}?"
                    if near and near.strip()
                    else "Remove the braces; only a rule's `when` and `to` can hold {key_result}."
                )
                top.problem(path, f"{brace} stands for nothing.", remedy)
