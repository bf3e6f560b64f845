"""Names in the account's language, as Jira gives them unless a request insists on its own."""

from __future__ import annotations

import orjson

GERMAN = {
    "To Do": "Zu erledigen",
    "In Progress": "In Arbeit",
    "Done": "Fertig",
    "Won't Do": "Wird nicht erledigt",
    "Duplicate": "Duplikat",
    "Task": "Aufgabe",
    "Bug": "Fehler",
    "Sub-task": "Unteraufgabe",
    "Subtask": "Unteraufgabe",
    "Story Points": "Story-Punkte",
    "Story point estimate": "Story-Punkte-Schätzung",
    "Summary": "Zusammenfassung",
    "Team": "Mannschaft",
    "Highest": "Am höchsten",
    "Medium": "Mittel",
}
_NAMES = {b'"name":' + orjson.dumps(english): b'"name":' + orjson.dumps(german) for english, german in GERMAN.items()}


def translated(body: bytes) -> bytes:
    """An answer with the names of statuses, types, fields, resolutions and priorities in German."""
    for english, german in _NAMES.items():
        body = body.replace(english, german)
    return body
