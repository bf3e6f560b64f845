"""Five companies of the size that customers have: from the text of their files to every number, by the hub and by the words."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest

from hub.assess import assess
from hub.model import Assessment, Item, fold
from tests.reference.builders import Company, epic, item, sub_task
from tests.reference.compared import differences
from tests.reference.naive import reference, world_of
from tests.reference.naive_rollup import key_results_beneath
from tests.reference.trials import QUARTER, Trial
from tests.reference.trials_large import agency, bank
from tests.reference.trials_small import manufacturer, saas, startup

SMALL: tuple[Callable[[], Trial], ...] = (startup, saas, manufacturer, agency)
BANK_IN_SHORT = 6_000


def check_as_the_words_say(company: Company, hub: Assessment) -> None:
    found = differences(company, reference(*company), hub)
    assert not found, "\n".join(found[:30])


def check_conflicts(trial: Trial, hub: Assessment) -> None:
    """Nothing is contested where no two rules want the same work."""
    contested = [a for a in hub.attachments if a.outcome == "contested"]
    assert bool(contested) == trial.conflicts, contested[:5]


def check_broken(trial: Trial, company: Company, hub: Assessment) -> None:
    """Every id that nobody has is named, at the items that carry it, in every cycle; and no other."""
    found = {(a.no, a.cycle): [fold(id) for _, id, _ in a.broken] for a in hub.attachments if a.broken and a.distance == 0}
    expected = {(no, cycle): [fold(id)] for no, id in trial.unknown.items() for cycle in company.mapping.cycles}
    assert found == expected


def check_credit(company: Company, hub: Assessment) -> None:
    """In no cycle an item is credited more than once to what stands beneath a node: an objective, a pillar, the company."""
    parts: dict[tuple[int, str], dict[str, Fraction]] = {}
    for attachment in hub.attachments:
        for share in attachment.shares:
            parts.setdefault((attachment.no, attachment.cycle), {})[fold(share.id)] = share.part
    assert all(sum(each.values()) <= 1 for each in parts.values())
    by_key_result: dict[tuple[str, str], list[tuple[int, Fraction]]] = {}
    for unit in hub.units:
        by_key_result.setdefault((unit.cycle, fold(unit.key_result)), []).append((unit.no, unit.part))
        assert unit.part == parts[unit.no, unit.cycle][fold(unit.key_result)]
    empty = world_of(company.mapping, [], company.dimensions, company.as_of)
    cycles = empty.mapping.cycles.values()
    for objective in empty.mapping.objectives.values():
        for cycle in cycles:
            credited: dict[tuple[int, str], Fraction] = {}
            for key_result in key_results_beneath(empty, objective, cycle):
                for no, part in by_key_result.get((key_result.cycle, fold(key_result.id)), []):
                    credited[no, key_result.cycle] = credited.get((no, key_result.cycle), Fraction(0)) + part
            assert all(sum_ <= 1 for sum_ in credited.values()), objective.id


def check_all(trial: Trial, company: Company) -> Assessment:
    hub = assess(company.mapping, company.items, company.dimensions, company.as_of)
    check_as_the_words_say(company, hub)
    check_conflicts(trial, hub)
    check_broken(trial, company, hub)
    check_credit(company, hub)
    return hub


@pytest.mark.timeout(600)
@pytest.mark.parametrize("make", SMALL)
def test_a_trial_company_adds_up(make: Callable[[], Trial]) -> None:
    trial = make()
    hub = check_all(trial, trial.company())
    outcomes = {a.outcome for a in hub.attachments if a.cycle == QUARTER}
    assert {"linked", "unanchored", "broken"} <= outcomes
    assert next(n for n in hub.nodes if (n.kind, n.cycle) == ("company", QUARTER)).measured > 0


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("make", SMALL)
@pytest.mark.parametrize("seed", range(10, 20))
def test_a_trial_company_adds_up_from_other_seeds(make: Callable[..., Trial], seed: int) -> None:
    trial = make(seed)
    check_all(trial, trial.company())


ANCHORED = """
[[objective]]
id = "activate"
name = "Activate"
cycle = "2027-q1"
anchor.pillar = "trust"

[[key_result]]
for_each.rows = [{ by = "count" }, { by = "estimate" }]
id = "activation-{by}"
objective = "activate"
kind = "completion"
by = "{by}"

[[rule]]
for_each.rows = [{ by = "count", project = "CORE" }, { by = "estimate", project = "OPS" }]
name = "three epics"
when.key = ["{project}-E1", "{project}-E2", "{project}-E3"]
to = "activation-{by}"
"""


def beneath_three_epics(trial: Trial, project: str) -> tuple[Item, ...]:
    """46 stories of 1 to 5 points under three epics with points of their own, every third with a sub-task without any."""
    work = [*trial.items]

    def add(make: Callable[..., Item], key: str, parent: int | None = None, **more: Any) -> int:
        no = len(work) + 1
        work.append(make(no, parent, id=f"{project}:{key}", key=f"{project}-{key}", containers=(project,), **more))
        return no

    epics = [add(epic, f"E{n}", estimate="40", state="doing") for n in (1, 2, 3)]
    for n in range(46):
        state = ("done", "todo", "doing")[n % 3] if n < 24 else "done"
        story = add(item, f"S{n}", epics[n % 3], estimate=str(n % 5 + 1), state=state)
        if n % 3 == 0:
            add(sub_task, f"T{n}", story, state=state)
    return tuple(work)


def test_46_of_46_stories_count_beneath_three_epics_beside_catch_alls() -> None:
    """By points, what stands on the epics counts as little as the sub-tasks do."""
    trial = saas()
    for project in ("CORE", "OPS"):
        trial = trial._replace(items=beneath_three_epics(trial, project))
    trial = trial._replace(files=trial.files | {"mappings/three.toml": ANCHORED})
    company = trial.company()
    hub = check_all(trial, company)
    by_no = {i.no: i for i in company.items}
    for id, project in (("activation-count", "CORE"), ("activation-estimate", "OPS")):
        counted = [u.no for u in hub.units if u.counts and (u.cycle, fold(u.key_result)) == (QUARTER, id)]
        assert {by_no[no].key for no in counted} == {f"{project}-S{n}" for n in range(46)}
    progress = {fold(n.id): n.progress for n in hub.nodes if (n.kind, n.cycle) == ("key_result", QUARTER)}
    done = [n for n in range(46) if n >= 24 or n % 3 == 0]
    assert progress["activation-count"] == Fraction(len(done), 46)
    assert progress["activation-estimate"] == Fraction(sum(n % 5 + 1 for n in done), sum(n % 5 + 1 for n in range(46)))


def check_bank(trial: Trial) -> None:
    company = trial.company()
    assert len(company.mapping.teams) == 425
    assert len([k for _, k in company.mapping.key_results if k.startswith("sq")]) == 1_600
    hub = check_all(trial, company)
    quarter = [a for a in hub.attachments if a.cycle == QUARTER]
    assert {a.outcome for a in quarter} == {"linked", "allowance", "ignored", "broken", "unanchored"}
    assert 0.02 < len(trial.unknown) / sum(any("kr:" in fold(t) for t in i.labels) for i in trial.items) < 0.05


@pytest.mark.timeout(600)
def test_the_bank_in_short_adds_up() -> None:
    check_bank(bank(size=BANK_IN_SHORT))


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_the_bank_adds_up() -> None:
    check_bank(bank())
