"""Rules against items: the index against all rules asked one by one, ten times the rules, and a few changed items.

1,000 rules over 1,000,000 items: 70 % of the rules name a source and a project, 20 % a source and a label, 10 % no source, each
with one or two more conditions; an item matches between four and five. Items are generated from a seed, chunk by chunk and
outside of what is timed; compiling the rules is inside. Every variant is a fresh process, and all of them claim the same.

    python -m benchmarks.rules [--items 1000000] [--rounds 3] [--json FILE]
"""

from __future__ import annotations

import argparse
import json
import pathlib
import random
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from hub.model import (
    Comparison,
    Condition,
    Container,
    Cycle,
    Dimensions,
    Item,
    KeyResult,
    Mapping,
    Objective,
    Place,
    Rule,
    SourceFacts,
    State,
    Test,
    fold,
)
from hub.rules import Claim, Context, Matcher
from hub.rules.compiled import Compiled, World
from hub.rules.fields import Reading

SEED = 20270115
CHUNK = 10_000
SAMPLE, CHANGED, GROWTH = 5_000, 5_000, 100_000
HERE = Place("rules.toml", 1)
DAY = 86_400_000
BEGINS = 1_798_761_600_000
"""2027-01-01, in milliseconds."""

SOURCES = ("jira", "asana", "trello", "salesforce")
PROJECTS = 30
"""Of each source."""
LABELS = tuple(f"label-{n}" for n in range(400))
WORDS = tuple(
    f"{start}{end}"
    for start in ("log", "aud", "pay", "sea", "rep", "imp", "exp", "syn", "not", "acc")
    for end in ("in", "it", "er", "or")
)
TYPES = ("Epic", "Story", "Bug", "Task", "Spike")
STATUSES = ("Open", "Ready", "In Progress", "Review", "Blocked", "Done", "Closed")
STATES: dict[str, State] = {"Done": "done", "Closed": "done", "In Progress": "doing", "Review": "doing"}
REGIONS = ("EMEA", "AMER", "APAC", "DACH")
FIELDS = frozenset(
    {"source", "project", "key", "type", "level", "status", "label", "component", "title", "assignee", "field.region"}
    | {"estimate", "created", "updated", "due", "done", "closed"}
)


# ---- what is generated -------------------------------------------------------------------------------------------------------


def dimensions() -> Dimensions:
    containers = {(s, str(n)): Container(f"{s[0]}{n}".upper(), f"Project {n} of {s}") for s in SOURCES for n in range(PROJECTS)}
    return Dimensions(containers=containers, sources={s: SourceFacts(s, s, FIELDS) for s in SOURCES})


def chunks(number: int, seed: int = SEED) -> Iterator[list[tuple[Item, Context]]]:
    """Items with their contexts, the same for the same seed."""
    for first in range(0, number, CHUNK):
        draw = random.Random(seed + first)
        yield [_item(draw, no) for no in range(first, min(first + CHUNK, number))]


def _item(draw: random.Random, no: int) -> tuple[Item, Context]:
    source = SOURCES[min(int(draw.expovariate(1.2)), 3)]
    project = str(min(int(draw.expovariate(0.08)), PROJECTS - 1))
    created = BEGINS + draw.randrange(-200, 60) * DAY + draw.randrange(DAY)
    status = draw.choice(STATUSES)
    state = STATES.get(status, "todo")
    closed = created + draw.randrange(1, 60) * DAY if state == "done" else None
    words = draw.choices(WORDS, k=5)
    item = Item(
        no=no, source=source, id=str(no), key=f"{source[0].upper()}{project}-{no}", title=f"{' '.join(words)} {no}",
        type=draw.choice(TYPES), level=1 if draw.random() < 0.1 else 0, status=status, containers=(project,),
        labels=tuple(draw.choices(LABELS, k=min(int(draw.expovariate(0.5)), 6))),
        components=(f"component-{draw.randrange(12)}",) if draw.random() < 0.5 else (),
        assignee=f"account-{draw.randrange(3000)}", estimate=draw.choice((None, "1", "2", "3", "5", "8", "13")),
        created_at=created, updated_at=created + draw.randrange(60) * DAY, done_at=closed,
        due=(date(2027, 1, 1) + timedelta(days=draw.randrange(120))).isoformat() if draw.random() < 0.4 else None,
        fields={"region": draw.choice(REGIONS)},
    )  # fmt: skip
    return item, Context(state)


def mapping(number: int) -> Mapping:
    """A strategy with so many rules; fewer ones are spread over the same sources and projects."""
    draw = random.Random(SEED)
    cycles = [
        Cycle("2027-q1", date(2027, 1, 1), date(2027, 3, 31), HERE),
        Cycle("2027-q2", date(2027, 4, 1), date(2027, 6, 30), HERE),
    ]
    objectives = [Objective(f"objective-{c.id}", "", c.id, HERE) for c in cycles]
    results = [KeyResult(f"kr-{n}", "", o.id, o.cycle, HERE) for o in objectives for n in range(100)]
    return Mapping(
        hash="",
        files={},
        timezone="Europe/Berlin",
        cycles={c.id: c for c in cycles},
        pillars={},
        teams={},
        allowances={},
        objectives={o.id: o for o in objectives},
        key_results={(k.cycle, k.id): k for k in results},
        rules=tuple(_rule(draw, index) for index in range(number)),
    )


def _rule(draw: random.Random, index: int) -> Rule:
    kind = draw.random()
    source = draw.choices(SOURCES, weights=(6, 2, 1, 1))[0]
    if kind < 0.7:
        lines = [_texts("source", source), _texts("project", f"{source[0]}{draw.randrange(PROJECTS)}".upper())]
    elif kind < 0.9:
        lines = [_texts("source", source), _texts("label", *draw.sample(LABELS, k=2))]
    else:
        lines = [_texts("label", f"label-{draw.randint(10, 39)}*"), _texts("field.region", draw.choice(REGIONS))]
    unless: list[Condition] = []
    for _ in range(draw.randint(1, 2)):
        line = _more(draw)
        (unless if draw.random() < 0.1 else lines).append(line)
    return Rule(index, f"rule {index}", tuple(lines), "key_result", f"kr-{draw.randrange(100)}", 50, HERE, unless=tuple(unless))


def _more(draw: random.Random) -> Condition:
    day = date(2027, 1, 1) + timedelta(days=draw.randrange(-120, 20))
    return draw.choice(
        (
            lambda: _texts("type", *draw.sample(TYPES, k=3)),
            lambda: _texts("status", *draw.sample(STATUSES, k=5)),
            lambda: _texts("title", *(f"*{word}*" for word in draw.sample(WORDS, k=4))),
            lambda: _compared("title", ("regex", f"(?:^| )(?:{'|'.join(draw.sample(WORDS, k=4))}) ")),
            lambda: _compared("estimate", ("gte", Decimal(draw.choice((2, 3, 5))))),
            lambda: _compared("created", ("gte", day)),
            lambda: _compared("updated", ("within", (day, day + timedelta(days=150)))),
            lambda: _compared("due", ("within", "cycle")),
            lambda: _texts("field.region", *draw.sample(REGIONS, k=2)),
        )
    )()


def _texts(field: str, *written: str) -> Condition:
    return Condition(field, tuple(Test("glob" if "*" in w else "equal", fold(w), w) for w in written), HERE)


def _compared(field: str, *comparisons: tuple[Any, Any]) -> Condition:
    return Condition(field, (Test("compare", "", "", tuple(Comparison(op, right) for op, right in comparisons)),), HERE)


# ---- what is measured --------------------------------------------------------------------------------------------------------


class OneByOne:
    """All rules as closures: the same lines, asked in their order until one is against the rule."""

    def __init__(self, mapping: Mapping, dimensions: Dimensions, as_of: int) -> None:
        self._world = World(mapping, dimensions, as_of)
        self._rules = [Compiled(rule, self._world) for rule in mapping.rules]

    def claims(self, item: Item, context: Context) -> tuple[Claim, ...]:
        reading = Reading(self._world.fields, item, context)
        found: list[Claim] = []
        for rule in self._rules:
            bits = self._world.calendar.all
            differs = False
            for line in rule.lines:
                if line.check is not None:
                    if not line.check(reading):
                        break
                elif line.bits is not None:
                    bits &= line.bits(reading)
                    differs = True
                    if not bits:
                        break
            else:
                ids = self._world.calendar.ids(bits) if differs else None
                found += [claim._replace(cycles=ids) if differs else claim for claim, _ in rule.claims]
        return tuple(found)


def variant(name: str, items: int) -> dict[str, Any]:
    """CPU seconds (compiling included), claims, and a number that stands for what was claimed."""
    rules = 100 if name == "few rules" else 1000
    world, lists, as_of = mapping(rules), dimensions(), BEGINS + 40 * DAY
    began = time.process_time()
    matcher = OneByOne(world, lists, as_of) if name == "closures" else Matcher(world, lists, as_of)
    compiled = spent = time.process_time() - began
    found, sums, sample = 0, 0, 0
    for chunk in chunks(items):
        began = time.process_time()
        claims = [matcher.claims(item, context) for item, context in chunk]
        spent += time.process_time() - began
        found += sum(map(len, claims))
        for (item, _), each in zip(chunk, claims, strict=True):
            if item.no < SAMPLE:
                sample += len(each)
                sums ^= sum(hash_of(item.no, claim) for claim in each)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {
        "items": items, "rules": rules, "cpu_s": spent, "compile_s": compiled, "memory_mb": round(memory),
        "claims": found, "sample": sample, "sums": sums,
    }  # fmt: skip


def hash_of(no: int, claim: Claim) -> int:
    """The same in every process."""
    cycles = ",".join(sorted(claim.cycles)) if claim.cycles is not None else "all"
    return int.from_bytes(f"{no} {claim.rule} {claim.id} {cycles}".encode()[-16:], "big") * (no + 1) % (1 << 61)


def fresh(name: str, items: int) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.rules", "--variant", name, "--items", str(items)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, cwd=pathlib.Path(__file__).parent.parent)
    return dict(json.loads(done.stdout))


def one_round(items: int) -> dict[str, dict[str, Any]]:
    found = {
        "closures": fresh("closures", SAMPLE),
        "few rules": fresh("few rules", GROWTH),
        "many rules": fresh("many rules", GROWTH),
        "changed": fresh("changed", CHANGED),
        "whole": fresh("whole", items),
    }
    same = {(found[n]["sample"], found[n]["sums"]) for n in ("closures", "many rules", "changed", "whole")}
    assert len(same) == 1, f"the variants do not agree: {found}"
    return found


def rows(found: list[dict[str, dict[str, Any]]]) -> list[dict[str, Any]]:
    """One line per variant, with the ratio that a goal is set for, taken within each round."""

    def each_item(round: dict[str, dict[str, Any]], name: str) -> float:
        return float((round[name]["cpu_s"] - round[name]["compile_s"]) / round[name]["items"])

    ratios = {
        "closures": [each_item(r, "closures") / each_item(r, "whole") for r in found],
        "many rules": [r["many rules"]["cpu_s"] / r["few rules"]["cpu_s"] for r in found],
        "changed": [r["changed"]["cpu_s"] / r["whole"]["cpu_s"] for r in found],
    }
    goals = {"closures": "at least 10", "many rules": "at most 5", "changed": "at most 0.05"}
    against = {"closures": "whole, an item", "many rules": "few rules", "changed": "whole"}
    return [
        {
            "variant": name,
            "items": found[0][name]["items"],
            "rules": found[0][name]["rules"],
            "claims_an_item": round(found[0][name]["claims"] / found[0][name]["items"], 2),
            "cpu_s": round(statistics.median(r[name]["cpu_s"] for r in found), 2),
            "us_an_item": round(statistics.median(each_item(r, name) for r in found) * 1e6, 1),
            "compile_s": round(statistics.median(r[name]["compile_s"] for r in found), 3),
            "memory_mb": max(r[name]["memory_mb"] for r in found),
            "ratio": round(statistics.median(ratios[name]), 3) if name in ratios else None,
            "range": [round(min(ratios[name]), 3), round(max(ratios[name]), 3)] if name in ratios else None,
            "goal": goals.get(name),
            "against": against.get(name),
        }
        for name in ("closures", "whole", "few rules", "many rules", "changed")
    ]


def show(table: list[dict[str, Any]]) -> None:
    head = ("items", 10), ("rules", 6), ("claims", 7), ("CPU s", 8), ("us/item", 8), ("compile", 8), ("MB", 5)
    print(f"{'rules against items':<19}", *(f"{name:>{width}}" for name, width in head), " ratio")
    for row in table:
        ratio = f"{row['ratio']:g} of {row['against']} (goal {row['goal']})" if row["ratio"] is not None else ""
        print(
            f"{row['variant']:<19} {row['items']:>10,} {row['rules']:>6,} {row['claims_an_item']:>7.2f} {row['cpu_s']:>8.2f}"
            f" {row['us_an_item']:>8.1f} {row['compile_s']:>8.3f} {row['memory_mb']:>5}  {ratio}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.rules", description=__doc__)
    parser.add_argument("--items", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=pathlib.Path)
    parser.add_argument("--variant", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.variant:
        print(json.dumps(variant(options.variant, options.items)))
        return
    found = []
    for n in range(options.rounds):
        found.append(one_round(options.items))
        print(f"rules, round {n + 1}: {found[-1]['whole']['claims']:,} claims of {options.items:,} items", file=sys.stderr)
    table = rows(found)
    show(table)
    if options.json:
        options.json.write_text(json.dumps(table, indent=2) + "\n")


if __name__ == "__main__":
    main()
