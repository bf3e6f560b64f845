"""How many faults a run survives: the real ``RunIo`` over seeds, in virtual time. Each figure is one that is promised."""

from __future__ import annotations

import random

import pytest

from connectors.base import SourceError, Unavailable
from tests.connectors.runs import Clock, make_io

URL = "http://127.0.0.1:9"


def nights(calls: int, faults: float, seed: int, timeouts: float = 0.5) -> int:
    """Runs until all ``calls`` were made; each goes on where the one before failed. A fault is a 503 or a timeout of 5 s."""
    chance = random.Random(f"{seed} {calls} {faults}")
    done, runs = 0, 0
    while done < calls:
        runs += 1
        assert runs <= 10
        clock = Clock()
        io = make_io(URL, clock, rand=chance.random)

        def request(clock: Clock = clock) -> None:
            clock.now += 0.15
            if chance.random() < faults:
                timed_out = chance.random() < timeouts
                clock.now += 5.0 if timed_out else 0.0
                raise Unavailable("no", timed_out=timed_out)

        try:
            while done < calls:
                io.call(request)
                done += 1
        except SourceError:
            continue
    return runs


@pytest.mark.parametrize(("calls", "seeds"), [(100, 30), (400, 20), (2000, 5), (10_000, 1)])
def test_with_every_tenth_request_failing_a_run_completes(calls: int, seeds: int) -> None:
    """F03, F04: 503s and timeouts mixed; no run needs a second one."""
    assert [nights(calls, 0.1, seed) for seed in range(seeds)] == [1] * seeds


@pytest.mark.parametrize("timeouts", [0.0, 0.5, 1.0])
@pytest.mark.parametrize(("calls", "seeds"), [(100, 30), (400, 20), (2000, 5), (10_000, 1)])
def test_with_every_fifth_request_failing_three_runs_are_enough(calls: int, seeds: int, timeouts: float) -> None:
    """F03, F04: even when each of the faults is a timeout, which costs twice."""
    assert max(nights(calls, 0.2, seed, timeouts) for seed in range(seeds)) <= 3
