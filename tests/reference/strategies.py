"""Generated strategies: metrics over items and values with awkward dates, key results of every kind, parts, and a scale."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from hub.model import Cycle, Dimensions, Filter, Item, Mapping, Metric, Scale, SourceFacts, Value, fold
from tests.reference.builders import FIELDS, HERE, by_label, cycle, lines, mapping
from tests.reference.strategies_goals import CURVES, RATES, Goals, key_results_of, one_in, pillars

YEAR = cycle("2027", "2027-01-01", "2027-12-31")
Q4 = cycle("2026-q4", "2026-10-01", "2026-12-31")
Q1, Q2 = cycle("2027-q1", "2027-01-01", "2027-03-31", "2027"), cycle("2027-q2", "2027-04-01", "2027-06-30", "2027")
LONE = cycle("2027-q1", "2027-01-01", "2027-03-31")
ODD = cycle("2027-q1", "2027-02-09", "2027-03-29")
CALENDARS: tuple[tuple[Cycle, ...], ...] = ((LONE,), (Q4, LONE), (YEAR, Q1, Q2), (YEAR, Q4, Q1, Q2), (Q4, ODD))
"""The key results are of ``2027-q1``, some of ``2027-q2`` and ``2027``."""
ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Pacific/Auckland")
INSTANTS = (
    "2026-12-20T12:00",
    "2027-01-01T00:00",
    "2027-01-09T08:00",
    "2027-02-15T03:00",
    "2027-02-15T12:00",
    "2027-03-14T23:30",
    "2027-03-28T02:30",
    "2027-03-31T23:59",
    "2027-04-01T00:00",
    "2027-05-10T12:00",
    "2028-02-01T12:00",
)
"""Moments of calculation, in the strategy's zone."""
DAYS = (
    *("2026-01-15", "2026-09-30", "2026-10-01", "2026-12-01", "2026-12-30", "2026-12-31", "2027-01-01", "2027-01-02"),
    *("2027-01-03", "2027-01-04", "2027-01-11", "2027-01-31", "2027-02-01", "2027-02-08", "2027-02-09", "2027-02-12"),
    *("2027-02-14", "2027-02-15", "2027-02-16", "2027-03-01", "2027-03-14", "2027-03-26", "2027-03-28", "2027-03-30"),
    *("2027-03-31", "2027-04-01", "2027-04-05", "2027-05-09", "2027-06-30", "2027-12-31", "2028-01-01"),
)
NUMBERS = ("0", "1", "2", "3", "10", "7.5", "12", "0.5", "100", "1E+1")
ODD_NUMBERS = (*NUMBERS, "-4", "+5", "n/a", "", "1,000", "1e", "nan", ".5")
SCORES = ("0", "6", "7", "9", "10", "11", "-1", "x")
CHANCES = ("0", "0.5", "1", "20", "100", "101", "-0.2", "high", None)
MONEY: tuple[tuple[str | None, ...], ...] = ((None,), ("USD",), ("EUR",), ("USD", "EUR"), ("USD", "EUR", "GBP", None))
NAMED = frozenset({"field.arr", "field.region", "field.score", "field.signed", "field.probability"})
SOURCES = {
    "crm": SourceFacts("crm", "salesforce", FIELDS | NAMED),
    "desk": SourceFacts("desk", "jira", (FIELDS | NAMED) - {"amount", "field.region"}),
    "sheet": SourceFacts("sheet", "spreadsheet", frozenset()),
}
""" ``crm`` has items, ``sheet`` values, ``desk`` items and in a series values, too."""


class Given(NamedTuple):
    """One strategy, what was known at an earlier moment, what is known now, and how old that is."""

    mapping: Mapping
    items: tuple[Item, ...]
    values: tuple[Value, ...]
    dimensions: Dimensions
    as_of: int
    whole: frozenset[str]
    earlier: tuple[int, tuple[Value, ...]] | None
    """The moment of an evaluation before this one and the values of then; None where this is the first one."""
    freshness: dict[str, int]
    fed: dict[tuple[str, str], frozenset[str]]


def milliseconds(text: str, zone: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()) * 1000


# ---- rows -----------------------------------------------------------------------------------------------------------------


class Words(NamedTuple):
    """What the rows of one strategy may say."""

    numbers: tuple[str, ...]
    currencies: tuple[str | None, ...]
    days: tuple[str, ...]
    zone: str


@st.composite
def moments(draw: st.DrawFn, words: Words) -> int:
    """Instants on and around the bounds of days."""
    return milliseconds(f"{draw(st.sampled_from(words.days))}T{draw(st.sampled_from(('00:00', '12:00', '23:59')))}", words.zone)


@st.composite
def items(draw: st.DrawFn, words: Words) -> list[Item]:
    count = draw(st.sampled_from((2, 5, 8, 12, 20)))
    some = moments(words)
    found: list[Item] = []
    for no in range(1, count + 1):
        source = draw(st.sampled_from(("crm", "crm", "desk")))
        category = draw(st.sampled_from(("new", "indeterminate", "done", "done", "done")))
        resolution = draw(st.sampled_from((None, None, None, "Done", "Won't Do"))) if category == "done" else None
        higher = draw(st.sampled_from(found)).no if found and one_in(draw, 4) else None
        presence = draw(st.sampled_from(("deleted", "archived", "out_of_scope"))) if one_in(draw, 12) else "present"
        fields = {
            "arr": draw(st.sampled_from(words.numbers)),
            "region": draw(st.sampled_from(("EMEA", "emea", "AMER", ["EMEA", "AMER"], "", None))),
            "score": draw(st.sampled_from(SCORES)),
            "signed": draw(st.sampled_from((*words.days, "2027-02-14T23:30:00-05:00", "soon", None))),
            "probability": draw(st.sampled_from(CHANCES)),
        }
        if source == "desk":
            del fields["region"]
        original = [i.no for i in found if i.duplicate_of is None and i.presence == "present"]
        found.append(
            Item(
                no,
                source,
                str(no),
                f"IDN-{no}",
                level=draw(st.sampled_from((1, 0, 0, 0, -1))),
                category=category,
                resolution=resolution,
                parent=higher,
                labels=draw(st.sampled_from(((), (), ("kr:work",), ("kr:work", "kr:rise"), ("kr:steps",), ("saml",), ("scim",)))),
                estimate=draw(st.sampled_from((None, "1", "3", "0", "x"))),
                created_at=draw(st.one_of(some, some, st.none())),
                done_at=draw(st.one_of(some, some, some, st.none())) if category == "done" else None,
                status_seen_at=draw(st.one_of(st.none(), some)),
                started_at=draw(st.one_of(st.none(), some)),
                stages={"proposal": draw(some)} if one_in(draw, 3) else {},
                due=draw(st.sampled_from((None, *words.days))),
                amount=draw(st.sampled_from(words.numbers)) if source == "crm" and not one_in(draw, 8) else None,
                currency=draw(st.sampled_from(words.currencies)) if source == "crm" else None,
                presence=presence,
                fields=fields,
                duplicate_of=draw(st.sampled_from(original)) if original and one_in(draw, 12) else None,
            )
        )
    for source in {i.source for i in found}:  # one of each source has stayed
        first = next(n for n, i in enumerate(found) if i.source == source)
        found[first] = found[first]._replace(presence="present")
    return found


@st.composite
def values(draw: st.DrawFn, words: Words) -> list[Value]:
    """Of two series; some are late in the book, some of one day."""
    found = []
    for n in range(draw(st.sampled_from((0, 3, 8, 15, 20)))):
        columns = {
            "region": draw(st.sampled_from(("EMEA", "amer", None))),
            "score": draw(st.sampled_from(SCORES)),
            "signed": draw(st.sampled_from((*words.days, None))),
            "arr": draw(st.sampled_from(words.numbers)),
        }
        source, series = draw(st.sampled_from((("sheet", "a"), ("sheet", "a"), ("sheet", "b"), ("desk", "a"))))
        on = date.fromisoformat(draw(st.sampled_from(words.days)))
        number, unit = draw(st.sampled_from(words.numbers)), draw(st.sampled_from(words.currencies))
        found.append(Value(source, "p", series, on, number, unit, f"{n}", columns))
    return found


# ---- metrics --------------------------------------------------------------------------------------------------------------

OF_ITEMS: tuple[dict[str, Any], ...] = (
    {"state": "done"},
    {"state": ["done", "dropped"]},
    {"state": ["todo", "doing"]},
    {"field_region": "emea"},
    {"amount": {"gte": 2}},
    {"created": {"within": "cycle"}},
    {"due": {"within": "next cycle"}},
    {"due": {"lte": "cycle.ends"}},
    {"field_arr": {"gt": "amount"}},
    {"label": ["saml", "kr:work"]},
    {"field_region": {"empty": True}},
)
OF_VALUES: tuple[dict[str, Any], ...] = (
    {"field_region": "emea"},
    {"amount": {"gte": 2}},
    {"amount": {"lt": Decimal("7.5")}},
    {"created": {"within": "cycle"}},
    {"field_arr": {"gte": "amount"}},
    {"field_score": ["9", "10"]},
    {"field_none": "x"},
)
DATED = ("created", "started", "done", "closed", "closed", "due", "stage:proposal", "field.signed")
AGGREGATES = ("count", "sum", "sum", "average", "latest", "latest", "distinct", "ratio", "nps", "days_between")
OF_SOURCES: tuple[tuple[str, str | None], ...] = (("crm", None), ("crm", None), ("desk", None))
OF_SERIES: tuple[tuple[str, str | None], ...] = (("desk", "A"), ("sheet", None), ("sheet", "a"))
READ = {"items": OF_SOURCES, "values": OF_SERIES, None: (*OF_SOURCES, *OF_SERIES)}
"""(source, series), by what is in focus."""
NUMERIC_OF_VALUES = ("value", "amount", "field.arr")
NUMERIC_OF_ITEMS = ("amount", "amount", "value", "estimate", "field.arr", "probability")
WINDOWS = ("cycle", "cycle", "next cycle", "year", "all", "28d", "7d")


@st.composite
def filters(draw: st.DrawFn, of_values: bool) -> Filter:
    """Mostly all rows."""
    pool = OF_VALUES if of_values else OF_ITEMS
    if one_in(draw, 2):
        return Filter()
    when, unless = draw(st.sampled_from((*pool, None))), draw(st.sampled_from((*(None,) * len(pool), *pool)))
    return Filter(lines(when or {}), lines(unless or {}))


@st.composite
def metrics(draw: st.DrawFn, id: str, focus: str | None) -> Metric:
    """Only what the mapping files may say."""
    source, series = draw(st.sampled_from(READ[focus]))
    of_values = source == "sheet" or series is not None
    aggregate: Any = draw(st.sampled_from(AGGREGATES))
    more: dict[str, Any] = {}
    dated = None if of_values or (aggregate != "latest" and one_in(draw, 5)) else draw(st.sampled_from(DATED))
    numeric = NUMERIC_OF_VALUES if of_values else NUMERIC_OF_ITEMS
    if aggregate in ("sum", "average", "latest"):
        more["field"] = draw(st.sampled_from(numeric))
    elif aggregate == "distinct":
        more["field"] = draw(st.sampled_from(("field.region", "field.score")))
    elif aggregate == "nps":
        more["field"] = "field.score"
    elif aggregate == "ratio":
        pool = OF_VALUES if of_values else OF_ITEMS
        of, to = draw(st.lists(st.sampled_from(pool), min_size=2, max_size=2, unique_by=str))
        more.update(of=Filter(lines(of)), to=Filter(lines(to)), unit=draw(st.sampled_from((None, "%"))))
    elif aggregate == "days_between":
        ends = ("created", "done", "field.signed") if of_values else (*DATED[:4], "due", "field.signed")
        more["between"] = tuple(draw(st.lists(st.sampled_from(ends), min_size=2, max_size=2, unique=True)))
    if aggregate in ("count", "sum", "average") and one_in(draw, 3):
        weights = ("field.arr", "amount") if of_values else ("probability", "probability", "estimate", "field.arr")
        times = draw(st.sampled_from(weights))
        more["times"] = times if times != more.get("field") else None
    if more.get("field") in ("amount", "value", "field.arr") and aggregate in ("sum", "average", "latest") and one_in(draw, 2):
        more["rates"] = draw(st.sampled_from(("plan", "plan", "young")))
    windows = WINDOWS if of_values or dated is not None else ("cycle", "all")
    return Metric(
        id,
        id,
        HERE,
        source,
        aggregate,
        series=series,
        rows=draw(filters(of_values)),
        dated=dated,
        window=draw(st.sampled_from((*("all",) * 6, *windows) if aggregate == "latest" else windows)),
        every=draw(st.sampled_from((None, "day", "week", "week", "month", "quarter", "year"))),
        settle=draw(st.sampled_from((0, 0, 0, 1, 3, 30))),
        **more,
    )


# ---- all ------------------------------------------------------------------------------------------------------------------

SCALES = (
    Scale(),
    Scale(on_track=Fraction(1), at_risk=Fraction(1, 2), too_early=Fraction(0), late=Fraction(1)),
    Scale(too_early=Fraction(1, 2), committed=Fraction(8, 10), aspirational=Fraction(1, 2), late=Fraction(5, 2)),
)
AGES = (0, 0, 86_400_000, 129_600_000, 129_600_001, 40 * 86_400_000, 600 * 86_400_000)


@st.composite
def strategies(draw: st.DrawFn, focus: str | None = None) -> Given:
    """A whole small strategy. ``focus`` is "items" or "values": metrics over these only."""
    zone = draw(st.sampled_from(ZONES))
    tidy = one_in(draw, 2)
    days = tuple(draw(st.lists(st.sampled_from(DAYS), min_size=4, max_size=12, unique=True)))
    words = Words(NUMBERS if tidy else ODD_NUMBERS, draw(st.sampled_from(MONEY)), days, zone)
    rows, now = tuple(draw(items(words))), tuple(draw(values(words)))
    calendar = draw(st.sampled_from(CALENDARS))
    as_of = milliseconds(draw(st.sampled_from(INSTANTS)), zone)
    measured = {id: draw(metrics(id, focus)) for id in ("m1", "m2")}
    goals: Goals = draw(key_results_of(calendar, tuple(measured.values()), filters))
    earlier = None
    if one_in(draw, 2):
        before = draw(st.sampled_from([milliseconds(text, zone) for text in INSTANTS]))
        restated = tuple(v._replace(value=draw(st.sampled_from(words.numbers))) if one_in(draw, 3) else v for v in now)
        earlier = (before, restated) if before < as_of else None
    return Given(
        mapping(
            cycles=calendar,
            pillars=pillars(),
            objectives=goals.objectives,
            key_results=goals.key_results,
            rules=[by_label()],
            timezone=zone,
            metrics=measured,
            scale=draw(st.sampled_from(SCALES)),
            curves=CURVES,
            rates=RATES,
        ),
        rows,
        now,
        Dimensions(sources=SOURCES),
        as_of,
        frozenset(s for s in SOURCES if not one_in(draw, 8)),
        earlier,
        {s: as_of - draw(st.sampled_from(AGES)) for s in SOURCES},
        {
            (k.cycle, fold(k.id)): draw(st.sampled_from((frozenset(), frozenset({"crm"}), frozenset({"crm", "desk"}))))
            for k in goals.key_results
        },
    )
