"""One request in ten, one in five fails at random: the data are the same in the end, and no limit is violated."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.store import Store, open_store
from hub.sync import sync_source
from tests.hub.sandbox.process import Sandbox
from tests.hub.sync.worlds import difference, state
from tests.simulation_http.site import READ, make_site
from tests.simulation_http.truth import wrong_items


@pytest.fixture
def undisturbed(sb: Sandbox, tmp_path: Path) -> dict[str, list[str]]:
    """What a hub holds after one run in which nothing fails."""
    with open_store(f"sqlite:///{tmp_path}/calm.db") as store:
        assert make_site(sb, tmp_path / "calm", store).sync("full").result == "complete"
        return state(store)


@pytest.mark.parametrize("threads", [1, 4])
@pytest.mark.parametrize("seed", range(4))
def test_with_one_request_in_ten_failing_one_run_brings_the_same(
    sb: Sandbox, sqlite_store: Store, tmp_path: Path, undisturbed: dict[str, list[str]], seed: int, threads: int
) -> None:
    """F02, F03, F05, F06, F07: 503, 429, resets, cut bodies, login pages, delays; also for the nightly run after it."""
    sb.switch(strict=True)
    sb.fault("random", path="/rest/", probability=0.1, seed=seed)
    site = make_site(sb, tmp_path / "world", sqlite_store, threads=threads)
    assert site.sync("full").result == "complete"
    assert not difference(undisturbed, state(sqlite_store))
    sb.mutate("delete", issue="CORE-3")
    sb.mutate("transition", issue="CORE-2", status="Done")
    night = site.sync("nightly")
    assert night.result == "complete" and wrong_items(sb, sqlite_store, READ) == []
    (rule,) = sb.faults()
    assert rule["fired"] >= 0.05 * rule["matched"] and rule["fired"] >= 5
    assert sb.violations()["violations"] == 0, sb.violations()


@pytest.mark.parametrize("seed", range(4))
def test_with_one_request_in_five_failing_three_runs_bring_the_same(
    sb: Sandbox, sqlite_store: Store, tmp_path: Path, undisturbed: dict[str, list[str]], seed: int
) -> None:
    """F03: runs that fail keep what they read; at the latest the third is complete."""
    sb.switch(strict=True)
    sb.fault("random", path="/rest/", probability=0.2, seed=seed)
    site = make_site(sb, tmp_path / "world", sqlite_store, threads=4)
    results: list[str] = []
    while "complete" not in results and len(results) < 3:
        results.append(site.sync("nightly").result)
    assert results[-1] == "complete", results
    assert not difference(undisturbed, state(sqlite_store))
    assert sb.violations()["violations"] == 0, sb.violations()


def test_a_limiting_site_is_read_by_several_threads_without_a_violation(
    sb: Sandbox, sqlite_store: Store, tmp_path: Path, undisturbed: dict[str, list[str]]
) -> None:
    """F01: a limit of four requests a second and endpoint, and one request in ten failing on top of it."""
    sb.switch(strict=True, limit=4, limit_wait=2)
    sb.fault("random", path="/rest/", probability=0.1, seed=1)
    site = make_site(sb, tmp_path / "world", sqlite_store, threads=4)
    assert site.sync("nightly").result == "complete"
    assert not difference(undisturbed, state(sqlite_store))
    told = sb.violations()
    assert told["waits"] >= 3 and told["violations"] == 0, told


def test_in_real_time_a_run_waits_for_real(sb: Sandbox, sqlite_store: Store, tmp_path: Path) -> None:
    """F01: the connector as it is opened in production, without a virtual clock: one announced second is waited."""
    sb.switch(limit=20, strict=True)
    site = make_site(sb, tmp_path / "world", sqlite_store)
    done = sync_source(site.world.config(), site.world.mapping(), sqlite_store, "jira")
    assert done.result == "complete" and wrong_items(sb, sqlite_store, READ) == []
    assert sb.violations()["violations"] == 0
