from __future__ import annotations

import pytest

from tests.reference.asking import Ask, by_hub, by_words


@pytest.fixture(params=[pytest.param(by_words, id="words"), pytest.param(by_hub, id="hub")])
def answer(request: pytest.FixtureRequest) -> Ask:
    """One of the two calculations."""
    calculate: Ask = request.param
    return calculate
