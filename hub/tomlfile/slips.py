"""Lines that are no TOML but tell what was meant: typographic quotes, other languages' operators, lists of "or"."""

from __future__ import annotations

import re
from collections.abc import Callable

from hub.errors import Problem

Slip = tuple[int, int, str, str]
"""From which character of the line, how many, what is wrong, what to do."""

_STRING = r'(?:"(?:\\.|[^"\\])*"|\'[^\']*\')'
_QUOTED = re.compile(rf"{_STRING}|#.*")
_CURLY = "“”„‟‘’‚‛"
_OPENED = re.compile(rf"(?:^|[=\[,{{])\s*([{_CURLY}][^{_CURLY}\"']*[{_CURLY}\"']?)")
_CLOSED = re.compile(rf"\"[^\"{_CURLY}]*([“”])(?=\s*(?:[,\]}}#]|$))|'[^'{_CURLY}]*([‘’])(?=\s*(?:[,\]}}#]|$))")
_CONDITION = r"\s*(when|unless)\.([\w.-]+|[\w.-]*\"[^\"]*\")\s*"
"""Only lines of conditions are repeated in a remedy: what stands in other files may be a secret."""
_END = r"\s*(?:#.*)?"
_COMPARED = re.compile(rf"{_CONDITION}(!=|<>|==|>=|<=|>|<)\s*(.+?){_END}")
_LISTED = re.compile(rf"{_CONDITION}=\s*(\[\s*([A-Za-z]\w*\s*=\s*.+?)\s*\]){_END}")
_ANY = re.compile(rf"{_CONDITION}=\s*({_STRING}(?:\s*(?:or|\|\|?)\s*{_STRING})+){_END}", re.IGNORECASE)
_OR = re.compile(r"or|\|\|?", re.IGNORECASE)
_FLAG = re.compile(r"=\s*(yes|no|on|off|true|false)\s*(?=[,}#]|$)", re.IGNORECASE)
_BOUNDS = {">=": "gte", "<=": "lte", ">": "gt", "<": "lt"}


def slip(name: str, line: int, written: str, column: int, parses: Callable[[str], bool]) -> Problem | None:
    """The problem for a line that shows what was meant, of which the parser did not get beyond ``column``."""
    found = _quotes(written) or _compared(written, parses) or _listed(written, parses) or _any(written) or _flag(written, column)
    if found is None:
        return None
    at, width, text, remedy = found
    return Problem(name, line, text, remedy, column=at + 1, width=width)


def _quotes(written: str) -> Slip | None:
    bare = _QUOTED.sub(lambda quoted: "" if quoted[0][0] == "#" else "." * len(quoted[0]), written)
    found = _OPENED.search(bare) or _CLOSED.search(written)
    if found is None:
        return None
    group = next(n for n, text in enumerate(found.groups(), 1) if text is not None)
    return found.start(group), len(found[group].rstrip()), "These are typographic quotes.", 'Write straight ones: ".'


def _compared(written: str, parses: Callable[[str], bool]) -> Slip | None:
    found = _COMPARED.fullmatch(written)
    if found is None or not parses(f"a = {found[4]}"):
        return None
    word, field, sign, value = found.groups()
    if sign in _BOUNDS:
        right = f"{word}.{field} = {{ {_BOUNDS[sign]} = {value} }}"
    else:
        other = {"when": "unless", "unless": "when"}[word]
        right = f"{word if sign == '==' else other}.{field} = {value}"
    return found.start(3), len(sign), f"A line cannot be written with {sign}.", f"Write {right}."


def _listed(written: str, parses: Callable[[str], bool]) -> Slip | None:
    found = _LISTED.fullmatch(written)
    if found is None or not parses(f"a = {{ {found[4]} }}"):
        return None
    return found.start(3), len(found[3]), "A list holds values, not keys.", f"Write {{ {found[4]} }}."


def _any(written: str) -> Slip | None:
    found = _ANY.fullmatch(written)
    if found is None:
        return None
    texts = list(re.finditer(_STRING, found[3]))
    between = _OR.search(found[3], texts[0].end())
    assert between is not None
    values = ", ".join(text[0] for text in texts)
    text = "Several values stand side by side."
    return found.start(3) + between.start(), len(between[0]), text, f"Write a list: [{values}]."


def _flag(written: str, column: int) -> Slip | None:
    found = next((found for found in _FLAG.finditer(written) if found.start(1) == column - 1), None)
    if found is None:
        return None
    right = "true" if found[1].lower() in ("yes", "on", "true") else "false"
    return found.start(1), len(found[1]), "The value is not valid TOML.", f"Write {right}."
