"""Which lines of ``config.toml`` may be shown beside a problem: those that hold no secret, not even one in the wrong place."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping

from hub.config.daemon import known_keys
from hub.config.environment import PREFIX
from hub.model import fold

KNOWN = frozenset({
    "timezone", "mappings", "database", "kind", "url", "user", "effort", "work", "fields", "project", "projects", *known_keys(),
})  # fmt: skip
"""Keys whose values are no secrets where they are what they should be."""
_ADDRESSES = frozenset({"url", "database"})
_TABLES = frozenset({"fields", "columns", "formats"})
"""Tables of names that the source has, under names that people choose."""
_STRING = r'"(?:\\.|[^"\\])*"|\'[^\']*\''
_QUOTED = re.compile(rf"{_STRING}|#.*")
_KEY = re.compile(r"([A-Za-z0-9_-]+)\s*=")
_LINE = re.compile(r"\s*([A-Za-z0-9_.-]+)\s*=(.*)", re.DOTALL)
_HEADER = re.compile(r"\s*\[\[?[\w\s.\"'-]*\]?\]?\s*")
_SUSPECT = re.compile(r"token|passw|secret|credential|api.?key|bearer|\bpat\b", re.IGNORECASE)
_RANDOM = re.compile(r"[A-Za-z0-9+/=_-]{24,}")
_ADDRESS = re.compile(r"[A-Za-z+]{2,20}://[^@?#\s]*")
_MASKED = re.compile(r"""(\s*[A-Za-z][a-z_-]{1,19}(?:\.[A-Za-z][a-z_-]{0,19}){0,3}\s*=\s*)["'\[{0-9tf]""")
"""A key that is a word, and the first character of its value: nothing else is told from a secret that ends in =."""
MASK = "…"
_SHORTEST = 4
"""Characters of a variable's value that are looked for: a line that repeats fewer gives nothing away."""


def harmless(keys: Collection[str], environ: Mapping[str, str]) -> Callable[[str], str]:
    """What shows of a line: all of it but its comment, its key alone with the value masked, or nothing.

    ``keys`` are further ones whose values are no secrets.

    A whitelist, since a secret can stand anywhere by mistake: under a misspelt key, in an address, on a line of its own."""
    known = KNOWN | {fold(key) for key in keys}
    values = [v for name, v in environ.items() if name.startswith(PREFIX) and len(v) >= _SHORTEST]

    def hidden(text: str) -> bool:
        return bool(_RANDOM.search(text)) or any(value in text for value in values)

    def shown(line: str) -> str:
        masked = _MASKED.match(line)
        instead = f"{masked[1]}{MASK}" if masked and not hidden(masked[1]) else ""
        bare = _QUOTED.sub(lambda found: "" if found[0].startswith("#") else "." * len(found[0]), line)
        line = line[: len(bare)].rstrip()
        if _SUSPECT.search(line) or hidden(line):
            return instead
        return line if _HEADER.fullmatch(line) or _is_known(line, bare, known) else instead

    return shown


def _is_known(line: str, bare: str, known: frozenset[str]) -> bool:
    found = _LINE.fullmatch(line)
    if found is None:
        return False
    *above, key = fold(found[1]).split(".")
    if key in _TABLES or _TABLES & set(above):
        return "://" not in line and "@" not in line
    if key not in known or not all(fold(inner) in known for inner in _KEY.findall(bare)[1:]):
        return False
    value = found[2].strip()
    if key in _ADDRESSES or "://" in value:
        return _ADDRESS.fullmatch(value.strip("\"'")) is not None
    return "@" not in value or key == "user"
