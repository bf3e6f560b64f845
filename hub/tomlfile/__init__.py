"""TOML texts as values that know where they stand, and a cursor that reads them with problems instead of exceptions."""

from __future__ import annotations

from hub.tomlfile.cell import Cell, day_of, flag_of, number_of, typed
from hub.tomlfile.document import Document, read
from hub.tomlfile.quote import quoted
from hub.tomlfile.table import Table
from hub.tomlfile.words import did_you_mean, instead, nearest

__all__ = [
    "Cell",
    "Document",
    "Table",
    "day_of",
    "did_you_mean",
    "flag_of",
    "instead",
    "nearest",
    "number_of",
    "quoted",
    "read",
    "typed",
]
