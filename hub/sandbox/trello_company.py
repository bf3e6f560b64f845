"""Larkfield's Trello: four boards of teams that also work in Jira, one that was closed, one that is a template.

The same company, cycle and key results as in `company`; a part of the cards names one of Larkfield's Jira epics, by its key in
the name or by an attached link. Most finished cards are archived, as people do it, and one list of them is archived whole.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date

from hub.sandbox import company
from hub.sandbox.company import DAY_MS, PROJECT_AT, TEAMS
from hub.sandbox.history import History
from hub.sandbox.themes import KR_THEMES
from hub.sandbox.trello_site import Json, TrelloSite, moment

HOUR_MS = 3_600_000
LISTS = ("Ideas", "Next", "Doing", "Review", "Done")
ARCHIVED_LISTS = ("Done before the summer", "Parked")
EPICS = 8
"""Jira epics of a board's project that its cards may name."""
REGIONS = ("EMEA", "Americas", "APAC")
COLOURS = ("green", "yellow", "orange", "red", "purple", "blue", "sky", "lime", "pink", "black")


@dataclass(frozen=True)
class Plan:
    """A board: whose it is, its share of the cards, and the key results that its cards serve."""

    name: str
    team: str
    project: str
    share: float
    goals: tuple[str, ...]


PLANS = (
    Plan("Growth launches", "growth", "GROW", 0.46, ("activation", "time-to-value", "templates")),
    Plan("Mobile releases", "mobile", "MOB", 0.22, ("mobile-wau", "crash-free")),
    Plan("Partner integrations", "data", "DATA", 0.16, ("integrations", "data-freshness")),
    Plan("Enterprise reviews", "identity", "IDN", 0.16, ("sso", "soc2", "audit-log")),
)
CLOSED = "Growth launches last year"
TEMPLATE = "Launch template"


def generated(seed: int, cards: int, issues: int, today: date, now: int) -> TrelloSite:
    """The whole site; `issues` is the size of the Jira site, on which the keys of its epics depend."""
    site = TrelloSite(now=now, salt=f"trello {seed}")
    history = History(seed, issues, today)
    for number, plan in enumerate(PLANS):
        count = round(cards * plan.share) if number else cards - sum(round(cards * each.share) for each in PLANS[1:])
        _Board(site, plan, history, random.Random(f"{seed} {plan.name}"), today).fill(count)
    _others(site, today)
    return site


class _Board:
    def __init__(self, site: TrelloSite, plan: Plan, history: History, draw: random.Random, today: date) -> None:
        self.site, self.plan, self.draw = site, plan, draw
        self.now = company.epoch_ms(today)
        born = self.now - 400 * DAY_MS
        self.board = site.add_board(plan.name, born)["id"]
        self.lists = {name: site.add_list(self.board, name, born)["id"] for name in LISTS}
        self.lists |= {name: site.add_list(self.board, name, born, closed=True)["id"] for name in ARCHIVED_LISTS}
        self.labels = {
            goal: site.add_label(self.board, f"kr:{goal}", COLOURS[at], born)["id"] for at, goal in enumerate(plan.goals)
        }
        self.labels |= {"ktlo": site.add_label(self.board, "kr:ktlo", "black", born)["id"]}
        self.labels |= {"": site.add_label(self.board, "", "lime", born)["id"]}
        self.points = site.add_custom(self.board, "Story points", "number", born)
        self.region = site.add_custom(self.board, "Region", "list", born, REGIONS)
        self.approved = site.add_custom(self.board, "Approved", "checkbox", born)
        project = PROJECT_AT[plan.project]
        self.epics = [issue.key for issue in history.born(project) if issue.kind == "Epic"][:EPICS]
        self.people = company.members(next(at for at, team in enumerate(TEAMS) if team.id == plan.team))

    def fill(self, count: int) -> None:
        for number in range(count):
            self._card(number, count)

    def _card(self, number: int, count: int) -> None:
        """Older cards have come further. Times are worked out first, so that the actions follow one another."""
        draw, site = self.draw, self.site
        goal = self.plan.goals[number % len(self.plan.goals)]
        theme = KR_THEMES[goal]
        name = theme.stories[(number * 7) % len(theme.stories)]
        age = 1 - (number + 0.5) / count
        made = self.now - int((age * 180 + 1) * DAY_MS) + draw.randrange(8 * HOUR_MS)
        role = self._role(age)
        if number % 6 == 1 and self.epics:
            name = f"{name} ({self.epics[number % len(self.epics)]})"
        card = site.add_card(self.lists["Ideas" if number % 3 else "Next"], name, made, desc=f"For {self.plan.team}.")
        self._dress(card, number, goal, made)
        self._walk(card, role, made, age)
        if number % 29 == 28:
            card["isTemplate"] = True
        elif number % 31 == 30:
            card["cardRole"], card["mirrorSourceId"] = "mirror", next(iter(site.cards))

    def _role(self, age: float) -> str:
        draw = self.draw.random()
        if age > 0.8:
            return "Done before the summer" if draw < 0.8 else "Parked"
        if age > 0.35:
            return "Done" if draw < 0.75 else "Ideas" if draw < 0.85 else "Parked"
        return "Done" if draw < 0.15 else "Review" if draw < 0.3 else "Doing" if draw < 0.6 else "Next" if draw < 0.8 else "Ideas"

    def _dress(self, card: Json, number: int, goal: str, made: int) -> None:
        draw, site = self.draw, self.site
        label = goal if number % 5 else "ktlo" if number % 2 else ""
        card["idLabels"] = [self.labels[label]]
        card["idMembers"] = [company.account_id(draw.choice(self.people)) for _ in range(number % 3)]
        if number % 2:
            site.value(card, self.points, str((1, 2, 3, 5, 8)[number % 5]))
        if number % 4 == 0:
            site.value(card, self.region, REGIONS[number % 3])
        if number % 7 == 0:
            site.value(card, self.approved, "true")
        if number % 8 == 2 and self.epics:
            site.attach(card, f"{company.SITE}/browse/{self.epics[number % len(self.epics)]}", made)
        if number % 8 == 3:
            site.attach(card, f"{company.SITE}/files/{number}.pdf", made, upload=True)
        if number % 3 == 0:
            steps = 2 + number % 4
            site.add_checklist(card, "Launch", tuple(draw.random() < 0.6 for _ in range(steps)), made)
        if number % 9 == 4:
            site.add_checklist(card, "Review", (True, True), made)
        if number % 5 == 0:
            card["due"] = moment(made + 30 * DAY_MS)
        if number % 17 == 0:
            card["email"] = f"inbound+{number}@boards.trello.example"

    def _walk(self, card: Json, role: str, made: int, age: float) -> None:
        """Through the lists to where it is now, then perhaps into the archive."""
        far = ARCHIVED_LISTS[0] if role == ARCHIVED_LISTS[0] else "Done"
        way = ("Next", "Doing", "Review", far)
        steps = way if role in ("Done", far) else way[: way.index(role) + 1] if role in way else ()
        steps = (*steps, "Parked") if role == "Parked" else steps
        at = made
        for name in steps:
            if card["idList"] != self.lists[name]:
                at += int(self.draw.uniform(0.2, 0.24 * max(2.0, age * 180)) * DAY_MS / len(way))
                self.site.move(card, self.lists[name], min(at, self.now - HOUR_MS))
        finished = role in ("Done", far)
        card["dueComplete"] = finished and card["due"] is not None
        if (role == "Done" and self.draw.random() < 0.9) or (not finished and self.draw.random() < 0.08):
            card["closed"] = True
            at = min(at + DAY_MS, self.now - HOUR_MS // 2)
            self.site.happened("updateCard", card, at, old={"closed": False}, list=self.site.shown(card["idList"]))
            card["dateLastActivity"] = moment(at)


def _others(site: TrelloSite, today: date) -> None:
    """A closed board with finished and unfinished cards, and a template whose cards look years old."""
    now = company.epoch_ms(today)
    old = now - 700 * DAY_MS
    closed = site.add_board(CLOSED, old, closed=True)["id"]
    for name in ("Doing", "Done"):
        place = site.add_list(closed, name, old)["id"]
        for number in range(4):
            site.add_card(place, f"{name} last year {number + 1}", old + (number + 1) * DAY_MS)
    template = site.add_board(TEMPLATE, now - 90 * DAY_MS, prefs={"isTemplate": True, "permissionLevel": "org"})["id"]
    place = site.add_list(template, "To do", now - 90 * DAY_MS)["id"]
    for number in range(3):
        site.add_card(place, f"Launch step {number + 1}", now - 90 * DAY_MS, dateLastActivity=moment(old))
