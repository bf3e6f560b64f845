"""Real items frozen into a test file, or taken out whole: both give back what they gave before."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from hub.assess import assess
from hub.errors import UsageError
from hub.mappings import parse
from hub.model import Container, Dimensions, Item, Mapping, SourceFacts, Status
from hub.ruletests import frozen, judge, read_extract, read_tests, recorded, write_extract
from tests.hub.ruletests.strategy import STRATEGY

NOON = 1_794_830_400_000  # 2026-11-16T12:00Z
LISTS = Dimensions(
    statuses={("jira", "3"): Status("In Progress", "indeterminate")},
    containers={("jira", "10001"): Container("IDN", "Identity platform")},
    sources={"jira": SourceFacts("jira", "jira", frozenset({"source", "title", "project", "component", "label", "field.team"}))},
)
EPIC = Item(
    1, "jira", "20001", "IDN-1", "Zero trust for Initech", level=1, status_id="3", status="In Progress", containers=("10001",),
    components=("Login",), assignee="5b10a", fields={"team": "Identity", "budget": "secret"}, updated_at=NOON, type="Epic",
)  # fmt: skip
STORY = Item(
    2, "jira", "20002", "IDN-2", 'A "quoted" title', parent_ref="20001", parent=1, category="done", resolution="Done",
    containers=("10001",), labels=("kr:sso", "kr:soc2", "kr:ktlo"), done_at=NOON,
)  # fmt: skip


HEAD = b'{"anchorline":"extract","version":1,"as_of":%s,"statuses":[],"containers":[],"sprints":[],"types":[],"sources":[]}\n'


def mapping(more: str = "") -> Mapping:
    found = parse({"mappings/strategy.toml": STRATEGY + more}, "UTC")[0]
    assert found is not None
    return found


def freeze(known: Mapping, items: list[Item], wanted: set[int]) -> str:
    found = {a.no: a for a in assess(known, items, LISTS, NOON).attachments}
    kept = frozen(known, LISTS, items, found, wanted)
    return recorded(kept, "2026-q4", known.cycles["2026-q4"].ends, head=True)


def test_what_is_recorded_holds_when_it_is_judged() -> None:
    known = mapping()
    text = freeze(known, [EPIC, STORY], {1, 2})
    worlds, problems = read_tests({"x.toml": text}, known, LISTS.sources)
    assert problems == []
    assert [(v.passed, v.text.split(",")[0]) for v in judge(known, worlds[0])] == [
        (True, "IDN-1 is linked to sso"),
        (True, "IDN-2 is linked to 1/3 of ktlo and 1/3 of soc2 and 1/3 of sso"),
    ]


def test_a_changed_rule_breaks_what_was_recorded() -> None:
    text = freeze(mapping(), [EPIC], {1})
    changed = parse({"mappings/strategy.toml": STRATEGY.replace('"Login", ', "")}, "UTC")[0]
    assert changed is not None
    worlds, _ = read_tests({"x.toml": text}, changed, LISTS.sources)
    assert [v.passed for v in judge(changed, worlds[0])] == [False]


def test_only_what_rules_read_is_recorded() -> None:
    text = freeze(mapping(), [EPIC], {1})
    for hidden in ("Initech", "5b10a", "secret", "type"):
        assert hidden not in text
    titled = mapping('[[rule]]\nname = "t"\nwhen.title = "*trust*"\npriority = 1\nto = "soc2"\n')
    assert "Initech" in freeze(titled, [EPIC], {1})


def test_an_extract_gives_the_same_assessment(tmp_path: Path) -> None:
    known = mapping()
    for name in ("items.jsonl", "items.jsonl.gz"):
        assert write_extract(tmp_path / name, known, [EPIC, STORY], LISTS, NOON) == 2
        found = read_extract(tmp_path / name)
        assert found.as_of == NOON
        assert found.dimensions == LISTS
        assert assess(known, found.items, found.dimensions, NOON) == assess(known, [EPIC, STORY], LISTS, NOON)


def test_an_extract_holds_nothing_that_rules_do_not_read(tmp_path: Path) -> None:
    write_extract(tmp_path / "x.jsonl", mapping(), [EPIC, STORY], LISTS, NOON)
    text = (tmp_path / "x.jsonl").read_text("utf-8")
    for hidden in ("Initech", "quoted", "5b10a", "secret"):
        assert hidden not in text


def test_the_same_items_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a.gz", "b.gz"):
        write_extract(tmp_path / name, mapping(), [EPIC], LISTS, NOON)
    assert gzip.decompress((tmp_path / "a.gz").read_bytes()) == gzip.decompress((tmp_path / "b.gz").read_bytes())


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "is no extract of this version"),
        (b'{"anchorline": "extract", "version": 99}\n', "is no extract of this version"),
        (b"hello\n", ":1: the line is no JSON object"),
        (b"[1]\n", ":1: the line is no JSON object"),
        (b'{"anchorline": "extract", "version": 1}\n', ":1: the line with the lists is not whole"),
        (HEAD % b'"x"', ":1: the line with the lists is not whole"),
        ((HEAD % b"1").replace(b'"statuses":[]', b'"statuses":[[1]]'), ":1: the line with the lists is not whole"),
        (HEAD % b"1" + b'{"no":"x","source":1,"id":null,"labels":5}\n', ":2: the line is no item of this version"),
        (HEAD % b"1" + b'{"no":1,"source":"jira","id":"1","labels":"a"}\n', ":2: the line is no item of this version"),
    ],
)
def test_another_file_is_refused_in_words(tmp_path: Path, content: bytes, told: str) -> None:
    (tmp_path / "x.jsonl").write_bytes(content)
    with pytest.raises(UsageError) as caught:
        read_extract(tmp_path / "x.jsonl")
    assert told in str(caught.value)


def test_a_cut_or_damaged_extract_is_refused_in_words(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl.gz"
    write_extract(path, mapping(), [EPIC, STORY], LISTS, NOON)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(UsageError, match="cannot be read"):
        read_extract(path)
    whole = bytearray(gzip.compress(b"x" * 5000 + bytes(range(256))))
    whole[30:40] = b"0123456789"
    path.write_bytes(whole)
    with pytest.raises(UsageError, match="cannot be read"):
        read_extract(path)
    path.write_bytes(b"no gzip")
    with pytest.raises(UsageError, match="cannot be read"):
        read_extract(path)
    with pytest.raises(UsageError, match="No such file"):
        read_extract(tmp_path / "missing.jsonl")
    write_extract(tmp_path / "y.jsonl", mapping(), [EPIC], LISTS, NOON)
    lines = (tmp_path / "y.jsonl").read_text("utf-8").splitlines()
    (tmp_path / "y.jsonl").write_text(lines[0] + '\n{"no": 1, "colour": "red"}\n', "utf-8")
    with pytest.raises(UsageError, match=":2: the line is no item"):
        read_extract(tmp_path / "y.jsonl")


def test_an_item_without_the_vendor_s_date_is_recorded_with_the_day_the_hub_saw() -> None:
    known = mapping('[[rule]]\nname = "late"\nwhen.closed = { gte = 2026-11-01 }\npriority = 1\nto = "soc2"\n')
    seen = STORY._replace(done_at=None, status_seen_at=NOON, labels=(), parent=None, parent_ref=None)
    text = freeze(known, [seen], {2})
    assert "closed = 2026-11-16" in text
    worlds, _ = read_tests({"x.toml": text}, known, LISTS.sources)
    assert [v.passed for v in judge(known, worlds[0])] == [True]
