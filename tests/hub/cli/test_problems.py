"""How a mistake is printed: where and what, the line, a caret under what is wrong, and what to do."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from rich.cells import cell_len

from hub.cli.render.problems import problem_lines
from hub.errors import Problem
from hub.mappings import parse
from tests.hub.cli import builders as b
from tests.hub.cli.builders import run


def shown(files: dict[str, str], width: int = 80) -> str:
    """What is printed about mapping files, between line breaks as the cases below write it."""
    return printed(parse(files, "UTC")[1], width)


def printed(problems: list[Problem], width: int = 80) -> str:
    # The longest message: the console leaves it to the terminal to wrap.
    return "\n" + "".join(f"{line.rstrip()}\n" for line in b.shown(problem_lines(problems, width), 1000).splitlines())


TEAM = '[[team]]\nid = "core"\nlead = "Ana"\n'


def test_letters_beyond_ascii_before_the_caret() -> None:
    assert shown({"m/a.toml": TEAM + '[cycle]\n"größe" = { starts = 2026-10-01, ende = 2026-12-31 }\n'}) == (
        """
m/a.toml:5:1: "größe" cannot be an id.
    "größe" = { starts = 2026-10-01, ende = 2026-12-31 }
    ^^^^^^^
    An id has letters a-z, digits, dots, dashes and underscores, and begins with a letter or digit; for example "groesse".
"""
    )
    assert shown({"m/a.toml": '[pillar]\nx = { name = "Größe für {x}", owner = "Ä", weight = "1" }\n'}) == (
        """
m/a.toml:2:25: {x} stands for nothing.
    x = { name = "Größe für {x}", owner = "Ä", weight = "1" }
                            ^^^
    Remove the braces; only a rule's `when`, `unless` and `to` can hold {key_result} or {team}.
m/a.toml:2:53: `weight` must be a number above 0, not a text.
    x = { name = "Größe für {x}", owner = "Ä", weight = "1" }
                                                        ^^^
    Write a number such as 1.5 without quotes.
"""
    )


def test_wide_letters_and_tabs_before_the_caret() -> None:
    text = '[pillar]\n\tx\t= { name = "日本語👍", wieght\t= 1 } # é\u0301\n'
    assert shown({"m/a.toml": text}) == (
        f"""
m/a.toml:2:23: The key "wieght" is unknown in [pillar] x.
        x    = {{ name = "日本語👍", wieght    = 1 }} # é\u0301
    {" " * cell_len('    x    = { name = "日本語👍", ')}^^^^^^
    Did you mean "weight"?
"""
    )


def test_the_row_of_a_template() -> None:
    team = '[[team]]\nfor_each.file = "teams.csv"\nid = "{id}"\nlead = "Ana"\nsize = "{size}"\n'
    assert shown({"m/a.toml": team, "m/teams.csv": "id,size\na,1\nb,many\n"}) == (
        """
m/a.toml:5:8, m/teams.csv:3: `size` must be a number above 0, not "many".
    size = "{size}"
           ^^^^^^^^
    Write a number such as 1.5 in that row.
"""
    )
    assert shown({"m/a.toml": team, "m/teams.csv": "id,size\na,0\nb,0\n"}) == (
        """
m/a.toml:5:8, m/teams.csv:2: `size` must be a number above 0 (and 1 more row).
    size = "{size}"
           ^^^^^^^^
    Write a number such as 1.5.
"""
    )
    assert shown({"m/a.toml": team, "m/teams.csv": 'id;size\nä;"x;y\n'}) == (
        """
m/teams.csv:2:3: A cell is opened with a quote that does not end it.
    ä;"x;y
      ^
    Close it at the end of the cell, and write a quote inside it twice.
"""
    )


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            'when.label = "größe", "x"',
            """
m/a.toml:2:21: Several values stand side by side.
    when.label = "größe", "x"
                        ^
    Put them in brackets: ["a", "b"].
""",
        ),
        (
            'to = "sso',
            """
m/a.toml:2:6: A text is opened with a quote and not closed on its line.
    to = "sso
         ^
    Add the missing quote.
""",
        ),
        (
            "name =",
            """
m/a.toml:2:7: The value is not valid TOML.
    name =
          ^
    A text goes in quotes; a date is written 2026-10-01, yes is true.
""",
        ),
        (
            "starts = 2027-02-30",
            """
m/a.toml:2:10: "2027-02-30" is no date.
    starts = 2027-02-30
             ^^^^^^^^^^
    Write YEAR-MONTH-DAY without quotes, such as 2026-10-01.
""",
        ),
    ],
)
def test_mistakes_in_the_syntax(text: str, told: str) -> None:
    assert shown({"m/a.toml": f"[[rule]]\n{text}\n"}) == told


def test_a_long_line_is_cut_around_the_mistake() -> None:
    name = "Win the enterprise, win the midmarket, and win whoever else is there to be won by us"
    text = f'[pillar]\nx = {{ name = "{name}", colour = "red", owner = "Ana, who has a long name as well" }}\n'
    assert shown({"m/a.toml": text}, 60) == (
        """
m/a.toml:2:102: The key "colour" is unknown in [pillar] x.
    …er else is there to be won by us", colour = "red", own…
                                        ^^^^^^
    Known here: name, owner, was, weight.
"""
    )
    for width in range(20, 130):
        _, line, caret, _ = shown({"m/a.toml": text}, width).strip("\n").split("\n")
        assert cell_len(line) <= max(width, 24)
        assert line[caret.index("^") :].startswith("colour"), width


def test_a_mistake_that_is_longer_than_the_terminal_is_wide() -> None:
    found = Problem("a.toml", 1, "Wrong.", "Mend it.", column=5, width=400, excerpt="k = " + "x" * 400 + " # end")
    assert printed([found], 40) == "\na.toml:1:5: Wrong.\n    k = xxxxxxxxxxxxxxxxx…\n        ^^^^^^^^^^^^^^^^^^\n    Mend it.\n"


def test_a_line_that_is_as_long_as_a_file() -> None:
    line = "x" * 3_000_000 + "#" + "日" * 1_000_000
    found = Problem("a.toml", 1, "Wrong.", column=3_000_001, excerpt=line)
    assert printed([found], 30) == f"\na.toml:1:3000001: Wrong.\n    …{'x' * 18}#日日…\n{' ' * 23}^\n"


def test_warnings_and_what_has_no_line_to_show() -> None:
    warned = shown(
        {"m/a.toml": TEAM + '[cycle]\nq = { starts = 2026-10-01, ends = 2026-12-31 }\n[[objective]]\nid = "o"\ncycle = "q"\n'}
    )
    assert (
        """
m/a.toml:6:1: warning: The objective "o" has no key result, so it stays unmeasured.
    [[objective]]
    ^^^^^^^^^^^^^
    Add a [[key_result]] to it.
"""
        in warned
    )
    assert printed([Problem("config.toml", 1, "No source is configured.", "Add one.", warning=True)]) == (
        "\nconfig.toml:1: warning: No source is configured. Add one.\n"
    )
    assert printed([Problem("m", 0, "There is no file.")]) == "\nm: There is no file.\n"


@pytest.mark.parametrize("odd", ["\x1b[31m", "\x07", "\u202e", "\u2028", "\x9b2J", "\x00", "\r"])
def test_a_line_never_gives_orders_to_a_terminal(odd: str) -> None:
    line = f'a{odd} = "x{odd}" # {odd}'
    found = printed([Problem("a.toml", 1, "Wrong.", column=line.index("=") + 1, excerpt=line)])
    _, shown_line, caret = found.strip("\n").split("\n")
    assert not [c for c in found if c != "\n" and not c.isprintable()]
    assert shown_line[caret.index("^")] == "="


def test_every_line_fits_its_caret_whatever_stands_there() -> None:
    letters = "aé日\t👍\u0301\u200d�\x01 "
    line = "".join(letters[(n * 7) % len(letters)] for n in range(120))
    for column in range(1, len(line) + 2):
        for width in (24, 40, 80, 300):
            found = printed([Problem("a.toml", 1, "Wrong.", column=column, excerpt=line)], width)
            _, shown_line, caret = found[1:].split("\n")[:3]
            assert cell_len(shown_line) <= width
            assert cell_len(caret) <= width + 1


# ---- the command ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def home(tmp_path: Path) -> Path:
    assert run("init", folder=tmp_path).returncode == 0
    (tmp_path / "mappings" / "rules.toml").write_bytes('[[rule]]\r\nwhen.label = "größe"\r\nto = "ssso"\r\n'.encode())
    (tmp_path / "config.toml").write_text('timezone = "Mars"\ndatabase = "postgresql://me:pw@db/x"\n')
    return tmp_path


@pytest.mark.parametrize("columns", ["80", "120", ""])
def test_check_shows_the_line_and_a_caret(home: Path, columns: str) -> None:
    found = run("check", folder=home, COLUMNS=columns)
    assert found.returncode == 2
    assert (
        'mappings/rules.toml:3:6: There is no key result "ssso".\n    to = "ssso"\n         ^^^^^^\n    Did you' in found.stderr
    )
    assert '    timezone = "Mars"\n               ^^^^^^\n' in found.stderr
    assert "pw" not in found.stderr
    assert "config.toml:2:12: The address of the database holds a password.\n    database = …\n               ^\n" in found.stderr


def test_check_gives_programs_all_of_it(home: Path) -> None:
    found = json.loads(run("check", "--json", folder=home).stdout)["problems"]
    (wrong,) = [p for p in found if p["file"] == "mappings/rules.toml"]
    assert wrong == {
        "file": "mappings/rules.toml",
        "line": 3,
        "column": 6,
        "width": 6,
        "row": "",
        "text": 'There is no key result "ssso".',
        "remedy": 'Did you mean "sso"?',
        "warning": False,
        "excerpt": 'to = "ssso"',
    }


def test_sentences_wrap_at_the_width_of_a_terminal() -> None:
    found = Problem(
        "a.toml", 1, "What is wrong here takes more than a line.", "So does what to do next.", column=1, excerpt="k = 1"
    )
    expected = """\
a.toml:1:1: What is wrong here
    takes more than a line.
    k = 1
    ^
    So does what to do next.
"""
    plain = re.sub(r"\x1b\[[0-9;]*m", "", b.shown(problem_lines([found], 30), 30, terminal=True))
    assert plain == expected
    assert "What is wrong here takes more than a line.\n" in printed([found], 30)
