"""An agency on Asana and HubSpot, and a bank with 425 teams and 1,600 key results."""

from __future__ import annotations

from typing import Any

from tests.reference.trials import Trial, Work, csv_text, facts, lists
from tests.reference.trials_small import HEAD

# ---- an agency ------------------------------------------------------------------------------------------------------------

AGENCY = """
[pillar]
clients = { name = "Clients" }

[[team]]
for_each.file = "lists/clients.csv"
id = "team-{client}"
name = "Team {name}"
owns.project = "{client}*"

[[objective]]
for_each.file = "lists/clients.csv"
id = "{client}"
name = "{name} stays"
cycle = "2027-q1"
team = "team-{client}"
anchor.pillar = "clients"
weight = "{weight}"

[[key_result]]
for_each.file = "lists/clients.csv"
id = "launch-{client}"
objective = "{client}"
name = "Launches for {name}"
kind = "completion"

[[key_result]]
for_each.file = "lists/clients.csv"
id = "retainer-{client}"
objective = "{client}"
name = "Retainer of {name}"
kind = "completion"

[[rule]]
for_each.file = "lists/clients.csv"
when.project = "{client}-web"
when.label = ["launch", "go?live"]
unless.label = { regex = "^internal" }
to = "launch-{client}"

[[rule]]
for_each.file = "lists/clients.csv"
when.source = "hubspot"
when.project = "{client}-crm"
when.amount = { gte = "field.floor" }
ends = 2027-03-31
to = "retainer-{client}"

[[rule]]
when.label = "internal*"
ignore = "our own house"

[[rule]]
when.source = "hubspot"
when.field.floor = { empty = true }
when.closed = { within = "cycle", lte = "due" }
fallback = true
allowance = "ktlo"
"""


def agency(seed: int = 4, size: int = 1_000) -> Trial:
    work = Work(seed)
    rng = work.rng
    clients = [(f"c{n}", f"Client {n}", rng.choice((None, "2", "0.5"))) for n in range(1, 15)]
    while len(work.items) < size:
        client = rng.choice(clients)[0]
        if work.chance(0.3):
            amount, floor = rng.choice((None, "10", "200")), rng.choice(("", "50", "n/a", "200"))
            due = rng.choice((None, "2027-02-01", "2027-03-01"))
            work.add("hubspot", f"{client}-crm", amount=amount, due=due, fields={"floor": floor})
        else:
            labels = rng.choice(((), ("Launch",), ("go live", "web"), ("internal tools", "launch"), ("web",)))
            if work.chance(0.1):
                labels = (work.label([f"launch-{client}", f"retainer-{client}"], 0.2),)
            task = work.add("asana", f"{client}-web", labels=labels)
            for _ in range(rng.randint(0, 3)):
                work.add("asana", f"{client}-web", level=-1, parent=task)
    sources = [
        facts("asana", lacks=["component", "resolution", "sprint", "estimate", "amount"]),
        facts("hubspot", named=["floor"], lacks=["label", "component", "sprint", "estimate", "resolution"]),
    ]
    projects = {"asana": [f"{c}-web" for c, _, _ in clients], "hubspot": [f"{c}-crm" for c, _, _ in clients]}
    files = {"mappings/agency.toml": HEAD + AGENCY, "mappings/lists/clients.csv": csv_text("client,name,weight", clients)}
    return Trial("agency", files, "America/New_York", tuple(work.items), lists(projects, sources), work.unknown)


# ---- a bank ---------------------------------------------------------------------------------------------------------------

DIVISIONS, DEPARTMENTS, SQUADS = 5, 20, 400
BANK = """
[pillar]
safe = { name = "Safe", weight = 3 }
simple = { name = "Simple", weight = 2 }
near = { name = "Near" }

[[team]]
for_each.file = "teams.csv"
id = "{id}"
name = "{name}"
parent = "{parent}"
lead = "{lead}"
size = "{size}"
channel = "{channel}"
owns.project = "{jira}"

[[objective]]
for_each.file = "objectives.csv"
id = "{id}"
name = "{name}"
cycle = "2027-q1"
team = "{team}"
anchor.pillar = "{pillar}"

[[key_result]]
for_each.file = "key-results.csv"
id = "{id}"
objective = "{objective}"
name = "{name}"
by = "{by}"
level = "{level}"
team = "{team}"
kind = "completion"

[[rule]]
name = "field"
when.source = "jira"
when.field.key_result = "{key_result} *"
to = "{key_result}"

[[rule]]
name = "regulation"
when.label = "reg-*"
unless.type = "Incident"
allowance = "bugs"

[[rule]]
name = "incidents"
when.type = "Incident"
unless.label = "kr:*"
allowance = "ktlo"

[[rule]]
name = "service desk"
when.project = "ITSD"
ignore = "requests, not planned work"

[[rule]]
name = "upkeep"
when.project = "SQ?0*"
fallback = true
allowance = "ktlo"
"""
DIVISION = """
[file]
team = "d{n}"

[[objective]]
id = "d{n}-own"
name = "Division {n}"
cycle = "2027-q1"
anchor.pillar = "near"

[[key_result]]
id = "d{n}-mobile"
objective = "d{n}-own"
name = "Mobile"
kind = "completion"

[[rule]]
name = "mobile of division {n}"
when.component = "mobile"
unless.label = "reg-*"
unless.type = "Incident"
to = "d{n}-mobile"
"""


class Bank:
    """Its rows, and the ids of the key results of each squad."""

    def __init__(self) -> None:
        self.teams: list[tuple[Any, ...]] = [(f"d{n}", f"Division {n}", None, None, 1000, None, None) for n in range(DIVISIONS)]
        for n in range(DEPARTMENTS):
            self.teams.append((f"dep{n}", f"Department {n}", f"d{n % DIVISIONS}", None, 200, None, None))
        self.objectives: list[tuple[Any, ...]] = []
        self.key_results: list[tuple[Any, ...]] = []
        self.own: dict[str, list[str]] = {}
        for n in range(SQUADS):
            squad, project = f"sq{n:03}", f"SQ{n:03}"
            self.teams.append((squad, f"Squad {n}", f"dep{n % DEPARTMENTS}", f"lead{n}@bank.example", 9, f"slack-{n}", project))
            self.objectives.append((f"o-{squad}", f"Objective of {n}", squad, ("safe", "simple", "near")[n % 3]))
            self.own[project] = [f"{squad}-kr{k}" for k in range(4)]
            for k, id in enumerate(self.own[project]):
                how = ("", "estimate", "", "")[k], ("", "", "epic", "story")[k]
                self.key_results.append((id, f"o-{squad}", f"Key result {k} of {n}", *how, squad))

    def files(self) -> dict[str, str]:
        return {
            "mappings/strategy.toml": HEAD + BANK,
            "mappings/teams.csv": csv_text("id,name,parent,lead,size,channel,jira", self.teams),
            "mappings/objectives.csv": csv_text("id,name,team,pillar", self.objectives),
            "mappings/key-results.csv": csv_text("id,objective,name,by,level,team", self.key_results),
            **{f"mappings/divisions/d{n}.toml": DIVISION.replace("{n}", str(n)) for n in range(3)},
        }


def bank(seed: int = 5, size: int = 48_000) -> Trial:
    """Labels name key results of one's own squad, 3.6 % of them ids that nobody has."""
    work = Work(seed)
    rng = work.rng
    rows = Bank()
    projects = list(rows.own)
    while len(work.items) < size:
        project = rng.choice(projects)
        ids = rows.own[project]
        if work.chance(0.12):
            _other_work(work, project)
            continue
        labels = (work.label(ids, 0.036),) if work.chance(0.6) else ("reg-7",) if work.chance(0.1) else ()
        fields = {"key_result": f"{rng.choice(ids)} in words"} if not labels and work.chance(0.2) else {}
        epic = work.add("jira", project, level=1, labels=labels, fields=fields, title=f"Epic of {project}")
        for story in work.beneath(epic, rng.randint(0, 16)):
            if work.chance(0.05):  # one story in twenty names its key result itself
                work.items[story.no - 1] = story._replace(labels=(work.label(ids, 0.036),))
    dimensions = lists({"jira": [*projects, "ITSD"]}, [facts("jira", named=["key_result"])])
    return Trial("bank", rows.files(), "Europe/Zurich", tuple(work.items), dimensions, work.unknown)


def _other_work(work: Work, project: str) -> None:
    if work.chance(0.3):
        work.add("jira", "ITSD", type="Request")
    elif work.chance(0.5):
        work.add("jira", project, type="Incident")
    else:
        work.add("jira", project, components=("mobile",))
