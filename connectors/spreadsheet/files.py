"""A copy of the file for one run: nothing that happens to the original afterwards is half read.

A local file is copied, and copied again while it changes; an https file is one answer. The copy has no name, so that nothing of
it is left behind whatever ends the run.
"""

from __future__ import annotations

import errno
import hashlib
import os
import stat
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO, NamedTuple
from urllib.parse import unquote, urlsplit

from connectors._shared.status import error_for
from connectors.base import AuthError, BadData, EndpointGone, Io, Misconfigured, SourceError, SourceSettings, Unavailable
from connectors.spreadsheet.grid import Refused

SIZE = 64 * 2**20
"""Bytes of a file."""
CHUNK = 2**20
LONGEST_ETAG = 1_000
_ZIPS = (b"PK\x03\x04", b"PK\x05\x06")
_PAGES = ("text/html", "application/json", "application/xhtml+xml")


class Copy(NamedTuple):
    """The content of a file. ``name`` is for messages; ``digest`` tells contents apart, and so does the server's ``etag``."""

    stream: IO[bytes]
    name: str
    digest: str
    etag: str | None = None

    @property
    def is_workbook(self) -> bool:
        """Whether it is a workbook, else a CSV file, by its first bytes. Raises ``Refused`` for what is neither."""
        return _is_workbook(os.pread(self.stream.fileno(), 512, 0), self.name)


def path_of(url: str) -> Path | None:
    """The path of a ``file:`` address; None for others."""
    parts = urlsplit(url)
    return Path(unquote(parts.path)) if parts.scheme == "file" else None


def name_of(url: str) -> str:
    """The file's name, from its path or address."""
    parts = urlsplit(url)
    return unquote(parts.path).rstrip("/").rpartition("/")[2] or parts.hostname or "the file"


def fetch(settings: SourceSettings, io: Io, etag: str | None = None) -> Copy | None:
    """The file as it is now; None where its server says that it is still the one of ``etag``. Raises ``SourceError``."""
    path = path_of(settings.url)
    if path is None:
        return io.call(_download, settings, io, etag, bucket="file")
    return io.call(_copy, path, bucket="file")


def _is_workbook(start: bytes, file: str) -> bool:
    if not start:
        raise Refused(f"{file} is empty", "Write the names of the columns into its first row, or copy the file again.")
    if start.startswith(_ZIPS):
        return True
    if start.startswith(b"\xd0\xcf\x11\xe0"):
        raise Refused(f"{file} is an old workbook (.xls), or has a password", "Save it as .xlsx without a password.")
    if b"<html" in start.lower():
        raise Refused(f"{file} is a web page, perhaps one to log in", "Download it again as .xlsx or CSV.")
    if start.startswith((b"%PDF", b"<?xml", b"{\\rtf")):
        raise Refused(f"{file} is no spreadsheet but a document", "Save it as .xlsx or as CSV UTF-8.")
    if file.lower().endswith((".xlsx", ".ods", ".xlsm")):
        raise Refused(f"{file} is damaged: it does not begin as a workbook does", "Copy the file again.")
    return False


# ---- local ------------------------------------------------------------------------------------------------------------


def _copy(path: Path) -> Copy:
    """One try. Raises ``Unavailable`` where the file changes meanwhile, so that ``Io`` tries again in a moment."""
    try:
        source = _opened(path)
    except OSError as error:
        raise _unreadable(path, error) from None
    copy = tempfile.TemporaryFile(prefix="anchorline-")  # noqa: SIM115 - the run keeps it
    try:
        with source:
            before = os.fstat(source.fileno())
            if not stat.S_ISREG(before.st_mode):
                raise Misconfigured(f"{path} is no file", hint="Name the file itself in config.toml.")
            if before.st_size > SIZE:
                raise _too_large(path.name)
            first, size = _digest(source, copy)
            source.seek(0)
            second, _ = _digest(source, None)
            after, named = os.fstat(source.fileno()), path.stat()
        if _state(before) != _state(after) or _state(after) != _state(named) or first != second or size != before.st_size:
            hint = "It is tried again. Put a new file beside it and rename it: then it is never seen half."
            raise Unavailable(f"{path.name} was changed while it was read", hint=hint)
    except OSError as error:
        copy.close()
        raise _unreadable(path, error) from None
    except BaseException:
        copy.close()
        raise
    return Copy(copy, path.name, first)


def _opened(path: Path) -> IO[bytes]:
    # Without waiting: a pipe in the file's place would hold the run for ever.
    return os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb")


def _digest(source: IO[bytes], copy: IO[bytes] | None) -> tuple[str, int]:
    digest, size = hashlib.blake2b(digest_size=16), 0
    while chunk := source.read(CHUNK):
        digest.update(chunk)
        size += len(chunk)
        if size > SIZE:
            break
        if copy is not None:
            copy.write(chunk)
    if copy is not None:
        copy.flush()
    return digest.hexdigest(), size


def _state(found: os.stat_result) -> tuple[int, int, int, int]:
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


def _unreadable(path: Path, error: OSError) -> SourceError:
    if isinstance(error, FileNotFoundError):
        if any(path.with_name(name).exists() for name in (f"~${path.name}", f"~${path.name[2:]}", f".~lock.{path.name}#")):
            return Unavailable(f"{path.name} is just being saved", hint="It is tried again.")
        return Misconfigured(f"there is no file {path}", hint="Correct `file` in config.toml; it is seen from that file.")
    if isinstance(error, PermissionError):
        return Misconfigured(
            f"{path} may not be read by this user", hint=f"Give the user that runs Anchorline the right: chmod o+r {path.name}."
        )
    if error.errno in (errno.EISDIR, errno.ENXIO, errno.ENOTDIR):
        return Misconfigured(f"{path} is no file", hint="Name the file itself in config.toml.")
    return Unavailable(f"{path} cannot be read: {error.strerror or 'the disk does not answer'}", hint="It is tried again.")


def _too_large(name: str) -> Misconfigured:
    return Misconfigured(f"{name} is larger than {SIZE >> 20} MB", hint="Copy the table that is meant into a file of its own.")


# ---- https ------------------------------------------------------------------------------------------------------------


def _download(settings: SourceSettings, io: Io, etag: str | None) -> Copy | None:
    """One request for the whole file, unless it is the one of ``etag``."""
    import httpx

    name = name_of(settings.url)
    auth: tuple[str, str] | None = None
    headers = {"Accept": "*/*"} if etag is None else {"Accept": "*/*", "If-None-Match": etag}
    if settings.token is not None and settings.user:
        auth = (settings.user, settings.token.reveal())
    elif settings.token is not None:
        headers["Authorization"] = f"Bearer {settings.token.reveal()}"
    with httpx.Client(transport=io.httpx_transport(), headers=headers, auth=auth, trust_env=False) as client:
        response = client.get(settings.url)
    if response.status_code == 304 and etag is not None:
        return None
    if response.status_code != 200:
        raise _refusal(response.status_code, response.headers, name)
    data = response.content
    kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if kind in _PAGES or data[:512].lstrip().lower().startswith((b"<!doctype html", b"<html")):
        what = "an HTML page, perhaps a login page," if "json" not in kind else "JSON"
        raise BadData(f"the server answers {what} instead of {name}", hint="Open the source's url in a browser.")
    if len(data) > SIZE:
        raise _too_large(name)
    copy = tempfile.TemporaryFile(prefix="anchorline-")  # noqa: SIM115 - the run keeps it
    copy.write(data)
    copy.flush()
    return Copy(copy, name, hashlib.blake2b(data, digest_size=16).hexdigest(), _kept(response.headers.get("ETag")))


def _kept(etag: str | None) -> str | None:
    """An ETag that can be sent back as it came; None for what is none."""
    fits = etag is not None and len(etag) <= LONGEST_ETAG and etag.isascii() and etag.isprintable() and etag.endswith('"')
    return etag if fits else None


def _refusal(status: int, headers: Mapping[str, str], name: str) -> SourceError:
    if status in (401, 403):
        hint = (
            "Set the source's token (and `user`, if the server asks for a name and a password); check that it may read the file."
        )
        return AuthError(f"the server refuses {name} to this credential ({status})", hint=hint, status=status)
    if status in (404, 410):
        return EndpointGone(f"there is no {name} at this address ({status})", hint="Correct `url` in config.toml.", status=status)
    if 200 <= status < 300:
        return BadData(f"the server answers {status} and no {name}", hint="Open the source's url in a browser.", status=status)
    return error_for(status, headers, vendor="The server")
