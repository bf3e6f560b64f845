"""TOML texts as values that know where they stand, and a cursor that reads them with problems instead of exceptions."""

from __future__ import annotations

from hub.tomlfile.document import Document, read
from hub.tomlfile.table import Table, did_you_mean, instead, nearest

__all__ = ["Document", "Table", "did_you_mean", "instead", "nearest", "read"]
