"""What is said of a source before its kind can say what it takes, and of a file that it names."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.config import load_config
from hub.errors import ConfigError

SHEET = '[source.deals]\nkind = "{}"\nfile = "deals.csv"\nkey = "Deal ID"\ncolumns = {{ title = "Deal" }}\n'


def refused(path: Path, text: str) -> list[str]:
    path.write_text(text, "utf-8")
    with pytest.raises(ConfigError) as caught:
        load_config(path, {})
    return [str(problem) for problem in caught.value.problems]


def test_of_an_unknown_kind_nothing_else_is_said_to_be_wrong(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    (problem,) = refused(path, SHEET.format("spredsheet"))
    assert problem == 'config.toml:2:8: There is no connector of kind "spredsheet". Did you mean "spreadsheet"?'


def test_what_no_kind_takes_is_said_all_the_same(tmp_path: Path) -> None:
    told = refused(tmp_path / "config.toml", '[source.deals]\nkind = "spredsheet"\npassword = "x"\ncolums = {}\n')
    assert [line.partition(": ")[0] for line in told] == ["config.toml:2:8", "config.toml:3:1", "config.toml:4:1"]
    assert "`password` would put a secret into the configuration." in told[1]


def test_a_file_that_is_not_there_is_warned_about(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(SHEET.format("spreadsheet"), "utf-8")
    (warning,) = load_config(path, {}).warnings
    assert str(warning).startswith(f"config.toml:3:8: warning: There is no file {tmp_path / 'deals.csv'}. Correct `file`")
    (tmp_path / "deals.csv").write_text("Deal ID,Deal\n", "utf-8")
    assert load_config(path, {}).warnings == ()
