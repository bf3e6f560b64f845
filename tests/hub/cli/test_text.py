"""The small pieces that every page is made of."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest

from hub.cli.render.text import ago, bar, clean, duration, exact, fit, linked, percent
from tests.hub.cli.builders import DAY, HOUR, NOW


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("plain text, [bold]kept[/bold] :smile:", "plain text, [bold]kept[/bold] :smile:"),
        ("Grüße, 日本語, ‘quoted’", "Grüße, 日本語, ‘quoted’"),
        ("red \x1b[31mtext\x1b[0m here", "red text here"),
        ("title \x1b]0;owned\x07set", "title set"),
        ("link \x1b]8;;https://evil.example\x1b\\here\x1b]8;;\x1b\\", "link here"),
        ("clear\x1b[2J\x1b[H", "clear"),
        ("c1 \x9b31mred", "c1 red"),
        ("bell\x07 back\x08space \x00null", "bell backspace null"),
        ("evil\u202egpj.exe\u202c", "evilgpj.exe"),
        ("isolate\u2066x\u2069 mark\u200f", "isolatex mark"),
        ("zero\u200bwidth\ufeff", "zerowidth"),
        ("one\nline\r\nonly\ttab\u2028sep", "one line only tab sep"),
        ("family 👩\u200d👩\u200d👧", "family 👩\u200d👩\u200d👧"),
        ("lone \udc80 surrogate", "lone surrogate"),
        (None, "None"),
    ],
)
def test_vendors_texts_lose_what_a_terminal_would_obey(given: object, wanted: str) -> None:
    assert clean(given) == wanted


@pytest.mark.parametrize(
    ("progress", "wanted"),
    [
        (None, ""),
        (Fraction(0), "0 %"),
        (Fraction(1), "100 %"),
        (Fraction(1, 2), "50 %"),
        (Fraction(2, 3), "67 %"),
        (Fraction(1, 1000), "0.1 %"),
        (Fraction(1, 100_000), "0.1 %"),
        (Fraction(999, 1000), "99.9 %"),
        (Fraction(99_999, 100_000), "99.9 %"),
    ],
)
def test_percents_never_round_to_nothing_or_all(progress: Fraction | None, wanted: str) -> None:
    assert percent(progress) == wanted


@pytest.mark.parametrize(
    ("progress", "wanted"),
    [
        (Fraction(0), "░░░░░░░░░░"),
        (Fraction(1, 100), "█░░░░░░░░░"),
        (Fraction(1, 2), "█████░░░░░"),
        (Fraction(99, 100), "█████████░"),
        (Fraction(1), "██████████"),
        (None, "unmeasured"),
    ],
)
def test_a_bar_is_full_only_when_all_is_done(progress: Fraction | None, wanted: str) -> None:
    assert bar(progress).plain == wanted


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        (Fraction(5), "5"),
        (Fraction(5, 2), "2.5"),
        (Fraction(1, 3), "0.333"),
        (Fraction(1204), "1,204"),
        (Decimal("8.0"), "8"),
        (Decimal("41.50"), "41.5"),
        (Decimal("1E+3"), "1,000"),
        (None, ""),
    ],
)
def test_numbers_are_as_short_as_they_can_be(value: Fraction | Decimal | None, wanted: str) -> None:
    assert exact(value) == wanted


@pytest.mark.parametrize(
    ("before", "wanted"),
    [
        (0, "just now"),
        (-DAY, "just now"),
        (60_000, "1 minute ago"),
        (2 * HOUR, "2 hours ago"),
        (47 * HOUR, "1 day ago"),
        (9 * DAY, "9 days ago"),
    ],
)
def test_ages(before: int, wanted: str) -> None:
    assert ago(NOW - before, NOW) == wanted
    assert ago(None, NOW) == "never"


@pytest.mark.parametrize(
    ("ms", "wanted"), [(400, "0.4 s"), (48_000, "48 s"), (192_000, "3 min 12 s"), (3_900_000, "1 h 5 min"), (-5, "0.0 s")]
)
def test_durations(ms: int, wanted: str) -> None:
    assert duration(NOW, NOW + ms) == wanted


def test_a_cut_text_keeps_to_its_width() -> None:
    assert fit("short", 5) == "short"
    assert fit("much too long", 8) == "much to…"
    assert fit("日本語日本語", 5) == "日本…"


def test_only_addresses_of_the_web_become_links() -> None:
    assert "link https://x.example/browse/A-1" in str(linked("A-1", "https://x.example/browse/A-1").style)
    for url in (None, "javascript:alert(1)", "file:///etc/passwd", "https://x.example/ bold red", "https://x.example/;id=1"):
        assert "link" not in str(linked("A-1", url).style)
