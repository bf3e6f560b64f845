"""Generated companies: small vocabularies, so that rules overlap, labels meet key results and dates meet cycle ends."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from hub.model import (
    Container,
    Cycle,
    Dimensions,
    Item,
    KeyResult,
    Mapping,
    Objective,
    Pillar,
    Rule,
    SourceFacts,
    Sprint,
    Status,
    Team,
)
from tests.reference.builders import FIELDS, HERE, Company, cycle, mapping, rule

SOURCES = ("jira", "trello")
KEY_RESULTS = ("sso", "größe", "İt")
"""Ids. The last two are written differently in labels: folding and NFC make them meet."""
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
    "okr-sso",
    "spike",
    "Straße",
)
TITLES = ("SAML login", "audit log", "Saml audit", "STRASSE", "")
ESTIMATES = (None, None, "0", "1", "2", "3", "5", "0.5", "1E+1", "5e-1")
ESTIMATES += ("-1", "+5", ".5", "5.", "1_0", "nan", "1e999", "inf", "abc", "1000000001")
WEIGHTS = ("1", "1", "2", "0.5")
QUARTERS = (cycle("2027-q1", "2027-01-01", "2027-03-31"), cycle("2027-q2", "2027-04-01", "2027-06-30"))
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
RESOLUTIONS = (None,) * 9 + ("Done",) * 6 + ("Won't Do", "WON'T FIX", "Duplicate")
ONE_DAY = 86_400_000


def moments(zone: str) -> tuple[int, ...]:
    """Moments at which dates matter: around the bounds of the quarters, and well inside them."""
    bounds = {bound for one in QUARTERS for bound in one.bounds(ZoneInfo(zone))}
    return tuple(sorted({moment for bound in bounds for moment in (bound - 1, bound, bound - 5 * ONE_DAY)}))


def weights() -> st.SearchStrategy[Decimal]:
    return st.sampled_from(WEIGHTS).map(Decimal)


# ---- the mapping ----------------------------------------------------------------------------------------------------------


@st.composite
def objectives_of(draw: st.DrawFn, one: Cycle, pillars: list[str]) -> list[Objective]:
    """Up to four; each may support one that comes before it, so supports never run in a circle."""
    found: list[Objective] = []
    for number in range(draw(st.integers(1, 4))):
        kind = draw(st.sampled_from(("pillar", "supports", "supports", "threat", "weakness", "strength", "opportunity", None)))
        anchor: Any = None
        pillar = draw(st.sampled_from((None, None, *pillars)))
        if kind == "pillar" and pillars:
            pillar = draw(st.sampled_from(pillars))
            anchor = ("pillar", pillar)
        elif kind == "supports" and found:
            anchor = ("supports", draw(st.sampled_from(found)).id)
        elif kind not in (None, "pillar", "supports"):
            anchor = (kind, "in words")
        found.append(Objective(f"{one.id}-o{number}", "", one.id, HERE, anchor, pillar, weight=draw(weights())))
    return found


@st.composite
def key_results_of(draw: st.DrawFn, objectives: list[Objective], tidy: bool) -> list[KeyResult]:
    found = []
    some = st.lists(st.sampled_from(KEY_RESULTS), min_size=1, max_size=3, unique=True)
    for name in KEY_RESULTS[:2] if tidy else draw(some):
        objective = draw(st.sampled_from(objectives))
        found.append(
            KeyResult(
                name,
                "",
                objective.id,
                objective.cycle,
                HERE,
                by="estimate" if tidy else draw(st.sampled_from(("count", "estimate"))),
                level=draw(st.sampled_from((*(None,) * (6 if tidy else 3), "epic", "story", "leaf"))),
                missing="mean" if tidy else draw(st.sampled_from(("mean", "mean", "0", "1"))),
                before_cycle=draw(st.sampled_from(("leave_out", "leave_out", "count"))),
                weight=draw(weights()),
            )
        )
    return found


WHEN: tuple[dict[str, Any], ...] = (
    {"project": "IDN"},
    {"project": ["core*", "Card?"]},
    {"source": "jira"},
    {"source": "tr*", "project": "IDN"},
    {"component": ["Login", "api"]},
    {"title": "*SAML*"},
    {"title": ["audit log", "str?sse"]},
    {"label": "spike"},
    {"label": ["strasse", "SPIKE"]},
    {"type": "Epic"},
    {"status": "in progress"},
    {"sprint": "Sprint*"},
    {"assignee": "U1"},
    {"resolution": "*"},
    {"field_region": ["emea", "am*"]},
    {"key": "IDN-1"},
    {"key": "IDN-?"},
    {"key": ["idn-2", "CORE-*"]},
)
CAPTURES: tuple[dict[str, Any], ...] = (
    {"label": "kr:{key_result}"},
    {"label": "kr:{key_result}"},
    {"label": "kr:{key_result}"},
    {"label": ["kr:{key_result}", "okr-{key_result}"]},
    {"label": "kr:{key_result}", "project": "IDN"},
    {"field_goal": "{key_result}"},
)


@st.composite
def rules_for(draw: st.DrawFn, names: list[str]) -> list[Rule]:
    """Mostly the convention first, then up to six rules that overlap."""
    found = [rule(**when) for when in draw(st.lists(st.sampled_from(CAPTURES), max_size=2))]
    if draw(st.integers(0, 3)) > 0:
        found.append(rule(**CAPTURES[0]))
    for when in draw(st.lists(st.sampled_from(WHEN), max_size=5)):
        fallback = "key" not in when and draw(st.integers(0, 3)) == 0
        kind = draw(st.sampled_from(("to", "to", "to", "to", "to", "to", "allowance", "ignore")))
        if kind == "to":
            name = draw(st.sampled_from(names))
            found.append(rule(draw(st.sampled_from((name, name.upper()))), fallback=fallback, **when))
        elif kind == "allowance":
            found.append(rule(allowance=draw(st.sampled_from(("ktlo", "KTLO", "bugs"))), fallback=fallback, **when))
        else:
            found.append(rule(ignore=draw(st.sampled_from(("requests", "a test project"))), fallback=fallback, **when))
    return draw(st.permutations(found))


def teams() -> st.SearchStrategy[list[Team]]:
    one = st.builds(
        Team,
        id=st.just(""),
        name=st.just(""),
        place=st.just(HERE),
        owns_field=st.sampled_from(({}, {}, {"region": ("EMEA",)}, {"region": ("amer",), "goal": ("sso",)})),
        owns_project=st.sampled_from(((), (), ("IDN",), ("co*",), ("10001", "Card?"))),
        owns_person=st.sampled_from(((), (), ("u1",), ("U2", "u1"))),
    )
    return st.lists(one, max_size=3).map(
        lambda found: [Team(f"t{n}", "", HERE, None, t.owns_field, t.owns_project, t.owns_person) for n, t in enumerate(found)]
    )


@st.composite
def mappings(draw: st.DrawFn, zone: str, tidy: bool) -> Mapping:
    """One or two cycles; both may hold a key result of the same id, so that one label feeds both."""
    cycles = draw(st.sampled_from((QUARTERS, QUARTERS, QUARTERS[:1], (*QUARTERS, YEAR))))
    pillars = [f"p{n}" for n in range(draw(st.integers(0, 2)))]
    objectives = [o for one in cycles for o in draw(objectives_of(one, pillars))]
    key_results = [k for one in cycles for k in draw(key_results_of([o for o in objectives if o.cycle == one.id], tidy))]
    return mapping(
        cycles=cycles,
        pillars=[Pillar(name, "", HERE, weight=draw(weights())) for name in pillars],
        objectives=objectives,
        key_results=key_results,
        allowances=("ktlo", "bugs"),
        teams=draw(teams()),
        rules=[rule(**CAPTURES[0])] if tidy else draw(rules_for(sorted({k.id for k in key_results}))),
        timezone=zone,
    )


YEAR = Cycle("2027", date(2027, 1, 1), date(2027, 12, 31), HERE)


# ---- the vendors' lists ---------------------------------------------------------------------------------------------------


@st.composite
def dimensions(draw: st.DrawFn) -> Dimensions:
    """Jira has every field, Trello neither components nor regions. Of statuses 1 to 5 the lists know some."""
    statuses = {}
    for source in SOURCES:
        for number, (name, category) in enumerate(STATUSES, 1):
            row = draw(st.sampled_from((category, category, None, "no row")))
            if row != "no row":
                statuses[source, str(number)] = Status(name, row)
    containers = {
        ("jira", "10000"): Container("IDN", "Identity"),
        ("jira", "10001"): Container("CORE", "Core platform"),
        ("trello", "10001"): Container(None, "Cards"),
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
    named = {"field.region", "field.goal"}
    sources = {
        "jira": SourceFacts("jira", "jira", FIELDS | named),
        "trello": SourceFacts("trello", "trello", FIELDS - {"component", "resolution"} | (named - {"field.region"})),
    }
    return Dimensions(statuses, containers, sprints, {}, sources)


# ---- the items ------------------------------------------------------------------------------------------------------------


class Vocabulary(NamedTuple):
    """What the items of one company may say."""

    estimates: tuple[str | None, ...]
    resolutions: tuple[str | None, ...]
    presences: tuple[str, ...]
    labels: tuple[tuple[str, ...], ...]
    label_everything: bool
    created: tuple[int | None, ...]
    odd: int
    """One item in so many has a parent or a level that does not fit."""


@st.composite
def items(draw: st.DrawFn, zone: str, words: Vocabulary) -> list[Item]:
    """Forests up to four levels deep, labelled anywhere or at their roots only, mostly in order (initiative, epic, story,
    sub-task); sometimes parents are missing, run in a circle or stand at a lower level than their child."""
    dates = moments(zone)
    count = draw(st.sampled_from((1, 4, 6, 8, 8, 10, 12, 14) if words.label_everything else (6, 7, 8, 9)))
    found: list[Item] = []
    for no in range(1, count + 1):
        source = draw(st.sampled_from(("jira", "jira", "jira", "trello")))
        higher = draw(st.sampled_from((None, *(i.no for i in found[-4:] if i.level >= 0)))) if found else None
        level = draw(st.sampled_from((2, 2, 1, 1, 0)))
        if higher is not None:
            level = max(-1, found[higher - 1].level - 1)
        odd = draw(st.integers(0, words.odd))
        if odd == 0:
            level = draw(st.sampled_from((-1, 0, 1, 2)))
        elif odd == 1:
            higher = draw(st.sampled_from((99, no)))
        elif odd in (2, 3):
            higher = draw(st.integers(no, count))
        status = draw(st.integers(1, 6))
        inside = [bound + 20 * ONE_DAY for bound in dates[-9:-3]]
        closed = draw(st.sampled_from((*dates, *inside) if words.label_everything else inside))
        found.append(
            Item(
                no,
                source,
                draw(st.sampled_from((f"x{100 - no}", str(no)))),
                draw(st.sampled_from((f"IDN-{no}", f"CORE-{no}", None))),
                draw(st.sampled_from(TITLES)),
                type=draw(st.sampled_from(("Epic", "Story", None))) if level == 0 else "Epic" if level > 0 else "Sub-task",
                level=level,
                status_id=str(status),
                status=("Open", "In Progress", "Parked", "Verified", "Closed", "Gone")[status - 1],
                category=draw(st.sampled_from(CATEGORIES)),
                resolution=draw(st.sampled_from(words.resolutions)),
                parent_ref=None if higher is None else str(higher),
                parent=higher,
                containers=draw(st.sampled_from(((), ("10000",), ("10001",), ("10000", "10001"), ("77",)))),
                labels=draw(st.sampled_from(words.labels)) if words.label_everything or higher is None else (),
                components=draw(st.sampled_from(((), (), ("login",), ("API", "web")))),
                sprints=draw(st.sampled_from(((), (), ("1",), ("2", "3"), ("4",), ("9",)))),
                assignee=draw(st.sampled_from((None, "u1", "U2", "u3"))),
                estimate=draw(st.sampled_from(words.estimates)),
                created_at=draw(st.sampled_from((*words.created, *(dates if None in words.created else ())))),
                updated_at=0,
                done_at=draw(st.sampled_from((closed, closed, closed, None))),
                status_seen_at=draw(st.sampled_from((*dates, None, None))),
                presence=draw(st.sampled_from(words.presences)),
                fields=draw(st.sampled_from(FIELD_VALUES)),
                aliases=draw(st.sampled_from(((), (), ("CORE-77",), ("IDN-1", "OPS-3")))),
            )
        )
    return [without_what_trello_lacks(i) if i.source == "trello" else i for i in found]


def without_what_trello_lacks(one: Item) -> Item:
    return one._replace(components=(), resolution=None, fields={k: v for k, v in one.fields.items() if k != "region"})


PAIRS = (
    ("kr:sso", "kr:größe"),
    ("kr:sso", "kr:ssso"),
    ("kr:SSO", "kr:sso"),
    ("kr:sso", "kr:ktlo"),
    ("kr:ktlo", "kr:bugs"),
    ("kr:sso", "kr:größe", "kr:İt"),
    ("spike", "kr:İT"),
)
RARE = tuple((name,) for name in LABELS) + PAIRS
VALID = (("kr:sso",), ("kr:GRÖSSE",), ("kr:İT",))
WILD = Vocabulary(ESTIMATES, RESOLUTIONS, PRESENCES, ((),) * 16 + VALID * 6 + RARE, True, (None, *(0,) * 10), 39)
TIDY = Vocabulary((None, "1", "2", "3", "5", None), (None, "Done"), ("present",), VALID[:1] * 3 + VALID[1:2], False, (0,), 59)
FIELD_VALUES: tuple[dict[str, Any], ...] = (
    {},
    {},
    {"region": "EMEA"},
    {"region": ["Amer", "emea"], "goal": None},
    {"region": "", "goal": "SSO"},
    {"goal": ["sso", "größe"]},
)


@st.composite
def companies(draw: st.DrawFn) -> Company:
    """A whole small company, and the moment at which it is looked at."""
    zone = draw(st.sampled_from(ZONES))
    as_of = draw(st.sampled_from(moments(zone))) + draw(st.sampled_from((0, -200 * ONE_DAY, 200 * ONE_DAY)))
    words = draw(st.sampled_from((TIDY, WILD)))
    return Company(draw(mappings(zone, words is TIDY)), tuple(draw(items(zone, words))), draw(dimensions()), as_of)
