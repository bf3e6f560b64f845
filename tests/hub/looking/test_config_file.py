"""`config.toml` as it is proposed: read by the very loader, with its reasons beside the lines."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hub.config import Config, load_config
from hub.looking import Census, FieldChoice, Site, candidates, choose, config_file, figures, living, newest_of
from tests.hub.looking.builders import field_row, listing, partition, sampled

SITE = Site("jira", "jira", "Jira Cloud", "https://larks.atlassian.net", "svc@larks.eu", "ANCHORLINE_JIRA__TOKEN",
            "Europe/Berlin", "projects", estimates=True)  # fmt: skip


def written(choice: FieldChoice, *projects: tuple[str, str, dict[str, Any]]) -> str:
    censuses = []
    for key, day, more in projects or (("CORE", "2027-02-10", {}),):
        found = Census(partition(key, **more))
        found.add(listing(day))
        censuses.append(found)
    return config_file(SITE, "15 Feb 2027", living(censuses, False), choice, newest_of(censuses))


def loaded(text: str, folder: Path) -> Config:
    (folder / "config.toml").write_text(text)
    return load_config(folder / "config.toml", {"ANCHORLINE_JIRA__TOKEN": "x"})


def choice(**values: Any) -> FieldChoice:
    """Fields by id and name in one, all on thirty items."""
    rows = candidates([field_row(name, name, "number" if "oint" in name else "option", "x:float") for name in values])
    sample = [sampled(n, **{k: v[n % len(v)] for k, v in values.items()}) for n in range(30)]
    return choose(figures(rows, sample), sample)


def test_projects_that_are_dead_stand_as_comments(tmp_path: Path) -> None:
    text = written(choice(), ("CORE", "2027-02-10", {}), ("OLD", "2020-01-05", {}), ("GONE", "2027-02-10", {"state": "archived"}))
    config = loaded(text, tmp_path)
    assert config.sources["jira"].partitions == ("CORE",)
    assert (config.timezone, config.warnings) == ("Europe/Berlin", ())
    assert '#  "OLD",  # The OLD: 1 item, the newest of 5 Jan 2020\n' in text
    assert '  "CORE",  # The CORE: 1 item, 1 changed lately\n' in text
    assert "# Archived or trashed: GONE\n" in text
    assert "in the 90 days before 10 Feb 2027" in text


def test_fields_with_how_often_they_are_filled(tmp_path: Path) -> None:
    text = written(choice(Squad=["A", "B", None], OKR=[None]))
    assert dict(loaded(text, tmp_path).sources["jira"].fields) == {"team": "Squad"}
    assert 'team = "Squad"  # "Squad": filled in on 67 %, 2 values: A (10), B (10)\n' in text
    assert '# okr = "OKR"  # "OKR": empty everywhere\n' in text


def test_no_field_at_all(tmp_path: Path) -> None:
    text = written(choice())
    assert dict(loaded(text, tmp_path).sources["jira"].fields) == {}
    assert "# No field sounds like a team or like goals.\n" in text


def test_two_estimates_are_told_with_their_figures(tmp_path: Path) -> None:
    text = written(choice(Story_points=[3, None, None], Points=[5]))
    config = loaded(text, tmp_path)
    assert config.sources["jira"].options["estimate"] == "Points"
    assert "# Story_points Story_points: filled in on 33 %\n" in text
    told = " ".join(line.removeprefix("# ") for line in text.splitlines())
    assert '100 % of 30 stories and tasks among the 30 newest items have an estimate, by the field "Points"; effort =' in told


def test_names_of_projects_cannot_break_out(tmp_path: Path) -> None:
    found = Census(partition('A"]\nurl = "https://evil.example"'))
    found.add(listing("2027-02-10"))
    text = config_file(SITE, "15 Feb 2027", living([found], False), choice(), newest_of([found]))
    config = loaded(text, tmp_path)
    assert config.sources["jira"].url == "https://larks.atlassian.net"


def test_hundreds_of_dead_projects_do_not_fill_the_file(tmp_path: Path) -> None:
    many = [(f"P{n}", "2020-01-01", {}) for n in range(400)]
    text = written(choice(), ("CORE", "2027-02-10", {}), *many)
    assert len(text.splitlines()) < 260
    assert loaded(text, tmp_path).sources["jira"].partitions == ("CORE",)
    assert "# and 200 more: P" in text
