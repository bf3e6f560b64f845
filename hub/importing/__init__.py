"""Objectives and key results from a sheet into mapping files, one way.

    file --read_sheets--> Sheet --guess--> Columns --gather--> Sheet's objectives --plan--> what each file would say, and why

Nothing here prints or writes; ``plan`` gives texts, and whoever asked for them writes them. The sheet stays the place where
people edit; the files are a copy with stable ids, in which everything that the sheet does not speak of is kept.
"""

from __future__ import annotations

from hub.importing.columns import Columns, Found, asked, guess
from hub.importing.gather import gather
from hub.importing.known import Known, look
from hub.importing.plan import plan
from hub.importing.reading import read_sheets
from hub.importing.values import Change, FilePlan, KeyResultRow, Missing, ObjectiveRow, Plan, Sheet, Wanted

__all__ = [
    "Change",
    "Columns",
    "FilePlan",
    "Found",
    "KeyResultRow",
    "Known",
    "Missing",
    "ObjectiveRow",
    "Plan",
    "Sheet",
    "Wanted",
    "asked",
    "gather",
    "guess",
    "look",
    "plan",
    "read_sheets",
]
