"""The SaaS company as a folder of spreadsheets, a configuration and mapping files, and what the hub makes of it."""

from __future__ import annotations

from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path

from hub.config import load_config
from hub.mappings import load_mappings
from hub.model import Item
from hub.report import Report
from hub.report.values import NodeExplanation
from hub.store import Store
from hub.store.read import Reader
from hub.sync import RunSummary, sync_source
from tests.reference import deals

CONFIG = """
timezone = "Europe/Berlin"

[source.crm]
kind = "spreadsheet"
file = "deals.csv"
key = "Deal ID"
columns = { title = "Account", status = "Stage", type = "Type", amount = "Amount", currency = "Currency", created = "Created on", done = "Close date", due = "Close date" }
fields = { region = "Region", probability = "Chance" }
formats = { Amount = "1.234,56 netto", Chance = "1.234,56 %", "Created on" = "DD.MM.YYYY", "Close date" = "DD.MM.YYYY" }

[source.plan]
kind = "spreadsheet"
file = "plan.csv"
work = true
key = "Key"
columns = { title = "Title", status = "State", type = "Type", parent = "Under", done = "Finished" }
"""  # noqa: E501 - TOML 1.0 keeps a table in braces on one line
MAPPING = """
[cycle]
2026-h2 = { starts = 2026-07-01, ends = 2026-12-31 }
2027-q1 = { starts = 2027-01-01, ends = 2027-03-31 }
2027-q2 = { starts = 2027-04-01, ends = 2027-06-30 }

[[rates.plan]]
base = "USD"
since = 2026-07-01
EUR = "1.08"
GBP = "1.27"
CHF = "1.125"

[[rates.plan]]
base = "USD"
since = 2027-02-15
EUR = "1.0934"
GBP = "1.31"
CHF = "1.09"

[pillar]
enterprise = { name = "Win the enterprise" }

[allowance]
ktlo = { name = "Keep the lights on" }

[status.crm]
"Closed*Won" = "done"
"Closed*Lost" = "dropped"
"*" = "doing"

[status.plan]
"Open" = "todo"
"Doing" = "doing"
"Done" = "done"

[[metric]]
id = "bookings"
source = "crm"
sum = "amount"
when.type = "New Business"
when.state = "done"
dated = "closed"
rates = "plan"

[[metric]]
id = "won"
source = "crm"
count = true
when.type = "New Business"
when.state = "done"
dated = "closed"

[[metric]]
id = "win-rate"
source = "crm"
ratio = { of = { state = "done" }, to = { state = "closed" } }
when.type = "New Business"
dated = "closed"
unit = "%"

[[metric]]
id = "pipeline"
source = "crm"
sum = "amount"
times = "probability"
when.state = "open"
dated = "due"
window = "next cycle"
rates = "plan"

[[objective]]
id = "land"
cycle = "2027-q1"
anchor.pillar = "enterprise"

[[key_result]]
id = "arr"
objective = "land"
kind = "increase"
metric = "bookings"
start = 0
target = 150_000_000

[[key_result]]
for_each.file = "regions.csv"
id = "arr-{region}"
objective = "land"
kind = "increase"
metric = "bookings"
when.field.region = "{region}"
start = 0
target = "{goal}"
part_of = "arr"

[[key_result]]
id = "deals"
objective = "land"
kind = "increase"
metric = "won"
start = 0
target = 63

[[key_result]]
id = "wins"
objective = "land"
kind = "increase"
metric = "win-rate"
start = 20
target = 70

[[key_result]]
id = "coverage"
objective = "land"
kind = "increase"
metric = "pipeline"
start = 0
target = 100_000_000

[[key_result]]
id = "sso"
objective = "land"
kind = "completion"

[[rule]]
when.key = ["E-1", "E-2", "E-3"]
to = "sso"

[[rule]]
when.type = ["Story", "Epic"]
fallback = true
allowance = "ktlo"
"""
REGIONS = "region,goal\nEMEA,60000000\nAMER,50000000\nAPAC,40000000\n"
PARTS = ("arr-EMEA", "arr-AMER", "arr-APAC")
EVENING = int(datetime(2027, 3, 31, 20, tzinfo=UTC).timestamp()) * 1000
"""The last evening of the cycle."""
LATER = int(datetime(2027, 4, 20, 20, tzinfo=UTC).timestamp()) * 1000


class Firm:
    """A folder with its sheets, its configuration and mapping files, and what the hub keeps."""

    def __init__(self, folder: Path, store: Store) -> None:
        self.folder, self.store = folder, store
        (folder / "mappings").mkdir()
        (folder / "mappings" / "strategy.toml").write_text(MAPPING, "utf-8")
        (folder / "mappings" / "regions.csv").write_text(REGIONS, "utf-8")
        (folder / "config.toml").write_text(CONFIG, "utf-8")
        (folder / "deals.csv").write_text(deals.as_csv(deals.deals()), "utf-8", newline="")
        (folder / "plan.csv").write_text(deals.plan(), "utf-8", newline="")
        self.config = load_config(folder / "config.toml", {})
        self.mapping = load_mappings(folder / "mappings", self.config.timezone)[0]

    def sync(self, source: str, at: int = EVENING) -> RunSummary:
        return sync_source(self.config, self.mapping, self.store, source, mode="full", as_of=at, now=lambda: at, threads=1)

    @property
    def report(self) -> Report:
        return Report(self.store)

    def explained(self, id: str) -> NodeExplanation:
        (found,) = self.report.explain_node(id, "2027-q1")
        return found

    def current(self, id: str) -> Fraction:
        evidence = self.explained(id).evidence
        assert evidence is not None and evidence.value is not None
        return evidence.value

    def items(self) -> list[Item]:
        return list(Reader(self.store).items())
