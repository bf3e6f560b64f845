"""Structured lines: one chain for our own loggers and for libraries', JSON for machines, columns for a terminal.

Order matters: exceptions become text first and are redacted then; what the formatter adds is redacted once more.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager, nullcontext, suppress
from typing import Any, Literal, TextIO

import orjson
import structlog
from structlog.typing import EventDict, Processor

from hub.log.redactor import redacted

Format = Literal["auto", "json", "console"]
LEVELS = ("debug", "info", "warning", "error")
QUIET = ("httpx", "httpcore", "urllib3", "requests", "jira", "asyncio", "apscheduler", "alembic", "uvicorn")
"""Libraries whose INFO and DEBUG lines hold whole addresses or headers, or are many: warnings only, whatever the level."""
_LINE = ("timestamp", "level", "event", "source", "run_id")
"""What a JSON line begins with."""


def get(name: str) -> Any:
    """The structured logger of a module."""
    return structlog.stdlib.get_logger(name)


@contextmanager
def bound(**fields: Any) -> Iterator[None]:
    """Fields of every line that this thread writes meanwhile, libraries' lines included."""
    with structlog.contextvars.bound_contextvars(**fields):
        yield


_always: dict[str, Any] = {}


def always(**fields: Any) -> None:
    """Fields of every line of this process, whichever thread writes it: for a process that does one run."""
    _always.update(fields)


def relay(text: str) -> bool:
    """Write a line that a child process wrote as JSON, in the form and from the level on that ours have; False when it is not
    one."""
    try:
        event = orjson.loads(text)
    except orjson.JSONDecodeError:
        return False
    if not isinstance(event, dict) or "event" not in event or "level" not in event:
        return False
    root = logging.getLogger()
    level = logging.getLevelNamesMapping().get(str(event["level"]).upper(), logging.CRITICAL)
    for handler in root.handlers:
        if isinstance(handler, _Handler) and level >= root.level:
            handler.relay(_redact(None, "", event))
    return True


def configured() -> bool:
    """Whether this process writes lines."""
    return any(isinstance(handler, _Handler) for handler in logging.getLogger().handlers)


def configure(level: str = "info", format: Format = "auto", stream: TextIO | None = None) -> None:
    """Write lines from now on, to standard error unless said otherwise. ``auto`` is columns on a terminal, JSON elsewhere.
    Called again it replaces what was said before."""
    stream = sys.stderr if stream is None else stream
    plain = format == "console" or (format == "auto" and stream.isatty())
    handler = _Handler(stream, _console(stream.isatty()) if plain else _json)
    root = logging.getLogger()
    for old in [each for each in root.handlers if isinstance(each, _Handler)]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level.upper())
    for name in QUIET:
        library = logging.getLogger(name)
        library.setLevel(max(logging.WARNING, root.level, library.level))
    logging.captureWarnings(True)
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *_chain(), structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


class _Handler(logging.StreamHandler[TextIO]):
    """A line that cannot be written is lost, and says nothing: the library's way prints the record's arguments as they are."""

    def __init__(self, stream: TextIO, render: Processor) -> None:
        super().__init__(stream)
        self._render = render
        self.setFormatter(_formatter(render))

    def relay(self, event: EventDict) -> None:
        with self.lock or nullcontext(), suppress(OSError, ValueError):
            self.stream.write(f"{self._render(None, '', event)!s}\n")
            self.flush()

    def handleError(self, record: logging.LogRecord) -> None:
        return


def _chain() -> list[Processor]:
    return [
        _merge_always,
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
        _redact,
    ]


def _formatter(render: Processor) -> logging.Formatter:
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[_foreign, *_chain()],
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _redact, render],
    )


def _merge_always(_logger: Any, _method: str, event: EventDict) -> EventDict:
    for name, value in _always.items():
        event.setdefault(name, value)
    return event


def _redact(_logger: Any, _method: str, event: EventDict) -> EventDict:
    kept = {name: event.pop(name) for name in ("_record", "_from_structlog") if name in event}
    return {**redacted(event), **kept}


def _foreign(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """A library's line: its text is the ``message`` of an event with a stable name; pauses of our transports have their own."""
    record: logging.LogRecord = event["_record"]
    event["message"], event["event"] = event["event"], "library"
    seconds = getattr(record, "waiting", None)
    if seconds is not None:
        event["event"], event["seconds"] = "waiting", round(float(seconds), 1)
        event["attempt"] = getattr(record, "attempt", None)
    return event


def _json(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> str:
    first = {name: event[name] for name in _LINE if name in event}
    text = orjson.dumps(_ordered(first, event), default=str, option=orjson.OPT_NON_STR_KEYS)
    return text.decode("utf-8", "replace")


def _ordered(first: Mapping[str, Any], event: Mapping[str, Any]) -> dict[str, Any]:
    return {**first, **{name: value for name, value in event.items() if name not in first}}


def _console(colors: bool) -> Processor:
    return structlog.dev.ConsoleRenderer(colors=colors, sort_keys=False, pad_event_to=24, timestamp_key="timestamp")
