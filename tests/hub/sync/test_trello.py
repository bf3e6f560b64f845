"""Whole runs over Trello: numbers against what the stand-in knows, and everything that moves, closes or vanishes meanwhile."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from hub.config import Config, load_config
from hub.mappings import load_mappings
from hub.model import Mapping
from hub.status import States
from hub.store import Store
from hub.store.read import Reader
from hub.sync import RunSummary, sync_source
from hub.sync.evaluate import facts_of, known_dimensions
from tests.hub.sandbox.process import TOKEN, TRELLO_KEY, USER, Sandbox, sandbox
from tests.hub.sync.worlds import NOW, rows

GROWTH, MOBILE, CLOSED = "Growth launches", "Mobile releases", "Growth launches last year"
FINISHED = ("Done", "Done before the summer")

CONFIG = """
database = "sqlite:///unused.db"
[source.trello]
kind = "trello"
url = "{url}"
user = "{key}"
fields = {{ region = "Region" }}
estimate = "Story points"
rate = 1000
"""
JIRA = """
[source.jira]
kind = "jira"
url = "{url}"
user = "{user}"
projects = ["GROW"]
"""
MAPPING = """
[cycle]
2026-h2 = { starts = 2026-05-01, ends = 2026-12-31 }
[pillar]
loyalty = { name = "Customers who stay" }
[[objective]]
id = "launches"
cycle = "2026-h2"
anchor.pillar = "loyalty"
[[key_result]]
id = "growth"
objective = "launches"
kind = "completion"
[[key_result]]
id = "mobile"
objective = "launches"
kind = "completion"
[[rule]]
name = "growth by its label"
when.project = "Growth launches*"
when.label = ["kr:activation", "kr:time-to-value", "kr:templates"]
to = "growth"
[[rule]]
name = "mobile by its board"
when.project = "Mobile releases"
to = "mobile"
[status.trello]
"Ideas" = "todo"
"Next" = "todo"
"Parked" = "todo"
"Doing*" = "doing"
"Review" = "doing"
"Done*" = "done"
"""
PATTERN = """
[[pattern]]
in = ["title", "attachment"]
finds = "jira key"
as = "child"
[[rule]]
name = "epics"
when.source = "jira"
when.type = "Epic"
to = "mobile"
priority = 90
"""


@pytest.fixture(autouse=True)
def tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANCHORLINE_TRELLO__TOKEN", TOKEN)
    monkeypatch.setenv("ANCHORLINE_JIRA__TOKEN", TOKEN)


@pytest.fixture(scope="module")
def running() -> Iterator[Sandbox]:
    with sandbox(issues=300, seed=7, vendor="trello", cards=180, page_limit=25) as found:
        yield found


class World:
    """One configured hub over the stand-in, and what the stand-in knows of it."""

    def __init__(self, folder: Path, sb: Sandbox, store: Store) -> None:
        self.folder, self.sb, self.store = folder, sb, store
        (folder / "mappings").mkdir()
        self.configure("")
        self.map("")

    def configure(self, more: str) -> None:
        text = CONFIG.format(url=f"{self.sb.url}/1", key=TRELLO_KEY) + more
        (self.folder / "config.toml").write_text(text, encoding="utf-8")

    def map(self, more: str) -> None:
        (self.folder / "mappings" / "all.toml").write_text(MAPPING + more, encoding="utf-8")

    def config(self) -> Config:
        return load_config(self.folder / "config.toml", dict(os.environ))

    def mapping(self) -> Mapping:
        return load_mappings(self.folder / "mappings", self.config().timezone)[0]

    def sync(self, source: str = "trello", result: str = "complete", **more: Any) -> RunSummary:
        summary = sync_source(self.config(), self.mapping(), self.store, source, as_of=NOW, threads=1, **more)
        assert summary.result == result, summary
        return summary

    def board(self, name: str) -> str:
        return next(row["id"] for row in self.sb.get("/1/members/me/boards") if row["name"] == name)

    def list(self, board: str, name: str) -> str:
        found = self.sb.get(f"/1/boards/{self.board(board)}/lists", filter="all")
        return str(next(row["id"] for row in found if row["name"] == name))

    def cards(self, board: str, **is_: Any) -> list[str]:
        """Ids of the cards of a board of which these are true, by the stand-in."""
        ident = self.board(board)
        found = self.sb.truths().items()
        return [i for i, card in found if card["board"] == ident and all(card[name] == value for name, value in is_.items())]

    # --- what the hub says

    def progress(self, key_result: str) -> tuple[int, int]:
        """(done, counted) units of a key result."""
        (row,) = rows(
            self.store, f"SELECT done, total FROM snapshot WHERE kind = 'key_result' AND id = '{key_result}' AND to_seq IS NULL"
        )
        return int(Fraction(row[0])), int(Fraction(row[1]))

    def presences(self) -> Counter[str]:
        return Counter(row[0] for row in rows(self.store, "SELECT presence FROM item WHERE source = 'trello'"))

    def presence(self, card: str) -> str:
        return str(rows(self.store, f"SELECT presence FROM item WHERE id = '{card}'")[0][0])

    def states(self) -> dict[str, str]:
        reader = Reader(self.store)
        states = States(self.mapping(), known_dimensions(reader, facts_of(self.config())))
        return {item.id: states.of(item) for item in reader.items() if item.source == "trello"}

    def homes(self, card: str) -> list[str]:
        return [row[0] for row in rows(self.store, f"SELECT partition_id FROM item WHERE id = '{card}'")]

    # --- what the stand-in knows

    def expected(self, board: str, labelled: bool) -> tuple[int, int]:
        """(done, counted): finished cards whatever their archive, open ones unless they or their list are archived."""
        truth = self.sb.truths()
        done = open_ = 0
        for ident in self.cards(board):
            card = truth[ident]
            if labelled and not {"kr:activation", "kr:time-to-value", "kr:templates"} & set(card["labels"]):
                continue
            done += card["list"] in FINISHED
            open_ += card["list"] not in FINISHED and not card["closed"] and not card["list_closed"]
        return done, done + open_


@pytest.fixture
def fresh(tmp_path: Path, running: Sandbox, sqlite_store: Store) -> World:
    """Nothing is read yet."""
    running.reset()
    return World(tmp_path, running, sqlite_store)


@pytest.fixture
def world(fresh: World) -> World:
    fresh.sync()
    return fresh


# ---- the numbers --------------------------------------------------------------------------------------------------------


def test_progress_is_what_a_count_of_the_cards_says(world: World) -> None:
    growth, mobile = world.expected(GROWTH, labelled=True), world.expected(MOBILE, labelled=False)
    assert world.progress("growth") == growth and world.progress("mobile") == mobile
    done, of = mobile
    assert 0 < done < of, "nothing would show"


def test_archived_done_cards_are_done_and_archived_open_ones_are_dropped(world: World) -> None:
    states, truth = world.states(), world.sb.truths()
    seen = Counter()
    for ident, state in states.items():
        card = truth[ident]
        away = card["closed"] or card["list_closed"]
        finished = card["list"] in FINISHED
        assert state == ("done" if finished else "dropped" if away else state), card
        assert finished or away or state in ("todo", "doing"), card
        seen[finished, away] += 1
    assert min(seen[finished, away] for finished in (True, False) for away in (True, False)) > 0
    assert seen[True, True] > 3 * seen[True, False], "most finished cards are archived: reading open ones loses them"
    assert world.presences() == {"present": len(states)}


def test_a_second_night_finds_nothing_new(world: World) -> None:
    before = rows(world.store, "SELECT count(*) FROM item_version")
    summary = world.sync()
    assert summary.counts["unchanged"] == summary.counts["read"] == len(world.states())
    assert rows(world.store, "SELECT count(*) FROM item_version") == before


def test_every_done_card_has_a_date_of_the_vendor(world: World) -> None:
    found = rows(world.store, "SELECT count(*), count(done_at) FROM item WHERE status LIKE 'Done%'")
    assert found[0][0] == found[0][1] > 0


def test_a_card_on_an_archived_list_says_which_of_the_two_is_archived(world: World) -> None:
    (card, *_) = world.cards(GROWTH, list="Done before the summer", closed=False)
    (raw,) = rows(world.store, f"SELECT status, resolution, resolution_id FROM item WHERE id = '{card}'")
    assert raw == ("Done before the summer", "list archived", "archived")


# ---- lists --------------------------------------------------------------------------------------------------------------


def test_archiving_a_card_on_the_way_drops_it_and_bringing_it_back_counts_it_again(world: World) -> None:
    done, of = world.progress("mobile")
    card = world.cards(MOBILE, list="Doing", closed=False)[0]
    world.sb.mutate("archive", card=card)
    world.sync()
    assert world.progress("mobile") == (done, of - 1) and world.states()[card] == "dropped"
    world.sb.mutate("archive", card=card, closed=False)
    world.sync()
    assert world.progress("mobile") == (done, of) and world.states()[card] == "doing"


def test_moved_to_done_and_archived_on_one_day_is_done(world: World) -> None:
    done, of = world.progress("mobile")
    card = world.cards(MOBILE, list="Doing", closed=False)[0]
    world.sb.mutate("move", card=card, list=world.list(MOBILE, "Done"))
    world.sb.mutate("archive", card=card)
    world.sync()
    assert world.progress("mobile") == (done + 1, of)


def test_archiving_the_list_of_finished_cards_keeps_their_credit(world: World) -> None:
    """12 of 18 lists of a real board are archived, and no card's stamp moves with it."""
    before = world.progress("mobile"), world.progress("growth")
    for board in (MOBILE, GROWTH):
        world.sb.mutate("list", list=world.list(board, "Done"), closed=True)
    summary = world.sync()
    assert (world.progress("mobile"), world.progress("growth")) == before
    assert summary.counts["gone"] == 0 and summary.counts["changed"] > 0


def test_archiving_a_list_of_open_cards_drops_them(world: World) -> None:
    done, of = world.progress("mobile")
    doing = world.cards(MOBILE, list="Doing", closed=False)
    world.sb.mutate("list", list=world.list(MOBILE, "Doing"), closed=True)
    world.sync()
    assert world.progress("mobile") == (done, of - len(doing)) and doing
    assert {world.states()[card] for card in doing} == {"dropped"} and world.presences()["deleted"] == 0


def test_a_renamed_list_changes_words_and_no_numbers_and_is_not_held(fresh: World) -> None:
    """All cards of a board on one list, which gets another name: not a reason to ask a person."""
    done = fresh.list(MOBILE, "Done before the summer")
    for card in fresh.cards(MOBILE):
        fresh.sb.mutate("move", card=card, list=done)
    fresh.sync()
    before = fresh.progress("mobile")
    fresh.sb.mutate("list", list=done, name="Done, all of it")
    summary = fresh.sync()
    assert fresh.progress("mobile") == before and before[0] == before[1] > 10
    assert rows(fresh.store, "SELECT count(*) FROM hold") == [(0,)] and summary.counts["new"] == 0
    assert rows(fresh.store, f"SELECT name FROM dimension WHERE kind = 'status' AND id = '{done}' AND to_seq IS NULL") == [
        ("Done, all of it",)
    ]


def test_a_list_that_is_renamed_to_mean_something_else_changes_the_numbers(world: World) -> None:
    done, of = world.progress("mobile")
    doing = world.cards(MOBILE, list="Doing", closed=False)
    world.sb.mutate("list", list=world.list(MOBILE, "Doing"), name="Done and shipped")
    world.sync()
    away = world.cards(MOBILE, list="Done and shipped", closed=True)
    assert world.progress("mobile") == (done + len(doing) + len(away), of + len(away))


# ---- cards --------------------------------------------------------------------------------------------------------------


def test_a_deleted_card_leaves_and_nothing_else_does(world: World) -> None:
    done, of = world.progress("mobile")
    card = world.cards(MOBILE, list="Doing", closed=False)[0]
    world.sb.mutate("delete", card=card)
    assert world.sync().counts["gone"] == 1
    assert world.presence(card) == "deleted" and world.presences()["deleted"] == 1
    assert world.progress("mobile") == (done, of - 1)


@pytest.mark.parametrize(("here", "there"), [(MOBILE, GROWTH), (GROWTH, MOBILE)])
@pytest.mark.parametrize("page", [1, 2, 3])
def test_a_card_that_moves_between_boards_while_they_are_read_is_there_once(
    world: World, here: str, there: str, page: int
) -> None:
    """Boards are read one after the other: it is met on both, or on none, or where it was."""
    order = sorted((here, there), key=world.board)
    card = world.cards(here, closed=False)[0]
    change = {"op": "move", "card": card, "list": world.list(there, "Doing")}
    world.sb.fault("mutate", change=change, at=[page], path=f"/1/boards/{world.board(order[1])}/cards")
    world.sync()
    assert len(world.homes(card)) == 1 and world.presence(card) == "present"
    assert set(world.presences()) == {"present"}
    world.sync()
    assert world.homes(card) == [world.board(there)]
    assert world.progress("mobile") == world.expected(MOBILE, labelled=False)


def test_a_card_that_moves_to_a_board_that_is_not_read_is_out_of_scope(fresh: World) -> None:
    fresh.configure(f'boards = ["{GROWTH}", "{MOBILE}"]\n')
    fresh.sync()
    card = fresh.cards(MOBILE, list="Doing", closed=False)[0]
    fresh.sb.mutate("move", card=card, list=fresh.list("Partner integrations", "Doing"))
    fresh.sync()
    assert fresh.presence(card) == "out_of_scope" and fresh.presences()["out_of_scope"] == 1


def test_a_card_that_becomes_a_template_is_no_work_any_more(world: World) -> None:
    done, of = world.progress("mobile")
    card = world.cards(MOBILE, list="Doing", closed=False)[0]
    world.sb.mutate("update", card=card, isTemplate=True)
    world.sync()
    assert world.progress("mobile") == (done, of - 1)
    world.sync()
    assert world.progress("mobile") == (done, of - 1)


def test_a_listing_that_ends_too_early_takes_nothing_away(world: World) -> None:
    """An empty page is Trello's end mark, so what comes after it is asked for by id before anything is concluded."""
    before = world.progress("growth")
    world.sb.fault("empty_page", at=[2], path=f"/1/boards/{world.board(GROWTH)}/cards")
    summary = world.sync()
    assert summary.counts["gone"] == 0 and set(world.presences()) == {"present"} and world.progress("growth") == before


def test_a_stamp_that_is_older_than_the_card_hides_no_change(world: World) -> None:
    """On boards from templates the last activity is years old; content tells what changed."""
    card = world.cards(MOBILE, list="Doing", closed=False)[0]
    old = "2019-10-25T18:54:40.458Z"
    made = world.sb.mutate("create", list=world.list(MOBILE, "Doing"), name="From a template", dateLastActivity=old)["id"]
    world.sync()
    world.sb.mutate("update", card=made, name="Renamed", dateLastActivity=old)
    world.sync()
    assert rows(world.store, f"SELECT title FROM item WHERE id = '{made}'") == [("Renamed",)]
    assert world.presence(card) == "present"


def test_a_template_board_that_is_named_is_read_whole(world: World) -> None:
    world.configure(f'boards = ["Launch template", "{GROWTH}", "{MOBILE}", "Partner integrations", "Enterprise reviews"]\n')
    assert world.sync().counts["new"] == 3
    found = rows(world.store, "SELECT count(*) FROM item WHERE title LIKE 'Launch step%' AND updated_at < created_at")
    assert found == [(3,)]


# ---- boards -------------------------------------------------------------------------------------------------------------


def test_a_board_that_the_account_no_longer_sees_stands_still_and_comes_back(world: World) -> None:
    before, of = world.progress("mobile"), len(world.cards(MOBILE))
    world.sb.mutate("board", board=(board := world.board(MOBILE)), hidden=True)
    world.sync(result="partial")
    assert world.presences()["access_lost"] == of and world.presences()["deleted"] == 0
    assert world.progress("mobile") == before, "the last known stands"
    world.sb.mutate("board", board=board, hidden=False)
    world.sync()
    assert set(world.presences()) == {"present"} and world.progress("mobile") == before


@pytest.mark.parametrize("status", [401, 404])
def test_a_board_that_is_lost_in_the_middle_of_its_pass_loses_no_card(world: World, status: int) -> None:
    path = f"/1/boards/{world.board(GROWTH)}/cards"
    world.sb.fault("status", status=status, body="unauthorized permission requested", at=[2], path=path)
    world.sync(result="partial")
    assert set(world.presences()) == {"present"}


def test_a_board_that_is_closed_keeps_the_credit_of_what_is_done(world: World) -> None:
    done, _ = world.progress("mobile")
    world.sb.mutate("board", board=world.board(MOBILE), closed=True)
    world.sync()
    assert world.progress("mobile") == (done, done)
    assert world.presences()["archived"] == len(world.cards(MOBILE)) and world.presences()["deleted"] == 0


def test_a_login_that_ends_concludes_nothing(world: World) -> None:
    before = world.progress("growth")
    world.sb.switch(token="another")
    world.sync(result="failed")
    assert set(world.presences()) == {"present"} and world.progress("growth") == before


# ---- across tools -------------------------------------------------------------------------------------------------------


def test_cards_that_name_a_jira_epic_are_its_children(world: World) -> None:
    with sandbox(issues=300, seed=7) as jira:
        world.configure(JIRA.format(url=jira.url, user=USER))
        world.map(PATTERN)
        world.sync("jira")
        world.sync()
        found = jira.search("project = GROW", fields="issuetype")
    epics = {row["id"] for row in found if row["fields"]["issuetype"]["name"] == "Epic"}
    items = {item.no: item for item in Reader(world.store).items()}
    cards = [item for item in items.values() if item.source == "trello" and item.parent is not None]
    named = {"title": 0, "link": 0}
    for card in cards:
        parent = items[card.parent or 0]
        assert parent.source == "jira" and parent.id in epics and card.parent_by == "pattern"
        by_title, by_link = str(parent.key) in card.title, any(str(parent.key) in link for link in card.addresses)
        assert by_title or by_link
        named["title"] += by_title
        named["link"] += by_link
    assert min(named.values()) > 2
    nos = ", ".join(str(card.no) for card in cards)
    inherited = rows(world.store, f"SELECT DISTINCT target FROM link WHERE target_kind = 'key_result' AND item_no IN ({nos})")
    assert ("mobile",) in inherited, "a card of Growth has the goal of its epic"
