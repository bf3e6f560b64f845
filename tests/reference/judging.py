"""What the hub says of the status of small strategies, as sentences."""

from __future__ import annotations

from hub.assess import Frozen, Known, assess, nodes, tally
from hub.model import Dimensions, NodeResult, fold
from hub.scale import Late, verdicts
from tests.reference.measuring import FACTS, Strategy

DAY = 86_400_000
KR = ("2027-q1", "key_result", "kr")


def frozen_nodes(given: Strategy, frozen: Frozen) -> tuple[NodeResult, ...]:
    found = assess(given.mapping, given.items, Dimensions(sources=FACTS), given.as_of, Known(given.values, given.whole))
    return nodes(given.mapping, tally(found.units), given.as_of, {("2027-q1", "kr"): frozen})


def sentences(given: Strategy, read: int = 0, frozen: Frozen | None = None) -> dict[tuple[str, str, str], str]:
    """Of all nodes. ``read``: so many milliseconds before ``as_of`` the sources were read to their end."""
    if frozen is not None:
        found = frozen_nodes(given, frozen)
    else:
        known = Known(given.values, given.whole)
        found = assess(given.mapping, given.items, Dimensions(sources=FACTS), given.as_of, known).nodes
    fed = {(k.cycle, fold(k.id)): frozenset({"crm"}) for k in given.mapping.key_results.values()}
    late = Late(given.as_of, dict.fromkeys(FACTS, given.as_of - read), frozenset({"sheet"}), fed)
    return {at: f"{v.status}: {v.why}" for at, v in verdicts(given.mapping, found, late).items()}


def told(given: Strategy, read: int = 0, frozen: Frozen | None = None) -> str:
    """The sentence of the key result ``kr``."""
    return sentences(given, read, frozen)[KR]
