"""The first page that anybody reads: its lines are short, and what it says to type can be typed."""

from __future__ import annotations

from pathlib import Path

from hub.cli.commands_views import explain

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text("utf-8")
WIDE = 130


def test_no_line_of_text_is_wider_than_an_editor() -> None:
    inside, wide = False, []
    for line in README.splitlines():
        inside ^= line.lstrip().startswith("```")
        if len(line) > WIDE and not inside and not line.startswith("|"):
            wide.append(line)
    assert wide == []


def test_nothing_is_to_be_installed_from_an_index_that_does_not_have_it() -> None:
    pages = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    assert [page.name for page in pages if 'pip install "anchorline' in page.read_text("utf-8")] == []


def test_the_help_names_what_can_be_explained_as_the_page_does() -> None:
    assert "explain KR\\|ITEM\\|METRIC" in README
    assert explain.__annotations__["text"].count("KR|ITEM|METRIC") == 1
