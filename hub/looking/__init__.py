"""Looking at a source before anything is set up: what it holds, as configuration and mapping files to begin with.

    census --living--> projects    sample --choose--> fields      (config_file)
    stored items --draft--> statuses, teams, goals, rules and what each adds      (the mapping files)

Everything is pure: values in, values and texts out. Whatever is concluded stands in the texts, with the figures behind it.
"""

from __future__ import annotations

from hub.looking.config_file import Site, config_file
from hub.looking.coverage import Spread, spread
from hub.looking.draft import FOLDER, Draft, Given, draft, newest_day, quarter
from hub.looking.fields import FieldChoice, FieldFigures, candidates, choose, figures
from hub.looking.news import News, news
from hub.looking.partitions import WINDOW, Census, PartitionFigures, living, newest_of
from hub.looking.stock import Stock
from hub.looking.teams import TeamRow, Teams, teams

__all__ = [
    "FOLDER",
    "WINDOW",
    "Census",
    "Draft",
    "FieldChoice",
    "FieldFigures",
    "Given",
    "News",
    "PartitionFigures",
    "Site",
    "Spread",
    "Stock",
    "TeamRow",
    "Teams",
    "candidates",
    "choose",
    "config_file",
    "draft",
    "figures",
    "living",
    "newest_day",
    "newest_of",
    "news",
    "quarter",
    "spread",
    "teams",
]
