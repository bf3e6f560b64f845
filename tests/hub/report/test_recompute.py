"""Every number of the demo company can be calculated again from what ``explain --json`` prints, and from nothing else."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from tests.hub.sandbox.process import TOKEN, sandbox
from tests.hub.sync.worlds import World

Printed = dict[str, Any]


class Folder:
    """A synced demo company, asked through the command line."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def json(self, *words: str) -> Any:
        done = subprocess.run(
            [sys.executable, "-P", "-m", "hub.cli", *words, "--json"],
            cwd=self.path,
            env={**os.environ, "ANCHORLINE_JIRA__TOKEN": TOKEN},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def explain(self, name: str, kind: str) -> Printed:
        found: list[Printed] = self.json("explain", name)
        (one,) = [each for each in found if each.get("kind") == kind]
        return one


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Folder]:
    path = tmp_path_factory.mktemp("company")
    with sandbox(issues=900, seed=7) as running:
        World(path, running.url, "sqlite:///anchorline.db")
        folder = Folder(path)
        folder.json("sync", "jira")
        yield folder


def fraction(text: str | None) -> Fraction | None:
    return None if text is None else Fraction(text)


def completion(printed: Printed) -> Fraction | None:
    """Progress from units, by the words of the documentation: weight of done units over weight of all units."""
    counted = [u for u in printed["units"] if u["counts"]]
    by_estimate = printed["policy"]["by"] == "estimate"
    done = total = Fraction(0)
    for unit in counted:
        weight = Fraction(1)
        if by_estimate:
            weight = Fraction(unit["estimate"]) if unit["estimate"] is not None else missing(printed, unit["level"])
        weight *= Fraction(unit["part"])
        total += weight
        if unit["state"] == "done":
            done += weight
    return done / total if total else None


def missing(printed: Printed, level: int) -> Fraction:
    """What a unit without an estimate weighs: the mean of the others of its level, else of all units, else 1."""
    policy = printed["policy"]["missing"]
    if policy != "mean":
        return Fraction(policy)
    own = [Fraction(u["estimate"]) for u in printed["units"] if u["counts"] and u["estimate"] is not None and u["level"] == level]
    own += [Fraction(u["below"]) for u in printed["units"] if not u["counts"] and u["below"] is not None and u["level"] == level]
    anywhere = [Fraction(u["estimate"]) for u in printed["units"] if u["counts"] and u["estimate"] is not None]
    known = own or anywhere
    return sum(known, Fraction(0)) / len(known) if known else Fraction(1)


def mean(children: list[Printed]) -> Fraction | None:
    measured = [(Fraction(c["weight"]), Fraction(c["progress"])) for c in children if c["progress"] is not None]
    total = sum((w for w, _ in measured), Fraction(0))
    return sum((w * p for w, p in measured), Fraction(0)) / total if total else None


def walk(node: Printed) -> Iterator[Printed]:
    yield node
    for child in node["children"]:
        yield from walk(child)


def test_every_key_result_objective_and_pillar_follows_from_its_explanation(company: Folder) -> None:
    tree = company.json("progress")
    nodes = list(walk(tree["company"]))
    key_results = [n for n in nodes if n["kind"] == "key_result"]
    assert len(key_results) == 14
    explained: dict[tuple[str, str], Fraction | None] = {}
    for node in key_results:
        printed = company.explain(node["id"], "key_result")
        explained["key_result", node["id"]] = completion(printed)
        assert fraction(printed["progress"]) == completion(printed), node["id"]
        assert sum(Fraction(u["weight"]) for u in printed["units"] if u["counts"]) == Fraction(printed["total"])
    for kind in ("objective", "pillar", "company"):
        for node in (n for n in nodes if n["kind"] == kind):
            printed = company.explain(node["id"], kind)
            for child in printed["children"]:
                said, again = fraction(child["progress"]), explained[child["kind"], child["id"].lower()]
                assert said == again, (node["id"], child["id"])
            explained[kind, node["id"]] = mean(printed["children"])
            assert fraction(printed["progress"]) == explained[kind, node["id"]], node["id"]
    assert all(fraction(n["progress"]) == explained[n["kind"], n["id"]] for n in nodes)
    assert sum(p is not None for p in explained.values()) > 20


def test_an_item_and_its_key_result_tell_the_same_story(company: Folder) -> None:
    """Both ways: what the key result counts, the item says of itself, with the same rule and part."""
    printed = company.explain("sso", "key_result")
    sample = [u for u in printed["units"] if u["counts"]][:3] + [u for u in printed["units"] if not u["counts"]][:3]
    assert len(sample) == 6
    for unit in sample:
        (item,) = company.json("explain", unit["key"])
        (told,) = [u for u in item["units"] if u["key_result"] == "sso"]
        assert (told["part"], told["counts"]) == (unit["part"], unit["counts"])
        (share,) = [s for s in item["shares"] if s["id"] == "sso"]
        assert (share["rule"], share["place"]) == (unit["rule"], unit["place"])
        assert item["run"]["id"] == unit["run"]


def test_no_item_gives_more_than_itself(company: Folder) -> None:
    """Over all key results the parts of an item add up to one at most."""
    parts: dict[str, Fraction] = {}
    for node in walk(company.json("progress")["company"]):
        if node["kind"] == "key_result":
            for unit in company.explain(node["id"], "key_result")["units"]:
                parts[unit["id"]] = parts.get(unit["id"], Fraction(0)) + Fraction(unit["part"])
    assert parts and max(parts.values()) == 1
