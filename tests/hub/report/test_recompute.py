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

Printed = dict[str, Any]


class Folder:
    """A synced demo company, asked through the command line."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-P", "-m", "hub.cli", *words],
            cwd=self.path,
            env={**os.environ, "ANCHORLINE_JIRA__TOKEN": "not-asked"},
            capture_output=True,
            text=True,
            check=False,
        )

    def json(self, *words: str) -> Any:
        done = self.run(*words, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def explain(self, name: str, kind: str) -> Printed:
        found: list[Printed] = self.json("explain", name)
        (one,) = [each for each in found if each.get("kind") == kind]
        return one


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    path = tmp_path_factory.mktemp("company") / "demo"
    size = ("--issues", "900", "--seed", "7", "--today", "2026-11-22")
    subprocess.run(
        [sys.executable, "-P", "-m", "hub.cli", "demo", "--folder", str(path), *size, "--json"],
        cwd=path.parent,
        capture_output=True,
        check=True,
    )
    return Folder(path)


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


def clamped(progress: Fraction | None) -> Fraction | None:
    return None if progress is None else min(max(progress, Fraction(0)), Fraction(1))


def measured(printed: Printed) -> Fraction | None:
    """Progress of any kind from its explanation, unclamped."""
    kind, evidence = printed["policy"]["kind"], printed["evidence"]
    if kind == "completion":
        return completion(printed)
    if kind == "milestone":
        return steps(evidence["steps"])
    if kind.startswith("stay"):
        return held(kind, printed["policy"]["judge"], evidence)
    (target,), start = map(Fraction, evidence["target"]), Fraction(evidence["start"])
    current = sum(Fraction(part["current"]) for part in evidence["parts"]) if evidence["metric"] is None else value(evidence)
    assert current == Fraction(evidence["value"])
    return (current - start) / (target - start)


def value(evidence: Printed) -> Fraction:
    """A metric's value from the rows that count."""
    adds = [Fraction(row["adds"]) for row in evidence["rows"]]
    if evidence["metric"]["aggregate"] == "latest":
        (only,) = adds
        return only
    assert evidence["metric"]["aggregate"] == "sum"
    money = sum(Fraction(each["amount"]) * Fraction(each["rate"] or 1) for each in evidence["money"])
    assert money == sum(adds)
    return Fraction(sum(adds))


def steps(found: list[Printed]) -> Fraction:
    done = [step for step in found if step["rows"] and all(row["state"] == "done" for row in step["rows"])]
    return sum((Fraction(s["weight"]) for s in done), Fraction(0)) / sum(Fraction(s["weight"]) for s in found)


def held(kind: str, judge: str, evidence: Printed) -> Fraction:
    values = [Fraction(period["value"]) for period in evidence["periods"]]
    first, last = Fraction(evidence["target"][0]), Fraction(evidence["target"][-1])
    within = {"stay_above": lambda v: v >= first, "stay_below": lambda v: v <= last, "stay_within": lambda v: first <= v <= last}
    kept = [within[kind](v) for v in values]
    asked = {"share": Fraction(sum(kept), len(kept)), "last": Fraction(kept[-1]), "worst": Fraction(all(kept))}
    asked["average"] = Fraction(within[kind](sum(values) / len(values)))
    return asked[judge]


def walk(node: Printed) -> Iterator[Printed]:
    yield node
    for child in node["children"]:
        yield from walk(child)


@pytest.mark.timeout(600)
def test_every_key_result_objective_and_pillar_follows_from_its_explanation(company: Folder) -> None:
    tree = company.json("progress")
    nodes = list(walk(tree["company"]))
    key_results = [n for n in nodes if n["kind"] == "key_result"]
    kinds = {node["measured_by"] for node in key_results}
    assert len(key_results) > 20 and kinds >= {"completion", "increase", "decrease", "stay_above", "milestone"}
    explained: dict[tuple[str, str], Fraction | None] = {}
    for node in key_results:
        printed = company.explain(node["id"], "key_result")
        again = measured(printed)
        explained["key_result", node["id"].lower()] = clamped(again)
        assert (fraction(printed["unclamped"]), fraction(printed["progress"])) == (again, clamped(again)), node["id"]
        assert (printed["status"], printed["why"]) == (node["status"], node["why"]) != ("", "")
        if printed["evidence"] is None:
            assert sum(Fraction(u["weight"]) for u in printed["units"] if u["counts"]) == Fraction(printed["total"])
        else:
            assert printed["evidence"]["adds_up"]
    for kind in ("objective", "pillar", "company"):
        for node in (n for n in nodes if n["kind"] == kind):
            printed = company.explain(node["id"], kind)
            for child in printed["children"]:
                said, again = fraction(child["progress"]), explained[child["kind"], child["id"].lower()]
                assert said == again, (node["id"], child["id"])
            explained[kind, node["id"]] = mean(printed["children"])
            assert fraction(printed["progress"]) == explained[kind, node["id"]], node["id"]
    assert all(fraction(n["progress"]) == explained[n["kind"], n["id"].lower()] for n in nodes)
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


def test_a_number_is_reconciled_with_itself_and_with_another(company: Folder) -> None:
    printed = company.explain("arr", "key_result")
    ours = Fraction(printed["evidence"]["value"])
    rows = [row["name"] for row in printed["evidence"]["rows"]]
    (company.path / "theirs.csv").write_text("Deal,Key\n" + "".join(f"x,{name}\n" for name in rows), encoding="utf-8")
    same = company.json("reconcile", "arr", "--expect", str(float(ours)), "--ids", "theirs.csv")
    assert (same["equal"], same["both"], same["only_theirs"], same["only_ours"]) == (True, len(rows), [], [])
    other = next(group for group in printed["evidence"]["left_out"] if group["adds"])
    done = company.run("reconcile", "arr", "--expect", str(float(ours + Fraction(other["adds"]))), "--json")
    told = json.loads(done.stdout)
    assert (done.returncode, told["equal"]) == (1, False)
    assert [s["group"]["why"] for s in told["suspects"] if s["exactly"]] == [other["why"]]


def test_reconcile_says_what_it_cannot_compare(company: Folder) -> None:
    for words, code, said in (
        (("arr",), 2, "There is nothing to compare with."),
        (("arrr", "--expect", "5"), 2, 'Did you mean "arr"?'),
        (("new-arr", "--expect", "5"), 2, "Only key results can be reconciled"),
        (("arr", "--expect", "many"), 2, "'many' is not a number"),
        (("arr", "--expect", "5", "--column", "Key"), 2, "--column names a column of the file of --ids."),
        (("arr", "--ids", "nowhere.csv"), 2, "There is no file nowhere.csv."),
    ):
        done = company.run("reconcile", *words)
        assert (done.returncode, done.stdout) == (code, "") and said in done.stderr, words


def test_metrics_are_listed_with_the_numbers_of_their_key_results(company: Folder) -> None:
    listed = {each["id"]: each for each in company.json("metrics")["metrics"]}
    for id_, of in (("new-arr", "arr"), ("nps", "nps-up")):
        assert listed[id_]["value"] == company.explain(of, "key_result")["evidence"]["value"]
    assert (listed["nps"]["typed"], listed["new-arr"]["typed"], listed["win-rate"]["used_by"]) == (True, False, [])
    (alone,) = company.json("explain", "win-rate")
    assert (alone["kind"], alone["evidence"]["value"]) == ("metric", listed["win-rate"]["value"])
