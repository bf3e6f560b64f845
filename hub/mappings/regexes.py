"""Regular expressions of the mapping files: RE2 by google-re2, so that no pattern can hang on an unlucky text."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from hub.tomlfile import Table

Keys = tuple[str | int, ...]


def compiled(table: Table, keys: Keys, shown: str, pattern: str) -> Any | None:
    """The pattern, compiled; None, with a problem at ``keys``, when RE2 does not take it. Warns where it knows ASCII only."""
    if not pattern.strip():
        table.problem(keys, f"The regular expression in `{shown}` is empty.", "Write what to find, or remove the line.")
        return None
    import re2  # files without a regular expression cost no import

    options = re2.Options()
    options.log_errors = False  # else every bad pattern goes to stderr
    options.max_mem = 1 << 20
    try:
        found = re2.compile("(?i)" + normal(pattern), options)
    except re2.error as error:
        reason, remedy, part = _reason(_message(error), pattern)
        part = part if pattern.count(part) == 1 else ""
        table.problem(keys, f"The regular expression in `{shown}` cannot be read: {reason}.", remedy, part=part)
        return None
    _ascii_only(table, keys, shown, pattern)
    return found


def normal(pattern: str) -> str:
    """The form in which it is kept: NFC, as the texts that it meets."""
    return unicodedata.normalize("NFC", pattern)


def _message(error: Exception) -> str:
    text = error.args[0] if error.args else ""
    return text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text)


_AROUND = {
    "(?=": "look-ahead", "(?!": "look-ahead", "(?<=": "look-behind", "(?<!": "look-behind", "(?>": "an atomic group",
    "(?#": "a comment", "(?P=": "a back-reference", "(?(": "a condition",
}  # fmt: skip
_ANOTHER_LINE = "Say it in a line of its own, or what must not hold in `unless`."


def _reason(message: str, pattern: str) -> tuple[str, str, str]:
    """What RE2 says, in words; what to do; and the piece of the pattern that it is about."""
    what, _, part = message.partition(": ")
    part = part.removeprefix("(?i)")
    what = what.partition(" - ")[0]
    if what == "invalid perl operator":
        sign = next((s for s in _AROUND if s.startswith(part) and s in pattern), part)
        if sign in _AROUND:
            return f"{sign}...) is {_AROUND[sign]}, which RE2 does not have", _ANOTHER_LINE, sign
        return f"{part} is no kind of group", "Groups are (...) and (?:...).", part
    if what == "invalid escape sequence" and re.fullmatch(r"\\[1-9]|\\k", part):
        return f"{part} is a back-reference, which RE2 does not have", "Write the alternatives out: (a.a|b.b).", part
    if what == "invalid escape sequence":
        return f"{part} means nothing", f"Write {part[1:]} without the backslash, or \\\\ for a backslash itself.", part
    if what == "invalid repetition size":
        remedy = "Repeat at most 1,000 times, also taken together, and the smaller number first."
        return f"{part} repeats too often, or from more to less", remedy, part
    plain = {
        "missing )": ("a ( is never closed", "Add the missing ), or write \\( for the sign itself.", "("),
        "unexpected )": ("a ) was never opened", "Remove it, or write \\) for the sign itself.", ")"),
        "missing ]": ("a [ is never closed", "Add the missing ], or write \\[ for the sign itself.", "["),
        "trailing \\": ("it ends in a backslash", "Write what follows it, or \\\\ for a backslash itself.", ""),
        "no argument for repetition operator": (
            f"nothing stands before {part}",
            f"Write \\{part[:1]} for the sign itself.",
            part,
        ),
        "bad repetition operator": (f"{part} repeats a repetition", f"Keep one of the two: {part[:1]}.", part),
        "invalid character class range": (f"{part} is no range or class of letters", "Correct it, the smaller end first.", part),
        "pattern too large": ("it is too large", "Write several shorter ones, as a list.", ""),
    }
    return plain.get(what, (message[:1].lower() + message[1:], "Correct the expression; its syntax is that of RE2.", ""))


_UNICODE = {
    "w": "[\\pL\\pN_]", "W": "[^\\pL\\pN_]", "b": "(?:^|[^\\pL\\pN_])", "B": "[\\pL\\pN_]", "d": "\\pN", "D": "\\PN",
    "s": "[\\s\\pZ]", "S": "[^\\s\\pZ]",
}  # fmt: skip
"""What to write where letters beyond a-z shall count."""


def _ascii_only(table: Table, keys: Keys, shown: str, pattern: str) -> None:
    if not any(c.isalpha() and not c.isascii() for c in pattern):
        return
    for sign in re.findall(r"\\(.)", pattern, re.DOTALL):
        if sign in _UNICODE:
            text = f"\\{sign} in `{shown}` knows the letters, digits and spaces of ASCII only, and the expression has others."
            table.problem(keys, text, f"Write {_UNICODE[sign]} in its place.", warning=True, part=f"\\{sign}")
            return
