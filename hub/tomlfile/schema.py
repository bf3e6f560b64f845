"""A JSON Schema as the text of a file."""

from __future__ import annotations

import json

from hub.tomlfile.spec import Json

DRAFT = "http://json-schema.org/draft-07/schema#"
"""The draft that the TOML extensions of all editors read."""


def document(title: str, description: str, value: Json) -> Json:
    """The schema of a whole file."""
    return {"$schema": DRAFT, "title": title, "description": description, **value}


def text(schema: Json) -> str:
    """As it is written and printed."""
    return json.dumps(schema, ensure_ascii=False, indent=2) + "\n"
