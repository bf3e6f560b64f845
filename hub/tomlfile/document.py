"""One TOML text: its values, and the place of each of them."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import tomli

from hub.errors import Problem
from hub.model import Place
from hub.tomlfile.locate import Path, Span, Spots
from hub.tomlfile.syntax import long_number, newer, syntax


@dataclass(frozen=True, slots=True)
class Document:
    """A TOML text, understood. Numbers with a point are ``Decimal``."""

    name: str
    values: dict[str, Any]
    spots: Spots

    def place(self, path: Path = (), row: str = "") -> Place:
        """The header or key of a path, or of the nearest part above it that stands anywhere. ``row`` is passed on."""
        span = self.head(path)
        return Place(self.name, span.line, span.column, row)

    def head(self, path: Path = ()) -> Span:
        """The header of a table, else the key; of an unknown path the nearest above it."""
        return self._nearest(path, "head")

    def key(self, path: Path) -> Span:
        """The key alone."""
        return self._nearest(path, "key")

    def value(self, path: Path) -> Span:
        """The value as far as it stands on its first line."""
        return self._nearest(path, "value")

    def part(self, path: Path, first: int, width: int) -> Span:
        """Some characters of a text value; the whole value where the file writes it with escapes."""
        return self.spots.part(path, first, width) or self.value(path)

    def _nearest(self, path: Path, which: str) -> Span:
        found = getattr(self.spots, which)(path)
        while found is None and path:
            path = path[:-1]
            found = self.spots.head(path)
        return found or Span(1, 0, 1)  # the file as a whole


def read(name: str, text: str) -> Document | Problem:
    """Parse a text. A mistake in the syntax comes back as the one problem of the file: nothing after it can be trusted."""
    text = text.removeprefix("\ufeff")
    try:
        values = tomli.loads(text, parse_float=Decimal)
        spots = Spots(text)
    except tomli.TOMLDecodeError as error:
        return syntax(name, text, error)
    except RecursionError:
        remedy = "A mapping or configuration never needs more than four levels."
        return Problem(name, 1, "Lists or tables are nested too deeply.", remedy, column=1)
    except ValueError:
        return long_number(name, text)
    return newer(name, text, spots.odd) or Document(name, values, spots)
