"""Numbers as metrics read them."""

from __future__ import annotations

from decimal import Context, Decimal
from functools import lru_cache

from hub.rules.fields import number_of

EXACT = Context(prec=200)
"""Room for every digit of a product of two numbers."""
LARGEST = Decimal(10) ** 18
MOST_PLACES = 30
"""What goes beyond is no measurement but a fault of its source."""


@lru_cache(maxsize=65_536)
def plain_number(text: str) -> Decimal | None:
    """The plain decimal number that a text is, up to 10^18 and with up to 30 places; None for what is none."""
    found = number_of(text.strip())
    if found is None or abs(found) > LARGEST or -int(found.as_tuple().exponent) > MOST_PLACES:
        return None
    return found


def share(number: Decimal) -> Decimal | None:
    """A probability as a share from 0 to 1: vendors say 60 or 0.6. None for what is none."""
    if number < 0 or number > 100:
        return None
    return EXACT.divide(number, Decimal(100)) if number > 1 else number
