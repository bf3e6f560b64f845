"""What to read of a sheet: made of the source's settings, checked when the configuration is, and handed to the parser as JSON."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal
from urllib.parse import unquote, urlsplit

from connectors.base import SettingFault, SourceSettings
from connectors.spreadsheet.dates import EXAMPLE as A_DATE
from connectors.spreadsheet.dates import date_format
from connectors.spreadsheet.numbers import EXAMPLE as A_NUMBER
from connectors.spreadsheet.numbers import number_format

Type = Literal["text", "number", "day", "instant", "labels", "literal"]

ITEM_COLUMNS: Mapping[str, Type] = {
    "title": "text", "status": "text", "type": "text", "labels": "labels", "assignee": "text", "estimate": "number",
    "amount": "number", "currency": "text", "created": "instant", "started": "instant", "done": "instant", "due": "day",
    "parent": "text", "url": "text",
}  # fmt: skip
"""What a column of items may be, and what its cells are."""
VALUE_COLUMNS: Mapping[str, Type] = {
    "date": "day", "value": "number", "series": "text", "unit": "text", "by": "text", "note": "text",
}  # fmt: skip
STAGE = "stage:"
FIELD = "field:"
KEY = "key"
LOCKS = ("~$", ".~lock.")
"""How the files begin that spreadsheet programs lay beside one that they have open."""
_UNREADABLE = ("xls", "xlsb", "numbers", "pdf", "docx", "gsheet")
_ANSWERS = {
    "status": {"status", "done", "closed"}, "labels": {"label"}, "done": {"done", "closed"},
    **{name: {name} for name in ("type", "assignee", "estimate", "amount", "currency", "created", "started", "due")},
}  # fmt: skip
"""Column -> the fields of conditions that it answers."""
ANSWERS = frozenset({"source", "project", "key", "title"}).union(*_ANSWERS.values())


def folded(header: str) -> str:
    """A header as headers are compared: without case, line breaks and double blanks."""
    return " ".join(unicodedata.normalize("NFC", header).split()).casefold()


@dataclass(frozen=True, slots=True)
class Slot:
    """A column that is read: ``role`` is what for (``key``, ``amount``, ``stage:Pitch``, ``field:region``)."""

    role: str
    header: str
    type: Type
    form: str | None = None
    """How it writes its numbers or dates, where that is declared"""


@dataclass(frozen=True, slots=True)
class Plan:
    """``slots`` are in the order in which the parser hands over their cells; ``header`` is the row of the headers, from 1."""

    yields: Literal["items", "values"]
    slots: tuple[Slot, ...]
    header: int = 1
    zone: str = "UTC"
    encoding: str | None = None

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Plan:
        return cls(**{**value, "slots": tuple(Slot(**slot) for slot in value["slots"])})


def make_plan(settings: SourceSettings) -> Plan:
    """The plan of settings in which ``faults`` finds nothing."""
    options = settings.options
    forms = {folded(header): form for header, form in (options.get("formats") or {}).items()}
    values = bool(options.get("date") or options.get("value"))

    def slot(role: str, header: str, type: Type) -> Slot:
        return Slot(role, header, type, forms.get(folded(header)))

    slots = [slot(KEY, options[KEY], "text")] if options.get(KEY) else []
    if values:
        slots += [slot(role, options[role], type) for role, type in VALUE_COLUMNS.items() if options.get(role)]
    else:
        columns: Mapping[str, str] = options.get("columns") or {}
        slots += [slot(role, header, ITEM_COLUMNS.get(role, "instant")) for role, header in columns.items()]
    slots += [slot(FIELD + name, settings.fields[name], "literal") for name in sorted(settings.fields)]
    return Plan(
        "values" if values else "items", tuple(slots), options.get("header") or 1, settings.timezone, options.get("encoding")
    )


def answers(settings: SourceSettings) -> frozenset[str]:
    """The fields of conditions that rows of this source have."""
    if settings.options.get("date") or settings.options.get("value"):
        return frozenset({"source", "project"})
    columns = settings.options.get("columns") or {}
    found = {"source", "project", "key", "title"}.union(*(_ANSWERS.get(role, ()) for role in columns))
    return frozenset(found)


# ---- what cannot be ---------------------------------------------------------------------------------------------------


def faults(settings: SourceSettings) -> Iterator[SettingFault]:
    """What is wrong with the settings, each with its key."""
    options = settings.options
    yield from _address(settings.url)
    if (header := options.get("header")) is not None and not 1 <= header <= 1000:
        yield SettingFault(
            ("header",), "`header` must be a row from 1 to 1000.", "Write the row in which the columns' names stand."
        )
    if encoding := options.get("encoding"):
        yield from _encoding(encoding)
    if options.get("date") or options.get("value"):
        yield from _values(options)
    else:
        yield from _items(options)
    yield from _formats(settings)


def _address(url: str) -> Iterator[SettingFault]:
    at = "file" if url.startswith("file:") else "url"
    name = unquote(urlsplit(url).path).rpartition("/")[2]
    if name.startswith(LOCKS):
        text = f'"{name}" only says that somebody has another file open.'
        yield SettingFault((at,), text, "Name the file itself, without what stands before its name.")
    elif (ending := name.rpartition(".")[2].lower()) in _UNREADABLE and google_id(url) is None:
        yield SettingFault((at,), f"Files that end in .{ending} are not read.", "Save it as .xlsx, .ods or CSV UTF-8.")


def _encoding(name: str) -> Iterator[SettingFault]:
    try:
        known = "a".encode(name).decode(name) == "a"
    except (LookupError, ValueError, TypeError):
        known = False
    if not known:
        text = f'"{name}" is no encoding of text.'
        yield SettingFault(("encoding",), text, 'Leave it out for UTF-8, or write encoding = "windows-1252", for example.')


def _values(options: Mapping[str, Any]) -> Iterator[SettingFault]:
    for one, other in (("date", "value"), ("value", "date")):
        if not options.get(one):
            text = f"`{other}` makes each row a value, and there is no `{one}`."
            yield SettingFault((other,), text, f'Name the column as well: {one} = "{one.capitalize()}".')
    if options.get("columns"):
        text = "`columns` are those of items, and with `date` and `value` each row is a value."
        yield SettingFault(("columns",), text, "Remove it; name columns to filter by in `fields`.")


def _items(options: Mapping[str, Any]) -> Iterator[SettingFault]:
    if not options.get(KEY):
        text = "A sheet needs a `key`: the column that tells its rows apart."
        yield SettingFault((), text, 'Add key = "ID", for example; or date and value, if each row is a value of a day.')
    for name in ("series", "unit", "by", "note"):
        if options.get(name):
            text = f"`{name}` belongs to values, and without `date` and `value` each row is an item."
            yield SettingFault((name,), text, "Add `date` and `value`, or remove the line.")
    for role in options.get("columns") or {}:
        if role in ITEM_COLUMNS or (role.startswith(STAGE) and role[len(STAGE) :].strip()):
            continue
        text = f'A column of items cannot be "{role}".'
        yield SettingFault(("columns", role), text, _nearest(role), named=True)


_OFTEN = {
    "label": "labels", "tag": "labels", "tags": "labels", "closed": "done", "close": "done", "owner": "assignee",
    "state": "status", "stage": "status", "name": "title", "value": "amount", "begin": "started", "start": "started",
    "points": "estimate",
}  # fmt: skip
"""What columns of items are often called."""


def _nearest(role: str) -> str:
    import difflib

    word = role.strip().rstrip(":").casefold()
    near = difflib.get_close_matches(word, ITEM_COLUMNS, n=1, cutoff=0.75)
    found = _OFTEN.get(word) or (near[0] if near else "")
    if found and not role.startswith(STAGE):
        return f'Did you mean "{found}"?'
    return f'Known are {", ".join(ITEM_COLUMNS)}, and "stage:NAME"; other columns go into `fields`.'


def _formats(settings: SourceSettings) -> Iterator[SettingFault]:
    plan = make_plan(settings)
    by_header: dict[str, list[Slot]] = {}
    for slot in plan.slots:
        by_header.setdefault(folded(slot.header), []).append(slot)
    for header, form in (settings.options.get("formats") or {}).items():
        at = ("formats", header)
        found = by_header.get(folded(header))
        if found is None:
            text = f'No line reads the column "{header}".'
            yield SettingFault(at, text, "Write its header as `columns` or `fields` do, or remove the line.", named=True)
        elif number_format(form) is None and date_format(form) is None:
            text = f'"{form}" is the format of no number and of no date.'
            yield SettingFault(at, text, f"Write 1234.56 as the column does, such as {A_NUMBER}, or a date such as {A_DATE}.")
        else:
            for slot in found:
                yield from _fits(at, slot, form)


def _fits(at: tuple[str, ...], slot: Slot, form: str) -> Iterator[SettingFault]:
    name = slot.role.removeprefix(FIELD)
    if slot.type == "number" and number_format(form) is None:
        yield SettingFault(at, f"`{name}` is a number, and this is the format of dates.", f"Write such as {A_NUMBER}.")
    elif slot.type in ("day", "instant") and date_format(form) is None:
        yield SettingFault(at, f"`{name}` is a date, and this is the format of numbers.", f"Write such as {A_DATE}.")
    elif slot.type in ("text", "labels"):
        yield SettingFault(at, f"`{name}` is a text, which has no format.", "Remove it from `formats`.")


_ADDRESS = re.compile(r"https://docs\.google\.com/spreadsheets/d/([A-Za-z0-9_-]{20,})(?:/.*)?")


def google_id(url: str) -> str | None:
    """The id of a Google Sheet, by the address that a browser shows; None for any other address."""
    found = _ADDRESS.fullmatch(url)
    return found[1] if found else None
