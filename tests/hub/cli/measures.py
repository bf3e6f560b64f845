"""Metrics, evidence and reconciled numbers with good defaults, for pages."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from typing import Any

from hub.report.evidence import (
    Evidence,
    Group,
    Link,
    MetricExplanation,
    MetricFacts,
    MetricRow,
    Metrics,
    Money,
    PartRow,
    PeriodRow,
    Row,
    StepRow,
)
from hub.report.reconciled import OneSided, Reconciled, Suspect
from hub.report.values import NodeExplanation
from tests.hub.cli import builders as b


def row(**change: Any) -> Row:
    given = {
        "source": "crm",
        "name": "D-9",
        "title": "Aldgate Retail",
        "id": "9",
        "url": "https://x.example/browse/D-9",
        "on": date(2026, 11, 12),
        "value": "86100",
        "adds": Fraction(86_100),
        "currency": "USD",
        "rate": Fraction(1),
        "state": "done",
        "run": "7",
    }
    return Row(**given | change)


def facts(**change: Any) -> MetricFacts:
    given = {
        "id": "new-arr",
        "name": "New business won",
        "place": "metrics.toml:4",
        "source": "crm",
        "inline": False,
        "aggregate": "sum",
        "in_words": "the sum of amount over the items of crm",
        "query": None,
        "lines": (("when.state = done", "metrics.toml:8"), ("when.field.region = EMEA", "objectives.toml:20")),
        "window": "cycle",
        "first": date(2026, 10, 1),
        "last": date(2026, 12, 31),
        "dated": "the day they were closed",
        "horizon": date(2026, 11, 17),
        "settle": 3,
        "every": "week",
        "unit": None,
        "newest": date(2026, 11, 12),
    }
    return MetricFacts(**given | change)


def left_out(**change: Any) -> Group:
    given = {
        "reason": "filtered",
        "why": "they do not fit when.state = done",
        "count": 130,
        "rows": (row(name="D-2"), row(name="D-3")),
        "place": "metrics.toml:8",
        "adds": Fraction(1_029_317),
    }
    return Group(**given | change)


def evidence(**change: Any) -> Evidence:
    euros = row(name="D-67", on=date(2026, 10, 2), value="70350", adds=Fraction(75_978), currency="EUR", rate=Fraction(27, 25))
    given = {
        "metric": facts(),
        "value": Fraction(162_078),
        "unit": "USD",
        "start": Fraction(0),
        "start_words": "0 USD, as written",
        "target": (Fraction(400_000),),
        "target_words": "+30% from the start, which comes to 400,000 USD",
        "rows": (row(), euros),
        "left_out": (left_out(),),
        "money": (
            Money("EUR", 1, Fraction(70_350), Fraction(27, 25), date(2026, 1, 1), Fraction(75_978)),
            Money("USD", 1, Fraction(86_100), Fraction(1), date(2026, 1, 1), Fraction(86_100)),
        ),
    }
    return Evidence(**given | change)


def key_result(**change: Any) -> NodeExplanation:
    given = {
        "id": "arr",
        "name": "New revenue",
        "progress": Fraction(162_078, 400_000),
        "unclamped": Fraction(162_078, 400_000),
        "status": "at risk",
        "why": "41 % against 55 % expected on day 51 of 92; on track from 50 %",
        "sentence": "New revenue is at 40.5 %: 162,078 of 400,000 USD, from 0.",
        "formula": "(current - start) / (target - start) = (162,078 - 0) / (400,000 - 0) = 40.5 %",
        "policy": {"kind": "increase", "by": "count"},
        "units": (),
        "units_total": 0,
        "evidence": evidence(),
        "links": (Link("open these 2 items in crm", "https://x.example/issues/?jql=issuekey%20in%20(D-9,D-67)"),),
    }
    return b.node(**given | change)


def control(**change: Any) -> Evidence:
    weeks = (
        PeriodRow(date(2026, 11, 2), date(2026, 11, 8), Fraction("99.95"), 7, True),
        PeriodRow(date(2026, 11, 9), date(2026, 11, 15), Fraction("99.5"), 7, False),
    )
    typed = row(
        name="KPIs!C12", title="", url=None, value="99.5", currency=None, rate=None, by="lena@acme.example", note="by hand"
    )
    given = {
        "metric": facts(id="uptime", aggregate="latest", settle=0, lines=(), typed_by=("lena@acme.example",)),
        "value": Fraction("99.5"),
        "unit": "%",
        "start": None,
        "start_words": "",
        "target": (Fraction("99.9"),),
        "target_words": "at least 99.9 %",
        "rows": (typed,),
        "left_out": (),
        "money": (),
        "periods": weeks,
    }
    return evidence(**given | change)


def milestone() -> Evidence:
    saml = StepRow(
        "SAML", date(2026, 11, 15), Fraction(2), True, "kr.toml:9", ("when.key = IDN-31",), (row(name="IDN-31", value="Closed"),)
    )
    scim = StepRow("SCIM", date(2026, 12, 15), Fraction(1), False, "kr.toml:10", ("when.label = scim",))
    return Evidence(steps=(saml, scim))


def of_parts() -> Evidence:
    parts = (
        PartRow(
            "arr-EMEA",
            "EMEA",
            "kr.toml:3",
            Fraction(1),
            Fraction(-1, 20),
            Fraction(0),
            Fraction(800),
            Fraction(-40),
            "USD",
            "off track",
        ),
        PartRow(
            "arr-AMER",
            "AMER",
            "kr.toml:3",
            Fraction(2),
            Fraction(28, 25),
            Fraction(0),
            Fraction(100),
            Fraction(112),
            "USD",
            "done",
        ),
    )
    return Evidence(parts=parts, start_words="0 USD, the sum of its parts'", value=Fraction(72), unit="USD")


def metric_row(**change: Any) -> MetricRow:
    given = {
        "id": "new-arr",
        "name": "New business won",
        "place": "metrics.toml:4",
        "source": "crm",
        "value": Fraction(553_728),
        "why": "",
        "unit": "USD",
        "rows": 10,
        "newest": date(2026, 11, 12),
        "every": "week",
        "late": None,
        "typed": False,
        "used_by": ("arr", "arr-EMEA"),
    }
    return MetricRow(**given | change)


def metrics(*rows: MetricRow, inline: int = 1) -> Metrics:
    return Metrics("2026-q4", 40, b.NOW, rows, inline, (b.age(),))


def metric(**change: Any) -> MetricExplanation:
    given = {
        "id": "new-arr",
        "name": "New business won",
        "place": "metrics.toml:4",
        "cycle": "2026-q4",
        "seq": 40,
        "as_of": b.NOW,
        "mapping_hash": "6bb803385064aaaa",
        "sentence": "New business won is 162,078 USD, from 2 rows, the newest of 12 Nov 2026.",
        "evidence": evidence(start=None, start_words="", target=(), target_words=""),
        "used_by": ({"id": "arr", "name": "New revenue", "cycle": "2026-q4", "current": "162078", "narrowed": True},),
        "sources": (b.age(),),
    }
    return MetricExplanation(**given | change)


def reconciled(**change: Any) -> Reconciled:
    groups = (
        Suspect(left_out(why="they do not fit when.type = Deal", count=2, adds=Fraction(50_000)), True),
        Suspect(left_out(), False),
    )
    given = {
        "id": "arr",
        "name": "New revenue",
        "cycle": "2026-q4",
        "seq": 40,
        "as_of": b.NOW,
        "what": "its current value",
        "unit": "USD",
        "ours": Fraction(162_078),
        "why": "",
        "theirs": Fraction(212_078),
        "difference": Fraction(50_000),
        "equal": False,
        "rows": 2,
        "suspects": groups,
    }
    return Reconciled(**given | change)


def by_keys(**change: Any) -> Reconciled:
    given = {
        "theirs": Fraction(162_078),
        "difference": Fraction(0),
        "suspects": (),
        "ids": 4,
        "both": 1,
        "only_theirs": (
            OneSided("D-2", "they do not fit when.state = done", "metrics.toml:8", row(name="D-2")),
            OneSided("D-3", "they do not fit when.state = done", "metrics.toml:8", row(name="D-3")),
            OneSided("XY-1", "not read: no source reads a project XY"),
        ),
        "only_ours": (row(),),
        "twice": ("D-2",),
    }
    return reconciled(**given | change)
