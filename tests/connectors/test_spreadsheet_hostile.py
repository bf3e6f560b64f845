"""Files that are made to do harm: each is refused or read, within the memory and time that the parser's process has.

The memory is measured by the operating system, of a process that parses nothing but this file. The time is bounded by limits of
that process, which one test looks at; no test is timed.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import textwrap
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from connectors._shared.dial import Cancelled
from connectors.base import BadData, Misconfigured, SourceError, SourceSettings, Unavailable
from connectors.spreadsheet import child, files, parser
from connectors.spreadsheet.archive import CHUNK
from connectors.spreadsheet.plan import make_plan
from tests.connectors.raw import raw_server
from tests.connectors.runs import Clock
from tests.connectors.sheets import DEALS, ITEMS, SHEET1, changed, csv_text, fault_of, items_of, ods, opened, settings_of, xlsx

Build = Callable[[Path], Path]
STRINGS = "xl/sharedStrings.xml"
MB300 = 300_000_000
LAUGHS = (
    b'<!DOCTYPE x [<!ENTITY a "ha">'
    + b"".join(b'<!ENTITY %c "%s">' % (c + 1, b"&%c;" % c * 10) for c in range(ord("a"), ord("j")))
    + b"]>"
)


def book(folder: Path, change: Callable[[bytes], bytes] | None = None, part: str = SHEET1) -> Path:
    path = xlsx(folder / "deals.xlsx", {"Deals": DEALS})
    return changed(path, part, change) if change else path


def declared(declaration: bytes, part: str) -> Build:
    """A workbook with a declaration after the first line of a part."""

    def change(data: bytes) -> bytes:
        first, _, rest = data.partition(b"?>")
        return first + b"?>" + declaration + rest

    return lambda folder: book(folder, change, part)


def rows(content: bytes) -> Build:
    """A workbook whose sheet holds this after its first rows."""
    return lambda folder: book(folder, lambda data: data.replace(b"</sheetData>", content + b"</sheetData>"))


def lying(folder: Path) -> Path:
    """Both headers say 1,000 bytes where 90 MB are packed, with the checksum of those 1,000."""
    path = book(folder, lambda data: data + b" " * (90 << 20))
    data = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        content = archive.read(SHEET1)
        entry = archive.getinfo(SHEET1)
    size, crc = len(content).to_bytes(4, "little"), entry.CRC.to_bytes(4, "little")
    data = data.replace(size, (1000).to_bytes(4, "little")).replace(crc, zlib.crc32(content[:1000]).to_bytes(4, "little"))
    path.write_bytes(bytes(data))
    return path


def filling(size: int) -> bytes:
    """A comment that is packed no better than a sheet."""
    return b"<!--" + os.urandom(size // 2 - 4).hex().encode() + b"-->"


def many_parts(folder: Path) -> Path:
    path = book(folder)
    with zipfile.ZipFile(path, "a") as archive:
        for number in range(2_500):
            archive.writestr(f"xl/media/{number}.png", b"")
    return path


def twice(folder: Path) -> Path:
    path = book(folder)
    with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Duplicate name"):
        archive.writestr(SHEET1, b"<worksheet/>")
    return path


def million_strings(folder: Path) -> Path:
    shared = b"".join(b"<si><t>text %d of a million</t></si>" % number for number in range(1_000_000))
    return book(folder, lambda data: data.replace(b"</sst>", shared + b"</sst>"), STRINGS)


def straddling(folder: Path) -> Path:
    """The declaration lies across two of the chunks in which a part is looked at."""
    return book(folder, lambda data: data.partition(b"?>")[0] + b"?>" + filling(CHUNK - 50) + LAUGHS, "xl/styles.xml")


def repeated(folder: Path) -> Path:
    cell = '<table:table-cell table:number-columns-repeated="16000" office:value-type="float" office:value="1"/>'
    path = ods(folder / "deals.ods", {"Deals": (DEALS[0], (cell,))})
    return changed(path, "content.xml", lambda data: data.replace(b"<table:table-row><table:table-cell table:number-columns",
                   b'<table:table-row table:number-rows-repeated="1000000"><table:table-cell table:number-columns'))  # fmt: skip


def plain(content: bytes) -> Build:
    def build(folder: Path) -> Path:
        path = folder / "deals.csv"
        path.write_bytes(content)
        return path

    return build


HEADER = csv_text(DEALS).encode()

REFUSED: dict[str, tuple[Build, str]] = {
    "a bomb": (
        lambda folder: book(folder, lambda data: data + b" " * (120 << 20)),
        "deals.xlsx is refused: it unpacks to more than 100 MB",
    ),
    "a smaller bomb": (
        lambda folder: book(folder, lambda data: data + b" " * (90 << 20)),
        f"deals.xlsx is refused: its part {SHEET1} unpacks to more than 100 times its size",
    ),
    "a bomb that lies": (lying, "deals.xlsx is damaged"),
    "many parts": (many_parts, "deals.xlsx is refused: it has more than 2,000 parts"),
    "a part twice": (twice, "deals.xlsx is damaged: two parts have one name"),
    "billion laughs in the sheet": (declared(LAUGHS, SHEET1), f"deals.xlsx is refused: its part {SHEET1} declares entities"),
    "billion laughs in the texts": (declared(LAUGHS, STRINGS), f"deals.xlsx is refused: its part {STRINGS} declares entities"),
    "billion laughs in the workbook": (
        declared(LAUGHS, "xl/workbook.xml"),
        "deals.xlsx is refused: its part xl/workbook.xml declares",
    ),
    "billion laughs across two chunks": (straddling, "deals.xlsx is refused: its part xl/styles.xml declares entities"),
    "billion laughs in UTF-16": (
        lambda folder: book(folder, lambda data: (LAUGHS + data).decode().encode("utf-16")),
        f"deals.xlsx is damaged: its part {SHEET1} is written as in no spreadsheet",
    ),
    "16,384 columns": (
        rows(b'<row r="9"><c r="XFD9"><v>1</v></c></row>'),
        "deals.xlsx, Deals has more than 702 columns: XFD is a column of it",
    ),
    "a million rows": (
        rows(b'<row r="1048576"><c r="A1048576"><v>1</v></c></row>'),
        "deals.xlsx, Deals reaches over 1,048,576 rows and 5 columns, more than 2,000,000 cells",
    ),
    "a row without an end": (
        rows(b"<row r='9'>" + os.urandom(13 << 20).hex().encode()),
        "deals.xlsx, Deals has a row that does not end",
    ),
    "cells without an end": (rows(b"<row><c><f>" * 100_000 + filling(1 << 20)), "deals.xlsx is damaged"),
    "a sheet repeated a million times": (repeated, "deals.ods"),
    "a csv of one line": (plain(b"a" * (60 << 20)), "deals.csv, row 1: a cell has more than 131,072 characters"),
    "a csv of one cell": (
        plain(HEADER + b'D-9,"' + b"x" * (1 << 20)),
        "deals.csv, row 5: a cell has more than 131,072 characters",
    ),
    "a csv of 800 columns": (plain(b"a," * 800), "deals.csv has more than 702 columns or 2,000,000 cells"),
    "a csv of three million cells": (
        plain(HEADER + b",,,,\n" * 600_000),
        "deals.csv has more than 702 columns or 2,000,000 cells",
    ),
    "a csv of zero bytes": (plain(bytes(1 << 20)), "deals.csv is no text in UTF-8: it holds zero bytes"),
    "a csv of noise": (plain(os.urandom(1 << 20)), "deals.csv"),
}
READ: dict[str, Build] = {
    "a million texts": million_strings,
}

MEASURE = """
    import json, resource, sys
    from connectors.base import SourceError
    from connectors.spreadsheet.parser import Parser

    path, name, plan = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
    said = ""
    with open(path, "rb") as source:
        try:
            jobs = [{"do": "list"}] if name != "deals.csv" else []
            for job in [*jobs, {"do": "read", "sheet": "Deals" if jobs else None, "plan": plan}]:
                Parser().run(source, name, job).close()
        except SourceError as error:
            said = str(error)
    print(json.dumps([said, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024]))
"""


def measured(path: Path) -> tuple[str, int]:
    """What is said of a file, and the peak memory of the processes that parsed it."""
    plan = json.dumps(make_plan(settings_of(path)).as_json())
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(MEASURE), str(path), path.name, plan], capture_output=True, text=True, check=True
    )
    said, peak = json.loads(done.stdout)
    return said, peak


@pytest.mark.parametrize("name", REFUSED)
def test_a_hostile_file_is_refused_within_its_memory(tmp_path: Path, name: str) -> None:
    """S06."""
    build, wanted = REFUSED[name]
    said, peak = measured(build(tmp_path))
    assert said.startswith(wanted)
    assert peak < MB300


@pytest.mark.parametrize("name", READ)
def test_an_odd_file_is_read_within_its_memory(tmp_path: Path, name: str) -> None:
    assert (found := measured(READ[name](tmp_path)))[0] == ""
    assert found[1] < MB300


def test_the_largest_sheet_that_is_read_needs_no_more_memory(tmp_path: Path) -> None:
    path = tmp_path / "deals.xlsx"
    with zipfile.ZipFile(xlsx(path, {"Deals": DEALS})) as archive:
        parts = {entry.filename: archive.read(entry) for entry in archive.infolist()}
    wide = b"".join(b'<c r="%c#"><v>1</v></c>' % letter for letter in b"FGHIJKLMNOPQRST")
    row = b'<row r="#"><c r="A#" t="inlineStr"><is><t>D-#</t></is></c>' + wide + b"</row>"
    more = b"".join(row.replace(b"#", b"%d" % number) for number in range(5, 100_000))
    parts[SHEET1] = parts[SHEET1].replace(b"</sheetData>", more + b"</sheetData>")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for part, content in parts.items():
            archive.writestr(part, content)
    said, peak = measured(path)
    assert said == ""
    assert peak < MB300


def test_an_external_entity_reaches_nobody(tmp_path: Path) -> None:
    """S06."""
    with raw_server() as listener:
        entity = f'<!DOCTYPE x [<!ENTITY e SYSTEM "{listener.url}/x">]>'.encode()
        error = fault_of(declared(entity, SHEET1)(tmp_path))
        assert listener.requests == []
    assert "declares entities" in str(error)


def test_a_link_to_another_workbook_is_not_followed(tmp_path: Path) -> None:
    path = book(tmp_path)
    with raw_server() as listener:
        with zipfile.ZipFile(path, "a") as archive:
            archive.writestr("xl/externalLinks/externalLink1.xml", "<externalLink/>")
            archive.writestr(
                "xl/externalLinks/_rels/externalLink1.xml.rels",
                f'<Relationships><Relationship Id="r1" Target="{listener.url}/x.xlsx" TargetMode="External"/></Relationships>',
            )
        assert len(items_of(path)) == 3
        assert listener.requests == []


# ---- the process ------------------------------------------------------------------------------------------------------------


def run_limited(code: str) -> tuple[int, str]:
    text = f"from connectors.spreadsheet import child\nchild.limit()\n{textwrap.dedent(code)}"
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def test_the_parser_gives_up_memory_time_and_disk() -> None:
    """S06."""
    code, said = run_limited(
        """
        import resource
        for what in (resource.RLIMIT_AS, resource.RLIMIT_CPU, resource.RLIMIT_FSIZE, resource.RLIMIT_CORE):
            print(resource.getrlimit(what)[0])
        """
    )
    assert code == 0
    assert list(map(int, said.split())) == [child.MEMORY, child.SECONDS, child.ANSWER, 0]
    assert child.MEMORY < MB300 and child.SECONDS <= 30


def test_a_parser_that_calculates_for_ever_is_ended() -> None:
    code, _ = run_limited(
        """
        import resource
        resource.setrlimit(resource.RLIMIT_CPU, (1, 2))
        while True: pass
        """
    )
    assert str(parser._ended("deals.xlsx", code)) == "deals.xlsx is refused: reading it takes more than 30 seconds"


@pytest.mark.parametrize(
    ("how", "said"),
    [(signal.SIGABRT, "more than 280 MB of memory"), (signal.SIGKILL, "more than 280 MB of memory"),
     (signal.SIGXCPU, "30 seconds"),
     (signal.SIGSEGV, "is damaged"), (-1, "is damaged"), (-child.TOO_LONG, "more than 280 MB of memory")],
)  # fmt: skip
def test_however_it_ends_it_is_said_in_words(how: int, said: str) -> None:
    error = parser._ended("deals.xlsx", -how)
    assert said in str(error) and error.hint and isinstance(error, BadData)


def test_the_parser_learns_no_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANCHORLINE_KPIS__TOKEN", "s3cret")
    seen: list[dict[str, str]] = []
    popen = subprocess.Popen

    def watched(*args: object, **kwargs: object) -> object:
        seen.append(kwargs["env"])  # type: ignore[arg-type]
        return popen(*args, **kwargs)  # type: ignore[call-overload]

    monkeypatch.setattr(subprocess, "Popen", watched)
    assert len(items_of(book(tmp_path))) == 3
    assert seen and all("s3cret" not in environment.values() for environment in seen)


def test_one_process_at_a_time_and_nothing_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(folder := tmp_path / "scratch"))
    folder.mkdir()
    path = xlsx(tmp_path / "deals.xlsx", {"EMEA": DEALS, "AMER": (DEALS[0], ("X-1", "x", "Won", 5, None))})
    with opened(settings_of(path)) as connector:
        for part in connector.partitions():
            list(connector.changes(part, None, None))
        assert list(folder.iterdir()) == []
    limits = resource.getrlimit(resource.RLIMIT_AS)
    assert limits[0] != child.MEMORY, "the limits are the child's alone"


def test_a_run_that_is_stopped_ends_the_parser(tmp_path: Path) -> None:
    path = book(tmp_path)
    with path.open("rb") as source:
        stopped = parser.Parser()
        stopped.close()
        with pytest.raises(Cancelled):
            stopped.run(source, path.name, {"do": "list"})


# ---- the file ---------------------------------------------------------------------------------------------------------------


def test_a_file_that_is_replaced_while_it_is_read_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """F42."""
    path = tmp_path / "deals.csv"
    path.write_text(csv_text(DEALS))
    digest, calls = files._digest, []

    def slow(*args: object) -> object:
        calls.append(1)
        found = digest(*args)  # type: ignore[arg-type]
        if len(calls) == 1:  # between the copy and the look that follows it
            path.write_text(csv_text(DEALS[:2]) + "D-9,New,Won,5,2026-09-09\r\n")
        return found

    monkeypatch.setattr(files, "_digest", slow)
    clock = Clock()
    with opened(settings_of(path), clock) as connector:
        (part,) = connector.partitions()
        (page,) = connector.changes(part, None, None)
    assert [item.id for item in page.items] == ["D-1", "D-9"]
    assert len(clock.slept) == 1


def test_a_file_that_never_stands_still_fails_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """F42."""
    path = tmp_path / "deals.csv"
    path.write_text(csv_text(DEALS))
    digest, count = files._digest, iter(range(100))

    def restless(*args: object) -> object:
        path.write_text(csv_text(DEALS) + f"D-{next(count) + 100},x,Won,5,2026-09-09\r\n")
        return digest(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(files, "_digest", restless)
    with opened(settings_of(path), attempts=3) as connector, pytest.raises(Unavailable, match="was changed while it was read"):
        connector.check()


def test_a_new_file_in_its_place_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, new = tmp_path / "deals.csv", tmp_path / "new.csv"
    path.write_text(csv_text(DEALS))
    new.write_text(csv_text(DEALS))
    digest = files._digest

    def replaced(*args: object) -> object:
        if new.exists():
            new.replace(path)
        return digest(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(files, "_digest", replaced)
    clock = Clock()
    with opened(settings_of(path), clock) as connector:
        connector.check()
    assert len(clock.slept) == 1


def test_a_run_sees_one_state_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "deals.csv"
    path.write_text(csv_text(DEALS))
    with opened(settings_of(path)) as connector:
        connector.check()
        path.write_text("broken")
        (part,) = connector.partitions()
        assert len([item for page in connector.changes(part, None, None) for item in page.items]) == 3


def absent(folder: Path) -> Path:
    return folder / "deals.csv"


def being_saved(folder: Path) -> Path:
    (folder / "~$deals.xlsx").write_bytes(b"x")
    return folder / "deals.xlsx"


def pipe(folder: Path) -> Path:
    os.mkfifo(folder / "deals.csv")
    return folder / "deals.csv"


def a_folder(folder: Path) -> Path:
    (folder / "deals.csv").mkdir()
    return folder / "deals.csv"


def huge(folder: Path) -> Path:
    path = folder / "deals.csv"
    with path.open("wb") as file:
        file.truncate(files.SIZE + 1)
    return path


@pytest.mark.parametrize(
    ("build", "error", "said"),
    [(absent, Misconfigured, "there is no file"), (being_saved, Unavailable, "is just being saved"),
     (pipe, Misconfigured, "is no file"),
     (a_folder, Misconfigured, "is no file"), (huge, Misconfigured, "is larger than 64 MB")],
)  # fmt: skip
def test_what_is_no_file(tmp_path: Path, build: Build, error: type[SourceError], said: str) -> None:
    found = fault_of(build(tmp_path))
    assert type(found) is error and said in str(found) and found.hint


def test_a_lock_file_beside_it_changes_nothing(tmp_path: Path) -> None:
    """F42."""
    path = book(tmp_path)
    (tmp_path / "~$deals.xlsx").write_bytes(b"x")
    (tmp_path / ".~lock.deals.xlsx#").write_text("x")
    assert len(items_of(path)) == 3


@pytest.mark.parametrize("name", ["~$deals.xlsx", ".~lock.deals.xlsx#"])
def test_a_lock_file_is_no_source(tmp_path: Path, name: str) -> None:
    settings: SourceSettings = settings_of(tmp_path / name, ITEMS)
    with pytest.raises(Misconfigured, match="only says that somebody has another file open"), opened(settings):
        pass
