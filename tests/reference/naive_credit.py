"""Section 2 by the words, second half: claims, and who gets the credit."""

from __future__ import annotations

from fractions import Fraction

from hub.model import Cycle, Item, Rule, fold
from tests.reference.naive_rules import is_beyond_fence, matches, sayings
from tests.reference.naive_state import is_within, team
from tests.reference.naive_world import Anchored, Claim, Target, World, ancestors_that_hand_down, canonical, is_duplicate, once


@once
def ids_of_key_results(world: World) -> set[str]:
    """Folded ids, present and former, of every cycle."""
    return {id for _, id in world.mapping.key_results} | {id for _, id in world.mapping.former}


def is_known(world: World, id: str) -> bool:
    return fold(id) in ids_of_key_results(world) or fold(id) in world.mapping.allowances


def target_of(world: World, cycle: Cycle, id: str) -> Target | None:
    """ "In cycle C an id means the key result of that id in C, else the one that had it before (`was`); the ids of allowances
    belong to every cycle. A claim for a key result that exists (or existed under that id), but only in other cycles, is
    *dormant* in C: it is left aside" (None). "A named id that exists nowhere is a *broken anchor*; it still competes." """
    if (cycle.id, fold(id)) in world.mapping.key_results:
        return "key_result", fold(id)
    if (cycle.id, fold(id)) in world.mapping.former:
        world.met["a former id"] += 1
        return "key_result", world.mapping.former[cycle.id, fold(id)]
    if fold(id) in world.mapping.allowances:
        return "allowance", fold(id)
    world.met["a dormant claim"] += is_known(world, id)
    return None if is_known(world, id) else ("broken", fold(id))


def split_of(world: World, cycle: Cycle, rule: Rule) -> Target | None:
    """ "A split is dormant when all of its parts are." A dormant part is kept as it is written."""
    parts: dict[tuple[str | None, str], Fraction] = {}
    for id, part in rule.split:
        target = target_of(world, cycle, id)
        place = (None, fold(id)) if target is None else (target[1], "")
        parts[place] = parts.get(place, Fraction(0)) + part
    if all(alive is None for alive, _ in parts):
        return None
    return "split", frozenset((alive, written, part) for (alive, written), part in parts.items())


def named_claims(world: World, cycle: Cycle, item: Item, rule: Rule) -> list[Claim]:
    """ "those that name nothing known are left aside if another of the same text names something known. A rule in a fence
    makes no claim for a known key result outside of the fence." "A claim by name for a key result with `accepts = [teams]`
    from an item whose team is none of these (or beneath one) is left aside and reported." """
    found = []
    said = sayings(world, item, rule)
    for one in sorted(said):
        if not is_known(world, one.id) and any(other.texts == one.texts and is_known(world, other.id) for other in said):
            world.met["a reading that is left aside for another one"] += 1
            continue
        target = target_of(world, cycle, one.id)
        if target is None:
            continue
        if target[0] == "key_result":
            key_result = world.mapping.key_results[cycle.id, target[1]]
            if is_beyond_fence(world, rule, key_result):
                world.met["a name beyond the fence"] += 1
                continue
            if key_result.accepts and not any(is_within(world, team(world, item), t) for t in key_result.accepts):
                world.unwelcome.add(item.no)
                world.met["a team that is not accepted"] += 1
                continue
        world.met["a name made of two placeholders"] += "{team}" in (rule.template or "")
        found.append(Claim(target, rule.strength, rule.index, " ".join(one.texts)))
    return found


def written_claims(world: World, cycle: Cycle, rule: Rule) -> list[Claim]:
    """Of a rule that says itself what it points to. "Several reasons to ignore are one target." """
    if rule.target_kind == "ignore":
        target: Target | None = ("ignore", "")
    elif rule.target_kind == "allowance":
        target = ("allowance", fold(rule.target or ""))
    elif rule.split:
        target = split_of(world, cycle, rule)
    else:
        target = target_of(world, cycle, rule.target or "")
    if target is None:
        return []
    if target[0] == "key_result" and is_beyond_fence(world, rule, world.mapping.key_results[cycle.id, target[1]]):
        world.met["a target beyond the fence"] += 1
        return []
    return [Claim(target, rule.strength, rule.index, None)]


@once
def own_claims(world: World, cycle: Cycle, item: Item) -> list[Claim]:
    """ "Each match makes a *claim* for a target (a key result, several with fixed shares, an allowance, or *ignore*) with a
    strength" """
    found = []
    for rule in world.mapping.rules:
        if matches(world, cycle, item, rule):
            by_name = rule.target is None and not rule.split
            found += named_claims(world, cycle, item, rule) if by_name else written_claims(world, cycle, rule)
    return found


def winners(world: World, cycle: Cycle, item: Item) -> tuple[Item | None, int, list[Claim]]:
    """ "The claims of an item are its own and those of its ancestors, nearest first. The greatest strength wins, wherever on
    the chain it stands; among claims of that strength those of the nearest item win." Of duplicates: "what they are named is
    handed to nobody; what stands beneath them inherits nothing from them or through them (no claim, no state, no team), and
    keeps its own claims." """
    chain = [(one, own_claims(world, cycle, one)) for one in (item, *ancestors_that_hand_down(world, item))]
    strengths = [claim.strength for _, claims in chain for claim in claims]
    for distance, (one, claims) in enumerate(chain):
        best = [c for c in claims if c.strength == max(strengths)]
        if best:
            return one, distance, best
    return None, 0, []


def flat(target: Target) -> list[tuple[str, str]]:
    """The (kind, id) of a target, of a split those of its parts that live in this cycle."""
    if target[0] != "split":
        return [(target[0], target[1])]
    return [("key_result", alive) for alive, _, _ in target[1] if alive is not None]


def anchor(world: World, cycle: Cycle, item: Item) -> Anchored:
    """ "equal targets count once.

    - All winners are named by the item: each named target, allowances among them, gets an equal part; a broken anchor's part
      goes to nobody.
    - One target is left: it gets everything (*linked*, *allowance* or *ignored*). One split is left (the same ids and
      shares): each part goes to its key result; the part of one that is dormant in C goes to nobody.
    - Several targets of equal strength otherwise: *contested*. Nobody gets credit, and the item is listed. A split and
      another target are several, and so are two different splits.
    - Only broken anchors among the winners: *broken*. There is no fall-through to weaker rules.
    - No claim at all: *unanchored*."

    Chosen: an item that names a key result and an allowance is *linked*.
    """
    if is_duplicate(world, item):
        return Anchored("duplicate", via=canonical(world, item).no)
    via, distance, claims = winners(world, cycle, item)
    if via is None:
        return Anchored("unanchored")
    strength = claims[0].strength
    world.met["a claim of an own priority"] += strength not in (0, 50, 80, 100)
    targets = {c.target for c in claims}
    known = {t for t in targets if t[0] != "broken"}
    broken = frozenset(t[1] for t in targets if t[0] == "broken")
    if not known:
        return Anchored("broken", frozenset(), strength, via.no, distance, broken)
    if len(targets) > 1 and any(c.named is None for c in claims):
        told = frozenset((kind, id, Fraction(0)) for t in known for kind, id in flat(t))
        return Anchored("contested", told, strength, via.no, distance, broken)
    shares: dict[tuple[str, str], Fraction] = {}
    for target in known:
        if target[0] == "split":
            world.met["a split"] += 1
            for alive, _, part in target[1]:
                world.met["a dormant part of a split"] += alive is None
                if alive is not None:
                    shares["key_result", alive] = part
        else:
            shares[target[0], target[1]] = Fraction(1, len(targets))
    kinds = {kind for kind, _ in shares}
    outcome = "linked" if "key_result" in kinds else "allowance" if "allowance" in kinds else "ignored"
    all_shares = frozenset((kind, id, part) for (kind, id), part in shares.items())
    return Anchored(outcome, all_shares, strength, via.no, distance, broken)
