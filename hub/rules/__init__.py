"""Mapping rules against items: which rules match, what they claim, and why or why not. Pure.

    Item, Context --Matcher.claims--> Claim per match      --Matcher.explain--> RuleVerdict per rule

``fields`` and ``days`` read items, ``compare`` and ``captures`` say what a line means (in the page's words), ``lines``,
``compiled`` and ``index`` make that fast, ``targets`` says what is claimed, ``cel`` and ``expr`` are the optional expressions.
Logic is Kleene's: a field that the source does not have is *not evaluable*, an empty field fails every comparison; only *true*
makes a claim. docs/how-numbers-are-calculated.md, section 2.
"""

from __future__ import annotations

from hub.model import fold
from hub.rules.compare import holds
from hub.rules.explain import ConditionVerdict, RuleVerdict
from hub.rules.fields import Context, Fields, folded, named_texts
from hub.rules.matcher import Matcher
from hub.rules.targets import Claim

__all__ = [
    "Claim",
    "ConditionVerdict",
    "Context",
    "Fields",
    "Matcher",
    "RuleVerdict",
    "fold",
    "folded",
    "holds",
    "named_texts",
]
