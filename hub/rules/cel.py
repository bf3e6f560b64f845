"""``expr`` in CEL. The only module that imports the package behind it, and only when an expression is compiled.

The package is an extra: ``installed`` says whether it is there, and without it ``compile`` raises.
"""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Mapping as MappingABC
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from hub.errors import UsageError

LONGEST = 1000
"""Characters of an expression."""

TEXTS = ("title", "status", "state", "item_type", "source", "key", "assignee", "team")
LISTS = ("project", "labels", "components", "sprints")
MAPS = ("dates", "numbers", "fields")
CYCLE = ("cycle_start", "cycle_end")
VARIABLES = (*TEXTS, *LISTS, *MAPS, *CYCLE)

EXTRA = "Install it: pip install cel-expr-python."

_NOWHEN = datetime(1970, 1, 1, tzinfo=UTC)
_EMPTY: dict[str, Any] = {
    **dict.fromkeys(TEXTS, ""),
    **{name: [] for name in LISTS},
    **{name: {} for name in MAPS},
    **dict.fromkeys(CYCLE, _NOWHEN),
}
"""An item that says nothing."""


class CelError(Exception):
    """An expression that cannot be used: ``message`` is a sentence, ``line`` and ``column`` count from 1, in characters of the
    expression; ``remedy`` is a sentence, or empty."""

    def __init__(self, message: str, line: int = 1, column: int = 1, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.line = line
        self.column = column
        self.remedy = remedy


def installed() -> bool:
    """Whether the extra is installed."""
    return importlib.util.find_spec("cel_expr_python") is not None


class Compiled:
    """An expression that was compiled and gives true or false."""

    def __init__(self, text: str, program: Any, bool_type: Any) -> None:
        self.text = text
        self.names = frozenset(re.findall(r"\w+", text)).intersection(VARIABLES)
        """The variables that it may read."""
        self.cyclic = not self.names.isdisjoint(CYCLE)
        """Whether it has to be judged for each cycle by itself."""
        self._eval = program.eval
        self._bool = bool_type

    def evaluate(self, data: MappingABC[str, Any]) -> bool | str:
        """True or false; a text says why it is not evaluable: a key that the item does not have, a comparison that makes no
        sense for its values. ``data`` holds ``names``: texts, lists of texts, aware datetimes, and maps of what CEL knows."""
        try:
            value = self._eval(data=data)
            if value.type() == self._bool:
                return bool(value.value())
            return _plain(str(value.value()))
        except (RuntimeError, TypeError, ValueError, OverflowError) as error:  # a value that the package cannot take
            return _plain(str(error))


def compile(text: str) -> Compiled:
    """Compile an expression. Raises ``CelError`` for what cannot be used, ``UsageError`` where the extra is not installed."""
    if not installed():
        raise UsageError("What evaluates expressions is not installed.", hint=EXTRA)
    return _compiled(text)


@lru_cache(maxsize=1024)
def _compiled(text: str) -> Compiled:
    if len(text) > LONGEST:
        raise CelError(
            f"The expression has more than {LONGEST:,} characters.", remedy="Shorten it, or say it in lines of `when`."
        )
    env, types = _environment()
    try:
        program = env.compile(text)
    except (RuntimeError, TypeError, UnicodeError) as error:
        raise _error(str(error)) from None
    if program.return_type() != types.BOOL:
        name = program.return_type().name()
        what = "a value of a kind that only the item tells" if name == "DYN" else f"a value of type {name}"
        raise CelError(f"The expression gives {what}, not true or false.", remedy='Compare it: fields.region == "EMEA".')
    compiled = Compiled(text, program, types.BOOL)
    # a bad literal pattern is found only when it is used
    said = compiled.evaluate(_EMPTY)
    if isinstance(said, str) and "regular expression" in said:
        raise CelError(_sentence(said), remedy="Correct it; its syntax is that of RE2.")
    return compiled


@lru_cache(maxsize=1)
def _environment() -> tuple[Any, Any]:
    """Every variable is declared, so that a misspelt one is told when the files are read."""
    from cel_expr_python import cel

    types = cel.Type
    text = types.STRING
    variables = {
        **dict.fromkeys(TEXTS, text),
        **dict.fromkeys(LISTS, types.List(text)),
        "dates": types.Map(text, types.TIMESTAMP),
        "numbers": types.Map(text, types.DYN),  # declared as DOUBLE, `numbers.estimate > 3` would be refused for 3.0
        "fields": types.Map(text, types.DYN),
        **dict.fromkeys(CYCLE, types.TIMESTAMP),
    }
    return cel.NewEnv(variables=variables), types


_AT = re.compile(r"ERROR: <input>:(\d+):(\d+): (.*)")
_UNKNOWN = re.compile(r"undeclared reference to '(\w+)'")


def _error(said: str) -> CelError:
    """The first of the mistakes that the compiler lists."""
    found = _AT.search(said)
    line, column, text = (int(found[1]), int(found[2]), found[3]) if found else (1, 1, said.splitlines()[0] if said else said)
    unknown = _UNKNOWN.search(text)
    if unknown:
        names = ", ".join(VARIABLES)
        return CelError(f"`{unknown[1]}` is nothing that an expression knows.", line, column, f"Its variables are {names}.")
    if "<EOF>" in text:
        return CelError("The expression ends too early.", line, column, "Complete it.")
    return CelError(_sentence(text), line, column)


def _plain(said: str) -> str:
    """Without the code before it and in brackets behind it."""
    return re.sub(r"^[A-Z_]+: ", "", re.sub(r"\s*\[[A-Z_]+\]$", "", said.strip()))


def _sentence(said: str) -> str:
    text = re.sub(r"\s*\(in container '[^']*'\)", "", _plain(said)).removeprefix("Syntax error: ").rstrip(".")
    return f"{text[:1].upper()}{text[1:]}."
