"""What judges: the scale, the curves of `[pace]` and the rates of `[rates]`, as exact values."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

from hub.mappings import grammar as g
from hub.mappings.draft import Draft
from hub.model import Place, Rates, Scale, fold
from hub.tomlfile import Table, instead, number_of

_PERCENT = re.compile(r"\d{1,3}(\.\d{1,30})?\s?%")
_CURRENCY = re.compile(r"[A-Z]{3}")
_END = (Decimal(1), Decimal(1))
"""Where every curve ends: all of the cycle, all of the way."""
_RATE = re.compile(r"\d{1,9}(\.\d{1,9})?")
PLACES = 30
"""Digits behind the point beyond which a number is a slip."""
_LATEST = 1000


def read_judgement(draft: Draft) -> None:
    """Read what is judged by. It names nothing else."""
    _scale(draft)
    _pace(draft)
    _rates(draft)


def percent(table: Table, key: str, remedy: str = 'Write a share such as "20%".') -> str | None:
    """A share between 0% and 100%, as written."""
    text = table.text(key, remedy)
    if text is not None and not (_PERCENT.fullmatch(text.strip()) and Decimal(text.strip(" %")) <= 100):
        table.problem(key, f'"{text}" is no share between 0% and 100%.', remedy)
        return None
    return text


# ---- the scale --------------------------------------------------------------------------------------------------------------


def _scale(draft: Draft) -> None:
    first: Place | None = None
    for top in draft.tops():
        scale = top.table("scale", "[scale]", "Write [scale] and under it a line such as on_track = 0.9.")
        if scale is None:
            continue
        if first is not None:
            scale.problem((), f"There is a [scale] already, at {first}.", "One scale holds for all: join the two.")
            continue
        first = scale.place
        scale.only(g.SCALE, others=g.SCALE_OTHERS)
        draft.scale = _shares(scale, draft.scale)


def _shares(scale: Table, usual: Scale) -> Scale:
    """The scale that a table says; what it leaves out is as usual."""
    on_track, at_risk = _share(scale, "on_track"), _share(scale, "at_risk")
    found = replace(
        usual,
        on_track=usual.on_track if on_track is None else Fraction(on_track),
        at_risk=usual.at_risk if at_risk is None else Fraction(at_risk),
    )
    if found.at_risk >= found.on_track:
        key, other = ("at_risk", "on_track") if "at_risk" in scale else ("on_track", "at_risk")
        said = {key: f"({_decimal(getattr(found, key))})", other: f"({_decimal(getattr(found, other))})"}
        if other not in scale:
            said[other] = f"{said[other][:-1]} if not said)"
        text = f"`at_risk` {said['at_risk']} must be less than `on_track` {said['on_track']}."
        scale.problem(key, text, "On track is at or over `on_track`, off track is under `at_risk`.")
    too_early = percent(scale, "too_early", 'Write a share of the cycle such as too_early = "15%".')
    if too_early is not None:
        found = replace(found, too_early=Fraction(too_early.strip(" %")) / 100)
    found = replace(found, late=_late(scale) or found.late)
    score = scale.table("score", "score", "Write score = { committed = 1.0, aspirational = 0.7 }.")
    return found if score is None else _scores(score, found)


def _scores(score: Table, scale: Scale) -> Scale:
    score.only(g.AMBITIONS)
    committed, aspirational = (_share(score, ambition) for ambition in g.AMBITIONS)
    return replace(
        scale,
        committed=scale.committed if committed is None else Fraction(committed),
        aspirational=scale.aspirational if aspirational is None else Fraction(aspirational),
    )


def _decimal(share: Fraction) -> str:
    return format((Decimal(share.numerator) / Decimal(share.denominator)).normalize(), "f")


def _late(scale: Table) -> Fraction | None:
    late = scale.number("late")
    if late is None:
        return None
    if late < 1:
        remedy = "Write late = 1.5: a value is unknown when it is older than one and a half times its rhythm."
        scale.problem("late", "`late` must be 1 or more.", remedy)
        return None
    if late > _LATEST or not _few_places(late):
        scale.problem("late", f"`late` must be a number from 1 to {_LATEST}.", "Write a number such as 1.5.")
        return None
    return Fraction(late)


def _share(table: Table, key: str) -> Decimal | None:
    value = table.values.get(key)
    if value is None:
        return None
    share = _from_0_to_1(value)
    if share is None and number_of(value) is None:
        table.expected(key, "a number from 0 to 1", value, "Write 0.9 for 90%, without quotes.")
    elif share is None:
        table.problem(key, f"`{table.prefix}{key}` must be a number from 0 to 1.", "Write 0.9 for 90%.")
    return share


def _from_0_to_1(value: object) -> Decimal | None:
    number = number_of(value)
    return number if number is not None and number.is_finite() and 0 <= number <= 1 and _few_places(number) else None


def _few_places(number: Decimal) -> bool:
    return int(number.as_tuple().exponent) >= -PLACES


# ---- curves -----------------------------------------------------------------------------------------------------------------


def _pace(draft: Draft) -> None:
    for top in draft.tops():
        pace = top.table("pace", "[pace]", "Write [pace] and under it a line such as bookings = [[0.5, 0.2], [1, 1]].")
        for name in pace.values if pace else ():
            assert pace is not None
            if fold(name) in g.PACES:
                pace.problem(name, f'"{name}" is a pace already, and no curve can have that name.', "Give it another name.")
            elif draft.declare("pace", name, pace.at(name)):
                points = _curve(pace, name)
                draft.curves[fold(name)] = tuple((Fraction(time), Fraction(way)) for time, way in points)
        if "pace" in top and pace is None:
            draft.hidden.add("pace")


def _curve(pace: Table, name: str) -> list[tuple[Decimal, Decimal]]:
    points = pace.values[name]
    example = f"Write {name} = [[0.5, 0.2], [1, 1]]: half of the cycle, a fifth of the way; at its end, all of it."
    if not isinstance(points, list):
        pace.expected(name, "a list of points", points, example)
        return []
    found: list[tuple[Decimal, Decimal]] = []
    for n, point in enumerate(points):
        pair = [_from_0_to_1(one) for one in point] if isinstance(point, list) else []
        if len(pair) != 2 or pair[0] is None or pair[1] is None:
            pace.problem((name, n), f"A point of the curve `{name}` must be a pair of numbers from 0 to 1.", example)
            return []
        time, way = pair[0], pair[1]
        if found and (time <= found[-1][0] or way < found[-1][1]):
            before = found[-1]
            text = f"The curve `{name}` turns back at [{time}, {way}], after [{before[0]}, {before[1]}]."
            pace.problem((name, n), text, "Order the points by time; the share of the way never shrinks.")
            return []
        found.append((time, way))
    if not found or found[-1] != _END:
        at = (name, len(points) - 1) if points else name
        pace.problem(at, f"The curve `{name}` does not end at [1, 1].", "Add it as the last point.")
    elif found[0][0] == 0 and found[0][1] > 0:
        text = f"The curve `{name}` expects {found[0][1]} of the way before the cycle begins."
        pace.problem((name, 0), text, "Every curve begins at [0, 0]: remove the point, or move it to a later share of the cycle.")
    return found


# ---- rates ------------------------------------------------------------------------------------------------------------------

_RATES = 'Write [rates] once, and under it a line such as plan-2027 = { base = "USD", since = 2027-01-01, EUR = "1.08" }.'


def _rates(draft: Draft) -> None:
    """Tables of rates by name, each one table, or several by the day from which on they hold."""
    for top in draft.tops():
        rates = top.table("rates", "[rates]", _RATES)
        if "rates" in top and rates is None:
            draft.hidden.add("rates")
        for name in rates.values if rates else ():
            assert rates is not None
            if draft.declare("rates", name, rates.at(name)):
                draft.rates[fold(name)] = _dated(rates, name)


def _dated(rates: Table, name: str) -> tuple[Rates, ...]:
    value = rates.values[name]
    if not isinstance(value, list):
        table = rates.table(name, f"[rates] {name}", _RATES)
        found = None if table is None else _one_table(table, name)
        return () if found is None else (found,)
    if not value:
        rates.problem(name, f'The rates "{name}" are an empty list.', "Add a table of rates, or remove the line.")
    all_of: list[Rates] = []
    remedy = f'Write {name} = [{{ base = "USD", since = 2027-01-01, EUR = "1.08" }}, {{ ... }}].'
    for table in rates.tables(name, f"[rates] {name}", remedy):
        found = _one_table(table, name)
        if found is not None and _follows(table, all_of, found):
            all_of.append(found)
    return tuple(all_of)


def _follows(table: Table, before: list[Rates], rates: Rates) -> bool:
    """Whether a table of rates can take the place of those before it, from its day on."""
    if before and rates.since <= before[-1].since:
        text = f"These rates hold since {rates.since}, and those before them since {before[-1].since}."
        table.problem("since", text, "Order the tables by `since`, the earliest first, each with a day of its own.")
    elif before and rates.base != before[-1].base:
        text = f"The base is {rates.base} here, and {before[-1].base} before."
        table.problem("base", text, "One name has one base: give the table another name.")
    else:
        return True
    return False


def _one_table(table: Table, name: str) -> Rates | None:
    before = len(table.problems)
    currencies = [k for k in table.values if k not in g.RATES and fold(k) not in g.RATES_OTHERS]
    table.only([*g.RATES, *currencies], {}, g.RATES_OTHERS)
    for key, example in (("base", 'base = "USD"'), ("since", "since = 2027-01-01")):
        if key not in table:
            table.missing(key, f"Add {example}.")
    base, since = table.text("base"), table.day("since")
    if base is not None and not _CURRENCY.fullmatch(base):
        table.problem("base", f'"{base}" is no currency.', _currency(base))
    if not currencies:
        table.problem((), f'The table of rates "{name}" holds no rate.', 'Add what one unit is worth: EUR = "1.08".')
    found = {currency: rate for currency in currencies if (rate := _rate(table, currency, base)) is not None}
    return _made(base, since, found) if len(table.problems) == before else None


def _made(base: str | None, since: date | None, rates: dict[str, Decimal]) -> Rates | None:
    return None if base is None or since is None else Rates(base, since, rates)


def _rate(table: Table, currency: str, base: str | None) -> Decimal | None:
    written = table.text(currency)
    if not _CURRENCY.fullmatch(currency):
        table.problem(currency, f'"{currency}" is no currency.', _currency(currency))
    elif currency == base:
        table.problem(currency, f'"{currency}" is the base, so its rate is 1.', "Remove it.")
    elif written is not None and not (_RATE.fullmatch(written) and Decimal(written) > 0):
        table.problem(currency, f'"{written}" is no rate.', f'Write a plain number above 0: {currency} = "1.08".')
    else:
        return None if written is None else Decimal(written)
    return None


def _currency(written: str) -> str:
    near = written.strip().upper()
    return instead(near) if _CURRENCY.fullmatch(near) else "Write its three letters, such as EUR."
