"""A spreadsheet in ``config.toml``: where it is, what its columns are, and every mistake with its line."""

from __future__ import annotations

from pathlib import Path

import jsonschema
import pytest

from connectors.base import Secret
from hub.config import Config, load_config
from hub.config.spec import config_schema
from hub.errors import ConfigError
from hub.tomlfile import Document, read

DEALS = """\
[source.deals]
kind = "spreadsheet"
file = "sheets/deals.xlsx"
key = "Deal ID"
columns = { title = "Deal", status = "Stage", amount = "Amount", "stage:Pitch" = "Pitch date" }
"""
KPIS = """\
[source.kpis]
kind = "spreadsheet"
file = "kpis.csv"
date = "Date"
value = "Value"
"""


def load(folder: Path, text: str, environ: dict[str, str] | None = None) -> Config:
    (folder / "config.toml").write_text(text, "utf-8")
    return load_config(folder / "config.toml", environ or {})


def problems(folder: Path, text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load(folder, text)
    return [str(problem) for problem in caught.value.problems if not problem.warning]


def schema_takes(text: str) -> bool:
    found = read("config.toml", text)
    assert isinstance(found, Document)
    return not list(jsonschema.Draft7Validator(config_schema()).iter_errors(found.values))


# ---- what is read -----------------------------------------------------------------------------------------------------------


def test_a_file_is_seen_from_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "sheets").mkdir()
    (tmp_path / "sheets" / "deals.xlsx").touch()
    config = load(tmp_path, DEALS)
    assert config.sources["deals"].url == (tmp_path / "sheets/deals.xlsx").as_uri()
    assert config.warnings == (), "a file needs no secret"


@pytest.mark.parametrize("written", ["/data/Q3 #1 100%.xlsx", "../sheets/deals.xlsx", "Übersicht.csv"])
def test_any_path_is_kept(tmp_path: Path, written: str) -> None:
    url = load(tmp_path, DEALS.replace("sheets/deals.xlsx", written)).sources["deals"].url
    assert url == (tmp_path / written).resolve().as_uri()


def test_an_address_may_stand_in_its_place(tmp_path: Path) -> None:
    config = load(tmp_path, DEALS.replace('file = "sheets/deals.xlsx"', 'url = "https://intranet.example/deals.csv"'))
    assert config.sources["deals"].url == "https://intranet.example/deals.csv"
    assert config.warnings == ()


def test_a_google_sheet_needs_a_key_which_may_have_several_lines(tmp_path: Path) -> None:
    sheet = "https://docs.google.com/spreadsheets/d/1AbCdEfGhIjKlMnOpQrStUvWxYz0123456789/edit"
    text = DEALS.replace('file = "sheets/deals.xlsx"', f'url = "{sheet}"')
    assert "The secret of the source deals is not set" in str(load(tmp_path, text).warnings)
    key = tmp_path / "key.json"
    key.write_text('{\n  "type": "service_account",\n  "private_key": "-----BEGIN\\nabc\\n"\n}\n')
    key.chmod(0o600)
    config = load(tmp_path, text, {"ANCHORLINE_DEALS__TOKEN_FILE": str(key)})
    assert config.warnings == ()
    assert config.settings("deals").token == Secret('{"type":"service_account","private_key":"-----BEGIN\\nabc\\n"}')


def test_the_settings_that_the_connector_gets(tmp_path: Path) -> None:
    text = (
        'timezone = "Europe/Berlin"\n'
        + DEALS
        + 'sheets = ["Q3"]\nfields = { Region = "Region" }\nformats = { Amount = "1.234,56" }\n'
    )
    settings = load(tmp_path, text).settings("deals")
    assert (settings.partitions, settings.fields, settings.timezone) == (("Q3",), {"region": "Region"}, "Europe/Berlin")
    assert settings.options["columns"] == {"title": "Deal", "status": "Stage", "amount": "Amount", "stage:Pitch": "Pitch date"}
    assert (settings.options["formats"], settings.options["header"]) == ({"Amount": "1.234,56"}, 1)


def test_conditions_can_ask_for_the_columns_that_are_declared_and_no_others(tmp_path: Path) -> None:
    fields = load(tmp_path, DEALS + 'fields = { region = "Region" }\n').sources["deals"].facts.item_fields
    assert {"key", "title", "project", "status", "done", "closed", "amount", "field.region"} <= fields
    assert not {"label", "assignee", "due", "created", "type"} & fields
    assert not {"status", "key", "amount"} & load(tmp_path, KPIS).sources["kpis"].facts.item_fields


def test_sheets_are_measured_unless_they_are_said_to_be_work(tmp_path: Path) -> None:
    assert load(tmp_path, DEALS).sources["deals"].facts.work is False
    assert load(tmp_path, DEALS + "work = true\n").sources["deals"].facts.work is True


def test_several_sources_may_measure_one_sheet_but_its_work_counts_once(tmp_path: Path) -> None:
    twice = KPIS + KPIS.replace("source.kpis", "source.again").replace('"Value"', '"Target"')
    assert set(load(tmp_path, twice).sources) == {"kpis", "again"}
    work = DEALS + "work = true\n"
    (said,) = problems(tmp_path, work + work.replace("source.deals", "source.again"))
    assert 'The sources "deals" and "again" both read all sheets of' in said


# ---- mistakes ---------------------------------------------------------------------------------------------------------------

MISTAKES: dict[str, tuple[str, str]] = {
    "no place": (
        DEALS.replace('file = "sheets/deals.xlsx"\n', ""),
        "config.toml:1:1: [source.deals] has no `file`. "
        'Add the path of the file, for example file = "kpis.xlsx", or its address: url = "https://...".',
    ),
    "two places": (
        DEALS + 'url = "https://a.example/x.csv"\n',
        "config.toml:6:1: `file` and `url` both say where the source is. Keep one of the two.",
    ),
    "an address as a file": (
        DEALS.replace("sheets/deals.xlsx", "https://a.example/x.csv"),
        "config.toml:3:8: The value of `file` is an address. Write it as `url`.",
    ),
    "a folder": (
        DEALS.replace("deals.xlsx", ""),
        'config.toml:3:8: The value of `file` is the path of no file. Name the file itself: file = "kpis.xlsx".',
    ),
    "a lock file": (
        DEALS.replace("deals.xlsx", "~$deals.xlsx"),
        'config.toml:3:8: "~$deals.xlsx" only says that somebody has another file open. '
        "Name the file itself, without what stands before its name.",
    ),
    "an old workbook": (
        DEALS.replace("deals.xlsx", "deals.xls"),
        "config.toml:3:8: Files that end in .xls are not read. Save it as .xlsx, .ods or CSV UTF-8.",
    ),
    "no key": (
        DEALS.replace('key = "Deal ID"\n', ""),
        "config.toml:1:1: A sheet needs a `key`: the column that tells its rows apart. "
        'Add key = "ID", for example; or date and value, if each row is a value of a day.',
    ),
    "no such column": (
        DEALS.replace("status =", "state ="),
        'config.toml:5:29: A column of items cannot be "state". Did you mean "status"?',
    ),
    "a column by another name": (
        DEALS.replace("status =", "label ="),
        'config.toml:5:29: A column of items cannot be "label". Did you mean "labels"?',
    ),
    "a stage without a name": (
        DEALS.replace("stage:Pitch", "stage:"),
        'config.toml:5:66: A column of items cannot be "stage:". Known are title, status, type, labels, assignee, estimate, '
        'amount, currency, created, started, done, due, parent, url, and "stage:NAME"; other columns go into `fields`.',
    ),
    "columns that are no table": (
        DEALS.partition("columns")[0] + 'columns = "Deal"\n',
        'config.toml:5:11: `columns` must be a table, not a text. Write a table: columns = { NAME = "..." }.',
    ),
    "a date without a value": (
        KPIS.replace('value = "Value"\n', ""),
        'config.toml:4:8: `date` makes each row a value, and there is no `value`. Name the column as well: value = "Value".',
    ),
    "a series of items": (
        DEALS + 'series = "Metric"\n',
        "config.toml:6:10: `series` belongs to values, and without `date` and `value` each row is an item. "
        "Add `date` and `value`, or remove the line.",
    ),
    "columns of values": (
        KPIS + 'columns = { title = "Metric" }\n',
        "config.toml:6:11: `columns` are those of items, and with `date` and `value` each row is a value. "
        "Remove it; name columns to filter by in `fields`.",
    ),
    "no such encoding": (
        DEALS + 'encoding = "utf-9"\n',
        'config.toml:6:12: "utf-9" is no encoding of text. '
        'Leave it out for UTF-8, or write encoding = "windows-1252", for example.',
    ),
    "no such row": (
        DEALS + "header = 0\n",
        "config.toml:6:10: `header` must be a row from 1 to 1000. Write the row in which the columns' names stand.",
    ),
    "a format of nothing": (
        DEALS + 'formats = { Amount = "german" }\n',
        'config.toml:6:22: "german" is the format of no number and of no date. '
        'Write 1234.56 as the column does, such as "1.234,56", or a date such as "DD.MM.YYYY".',
    ),
    "a format of another type": (
        DEALS + 'formats = { Amount = "DD.MM.YYYY" }\n',
        'config.toml:6:22: `amount` is a number, and this is the format of dates. Write such as "1.234,56".',
    ),
    "a format of a text": (
        DEALS + 'formats = { Deal = "1.234,56" }\n',
        "config.toml:6:20: `title` is a text, which has no format. Remove it from `formats`.",
    ),
    "a format of no column": (
        DEALS + 'formats = { Betrag = "1.234,56" }\n',
        'config.toml:6:13: No line reads the column "Betrag". Write its header as `columns` or `fields` do, or remove the line.',
    ),
    "partitions of another kind": (
        DEALS + 'projects = ["CORE"]\n',
        "config.toml:6:1: A source of this kind has no `projects`. Write `sheets`.",
    ),
    "a secret in the file": (
        DEALS + 'token = "abc"\n',
        "config.toml:6:1: `token` would put a secret into the configuration. "
        "Remove it from the file, and set ANCHORLINE_DEALS__TOKEN or ANCHORLINE_DEALS__TOKEN_FILE.",
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_told_with_its_line_and_what_to_do(tmp_path: Path, name: str) -> None:
    text, wanted = MISTAKES[name]
    assert problems(tmp_path, text) == [wanted]


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    text = DEALS.replace("status =", "state =") + 'formats = { Amount = "german", Deal = "1.234,56" }\nheader = 0\n'
    assert len(problems(tmp_path, text)) == 4


def test_lines_of_columns_may_be_shown_beside_a_problem(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, DEALS.replace("status =", "state ="))
    assert 'state = "Stage"' in str(caught.value.problems[0].excerpt)


# ---- editors ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", [DEALS, KPIS, DEALS + "work = true\nheader = 2\n" + 'formats = { "A b" = "1.234,56" }\n'])
def test_the_schema_takes_it(text: str) -> None:
    assert schema_takes(text)


@pytest.mark.parametrize("more", ['header = "2"\n', "columns = 1\n", 'projects = ["A"]\n', "formats = { A = 1 }\n"])
def test_the_schema_refuses_what_the_reader_refuses(more: str) -> None:
    assert not schema_takes(KPIS + more)


def test_the_example_configuration_has_both_kinds_of_sheets() -> None:
    config = load_config(Path(__file__).parents[2] / "config.example.toml", {})
    sheets = {name: source for name, source in config.sources.items() if source.kind == "spreadsheet"}
    assert {bool(source.options["value"]) for source in sheets.values()} == {True, False}
    assert not any(source.work for source in sheets.values())
