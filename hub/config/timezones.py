"""Names of time zones that were most likely meant."""

from __future__ import annotations

import difflib
import re
from zoneinfo import available_timezones

from hub.model import fold

_REGION = "Write region and city, such as Europe/Berlin or America/New_York"
_OFFSET = re.compile(r"(utc|gmt)?\s*[+-−]\s*\d{1,2}(:?\d{2})?")


def remedy(name: str) -> str:
    """What to write in place of an unknown name: the nearest ones by the whole name or by the city."""
    wanted = fold(name[:60]).strip().replace(" ", "_")
    if _OFFSET.fullmatch(wanted):
        return f"{_REGION}; an offset knows no summer time."
    if re.fullmatch(r"[A-Z]{2,5}", name.strip()) and wanted not in {fold(zone) for zone in available_timezones()}:
        return f"{_REGION}."  # an abbreviation; the nearest name would be that of another one
    near = _near(wanted)
    if not near:
        return f"{_REGION}."
    quoted = [f'"{zone}"' for zone in near]
    return f"Did you mean {', '.join(quoted[:-1])} or {quoted[-1]}?" if len(quoted) > 1 else f"Did you mean {quoted[0]}?"


def _near(wanted: str) -> list[str]:
    """At most three, the likeliest first; one only when it is hardly another word. Old names of zones come last."""
    city = wanted.rpartition("/")[2]
    likeness: dict[str, float] = {}
    for zone in available_timezones():
        region, _, own = fold(zone).rpartition("/")
        whole = difflib.SequenceMatcher(None, wanted, fold(zone)).ratio()
        part = difflib.SequenceMatcher(None, city, own).ratio() if region else 0.0
        likeness[zone] = (
            1.1 if wanted == fold(zone) else max(whole, part - 0.01 * ("/" in wanted and not wanted.startswith(region + "/")))
        )
    found = sorted((zone for zone in likeness if likeness[zone] >= 0.72), key=lambda z: (-likeness[z], "/" not in z, z))
    if found and likeness[found[0]] >= 0.9:
        return [zone for zone in found[:3] if likeness[zone] >= likeness[found[0]] - 0.02]
    return found[:3]
