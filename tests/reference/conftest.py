from __future__ import annotations

import pytest

from tests.reference.asking import Ask, by_hub, by_words
from tests.reference.register_metrics import Tell, told_by_hub, told_by_words


@pytest.fixture(params=[pytest.param(by_words, id="words"), pytest.param(by_hub, id="hub")])
def answer(request: pytest.FixtureRequest) -> Ask:
    """One of the two calculations."""
    calculate: Ask = request.param
    return calculate


@pytest.fixture(params=[pytest.param(told_by_words, id="words"), pytest.param(told_by_hub, id="hub")])
def tell(request: pytest.FixtureRequest) -> Tell:
    """One of the two calculations, asked of metrics and statuses."""
    calculate: Tell = request.param
    return calculate
