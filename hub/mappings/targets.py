"""What a rule says of the work that it finds: `to`, `allowance` or `ignore`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Any

from hub.mappings.conditions import BRACE
from hub.mappings.draft import Draft
from hub.mappings.line import CAPTURES, KEY_RESULT, Keys, finite, toml
from hub.model import KeyResult, TargetKind, fold
from hub.tomlfile import Table
from hub.tomlfile.ids import ID

_DIGITS = 40
"""Digits of a share: more are a slip, and would make every sum slow."""
_TARGETS: tuple[TargetKind | str, ...] = ("to", "allowance", "ignore")


@dataclass(frozen=True, slots=True)
class Target:
    """``id`` is the key result, the allowance or the reason; ``template`` is what `to` makes of what the item says."""

    kind: TargetKind
    id: str | None = None
    template: str | None = None
    split: tuple[tuple[str, Fraction], ...] = ()

    @property
    def uses(self) -> tuple[str, ...]:
        """The placeholders that it is made of."""
        return tuple(c for c in CAPTURES if self.template and c in self.template)


def read_target(draft: Draft, table: Table) -> Target | None:
    """What the rule points to; None, with a problem, when that is not clear."""
    given = [k for k in _TARGETS if k in table]
    if len(given) != 1:
        if not given and not table.suggested & set(_TARGETS):
            text = "The rule says nothing about the work that it finds."
            table.problem((), text, 'Add one of to = "KEY RESULT", allowance = "ID" or ignore = "the reason".')
        elif given:
            text = f"The rule has both `{given[0]}` and `{given[1]}`."
            table.problem(given[1], text, "Keep one; write a second rule for the other.", at_key=True)
        return None
    if given[0] == "ignore":
        reason = table.text("ignore", 'Give the reason: ignore = "requests, not planned work".')
        return None if reason is None else Target("ignore", reason)
    if given[0] == "allowance":
        id = _named(draft, table, "allowance")
        return None if id is None else Target("allowance", id)
    value = table.values["to"]
    if isinstance(value, dict):
        return _split(draft, table, value)
    if isinstance(value, list):
        table.problem("to", "`to` must be a key result or a table of shares, not a list.", _shares_of(value))
        return None
    if isinstance(value, str) and any(c in value for c in CAPTURES):
        return _template(draft, table, str(value))
    id = _named(draft, table, "to")
    return None if id is None else Target("key_result", id)


def _named(draft: Draft, table: Table, key: str) -> str | None:
    """The id as declared that `to` or `allowance` names. The two share one namespace, so a mix-up is easily told."""
    id = table.text(key)
    if id is None or BRACE.search(id):
        return None
    kind, other, right = ("key_result", "allowance", "allowance") if key == "to" else ("allowance", "key_result", "to")
    mixed_up = fold(id) in draft.known.get(other, {})
    instead = f"It is {'an allowance' if key == 'to' else 'a key result'}: write `{right}` in place of `{key}`."
    return draft.resolve(kind, table, key, id, instead if mixed_up else "")


# ---- what the item names --------------------------------------------------------------------------------------------------


def _template(draft: Draft, table: Table, written: str) -> Target | None:
    if any(b not in CAPTURES for b in BRACE.findall(written)):
        return None  # reported with all others by ``braces``
    if not ID.fullmatch(BRACE.sub("x", written)):
        odd = next((c for c in BRACE.sub("", written) if not re.match(r"[A-Za-z0-9._-]", c)), written[0])
        text = f'"{written}" can become no id, because of "{odd}".'
        remedy = "Beside what the item names, an id holds letters a-z, digits, dots, dashes and underscores."
        table.problem("to", text, remedy, part=odd.strip())
        return None
    return Target("key_result", template=written)


def check_template(draft: Draft, table: Table, written: str) -> None:
    """Warn of a template that no id of the files can come from."""
    ids = [id for kind in ("key_result", "allowance") for id in (*draft.known.get(kind, {}), *draft.formerly.get(kind, {}))]
    pieces = re.split(r"(\{key_result\}|\{team\})", fold(written))
    form = re.compile("".join(".+" if p in CAPTURES else re.escape(p) for p in pieces))
    if ids and not draft.hidden & {"key_result", "allowance"} and not any(form.fullmatch(id) for id in ids):
        text = f'No key result and no allowance has an id of the form "{written}".'
        remedy = f'Rename them, or write to = "{KEY_RESULT}" if the item names the whole id.'
        table.problem("to", text, remedy, warning=True)


# ---- shares ---------------------------------------------------------------------------------------------------------------


def _split(draft: Draft, table: Table, value: dict[str, Any]) -> Target | None:
    if len(value) < 2:
        only = next(iter(value), None)
        remedy = f"Write to = {toml(only)}." if only is not None else "Write the shares: to = { sso = 0.5, soc2 = 0.5 }."
        table.problem("to", "`to` shares the work between one key result only." if value else "`to` names no key result.", remedy)
        return None
    parts: dict[str, tuple[str, Fraction]] = {}
    wrong = False
    for id, written in value.items():
        share = _share(table, id, written)
        known = None if isinstance(written, dict) else _part(draft, table, id)
        if known is not None and fold(known) in parts:
            table.problem(
                ("to", id), f'"{id}" and "{parts[fold(known)][0]}" are one key result.', "Add the two shares up.", at_key=True
            )
            known = None
        if share is None or known is None:
            wrong = True
        else:
            parts[fold(known)] = (known, Fraction(share))
    if wrong:
        return None
    total = sum((share for _, share in parts.values()), Fraction())
    if total != 1:
        remedy = f"Correct them, for example to = {_even(list(value))}."
        table.problem("to", f"The shares add up to {_decimal(total)}, not 1.", remedy)
        return None
    return Target("key_result", split=tuple(parts.values()))


def _share(table: Table, id: str, written: Any) -> Decimal | None:
    number = finite(written)
    if number is not None and number > 0 and abs(number.adjusted()) <= _DIGITS and len(number.as_tuple().digits) <= _DIGITS:
        return number
    keys, text = ("to", id), f'The share of "{id}" must be a number above 0'
    if number is not None and number > 0:
        table.problem(keys, f'The share of "{id}" has more than {_DIGITS} digits.', "Write a part of 1, such as 0.5.")
    elif number is not None:
        table.problem(keys, f"{text}.", "Leave out what gets nothing.")
    elif isinstance(written, dict):
        table.problem(keys, f"{text}, not a table.", f'An id with a dot goes in quotes: "{id}.{next(iter(written), "x")}" = 0.5.')
    else:
        percent = re.fullmatch(r"\s*(\d{1,3}(?:\.\d+)?)\s*(%?)\s*", written) if isinstance(written, str) else None
        right = Decimal(percent[1]) if percent else None
        right = right / 100 if right and (right > 1 or (percent and percent[2])) else right
        table.problem(
            keys, f"{text}, not {toml(written)}.", f"Write {toml({id: right or Decimal('0.5')})[2:-2]}, without quotes."
        )
    return None


def _part(draft: Draft, table: Table, id: str) -> str | None:
    if BRACE.search(id):
        text = "The key results of shares are fixed ones; an item cannot name them."
        table.problem(("to", id), text, f'Write to = "{KEY_RESULT}"; an item with two labels is shared equally.', at_key=True)
        return None
    mixed_up = fold(id) in draft.known.get("allowance", {})
    remedy = "It is an allowance: shares go to key results only." if mixed_up else ""
    return draft.resolve("key_result", table, ("to", id), id, remedy)


def _even(ids: list[str]) -> str:
    """A table that shares equally, as far as two places after the point go."""
    each = (Decimal(1) / len(ids)).quantize(Decimal("0.01")) if len(ids) <= 50 else Decimal(0)
    shares = dict.fromkeys(ids[1:], each)
    text = toml({id: share.normalize() for id, share in {ids[0]: 1 - sum(shares.values(), Decimal()), **shares}.items()})
    return text if each and len(text) < 80 else "{ sso = 0.5, soc2 = 0.5 }"


def _decimal(number: Fraction) -> str:
    """A sum of decimals, written out."""
    with localcontext(prec=4 * _DIGITS):
        text = format(Decimal(number.numerator) / Decimal(number.denominator), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _shares_of(value: list[Any]) -> str:
    ids = [v for v in value if isinstance(v, str) and ID.fullmatch(v)]
    if len(value) == 1 and ids:
        return f"Write to = {toml(ids[0])}."
    return f"Write the shares: to = {_even(ids) if len(ids) == len(value) > 1 else '{ sso = 0.5, soc2 = 0.5 }'}."


# ---- where key results live -----------------------------------------------------------------------------------------------


class Reach:
    """Which key results an id means, and which of them the file of a team reaches."""

    def __init__(self, draft: Draft) -> None:
        self._draft = draft
        self._homes: dict[str, dict[str, KeyResult]] = {}
        self._inside: dict[str, frozenset[str]] = {}
        for (cycle, folded), result in draft.key_results.items():
            self._homes.setdefault(folded, {})[cycle] = result
        for (cycle, former), now in draft.former.items():
            if (cycle, now) in draft.key_results:
                self._homes.setdefault(former, {}).setdefault(cycle, draft.key_results[cycle, now])

    def homes(self, id: str) -> dict[str, KeyResult]:
        """The key results that have an id, or had it before, by the id of their cycle."""
        return self._homes.get(fold(id), {})

    def inside(self, fence: str) -> frozenset[str]:
        """Folded ids of the fence's team and all beneath it."""
        if fence not in self._inside:
            self._inside[fence] = self._draft.teams_within(fence)
        return self._inside[fence]


def check_split(table: Table, target: Target, reach: Reach) -> None:
    """Warn of shares between key results that are never in force together."""
    ids = [toml(id) for id, _ in target.split]
    cycles = [set(reach.homes(id)) for id, _ in target.split]
    if cycles and all(cycles) and not set.intersection(*cycles):
        text = f"No cycle has all of {_listed(ids)}, so a part of the work always goes to nobody."
        table.problem("to", text, "Write one rule for each cycle.", warning=True)


def check_fence(draft: Draft, table: Table, target: Target, fence: str, reach: Reach) -> None:
    """A rule in the file of a team reaches that team's key results only, and those of the teams beneath it."""
    named: list[tuple[Keys, str]] = [(("to", id), id) for id, _ in target.split]
    if target.kind == "key_result" and target.id:
        named.append((("to",), target.id))
    for keys, id in named:
        results = reach.homes(id).values()
        owners = set().union(*(_answers(draft, r) for r in results))
        if not results or owners & reach.inside(fence):
            continue
        ids = [toml(draft.teams[t].id if t in draft.teams else t) for t in sorted(owners)]
        whose = f"belongs to {_listed(ids)}" if ids else "belongs to no team"
        text = f'The key result "{id}" {whose}, and this file to "{fence}".'
        remedy = "Move the rule to the file of that team, or to one without `[file] team`."
        table.problem(keys, text, remedy, at_key=len(keys) > 1)


def _answers(draft: Draft, result: KeyResult) -> set[str]:
    """Folded ids of the teams that a key result belongs to: its own, else those of its objectives."""
    if result.team:
        return {fold(result.team)}
    objectives = [o for id in result.objectives if (o := draft.objectives.get(fold(id)))]
    return {fold(t) for o in objectives for t in (o.team, *o.helpers) if t}


def _listed(words: list[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else words[0]
