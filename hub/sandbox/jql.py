"""A small, strict reader of the JQL that a sync needs; everything else is refused as Jira refuses what it cannot read.

`project = X`, `project in (...)`, comparisons of updated, created, id, key and issuekey (`in` too for the last three),
joined by AND, then ORDER BY; where `more` is said also `issuetype` by id and `cf[N] is not EMPTY`. Text dates are read in the
account's time zone and to the minute, as Jira does.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

MAX_ORDER = 7
_TOKEN = re.compile(
    r"""\s*(?:(?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|"""
    r"""(?P<op><=|>=|!=|[=<>(),])|(?P<word>[^\s=<>!(),"']+))"""
)
_DATES = ("%Y-%m-%d %H:%M", "%Y/%m/%d %H:%M", "%Y-%m-%d", "%Y/%m/%d")
_RELATIVE = re.compile(r"-(\d+)([mhdw])")
_UNIT = {"m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}
_FILLED = re.compile(r"cf\[\d+\]")
_KEY = re.compile(r"[A-Z][A-Z0-9_]*-\d+", re.IGNORECASE)
IDS = ("id", "key", "issue", "issuekey")
DATES = ("updated", "created")


class JqlError(ValueError):
    """The query is refused; the text is the errorMessages entry."""


@dataclass(frozen=True)
class Condition:
    """One condition: field, operator and values (epoch milliseconds for dates, text otherwise).

    Those of `issuetype` and `cf[N]` are no matter of the site's index: who answers a search looks at the issues for them.
    """

    field: str
    op: str
    values: tuple[str | int, ...]


@dataclass(frozen=True)
class Query:
    """A query that was read: all tests must hold; `order` is (field, descending) pairs."""

    tests: tuple[Condition, ...]
    order: tuple[tuple[str, bool], ...]


def _tokens(jql: str) -> list[tuple[str, bool]]:
    """(text, was quoted) for every token."""
    found: list[tuple[str, bool]] = []
    at, text = 0, jql.rstrip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if not match:
            raise JqlError(f"Error in the JQL Query: unexpected character at position {at + 1}.")
        quoted = match.group("text")
        if quoted is not None:
            found.append((re.sub(r"\\(.)", r"\1", quoted[1:-1]), True))
        else:
            found.append((match.group("op") or match.group("word"), False))
        at = match.end()
    return found


class _Reader:
    def __init__(self, jql: str, zone: str, now: int, more: bool) -> None:
        self.more = more
        self.tokens, self.at, self.zone, self.now = _tokens(jql), 0, ZoneInfo(zone), now

    def peek(self) -> str:
        if self.at >= len(self.tokens):
            return ""
        text, quoted = self.tokens[self.at]
        return "" if quoted else text.lower()

    def take(self, what: str) -> tuple[str, bool]:
        if self.at >= len(self.tokens):
            raise JqlError(f"Error in the JQL Query: expecting {what} before the end of the query.")
        self.at += 1
        return self.tokens[self.at - 1]

    def expect(self, text: str) -> None:
        found, quoted = self.take(f"'{text}'")
        if quoted or found.lower() != text:
            raise JqlError(f"Error in the JQL Query: expecting '{text}' but got '{found}'.")

    def query(self) -> Query:
        tests: list[Condition] = []
        if self.tokens and self.peek() != "order":
            tests.append(self.test())
            while self.peek() == "and":
                self.at += 1
                tests.append(self.test())
        order: tuple[tuple[str, bool], ...] = ()
        if self.peek() == "order":
            self.at += 1
            self.expect("by")
            order = self.order()
        if self.at < len(self.tokens):
            raise JqlError(f"Error in the JQL Query: '{self.tokens[self.at][0]}' is not understood here.")
        if not tests:
            raise JqlError("Unbounded JQL queries are not allowed here. Please add a search restriction to your query.")
        return Query(tuple(tests), order)

    def test(self) -> Condition:
        field = self.take("a field")[0].lower()
        if self.more and _FILLED.fullmatch(field):
            for word in ("is", "not", "empty"):
                self.expect(word)
            return Condition(field, "is not", ())
        if self.more and field == "issuetype":
            return self.type_test()
        if field != "project" and field not in IDS and field not in DATES:
            raise JqlError(f"Field '{field}' does not exist or you do not have permission to view it.")
        op, quoted = self.take("an operator")
        op = op.lower()
        if quoted or op not in ("=", "<", ">", "<=", ">=", "in") or (field == "project" and op not in ("=", "in")):
            raise JqlError(f"The operator '{op}' is not supported by the '{field}' field.")
        if op != "in":
            return Condition(field, op, (self.value(field),))
        if field in DATES:
            raise JqlError(f"The operator 'in' is not supported by the '{field}' field.")
        return Condition(field, op, self.several(field))

    def several(self, field: str) -> tuple[str | int, ...]:
        self.expect("(")
        values = [self.value(field)]
        while self.peek() == ",":
            self.at += 1
            values.append(self.value(field))
        self.expect(")")
        return tuple(values)

    def type_test(self) -> Condition:
        if self.peek() != "not":
            self.expect("=")
            return Condition("issuetype", "=", (self.value("issuetype"),))
        self.at += 1
        self.expect("in")
        return Condition("issuetype", "not in", self.several("issuetype"))

    def value(self, field: str) -> str | int:
        text, quoted = self.take("a value")
        if not quoted and text in ("(", ")", ",", "=", "<", ">", "<=", ">=", "!="):
            raise JqlError(f"Error in the JQL Query: expecting a value but got '{text}'.")
        if field in DATES:
            return self.date(field, text)
        if field in IDS and not text.isdigit() and not _KEY.fullmatch(text):
            raise JqlError(f"The issue key '{text}' for field '{field}' is invalid.")
        return text

    def date(self, field: str, text: str) -> int:
        if text.isdigit():
            return int(text)
        relative = _RELATIVE.fullmatch(text)
        if relative:
            return self.now - int(relative.group(1)) * _UNIT[relative.group(2)]
        for form in _DATES:
            try:
                return int(datetime.strptime(text, form).replace(tzinfo=self.zone).timestamp() * 1000)
            except ValueError:
                continue
        raise JqlError(
            f"Date value '{text}' for field '{field}' is invalid. Valid formats include: 'yyyy/MM/dd HH:mm', "
            "'yyyy-MM-dd HH:mm', 'yyyy/MM/dd', 'yyyy-MM-dd', or a period format e.g. '-5d', '4w 2d'."
        )

    def order(self) -> tuple[tuple[str, bool], ...]:
        found: list[tuple[str, bool]] = []
        while True:
            field = self.take("a field to order by")[0].lower()
            if field not in IDS and field not in DATES:
                raise JqlError(f"Not able to sort using field '{field}'.")
            descending = self.peek() == "desc"
            if self.peek() in ("asc", "desc"):
                self.at += 1
            found.append((field, descending))
            if self.peek() != ",":
                break
            self.at += 1
        if len(found) > MAX_ORDER:
            raise JqlError(f"The query has more than {MAX_ORDER} sort fields.")
        return tuple(found)


def parse(jql: str, zone: str = "UTC", now: int = 0, more: bool = False) -> Query:
    """Read a query, or raise JqlError. `now` (epoch milliseconds) is what relative dates count from."""
    return _Reader(jql, zone, now, more).query()
