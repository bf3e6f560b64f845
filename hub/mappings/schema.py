"""JSON Schemas of the mapping files and of test files, for editors: completion, explanations, and marks under what is unknown."""

from __future__ import annotations

import re

from hub.mappings.spec import BLOCKS, WORLD
from hub.mappings.spec.conditions import definitions
from hub.tomlfile.schema import document
from hub.tomlfile.spec import Json

_LINK = re.compile(r"\[([^\[\]]+)\]\([^()]+\)")
_CHECK = "`anchorline check` finds every mistake; this schema those of keys, types and words."


def mapping_schema() -> Json:
    """The schema of a mapping file."""
    found: Json = {"type": "object", "additionalProperties": False, "properties": {}}
    for block in BLOCKS:
        intro = _LINK.sub(r"\1", block.intro)
        found["properties"][block.name] = {"description": intro, **block.value.schema(False)}
    found["definitions"] = definitions()
    return document("Anchorline mapping file", f"Strategy, teams and rules. {_CHECK}", found)


def tests_schema() -> Json:
    """The schema of a test file."""
    about = "A small world: items, and what each of them must serve. `anchorline test` judges it."
    return document("Anchorline test file", about, WORLD.value.schema(False))
