"""A startup of 60 people on Jira and Trello, a SaaS company of 900 on Jira, Asana and Salesforce, and a manufacturer."""

from __future__ import annotations

from tests.reference.trials import Trial, Work, csv_text, facts, lists

HEAD = """
[cycle]
2027 = { starts = 2027-01-01, ends = 2027-12-31 }
2027-q1 = { starts = 2027-01-01, ends = 2027-03-31, parent = "2027", agree_by = 2027-01-15 }

[allowance]
ktlo = { name = "Keep the lights on", budget = "20%" }
bugs = { name = "Bugs" }

[[rule]]
name = "label"
when.label = "kr:{key_result}"
to = "{key_result}"

[status.jira]
"Rejected" = "dropped"
"Park*" = "todo"
"""

# ---- 60 people ------------------------------------------------------------------------------------------------------------

STARTUP = """
[pillar]
grow = { name = "Grow", weight = 2 }
last = { name = "Last" }

[[team]]
id = "app"
name = "App"
owns.project = "APP"

[[team]]
id = "growth"
name = "Growth"
owns.project = "trello:board"

[[objective]]
for_each.rows = [{ id = "land", team = "app", pillar = "grow" }, { id = "stay", team = "growth", pillar = "last" }]
id = "{id}"
name = "{id}"
cycle = "2027-q1"
team = "{team}"
anchor.pillar = "{pillar}"

[[key_result]]
for_each.rows = [
  { id = "activation", of = "land" }, { id = "signup", of = "land" },
  { id = "speed", of = "stay" }, { id = "crashes", of = "stay" },
]
id = "{id}"
objective = "{of}"
name = "{id}"
kind = "completion"

[[rule]]
name = "cards"
when.source = "trello"
when.title = "*[{key_result}]*"
to = "{key_result}"

[[rule]]
name = "the rest"
when.project = "APP"
fallback = true
allowance = "ktlo"

[[rule]]
when.project = "APP"
when.type = "Bug"
allowance = "bugs"

[status.trello]
"Done*" = "done"
"""


def startup(seed: int = 1, size: int = 600) -> Trial:
    work = Work(seed)
    ids = ["activation", "signup", "speed", "crashes"]
    while len(work.items) < size:
        if work.chance(0.3):
            title = f"[Bug] [{work.rng.choice(ids)}] page" if work.chance(0.5) else "A page"
            work.add("trello", "board", title=title)
        elif work.chance(0.2):
            work.add("jira", "APP", type="Bug")
        else:
            labels = (work.label(ids, 0.1),) if work.chance(0.6) else ()
            work.beneath(work.add("jira", "APP", level=1, labels=labels), work.rng.randint(0, 8))
    dimensions = lists({"jira": ["APP"], "trello": ["board"]}, [facts("jira"), facts("trello", lacks=["component", "estimate"])])
    return Trial("startup", {"mappings/all.toml": HEAD + STARTUP}, "Europe/Berlin", tuple(work.items), dimensions, work.unknown)


# ---- 900 people -----------------------------------------------------------------------------------------------------------

SAAS = """
[pillar]
enterprise = { name = "Enterprise", weight = 2 }
trust = { name = "Trust" }

[[team]]
for_each.file = "teams.csv"
id = "{id}"
name = "{name}"
parent = "{parent}"
size = "{size}"
owns.project = "{project}"
owns.field.region = "{region}"

[[objective]]
id = "land"
name = "Land enterprises"
cycle = "2027"
team = "sales"
with = ["product"]
anchor.pillar = "enterprise"

[[objective]]
id = "keep"
name = "Keep them"
cycle = "2027-q1"
team = "product"
anchor.pillar = "trust"

[[objective]]
id = "later"
name = "Later"
cycle = "2027-q1"
state = "draft"
anchor.pillar = "trust"

[[objective]]
id = "help"
name = "Helps to land"
cycle = "2027-q1"
team = "product"
anchor.supports = "land"

[[key_result]]
for_each.team = "sales-*"
id = "deals-{team}"
objective = "land"
cycle = "2027-q1"
name = "Deals of {name}"
team = "{team}"
kind = "completion"

[[key_result]]
for_each.rows = [
  { id = "sso", of = "keep", by = "estimate", was = "O1-KR1" }, { id = "soc2", of = "keep", by = "estimate", was = "" },
  { id = "audit", of = "later", by = "", was = "" }, { id = "search", of = "help", by = "", was = "O9-KR1" },
]
id = "{id}"
was = "{was}"
objective = "{of}"
name = "{id}"
by = "{by}"
kind = "completion"

[[key_result]]
id = "docs"
objective = ["keep", "help"]
name = "Docs"
kind = "completion"
accepts = ["product"]
dropped = { on = 2027-02-10, why = "Nobody reads them" }

[[rule]]
name = "deals"
for_each.team = "sales-*"
when.source = "salesforce"
when.team = "{team}"
when.amount = { gte = 1000 }
unless.state = "dropped"
to = "deals-{team}"

[[rule]]
name = "small deals"
when.source = "salesforce"
when.amount = [{ lt = 1000 }, { empty = true }]
ignore = "too small"

[[rule]]
name = "asana"
when.field.goal = "{key_result}: *"
to = "{key_result}"

[[rule]]
name = "one epic, two key results"
when.key = ["CORE-1", "CORE-2"]
to = { sso = 0.5, soc2 = 0.5 }

[[rule]]
name = "catch-all"
when.project = ["CORE", "IDN", "Project OPS"]
fallback = true
allowance = "ktlo"

[[rule]]
name = "incidents"
when.type = "Incident"
unless.label = "kr:*"
priority = 90
allowance = "bugs"

[status.salesforce]
"Done" = "done"
"""
FENCED = """
[file]
team = "product"

[[key_result]]
id = "latency"
objective = "keep"
name = "Latency"
kind = "completion"
level = "story"

[[rule]]
name = "perf"
when.component = "perf"
starts = 2027-01-01
to = "latency"
"""


def saas(seed: int = 2, size: int = 2_500) -> Trial:
    work = Work(seed)
    rng = work.rng
    regions = ["emea", "amer", "apac"]
    rows = [("product", "Product", None, 300, None, None), ("sales", "Sales", None, 200, None, None)]
    rows += [(f"sales-{r}", f"Sales {r}", "sales", 60, None, r) for r in regions]
    rows += [(f"p-{p.lower()}", f"Team {p}", "product", 9, p, None) for p in ("CORE", "IDN", "OPS", "WEB")]
    ids = ["sso", "soc2", "audit", "search", "latency", "O1-KR1", "docs"]
    while len(work.items) < size:
        kind = rng.random()
        if kind < 0.2:
            amount = rng.choice((None, "500", "1000", "25000"))
            work.add("salesforce", "deals", type="Opportunity", amount=amount, fields={"region": rng.choice((*regions, ""))})
        elif kind < 0.4:
            goal = f"{rng.choice(ids[:5])}: in words" if work.chance(0.4) else None
            work.add("asana", "roadmap", fields={"goal": goal})
        elif kind < 0.5:
            work.add("jira", rng.choice(("CORE", "OPS")), type="Incident")
        else:
            labels = (work.label(ids, 0.04),) if work.chance(0.4) else ()
            epic = work.add("jira", rng.choice(("CORE", "IDN", "OPS", "WEB")), level=1, labels=labels, estimate=work.points())
            work.beneath(epic, rng.randint(0, 7), {"components": ("perf",)} if work.chance(0.1) else None)
    sources = [
        facts("jira", named=["region"]),
        facts("asana", named=["goal", "region"], lacks=["component", "resolution", "sprint", "amount"]),
        facts("salesforce", named=["region"], lacks=["label", "component", "estimate", "sprint"]),
    ]
    projects = {"jira": ["CORE", "IDN", "OPS", "WEB"], "asana": ["roadmap"], "salesforce": ["deals"]}
    files = {
        "mappings/strategy.toml": HEAD + SAAS,
        "mappings/teams.csv": csv_text("id,name,parent,size,project,region", rows),
        "mappings/product/own.toml": FENCED,
    }
    return Trial("saas", files, "UTC", tuple(work.items), lists(projects, sources), work.unknown)


# ---- a manufacturer -------------------------------------------------------------------------------------------------------

MANUFACTURER = """
[pillar]
quality = { name = "Qualität" }

[[team]]
for_each.rows = [{ werk = "Köln" , id = "koeln" }, { werk = "Győr", id = "gyor" }, { werk = "Łódź", id = "lodz" }]
id = "{id}"
name = "Werk {werk}"
owns.field.Werk = "{werk}"
owns.person = "meister-{id}@werk.example"

[[objective]]
for_each.team = "*"
id = "ausschuss-{team}"
name = "Weniger Ausschuss: {name}"
cycle = "2027-q1"
team = "{team}"
anchor.pillar = "quality"

[[key_result]]
for_each.team = "*"
id = "linie-{team}"
objective = "ausschuss-{team}"
name = "Linien umgerüstet"
kind = "completion"
by = "estimate"
missing = "1"
before_cycle = "count"

[[key_result]]
for_each.team = "*"
id = "schulung-{team}"
objective = "ausschuss-{team}"
name = "Schulungen"
kind = "completion"
level = "leaf"

[[rule]]
for_each.team = "*"
when.team = "{team}"
when.title = { regex = "umr[üu]st" }
to = "linie-{team}"

[[rule]]
for_each.team = "*"
when.source = "sheet"
when.team = "{team}"
when.due = { within = "cycle" }
to = "schulung-{team}"

[[rule]]
name = "both"
when.title = "*Schulung*"
when.field.Werk = "KO\u0308LN"
to = "schulung-koeln"

[resolution]
dropped = ["Zurückgestellt", "10007"]
"""


def manufacturer(seed: int = 3, size: int = 1_200) -> Trial:
    """Its plants spell themselves in their own way, and a training with "umrüsten" in its title is wanted twice."""
    work = Work(seed)
    rng = work.rng
    plants = {"Köln": "koeln", "GYŐR": "gyor", "łódź": "lodz", "Ko\u0308ln": "koeln"}
    titles = ("Presse umrüsten", "UMRÜSTEN Linie 4", "Schulung Presse", "Schulung: Umrüsten", "Sonstiges")
    ids = [f"{what}-{id}" for what in ("linie", "schulung") for id in ("koeln", "gyor", "lodz")]
    while len(work.items) < size:
        where = rng.choice([*plants, None])
        own = {"fields": {"werk": where}} if where else {"assignee": rng.choice(("u1", "u2", "u3"))}
        if work.chance(0.4):
            due = rng.choice((None, "2027-01-01", "2027-03-31", "2027-04-01"))
            work.add("sheet", "plan", title=rng.choice(titles), due=due, **own)
        else:
            labels = (work.label(ids, 0.1),) if work.chance(0.3) else ()
            epic = work.add("jira", "WERK", level=1, title=rng.choice(titles), labels=labels, **own)
            work.beneath(epic, rng.randint(0, 5))
    people = csv_text("mail,jira", [(f"meister-{id}@werk.example", f"u{n}") for n, id in enumerate(("koeln", "gyor", "lodz"), 1)])
    sources = [facts("jira", named=["werk"]), facts("sheet", named=["werk"], lacks=["label", "component", "sprint"])]
    files = {"mappings/werke.toml": HEAD + MANUFACTURER, "mappings/people.csv": people}
    dimensions = lists({"jira": ["WERK"], "sheet": ["plan"]}, sources)
    return Trial("manufacturer", files, "Europe/Warsaw", tuple(work.items), dimensions, work.unknown, conflicts=True)
