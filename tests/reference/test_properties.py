"""What must not matter: the order of items, of files and of rules, and what an id is called."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.assess import assess
from hub.model import Assessment, KeyResult, Mapping, Objective, Share, fold
from tests.reference.builders import Company
from tests.reference.companies import companies
from tests.reference.test_reference import CHECKS, PHASES
from tests.reference.trials import Trial
from tests.reference.trials_large import agency
from tests.reference.trials_small import manufacturer, saas, startup

SOME = settings(max_examples=100, deadline=None, derandomize=True, suppress_health_check=CHECKS, phases=PHASES)
MANY = settings(max_examples=2_000, deadline=None, suppress_health_check=CHECKS, phases=PHASES, print_blob=True)
Rename = Callable[[str], str]


def numbers(found: Assessment, present: Rename = str) -> dict[str, object]:
    """Everything that people are shown but which of several equal rules it was; ``present`` gives ids their present form."""
    return {
        "attachments": {
            (a.no, a.cycle): (
                a.outcome,
                {shown(s, present) for s in a.shares},
                (a.strength, a.via, a.distance, a.state, a.team),
                {fold(id) for _, id, _ in a.broken},
            )
            for a in found.attachments
        },
        "units": {(u.no, u.cycle, present(fold(u.key_result))): (u.part, u.counts, u.state, u.why) for u in found.units},
        "nodes": {(n.kind, n.cycle, present(fold(n.id)) if n.kind == "key_result" else n.id): tuple(n[3:7]) for n in found.nodes},
        "active": found.active,
        "findings": sorted((f.kind, f.no or 0) for f in found.findings),
    }


def shown(share: Share, present: Rename) -> tuple[str, str, Fraction]:
    """Of several reasons to ignore any is as good."""
    id = "" if share.kind == "ignore" else fold(share.id)
    return share.kind, present(id) if share.kind == "key_result" else id, share.part


def assessed(company: Company) -> Assessment:
    return assess(company.mapping, company.items, company.dimensions, company.as_of)


# ---- order ----------------------------------------------------------------------------------------------------------------


def in_another_order(draw: st.DataObject, company: Company) -> Company:
    """Items and rules shuffled; rules keep their names, and get the indexes of their new places."""
    rules = [replace(r, index=n) for n, r in enumerate(draw.draw(st.permutations(company.mapping.rules)))]
    items = tuple(draw.draw(st.permutations(company.items)))
    mapping = replace(company.mapping, rules=tuple(rules), key_results=backwards(company.mapping.key_results))
    return company._replace(mapping=replace(mapping, teams=backwards(mapping.teams)), items=items)


def backwards(table: Any) -> dict[Any, Any]:
    return dict(reversed(list(table.items())))


def check_order(company: Company, draw: st.DataObject) -> None:
    assert numbers(assessed(in_another_order(draw, company))) == numbers(assessed(company))


@pytest.mark.timeout(600)
@SOME
@given(companies(), st.data())
def test_the_order_of_items_and_of_rules_does_not_matter(company: Company, draw: st.DataObject) -> None:
    check_order(company, draw)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@MANY
@given(companies(), st.data())
def test_the_order_of_items_and_of_rules_does_not_matter_over_thousands(company: Company, draw: st.DataObject) -> None:
    check_order(company, draw)


@pytest.mark.parametrize("make", [startup, saas, manufacturer, agency])
def test_the_order_of_files_and_of_their_blocks_does_not_matter(make: Callable[..., Trial]) -> None:
    """Every block in a file of its own, in the opposite order, but for what belongs to a fence."""
    trial = make(size=300)
    files: dict[str, str] = {}
    for name, text in trial.files.items():
        if not name.endswith(".toml") or "[file]" in text:
            files[name] = text
            continue
        split = text.split("\n[")[1:]
        files |= {f"mappings/{len(split) - n:03}.toml": f"[{block}" for n, block in enumerate(split)}
    apart = trial._replace(files=files)
    assert len(files) > 10
    assert [r.name for r in apart.mapping().rules] != [r.name for r in trial.mapping().rules]
    assert numbers(assessed(apart.company())) == numbers(assessed(trial.company()))


# ---- names ----------------------------------------------------------------------------------------------------------------


def renamed(mapping: Mapping) -> Mapping:
    """Every key result under a new id, with the old one as its former id; rules and labels stay as they are."""
    key_results: dict[tuple[str, str], KeyResult] = {}
    former = {(cycle, old): new_id(id) for (cycle, old), id in mapping.former.items()}
    for (cycle, id), key_result in mapping.key_results.items():
        key_results[cycle, new_id(id)] = replace(key_result, id=new_id(id))
        former[cycle, id] = new_id(id)
    return replace(mapping, key_results=key_results, former=former)


def new_id(id: str) -> str:
    return f"new-{id}"


def check_names(company: Company) -> None:
    before = numbers(assessed(company), new_id)
    assert numbers(assessed(company._replace(mapping=renamed(company.mapping)))) == before


@pytest.mark.timeout(600)
@SOME
@given(companies())
def test_a_new_id_for_every_key_result_changes_no_number(company: Company) -> None:
    check_names(company)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@MANY
@given(companies())
def test_a_new_id_for_every_key_result_changes_no_number_over_thousands(company: Company) -> None:
    check_names(company)


def test_a_team_an_objective_and_a_pillar_keep_what_named_them() -> None:
    """Read from files: what names the old ids means the new ones."""
    trial = startup(size=200)
    (name, text), *_ = trial.files.items()
    text = text.replace('[pillar]\ngrow = { name = "Grow"', '[pillar]\ngrowth = { was = "grow", name = "Grow"')
    text = text.replace('[[team]]\nid = "app"', '[[team]]\nid = "application"\nwas = ["app"]')
    later = trial._replace(files={name: text}).mapping()
    before = trial.mapping()
    assert pillar_of(later.objectives["land"]) == ("growth", "application")
    assert pillar_of(before.objectives["land"]) == ("grow", "app")
    was, now = (numbers(assessed(trial.company()._replace(mapping=m))) for m in (before, later))
    assert now["units"] == was["units"]
    assert {key: value for key, value in now["nodes"].items() if key[0] != "pillar"} == {  # type: ignore[attr-defined]
        key: value
        for key, value in was["nodes"].items()
        if key[0] != "pillar"  # type: ignore[attr-defined]
    }


def pillar_of(objective: Objective) -> tuple[str | None, str | None]:
    return objective.pillar, objective.team
