"""Which projects are alive."""

from __future__ import annotations

from hub.looking import Census, PartitionFigures, living
from tests.hub.looking.builders import at, listing, partition


def census(key: str, *days: str, **more: object) -> Census:
    found = Census(partition(key, **more))
    found.add(listing(*days))
    return found


def alive(found: list[PartitionFigures]) -> list[str]:
    return [each.key for each in found if each.living]


def test_the_window_ends_with_the_newest_change_of_all() -> None:
    """A copy of a site that stopped two years ago has living projects all the same."""
    found = living([census("OLD", "2024-01-01", "2024-10-01"), census("NEW", "2025-01-10"), census("EDGE", "2024-10-13")], False)
    assert alive(found) == ["EDGE", "NEW"]
    assert [(each.key, each.items, each.recent) for each in found] == [("EDGE", 1, 1), ("NEW", 1, 1), ("OLD", 2, 0)]
    assert found[-1].newest == at("2024-10-01")


def test_a_day_more_than_the_window_is_too_old() -> None:
    assert alive(living([census("NEW", "2025-01-10"), census("OLD", "2024-10-12")], False)) == ["NEW"]


def test_empty_archived_and_named_projects() -> None:
    rows = [
        census("NEW", "2025-01-10"),
        census("EMPTY"),
        census("GONE", "2025-01-10", state="archived"),
        census("OLD", "2020-01-01"),
    ]
    assert alive(living(rows, False)) == ["NEW"]
    assert alive(living(rows, named=True)) == ["NEW", "OLD", "EMPTY"]  # somebody asked for them; not for what cannot be read


def test_what_cannot_be_counted_is_read() -> None:
    unknown = Census(partition("WHOLE", reads="whole"), told=False)
    found = living([unknown, census("OLD", "2020-01-01"), census("NEW", "2025-01-10")], False)
    assert alive(found) == ["NEW", "WHOLE"]
    assert [each.items for each in found if each.key == "WHOLE"] == [None]


def test_the_sample_is_the_newest_of_the_living_and_bounded() -> None:
    many = census("BIG", *(f"2025-01-{day:02d}" for day in range(1, 32)))
    found = living([many, census("OLD", "2020-01-01")], False, room=10)
    assert found[0].sample == tuple(str(n) for n in range(30, 20, -1))
    assert found[1].sample == ()
