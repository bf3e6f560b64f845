"""Generated companies: forests of items whose labels meet key results and whose dates meet the ends of cycles."""

from __future__ import annotations

from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from hub.model import Container, Dimensions, Item, SourceFacts, Sprint, Status
from tests.reference.builders import FIELDS, Company
from tests.reference.companies_mapping import DAYS, FOCUSES, QUARTERS, mappings

SOURCES = {"jira": "jira", "cards": "trello"}
LABELS = (
    "kr:sso",
    "KR:Sso",
    "kr:GRÖSSE",
    "kr:gro\u0308ße",
    "kr:i\u0307t",
    "kr:İT",
    "kr:ssso",
    "kr:",
    "kr:ktlo",
    "kr:login",
    "core/sso",
    "CORE/x",
    "core-sso",
    "core-web-sso",
    "okr-sso",
    "spike",
    "Straße",
)
TITLES = ("SAML login", "audit log", "Saml audit", "STRASSE", "", "[Bug] [sso] log in", "[Größe] x [core-sso]", "[Bug] [none]")
TITLES += ("sso Login", "Core-SSO (old)")
ESTIMATES = (None, None, "0", "1", "2", "3", "5", "0.5", "1E+1", "5e-1")
ESTIMATES += ("-1", "+5", ".5", "5.", "1_0", "nan", "1e999", "inf", "abc", "1000000001")
ZONES = ("UTC", "Europe/Berlin", "America/New_York")
PRESENCES = ("present",) * 40 + ("archived", "archived", "trashed", "deleted", "out_of_scope", "merged")
CATEGORIES = ("new", "indeterminate", "indeterminate", "done", "done", "done", None)
STATUSES = (
    ("Open", "new"),
    ("In Progress", "indeterminate"),
    ("Parked", "indeterminate"),
    ("Verified", "done"),
    ("Closed", "done"),
)
STATUS_NAMES = ("Open", "In Progress", "Parked", "Verified", "Closed", "Gone")
RESOLUTIONS: tuple[tuple[str | None, str | None], ...] = (
    *((None, None),) * 9,
    *(("Done", "10000"),) * 6,
    ("Won't Do", "10002"),
    ("WON'T FIX", None),
    ("Duplicate", None),
    ("Obsolete", "10001"),
    ("Out of Date", "10003"),
    ("archived", "archived"),
    ("list archived", "archived"),
)
FIELD_VALUES: tuple[dict[str, Any], ...] = (
    {},
    {},
    {"region": "EMEA", "size": "3"},
    {"region": ["Amer", "emea"], "goal": None, "start": "2027-02-10T23:30:00-05:00"},
    {"region": "", "goal": "SSO", "size": "2.5", "start": "2027-03-31"},
    {"goal": ["sso", "größe"], "start": "soon", "size": "2027-01-01"},
    {"goal": "sso: single sign-on", "squad": "Core"},
    {"squad": "CORE", "size": "0.5", "start": "2026-12-31"},
    {"size": ["1", "9"], "start": "2027-04-01T00:00:00+0200", "goal": "core-sso"},
    {"size": 3, "start": ["20270210", "2027-05-20T12:00:00.000Z"]},
    {"size": 2.5, "start": 2027},
    {"size": ["-8", "+4"], "start": "2027-02-30"},
    {"size": "1E1", "start": "2027-02-10T10:00"},
)
ONE_DAY = 86_400_000


def moments(zone: str) -> tuple[int, ...]:
    """Moments at which dates matter: around the bounds of the quarters, and well inside them."""
    bounds = {bound for one in QUARTERS for bound in one.bounds(ZoneInfo(zone))}
    return tuple(sorted({moment for bound in bounds for moment in (bound - 1, bound, bound - 5 * ONE_DAY)}))


# ---- the vendors' lists ---------------------------------------------------------------------------------------------------


@st.composite
def dimensions(draw: st.DrawFn) -> Dimensions:
    """Jira has every field; the cards have no components, amounts, regions and starts. Of statuses 1 to 5 the lists know some,
    one by another name than the items do."""
    statuses = {}
    for source in SOURCES:
        for number, (name, category) in enumerate(STATUSES, 1):
            row = draw(st.sampled_from((category, category, None, "no row")))
            if row != "no row":
                statuses[source, str(number)] = Status(draw(st.sampled_from((name, name, "Parked"))), row)
    containers = {
        ("jira", "10000"): Container("IDN", "Identity"),
        ("jira", "10001"): Container("CORE", "Core platform"),
        ("cards", "10001"): Container(None, "Cards"),
    }
    sprints = {
        (source, str(number)): Sprint(
            f"Sprint {number}",
            draw(st.sampled_from(("active", "future", "future", "closed"))),
            draw(st.sampled_from(("b1", "b1", "b2", None))),
            draw(st.sampled_from((1_000, 2_000, 2_000, None))),
        )
        for source in SOURCES
        for number in range(1, 5)
    }
    named = {"field.region", "field.goal", "field.size", "field.start", "field.squad"}
    lacking = {"component", "resolution", "amount", "field.region", "field.start"}
    facts = {
        "jira": SourceFacts("jira", "jira", FIELDS | named),
        "cards": SourceFacts("cards", "trello", (FIELDS | named) - lacking),
    }
    return Dimensions(statuses, containers, sprints, {("jira", "7"): "Feature"}, facts)


# ---- the items ------------------------------------------------------------------------------------------------------------


class Vocabulary(NamedTuple):
    """What the items of one company may say."""

    estimates: tuple[str | None, ...]
    resolutions: tuple[tuple[str | None, str | None], ...]
    presences: tuple[str, ...]
    labels: tuple[tuple[str, ...], ...]
    label_everything: bool
    created: tuple[int | None, ...]
    odd: int
    """One item in so many has a parent or a level that does not fit."""
    titles: tuple[str, ...] = TITLES


def place_in_forest(draw: st.DrawFn, no: int, count: int, found: list[Item], odds: int) -> tuple[int | None, int]:
    """A parent and a level: mostly in order (initiative, epic, story, sub-task), sometimes missing, on a circle or too low."""
    higher = draw(st.sampled_from((None, *(i.no for i in found[-4:] if i.level >= 0)))) if found else None
    level = draw(st.sampled_from((2, 2, 1, 1, 0)))
    if higher is not None:
        level = max(-1, found[higher - 1].level - 1)
    odd = draw(st.integers(0, odds))
    if odd == 0:
        level = draw(st.sampled_from((-1, 0, 1, 2)))
    elif odd == 1:
        higher = draw(st.sampled_from((99, no)))
    elif odd in (2, 3):
        higher = draw(st.integers(no, count))
    return higher, level


@st.composite
def items(draw: st.DrawFn, zone: str, words: Vocabulary) -> list[Item]:
    """Forests up to four levels deep, labelled anywhere or at their roots only."""
    dates = moments(zone)
    count = draw(st.sampled_from((1, 4, 6, 8, 8, 10, 12, 14) if words.label_everything else (6, 7, 8, 9)))
    found: list[Item] = []
    for no in range(1, count + 1):
        source = draw(st.sampled_from(("jira", "jira", "jira", "cards")))
        higher, level = place_in_forest(draw, no, count, found, words.odd)
        status = draw(st.integers(1, 6))
        inside = [bound + 20 * ONE_DAY for bound in dates[-9:-3]]
        closed = draw(st.sampled_from((*dates, *inside) if words.label_everything else inside))
        resolution, resolution_id = draw(st.sampled_from(words.resolutions))
        canonical = [i.no for i in found if i.duplicate_of is None and i.presence == "present"]
        found.append(
            Item(
                no,
                source,
                draw(st.sampled_from((f"x{100 - no}", str(no)))),
                draw(st.sampled_from((f"IDN-{no}", f"CORE-{no}", None))),
                draw(st.sampled_from(words.titles)),
                type_id=draw(st.sampled_from((None, "7"))),
                type=draw(st.sampled_from(("Epic", "Story", None))) if level == 0 else "Epic" if level > 0 else "Sub-task",
                level=level,
                status_id=str(status),
                status=STATUS_NAMES[status - 1],
                category=draw(st.sampled_from(CATEGORIES)),
                resolution=resolution,
                resolution_id=resolution_id,
                parent_ref=None if higher is None else str(higher),
                parent=higher,
                containers=draw(st.sampled_from(((), ("10000",), ("10001",), ("10000", "10001"), ("77",)))),
                labels=draw(st.sampled_from(words.labels)) if words.label_everything or higher is None else (),
                components=draw(st.sampled_from(((), (), ("login",), ("API", "web")))),
                sprints=draw(st.sampled_from(((), (), ("1",), ("2", "3"), ("4",), ("9",)))),
                assignee=draw(st.sampled_from((None, "u1", "U2", "u3"))),
                estimate=draw(st.sampled_from(words.estimates)),
                created_at=draw(st.sampled_from((*words.created, *(dates if None in words.created else ())))),
                updated_at=draw(st.sampled_from((0, *dates))),
                done_at=draw(st.sampled_from((closed, closed, closed, None))),
                status_seen_at=draw(st.sampled_from((*dates, None, None))),
                presence=draw(st.sampled_from(words.presences)),
                fields=draw(st.sampled_from(FIELD_VALUES)),
                aliases=draw(st.sampled_from(((), (), ("CORE-77",), ("IDN-1", "OPS-3")))),
                due=draw(st.sampled_from((None, *DAYS))),
                amount=draw(st.sampled_from((None, "2", "2.5", "x", "100"))),
                duplicate_of=draw(st.sampled_from(canonical)) if canonical and draw(st.integers(1, 12)) == 12 else None,
                ambiguous=("IDN-1", "IDN-2") if higher is None and draw(st.integers(1, 12)) == 12 else (),
            )
        )
    return [without_what_cards_lack(i) if i.source == "cards" else i for i in found]


def without_what_cards_lack(one: Item) -> Item:
    kept = {k: v for k, v in one.fields.items() if k not in ("region", "start")}
    return one._replace(components=(), resolution=None, resolution_id=None, amount=None, fields=kept)


PAIRS = (
    ("kr:sso", "kr:größe"),
    ("kr:sso", "kr:ssso"),
    ("kr:SSO", "kr:sso"),
    ("kr:sso", "kr:ktlo"),
    ("kr:ktlo", "kr:bugs"),
    ("kr:sso", "kr:größe", "kr:İt"),
    ("kr:sso", "kr:login"),
    ("spike", "kr:İT"),
)
RARE = tuple((name,) for name in LABELS) + PAIRS
VALID = (("kr:sso",), ("kr:GRÖSSE",), ("kr:İT",))
NAMES = (("core/sso",), ("core-sso",), ("core-web-sso",), ("core/sso", "spike"), ("CORE/x",), ("kr:sso",), ("kr:login",))
WILD = Vocabulary(ESTIMATES, RESOLUTIONS, PRESENCES, ((),) * 16 + VALID * 6 + RARE, True, (None, *(0,) * 10), 39)
NAMED = WILD._replace(labels=WILD.labels[:20] + NAMES * 6, titles=TITLES[5:] * 2 + TITLES[:2])
TIDY = Vocabulary((None, "1", "2", "3", "5", None), RESOLUTIONS[8:10], ("present",), VALID[:1] * 3 + VALID[1:2], False, (0,), 59)


@st.composite
def companies(draw: st.DrawFn, focus: str | None = None) -> Company:
    """A whole small company, and the moment at which it is looked at. ``focus`` is one of ``FOCUSES``."""
    zone = draw(st.sampled_from(ZONES))
    as_of = draw(st.sampled_from(moments(zone))) + draw(st.sampled_from((0, -200 * ONE_DAY, 200 * ONE_DAY)))
    focus = focus or draw(st.sampled_from(FOCUSES))
    words = {"tidy": TIDY, "names": NAMED}.get(focus, WILD)
    return Company(draw(mappings(zone, words is TIDY, focus)), tuple(draw(items(zone, words))), draw(dimensions()), as_of)
