"""The sandbox company: Larkfield, an invented maker of planning software with eight Jira projects.

Pure: no clock, no input, no output. Everything here is data that mapping files and tests can be written against; the
tickets themselves are in `history`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

NAME = "Larkfield"
SITE = "https://larkfield.example"  # what links in answers point to; nobody listens there
DAY_MS = 86_400_000
SPRINT_DAYS = 14
CLOSED_SPRINTS = 6  # 13 weeks of history: six closed sprints and the running one
ACTIVE, FUTURE = CLOSED_SPRINTS, CLOSED_SPRINTS + 1


@dataclass(frozen=True)
class Pillar:
    """A strategic priority."""

    id: str
    name: str


@dataclass(frozen=True)
class Objective:
    """An objective of the cycle that contains the sandbox's today."""

    id: str
    name: str
    pillar: str
    team: str


@dataclass(frozen=True)
class KeyResult:
    """A key result; labels `kr:<id>` name it."""

    id: str
    name: str
    objective: str
    team: str


@dataclass(frozen=True)
class Team:
    """A team; `field` is its name in the custom field Team."""

    id: str
    name: str
    project: str
    size: int


@dataclass(frozen=True)
class Convention:
    """Work that serves a key result by where it stands, not by a label: a component or a glob on the epic's title."""

    project: str
    kr: str
    component: str = ""
    title: str = ""


@dataclass(frozen=True)
class Project:
    """One Jira project: who owns it, how it is administered and what its epics are about.

    `mix` is the repeating order of themes; a trailing `-` keeps the theme but leaves its label off the epic.
    """

    key: str
    id: int
    name: str
    team: str
    share: float
    mix: tuple[str, ...]
    simplified: bool = False
    kind: str = "software"
    board: str = "scrum"


PILLARS = (
    Pillar("enterprise", "Win the enterprise"),
    Pillar("loyalty", "Customers who stay"),
    Pillar("scale", "A platform that scales"),
)

OBJECTIVES = (
    Objective("enterprise-ready", "Pass every enterprise security review", "enterprise", "identity"),
    Objective("land-expand", "Sell to larger accounts", "enterprise", "billing"),
    Objective("first-week", "New teams succeed in their first week", "loyalty", "growth"),
    Objective("daily-habit", "The app people open every day", "loyalty", "mobile"),
    Objective("ten-times", "Ten times the traffic at the same cost", "scale", "platform"),
    Objective("trusted-data", "Numbers that customers trust", "scale", "data"),
)

KEY_RESULTS = (
    KeyResult("sso", "Single sign-on and SCIM generally available", "enterprise-ready", "identity"),
    KeyResult("soc2", "SOC 2 Type II controls in place", "enterprise-ready", "platform"),
    KeyResult("audit-log", "Audit log in every enterprise plan", "enterprise-ready", "identity"),
    KeyResult("invoicing", "Pay by invoice and purchase order in five countries", "land-expand", "billing"),
    KeyResult("usage-billing", "Usage-based plans on sale", "land-expand", "billing"),
    KeyResult("activation", "New first week for every workspace", "first-week", "growth"),
    KeyResult("time-to-value", "Guided path to the first report", "first-week", "growth"),
    KeyResult("templates", "Gallery of forty templates", "first-week", "core"),
    KeyResult("mobile-wau", "Mobile app fit for daily work", "daily-habit", "mobile"),
    KeyResult("crash-free", "Known classes of crashes fixed", "daily-habit", "mobile"),
    KeyResult("p95-latency", "Slow paths of the API rebuilt", "ten-times", "core"),
    KeyResult("cost-per-tenant", "Savings per tenant delivered", "ten-times", "platform"),
    KeyResult("data-freshness", "Streaming into every dashboard", "trusted-data", "data"),
    KeyResult("integrations", "Twenty certified integrations", "trusted-data", "data"),
)

ALLOWANCE = "ktlo"  # run the business; shares the namespace of key results, so `kr:ktlo` works

# fmt: off
MISSPELT = {
    "sso": "kr:ssso", "soc2": "kr:soc-2", "audit-log": "kr:auditlog", "invoicing": "kr:invoiceing",
    "usage-billing": "kr:usage_billing", "activation": "kr:actvation", "time-to-value": "kr:time-to-vaule",
    "templates": "kr:tempaltes", "mobile-wau": "kr:mobile-wua", "crash-free": "kr:crashfree",
    "p95-latency": "kr:p95-latencey", "cost-per-tenant": "kr:cost-per-tennant", "data-freshness": "kr:data-freshnes",
    "integrations": "kr:integration",
}

CONVENTIONS = (
    Convention("IDN", "sso", component="SSO"),
    Convention("IDN", "sso", title="*SAML*"),
    Convention("BILL", "invoicing", component="Invoicing"),
    Convention("DATA", "integrations", component="Connectors"),
)
FALLBACK_PROJECT = "PLAT"  # unlabelled platform work is run the business
IGNORED_PROJECT = "ITSD"  # requests, not planned work

TEAMS = (
    Team("core", "Product Core", "CORE", 14),
    Team("growth", "Growth", "GROW", 8),
    Team("identity", "Identity", "IDN", 7),
    Team("platform", "Platform", "PLAT", 12),
    Team("billing", "Billing", "BILL", 8),
    Team("mobile", "Mobile", "MOB", 6),
    Team("data", "Data", "DATA", 9),
    Team("it", "IT Operations", "ITSD", 5),
)

PROJECTS = (
    Project("CORE", 10001, "Product Core", "core", 0.17,
            ("templates", "p95-latency", "redesign", "templates", "p95-latency", "techdebt", "audit-log", "p95-latency",
             "templates")),
    Project("GROW", 10002, "Growth & Onboarding", "growth", 0.12,
            ("activation", "time-to-value", "activation", "ideas", "templates", "time-to-value", "activation"), simplified=True,
            board="simple"),
    Project("IDN", 10003, "Identity & Access", "identity", 0.12,
            ("sso", "audit-log", "sso-", "soc2", "escalations", "sso", "audit-log", "sso")),
    Project("PLAT", 10004, "Platform", "platform", 0.18,
            ("upgrades", "cost-per-tenant", "oncall", "access", "soc2", "upgrades", "oncall", "p95-latency", "access", "oncall"),
            board="kanban"),
    Project("BILL", 10005, "Billing & Payments", "billing", 0.12,
            ("usage-billing", "invoicing", "usage-billing", "invoicing-", "escalations", "usage-billing", "invoicing")),
    Project("MOB", 10006, "Mobile Apps", "mobile", 0.09,
            ("mobile-wau", "crash-free", "mobile-wau", "localisation", "crash-free", "mobile-wau"), simplified=True,
            board="simple"),
    Project("DATA", 10007, "Data & Insights", "data", 0.10,
            ("data-freshness", "integrations", "data-freshness", "techdebt", "integrations-", "data-freshness", "integrations")),
    Project("ITSD", 10008, "IT Service Desk", "it", 0.10, ("service-desk",), kind="service_desk", board="kanban"),
)
# fmt: on
PROJECT_AT = {project.key: at for at, project in enumerate(PROJECTS)}
ARCHIVED_PROJECT = Project("CLSC", 10009, "Larkfield Classic", "core", 0.0, ())  # an old product: in the roster, out of search

CLASSIC = {
    "todo": "10000",
    "doing": "3",
    "review": "10002",
    "blocked": "10003",
    "parked": "10004",
    "done": "10001",
    "wontdo": "10005",
}
DESK = {
    "todo": "10200",
    "doing": "10201",
    "review": "10202",
    "blocked": "10202",
    "parked": "10202",
    "done": "10203",
    "wontdo": "10204",
}


def scheme(project: int) -> dict[str, str]:
    """Role of a status -> status id in this project; team-managed projects have three statuses of their own."""
    if PROJECTS[project].kind == "service_desk":
        return DESK
    if PROJECTS[project].simplified:
        base = 10100 + project * 10
        doing, done = str(base + 1), str(base + 2)
        return {
            "todo": str(base),
            "doing": doing,
            "review": doing,
            "blocked": doing,
            "parked": doing,
            "done": done,
            "wontdo": done,
        }
    return CLASSIC


SCHEMES = tuple(scheme(at) for at in range(len(PROJECTS)))

_FIRST_NAMES = """Ada Bilal Chiara Dmitri Elif Femi Greta Hugo Ines Jonas Kavya Liam Mei Nadia Oscar Priya Quentin Rosa Samir
Tove Uma Viktor Wanda Yusuf"""
_LAST_NAMES = "Okafor Lindqvist Moreau Tanaka Silva Novak Haddad Keller Iyer Marsh Duarte"
_FIRST, _LAST = _FIRST_NAMES.split(), _LAST_NAMES.split()
PEOPLE = tuple(f"{_FIRST[at % len(_FIRST)]} {_LAST[at % len(_LAST)]}" for at in range(sum(team.size for team in TEAMS)))


def account_id(person: int) -> str:
    """The immutable id of a person; it says nothing about the name."""
    return f"5f{(person * 2654435761 + 97) & 0xFFFFFFFF:08x}{person * 40503 + 11:014x}"


def members(team: int) -> range:
    """The positions in PEOPLE of a team's members."""
    start = sum(other.size for other in TEAMS[:team])
    return range(start, start + TEAMS[team].size)


def epoch_ms(day: date) -> int:
    """Midnight UTC of a day in epoch milliseconds."""
    return (day - date(1970, 1, 1)).days * DAY_MS


def cycle(today: date) -> tuple[str, date, date]:
    """The calendar quarter that contains today: its id, first and last day."""
    quarter = (today.month - 1) // 3
    first = date(today.year, quarter * 3 + 1, 1)
    after = date(today.year + quarter // 3, (quarter * 3 + 3) % 12 + 1, 1)
    return f"{today.year}-q{quarter + 1}", first, after - timedelta(days=1)


@dataclass(frozen=True)
class Sprint:
    """One sprint of a board; all times in epoch milliseconds."""

    id: int
    board: int
    number: int
    name: str
    state: str
    start: int
    end: int
    completed: int  # 0: not yet


def sprints(project: int, today: date) -> tuple[Sprint, ...]:
    """The sprints of a project's board: six closed, one active, one future; none for kanban."""
    if PROJECTS[project].board == "kanban":
        return ()
    monday = today - timedelta(days=today.weekday() + 7 * (project % 2))  # boards do not all start in the same week
    found = []
    for at in range(CLOSED_SPRINTS + 2):
        start = epoch_ms(monday + timedelta(days=SPRINT_DAYS * (at - ACTIVE))) + 9 * 3_600_000
        end = start + SPRINT_DAYS * DAY_MS - 16 * 3_600_000
        state = "closed" if at < ACTIVE else "active" if at == ACTIVE else "future"
        number = 31 + at
        found.append(
            Sprint(
                (project + 1) * 100 + at,
                project + 1,
                number,
                f"{PROJECTS[project].key} Sprint {number}",
                state,
                start,
                end,
                end + 3_600_000 if state == "closed" else 0,
            )
        )
    return tuple(found)
