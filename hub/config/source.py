"""One ``[source.NAME]`` table: checked against what its connector's kind takes."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Literal
from urllib.parse import urlsplit, urlunsplit

import connectors
from connectors.base import Kind, Option, SourceSettings
from hub.config import daemon
from hub.config import environment as env
from hub.config.daemon import SCHEDULE_KEYS, read_schedule
from hub.config.database import database_url
from hub.config.filename import EXAMPLE as FILE
from hub.config.filename import file_url
from hub.config.settings import Schedule
from hub.config.values import Source
from hub.log.redactor import hide
from hub.model import fold
from hub.tomlfile import Table, did_you_mean, instead
from hub.tomlfile.ids import spelt

_NAME = re.compile(r"[a-z][a-z0-9_-]*")
_FIELD = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
_SECRETS = (
    "token",
    "password",
    "secret",
    "api_key",
    "apikey",
    "api_token",
    "pat",
    "key",
    "credentials",
    "token_file",
    "password_file",
)
EFFORT: tuple[Literal["count", "estimate"], ...] = ("count", "estimate")
_COMMON = (
    "kind", "url", "user", "fields", "effort", "work", *SCHEDULE_KEYS, "rate", "threads", "canary", "allow_private_networks",
)  # fmt: skip
_LATER = {
    "renamed_from": "Keep the old name of the source.",
    "account": "Remove it.",
    "items": "Remove it.",
    "ca_file": "Set SSL_CERT_FILE in the environment to a PEM file that also holds your own certificate authority.",
}
_OTHERS = {
    "type": "kind",
    **dict.fromkeys(("host", "server", "address", "base_url", "instance"), "url"),
    **dict.fromkeys(("schedule", "night"), "nightly"),
    **dict.fromkeys(("interval", "delta"), "every"),
    **dict.fromkeys(("rate_limit", "requests_per_second"), "rate"),
    **dict.fromkeys(("workers", "parallel"), "threads"),
    **dict.fromkeys(("email", "mail", "username", "user_name", "login"), "user"),
}


def read_source(
    name: str,
    table: Table,
    others: list[str],
    environ: Mapping[str, str],
    usual: Schedule = Schedule(),  # noqa: B008 - frozen
) -> Source | None:
    """A source's table as a value; None when it has a problem. ``usual`` is the schedule of ``[daemon]``."""
    before = sum(not p.warning for p in table.problems)
    variable = env.variable(name)
    _check_name(name, table, others, variable)
    kind = _kind(table)
    word = kind.partition_word if kind else "projects"
    options = kind.options if kind else ()
    _check_keys(table, kind, word, variable)
    if kind is None and "kind" in table:  # what its keys should hold is not known
        return None
    url, user = _address(table, kind, variable), table.text("user")
    partitions, fields, effort = _partitions(table, word), _fields(table), table.choice("effort", EFFORT) or "count"
    values = {o.name: _option(table, o) for o in options}
    if kind is not None and kind.edition(values).needs_user and "user" not in table:
        what = "API key" if kind.user_is_key else "account's user name or mail address"
        table.missing("user", f"Add the {what} that belongs to the secret.")
    schedule = read_schedule(table, usual)
    rate, threads, canary = daemon.rate(table), daemon.threads(table), table.text("canary", "Write the key of an item.")
    secret = env.secret(variable, environ, table.problems) if kind is None or kind.needs_token else None
    work = table.flag("work") if kind is None or "work" in table else kind.work
    if kind is not None and kind.user_is_key and user:
        hide(user)
    if kind is None or url is None or sum(not p.warning for p in table.problems) > before:
        return None
    settings = SourceSettings(name, kind.name, url, user, None, partitions, fields, values)
    if not _examined(table, kind, settings):
        return None
    needs_token = kind.needs_token and not (kind.open_address is not None and kind.open_address(url))
    return Source(
        name, kind.name, url, table.place, variable, user, partitions, fields, effort, values,
        kind.item_fields if kind.answers is None else kind.answers(settings),
        needs_token, secret, schedule, rate, threads, canary, bool(table.flag("allow_private_networks")), work,
    )  # fmt: skip


def _address(table: Table, kind: Kind | None, variable: str) -> str | None:
    """Where the source is, as its kind says it; files are seen from the configuration's folder later."""
    if kind is not None and kind.address == "database":
        return database_url(table, variable)
    if kind is not None and kind.address == "file":
        if "file" in table:
            return file_url(table)
        if "url" not in table:
            table.missing("file", f'Add the path of the file, for example {FILE}, or its address: url = "https://...".')
            return None
    return _url(table)


def _examined(table: Table, kind: Kind, settings: SourceSettings) -> bool:
    """Whether the kind finds nothing wrong with the settings taken together."""
    found = list(kind.examine(settings)) if kind.examine is not None else []
    for fault in found:
        at = fault.at if all(key in table for key in fault.at[:1]) else ()
        table.problem(at, fault.text, fault.remedy, at_key=fault.named and bool(at))
    return not found


def harmless_keys(table: Any) -> set[str]:
    """Keys of a ``[source.NAME]`` as written that only its kind has, and that hold no secrets."""
    name = table.get("kind") if isinstance(table, dict) else None
    if name not in connectors.kinds():
        return set()
    try:
        kind = connectors.load(name)
    except (ImportError, AttributeError, TypeError):
        return set()
    return {kind.partition_word, *(option.name for option in kind.options), *(("file",) if kind.address == "file" else ())}


def _check_name(name: str, table: Table, others: list[str], variable: str) -> None:
    if not _NAME.fullmatch(name):
        proposal = re.sub(r"[^a-z0-9_-]+", "-", spelt(name).lower()).strip("-_")
        remedy = "Use small letters, digits, - and _, beginning with a letter" + (
            f': "{proposal}".' if _NAME.fullmatch(proposal) else "."
        )
        table.problem((), f'"{name}" cannot be the name of a source.', remedy)
    for other in others:
        if env.variable(other) == variable:
            table.problem(
                (),
                f'The sources "{other}" and "{name}" would share the variable {variable}.',
                "Give one of the two another name.",
            )


def _kind(table: Table) -> Kind | None:
    name = table.text("kind")
    if name is None:
        if "kind" not in table and "type" not in table:  # which is told what it should be
            table.missing("kind", f'Add kind = "{(connectors.kinds() or ("jira",))[0]}", for example.')
        return None
    if name not in connectors.kinds():
        known = connectors.kinds()
        table.problem(
            "kind",
            f'There is no connector of kind "{name}".',
            did_you_mean(name, known, otherwise=f"Installed: {', '.join(known)}."),
        )
        return None
    try:
        return connectors.load(name)
    except (ImportError, AttributeError, TypeError) as error:  # somebody else's package, or a half installed one
        table.problem(
            "kind", f'The connector of kind "{name}" cannot be loaded: {error}.', "Install it again with what it needs."
        )
        return None


def _check_keys(table: Table, kind: Kind | None, word: str, variable: str) -> None:
    """Refuse unknown keys; one that would hold a secret is told where secrets go. Values are never repeated."""
    own = ("file",) if kind and kind.address == "file" else ()
    known = {*_COMMON, word, *own, *(o.name for o in kind.options)} if kind else _known_without_kind(table)
    secrets = [
        k for k in table.values if k not in known and (fold(k) in _SECRETS or re.search(r"token|password|secret", fold(k)))
    ]
    for key in secrets:
        remedy = f"Remove it from the file, and set {variable} or {variable}_FILE."
        table.problem(key, f"`{key}` would put a secret into the configuration.", remedy, at_key=True)
    for key in table.values:
        if key in known or key in secrets:
            continue
        if key in _LATER:
            table.problem(key, f"`{key}` in {table.label} is not supported by this version.", _LATER[key], at_key=True)
        elif key == "projects":
            table.problem(key, "A source of this kind has no `projects`.", f"Write `{word}`.", at_key=True)
        else:
            right = _OTHERS.get(fold(key).replace("-", "_"), "")
            table.suggested.add(right)
            remedy = instead(right) or did_you_mean(key, known)
            table.problem(key, f'The key "{key}" is unknown in {table.label}.', remedy, at_key=True)


def _known_without_kind(table: Table) -> set[str]:
    """Keys that may be right where the kind is not known: those that some installed kind takes."""
    if table.values.get("kind") in connectors.kinds():  # it cannot be loaded, so nobody knows what it takes
        return {k for k in table.values if fold(k) not in _SECRETS} - set(_LATER)
    return {*_COMMON, "projects"}.union(*(harmless_keys({"kind": name}) for name in connectors.kinds()))


def _url(table: Table) -> str | None:
    """An https address without credentials; plain http only to this machine. Never repeated: it may hold a secret."""
    text = table.text("url", "Write the address of the site: https://NAME.atlassian.net.")
    if text is None:
        if "url" not in table:
            table.missing("url", 'Add the address of the site, for example url = "https://NAME.atlassian.net".')
        return None
    try:
        parts = urlsplit(text.strip())
        host, _ = parts.hostname, parts.port
    except ValueError:
        host, parts = None, urlsplit("")
    wrong = _wrong_url(text, parts.scheme, host, parts.netloc, parts.query or parts.fragment or text.strip()[-1:] in "?#")
    if wrong:
        table.problem("url", *wrong)
        return None
    return urlunsplit((parts.scheme, parts.netloc, parts.path.rstrip("/"), "", ""))


def _wrong_url(text: str, scheme: str, host: str | None, netloc: str, tail: object) -> tuple[str, str] | None:
    if not host or scheme not in ("http", "https") or re.search(r"\s|[\x00-\x20\x7f\\]", text.strip()):
        return "The value of `url` is not an address.", "Write it in full: https://NAME.atlassian.net."
    if "@" in netloc:
        return (
            "The address holds a user name or password.",
            "Write the bare address; the name goes into `user`, the secret into the environment.",
        )
    if tail:
        return "The address ends in a query or fragment.", "Write the address of the site only, without what follows ? or #."
    if scheme == "http" and not _loopback(host):
        return "The address is not encrypted.", "Write https://; plain http is accepted for this machine only."
    return None


def _loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _partitions(table: Table, word: str) -> tuple[str, ...]:
    found = table.texts(word)
    seen: dict[str, str] = {}
    written = table.values.get(word)
    for one in found:
        if fold(one) in seen and isinstance(written, list):
            twice = len(written) - 1 - written[::-1].index(one)
            table.problem((word, twice), f'`{word}` names "{one}" twice.', "Keep one of the two.")
        seen.setdefault(fold(one), one.strip())
    return tuple(seen.values())


def _fields(table: Table) -> dict[str, str]:
    fields = table.table("fields", "fields", 'Write our name = the source\'s field: fields = { team = "customfield_10050" }.')
    found: dict[str, str] = {}
    for name in fields.values if fields else ():
        assert fields is not None
        value = fields.text(name, "Write the field's id or its exact name.")
        if not _FIELD.fullmatch(name):
            remedy = "Use letters, digits, - and _: rules read it as field.NAME."
            fields.problem(name, f'"{name}" cannot be the name of a field.', remedy, at_key=True)
        elif fold(name) in found:
            text = f'The field "{name}" is named twice; case makes no difference.'
            fields.problem(name, text, "Keep one of the two.", at_key=True)
        elif value is not None:
            found[fold(name)] = value.strip()
    return found


_WORDS = {bool: "true or false", int: "a whole number", float: "a number", Decimal: "a number", str: "a text"}


def _option(table: Table, option: Option) -> Any:
    """The value of a setting that only this kind has, in the type that the kind declares."""
    if option.name not in table:
        return option.default
    if option.type in (tuple, list):
        return option.type(table.texts(option.name))
    if option.type is dict:
        inner = table.table(option.name, option.name, f'Write a table: {option.name} = {{ NAME = "..." }}.')
        return {key: text.strip() for key in inner.values if (text := inner.text(key)) is not None} if inner else option.default
    value = table.values[option.name]
    remedy = f"It is {option.help}." if option.help else ""
    if option.choices:
        return table.choice(option.name, option.choices) or option.default
    if option.type is str:
        return table.text(option.name, remedy)
    if option.type is bool or isinstance(value, bool):
        right = option.type is bool and isinstance(value, bool)
    elif option.type is int:
        right = isinstance(value, int)
    else:
        right = isinstance(value, int | Decimal | float)
    if not right:
        table.expected(option.name, _WORDS.get(option.type, f"a {option.type.__name__}"), value, remedy)
        return option.default
    return option.type(value)
