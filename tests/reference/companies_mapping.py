"""Generated mappings: small vocabularies, so that rules overlap, ids meet in several cycles, and fences, lives and maps bite."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from hypothesis import strategies as st

from hub.model import (
    DROPPED_RESOLUTIONS,
    Cycle,
    Drop,
    KeyResult,
    Mapping,
    Objective,
    Person,
    Pillar,
    Rule,
    StatusWord,
    Team,
    fold,
)
from tests.reference.builders import HERE, cycle, mapping, rule, status_word

KEY_RESULTS = ("sso", "größe", "İt", "core-sso")
"""Ids. Two are written differently in labels: folding and NFC make them meet. The last is made of a team and a name, too."""
FORMER = "login"
TEAMS = ("core", "core-web", "sales")
MAILS = ("ben@acme.example", "eve@acme.example")
WEIGHTS = ("1", "1", "2", "0.5")
QUARTERS = (cycle("2027-q1", "2027-01-01", "2027-03-31"), cycle("2027-q2", "2027-04-01", "2027-06-30"))
YEAR = cycle("2027", "2027-01-01", "2027-12-31")
NESTED = (
    YEAR,
    cycle("2027-h1", "2027-01-01", "2027-06-30", "2027"),
    cycle("2027-q1", "2027-01-01", "2027-03-31", "2027-h1"),
    cycle("2027-q2", "2027-04-01", "2027-06-30", "2027-H1"),
)
DAYS = ("2026-12-28", "2027-01-01", "2027-02-10", "2027-03-31", "2027-04-01", "2027-05-20", "2027-12-31")


def weights() -> st.SearchStrategy[Decimal]:
    return st.sampled_from(WEIGHTS).map(Decimal)


FOCUSES = ("tidy", "any", "names", "fences", "strengths", "splits")
"""What a company has more of than others; each feature by itself would be rare."""


def one_in(draw: st.DrawFn, number: int) -> bool:
    return draw(st.integers(1, number)) == number


# ---- who ------------------------------------------------------------------------------------------------------------------


PROJECTS: tuple[tuple[str, ...], ...] = ((), (), ("IDN",), ("co*",), ("jira:10001", "Card?"))


@st.composite
def teams(draw: st.DrawFn, focus: str) -> list[Team]:
    found = []
    for number, id in enumerate(TEAMS[: draw(st.sampled_from((2, 3) if focus in ("names", "fences") else (0, 2, 3, 3)))]):
        found.append(
            Team(
                id,
                "",
                HERE,
                parent=draw(st.sampled_from((None, *(t.id.upper() for t in found)))) if number else None,
                owns_field=draw(st.sampled_from(({}, {}, {"region": ("EMEA",)}, {"region": ("amer",), "squad": ("Core",)}))),
                owns_project=("*",) if focus == "fences" and not number else draw(st.sampled_from(PROJECTS)),
                owns_person=draw(st.sampled_from(((), (), ("u1",), ("U2", "u1"), MAILS[:1]))),
            )
        )
    return found


@st.composite
def people(draw: st.DrawFn, of: list[Team]) -> tuple[Person, ...]:
    """Ben has an account in both kinds of source; Eve's id in Trello is another one's in Jira."""
    own = st.sampled_from((None, *(t.id for t in of)))
    ben = Person(MAILS[0], (("jira", "u1"), ("trello", "U2")), HERE, draw(own))
    eve = Person(MAILS[1], (("trello", "u1"),), HERE, draw(own))
    return draw(st.sampled_from(((), (ben,), (ben, eve), (ben, eve))))


# ---- what for -------------------------------------------------------------------------------------------------------------


@st.composite
def objectives_of(draw: st.DrawFn, one: Cycle, pillars: list[str], of: list[Team], before: list[Objective]) -> list[Objective]:
    """Up to four; each may support one that comes before it, so supports never run in a circle."""
    found: list[Objective] = []
    for number in range(draw(st.integers(1, 3))):
        kind = draw(st.sampled_from(("pillar", "supports", "supports", "threat", "weakness", "strength", "opportunity", None)))
        anchor: Any = None
        pillar = draw(st.sampled_from((None, *pillars, *pillars)))
        if kind == "pillar" and pillars:
            pillar = draw(st.sampled_from(pillars))
            anchor = ("pillar", pillar)
        elif kind == "supports" and (found or before):
            anchor = ("supports", draw(st.sampled_from([*found, *found, *before])).id.upper())
        elif kind not in (None, "pillar", "supports"):
            anchor = (kind, "in words")
        found.append(
            Objective(
                f"{one.id}-o{number}",
                "",
                one.id,
                HERE,
                anchor,
                pillar,
                team=draw(st.sampled_from((None, *(t.id for t in of)))),
                helpers=draw(st.sampled_from(((), (), *((t.id,) for t in of)))),
                weight=draw(weights()),
                state=draw(st.sampled_from((*("agreed",) * 8, "draft", "dropped"))),
            )
        )
    return found


def may_hold(outer: Cycle, inner: Cycle) -> bool:
    return outer.starts <= inner.starts and inner.ends <= outer.ends


@st.composite
def key_results_of(draw: st.DrawFn, one: Cycle, objectives: list[Objective], of: list[Team], tidy: bool) -> list[KeyResult]:
    """Of one cycle; their objectives are of it or of a longer one, and some have none."""
    cycles = {c.id: c for c in (*QUARTERS, *NESTED)}
    fitting = [o.id for o in objectives if may_hold(cycles[o.cycle], one)]
    if one_in(draw, 2):  # the first ones then live on what supports them
        fitting = [id for id in fitting if not id.endswith("-o0")] or fitting
    found = []
    some = st.lists(st.sampled_from(KEY_RESULTS), min_size=1, max_size=3, unique=True)
    for name in KEY_RESULTS[:2] if tidy else draw(some):
        first, *also = draw(st.lists(st.sampled_from(fitting), min_size=1, max_size=3, unique=True))
        found.append(
            KeyResult(
                name,
                "",
                first,
                one.id,
                HERE,
                by="estimate" if tidy else draw(st.sampled_from(("count", "estimate"))),
                level=draw(st.sampled_from((*(None,) * (6 if tidy else 3), "epic", "story", "leaf"))),
                missing="mean" if tidy else draw(st.sampled_from(("mean", "mean", "0", "1"))),
                before_cycle=draw(st.sampled_from(("leave_out", "leave_out", "count"))),
                weight=draw(weights()),
                also=tuple(also),
                team=draw(st.sampled_from((None, None, *(t.id for t in of)))),
                accepts=() if tidy or one_in(draw, 2) else draw(st.sampled_from(((), (), *((t.id,) for t in of)))),
                dropped=Drop(date.fromisoformat(draw(st.sampled_from(DAYS))), "why") if one_in(draw, 7) else None,
            )
        )
    return found


# ---- rules ----------------------------------------------------------------------------------------------------------------

WHEN: tuple[dict[str, Any], ...] = (
    {"project": "IDN"},
    {"project": ["core*", "Card?"]},
    {"project": "jira:IDN"},
    {"source": "jira"},
    {"source": "ca*", "project": "IDN"},
    {"component": ["Login", "api"]},
    {"title": "*SAML*"},
    {"title": ["audit log", "str?sse"]},
    {"label": "spike"},
    {"label": ["strasse", "SPIKE"]},
    {"type": ["Epic", "feature"]},
    {"status": ["in progress", "3"]},
    {"state": ["todo", "doing"]},
    {"state": "done"},
    {"sprint": ["Sprint 1", "4"]},
    {"assignee": ["U1", "eve@acme.example"]},
    {"team": "core"},
    {"team": "*-web"},
    {"level": ["1", "2"]},
    {"resolution": "*"},
    {"field_region": ["emea", "am*"]},
)
COMPARISONS: tuple[dict[str, Any], ...] = (
    {"estimate": {"gte": 2, "lt": 5}},
    {"estimate": [{"lt": 1}, {"empty": True}]},
    {"amount": {"gt": "estimate"}},
    {"amount": {"lte": Decimal("2.5")}},
    {"level": {"gte": 1}},
    {"created": {"within": ("2027-01-01", "2027-02-10")}},
    {"created": {"within": "previous cycle"}},
    {"due": {"within": "cycle"}},
    {"due": [{"within": "next cycle"}, {"empty": True}]},
    {"due": {"lte": "cycle.ends", "gt": date(2027, 1, 1)}},
    {"done": {"lte": "due"}},
    {"closed": {"within": "cycle"}},
    {"updated": {"gte": "cycle.starts"}},
    {"field_start": {"lt": "due"}},
    {"field_start": {"gte": "cycle.starts"}},
    {"field_start": {"gt": date(2027, 2, 10)}},
    {"field_size": {"gt": Decimal("1.5")}},
    {"field_size": {"gte": "estimate"}},
    {"field_region": {"empty": True}},
    {"label": {"empty": True}},
    {"component": [{"empty": False}]},
    {"title": [{"regex": "^saml"}, {"regex": "log(in|s)?$"}]},
    {"label": {"regex": "sp.ke"}},
    {"project": {"regex": "^id"}},
    {"field_goal": [{"regex": "sso"}, {"empty": True}]},
    {"updated": {"lt": "created"}},
    {"field_size": {"lt": "field.start"}},
    {"team": {"empty": True}},
    {"assignee": [{"empty": True}, "u1"]},
    {"sprint": {"empty": False}, "status": {"empty": False}},
)
KEYS: tuple[dict[str, Any], ...] = ({"key": "IDN-1"}, {"key": "IDN-?"}, {"key": ["idn-2", "CORE-*"]})
CONVENTION = {"label": "kr:{key_result}"}
CAPTURES: tuple[tuple[str | None, dict[str, Any]], ...] = (
    (None, CONVENTION),
    (None, {"label": ["kr:{key_result}", "okr-{key_result}"]}),
    (None, {"label": "kr:{key_result}", "project": "IDN"}),
    (None, {"field_goal": "{key_result}"}),
    (None, {"field_goal": "{key_result}: *"}),
    ("{key_result}", {"title": "*[{key_result}]*"}),
    ("{key_result}", {"title": ["*[{key_result}]*", "audit log"], "label": "*"}),
    ("{team}-{key_result}", {"label": "{team}/{key_result}"}),
    ("{team}-{key_result}", {"label": "{team}-{key_result}"}),
    ("{team}-{key_result}", {"team": "{team}", "label": "kr:{key_result}"}),
    ("{key_result}", {"title": "{key_result} *"}),
    ("{team}-{key_result}", {"field_squad": "{team}", "label": "kr:{key_result}"}),
)
UNLESS: tuple[dict[str, Any], ...] = (
    {"label": "spike"},
    {"component": "*"},
    {"field_region": {"empty": False}},
    {"estimate": {"gt": 2}},
    {"state": "dropped"},
    {"key": "CORE-*"},
)
SHARES = ((Fraction(1, 2), Fraction(1, 2)), (Fraction(1, 4), Fraction(3, 4)), (Fraction(1, 5), Fraction(3, 10), Fraction(1, 2)))


@st.composite
def extras(draw: st.DrawFn, of: list[Team], focus: str) -> dict[str, Any]:
    """What narrows a rule or moves its strength."""
    found: dict[str, Any] = {}
    if one_in(draw, 4):
        found["unless"] = draw(st.sampled_from(UNLESS))
    if one_in(draw, 6):
        found["starts"] = draw(st.sampled_from((None, *DAYS)))
        found["ends"] = draw(st.sampled_from((None, *(d for d in DAYS if d >= (found["starts"] or "")))))
    if one_in(draw, 2 if focus == "strengths" else 6):
        found["priority"] = draw(st.sampled_from((0, 30, 60, 60, 90, 100)))
    if of and one_in(draw, 1 if focus == "fences" else 4):
        found["fence"] = draw(st.sampled_from(of)).id.upper()
    return found


@st.composite
def target(draw: st.DrawFn, names: list[str], former: list[str], focus: str) -> dict[str, Any]:
    more = ("split",) * 6 if focus == "splits" else ("to",) * 6 if focus in ("fences", "strengths") else ()
    kind = draw(st.sampled_from(("to", "to", "to", "to", "split", "allowance", "ignore", *more)))
    if kind == "split" and len(names) > 1:
        shares = draw(st.sampled_from([s for s in SHARES if len(s) <= len(names)]))
        return {"to": dict(zip(draw(st.permutations(names)), shares, strict=False))}
    if kind == "allowance":
        return {"allowance": draw(st.sampled_from(("ktlo", "KTLO", "bugs")))}
    if kind == "ignore":
        return {"ignore": draw(st.sampled_from(("requests", "a test project")))}
    name = draw(st.sampled_from([*names, *former]))
    return {"to": draw(st.sampled_from((name, name.upper())))}


@st.composite
def rules_for(draw: st.DrawFn, names: list[str], former: list[str], of: list[Team], focus: str) -> list[Rule]:
    """Mostly the convention, then up to six rules that overlap."""
    found = []
    captures = {"names": (*CAPTURES[4:], *CAPTURES[5:7]), "fences": CAPTURES[:2]}.get(focus, CAPTURES)
    least = {"names": 2, "fences": 1}.get(focus, 0)
    for to, when in draw(st.lists(st.sampled_from(captures), min_size=least, max_size=3)):
        found.append(rule(to, **when, **draw(extras(of, focus))))
    if focus == "fences":
        found.append(rule(**CONVENTION, fence=TEAMS[0]))
    elif focus != "names" and draw(st.integers(0, 3)) > 0:
        found.append(rule(**CONVENTION))
    least = 3 if focus in ("fences", "strengths", "splits") else 0
    for when in draw(st.lists(st.sampled_from((*WHEN, *COMPARISONS, *KEYS, *KEYS)), min_size=least, max_size=6)):
        more = draw(extras(of, focus))
        given = draw(target(names, former, focus))
        if isinstance(given.get("to"), dict):
            more.pop("fence", None)
        fallback = "key" not in when and one_in(draw, 4)
        found.append(rule(**given, fallback=fallback, **when, **more))
    return draw(st.permutations(found))


# ---- words of the sources, and all of it ----------------------------------------------------------------------------------

STATUS_LINES: tuple[StatusWord, ...] = (
    status_word("Parked", "todo"),
    status_word("park*", "doing"),
    status_word("*ed", "done"),
    status_word("*osed", "dropped"),
    status_word("GONE", "dropped"),
    status_word("1", "doing"),
    status_word("O?en", "todo"),
    status_word("?", "done"),
)


@st.composite
def status_maps(draw: st.DrawFn) -> dict[str, tuple[StatusWord, ...]]:
    tables = draw(st.lists(st.sampled_from(("jira", "cards", "trello")), max_size=2, unique=True))
    lines = st.lists(st.sampled_from(STATUS_LINES), min_size=1, max_size=3, unique=True).map(tuple)
    return {table: draw(lines) for table in tables}


@st.composite
def mappings(draw: st.DrawFn, zone: str, tidy: bool, focus: str) -> Mapping:
    """One to four cycles; several may hold a key result of the same id, so that one label feeds them all."""
    cycles: Sequence[Cycle] = draw(st.sampled_from((QUARTERS, QUARTERS[:1], (*QUARTERS, YEAR), NESTED, NESTED)))
    own: list[Team] = draw(teams(focus))
    pillars = [f"p{n}" for n in range(draw(st.integers(0, 2)))]
    objectives: list[Objective] = []
    for one in cycles:
        objectives += draw(objectives_of(one, pillars, own, objectives))
    key_results = [k for one in cycles for k in draw(key_results_of(one, objectives, own, tidy))]
    names = sorted({k.id for k in key_results})
    renamed = draw(st.lists(st.sampled_from(key_results), max_size=2, unique_by=lambda k: k.cycle))
    former = {(k.cycle, FORMER): fold(k.id) for k in renamed}
    return mapping(
        cycles=cycles,
        pillars=[Pillar(name, "", HERE, weight=draw(weights())) for name in pillars],
        objectives=objectives,
        key_results=key_results,
        allowances=("ktlo", "bugs"),
        teams=own,
        rules=[rule(**CONVENTION)] if tidy else draw(rules_for(names, [FORMER] if former else [], own, focus)),
        timezone=zone,
        people=draw(people(own)),
        statuses={} if tidy else draw(status_maps()),
        former=former,
        dropped_resolutions=DROPPED_RESOLUTIONS | draw(st.sampled_from((frozenset(), frozenset({"10001", "out of date"})))),
    )
