"""Credentials that expire in mid-run: renewed once for all threads and runs, and stored before they are used.

For connectors whose vendor gives short-lived access tokens and a refresh token:

    def __init__(self, settings, io):
        self._login = Login(path, Tokens(access=None, refresh=settings.token), self._renew)

    def _renew(self, refresh: Secret) -> Tokens:            # one request to the token endpoint, through io.call
        ...

    def _once(self, path):                                  # what io.call and io.map run
        held = self._login.held()
        response = session.get(url, headers={"Authorization": f"Bearer {held.access.reveal()}"})
        if response.status_code == 401:
            raise self._login.refused(held)
        ...

``Io.call`` does the rest: it meets ``Expired``, has the login renewed (the first thread does it, the others wait for its
outcome), and runs ``_once`` again. A second 401 is an ``AuthError``, and no further token is asked for: what is refused
within a minute of its birth is not refused for its age. (A token that another run left in the file may be as old as ours;
only then is there a third try.)
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import os
import stat
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import orjson

from connectors.base import AuthError, Misconfigured, Secret, SourceError, Unavailable

YOUNG = 60.0
"""Seconds. A token refused at a lower age was not refused for its age, so that another one would not help."""
ROOM = 64 * 1024
"""Bytes that are claimed on the disk before a vendor is asked: a refresh token that cannot be stored must not be spent."""
OTHERS = 120.0
"""Seconds for which another run's renewal of the same login is waited for."""
PAUSE = 0.05
AGAIN = "Log in again: set a new refresh token for this source and remove the file with the old one."


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a token endpoint answers. ``refresh`` None means that the one before stays in use."""

    access: Secret | None
    refresh: Secret | None = None


@dataclass(frozen=True, slots=True)
class Held:
    """The token to send now, and which one it is."""

    access: Secret
    generation: int


class Expired(AuthError):
    """A 401 for a token that may merely be too old. ``renew`` brings the next one, or raises what stands against it."""

    def __init__(self, message: str, *, renew: Callable[[], None], hint: str = "") -> None:
        super().__init__(message, hint=hint, status=401)
        self.renew = renew


class Login:
    """One login of a run. ``path`` is its file, which only its owner can read; runs of one account give the same one.

    ``renew`` asks the token endpoint, given the refresh token, and raises ``SourceError``: ``AuthError`` when the vendor
    takes the refresh token no more. What it returns is in the file, on the disk, before any thread gets to see it.
    """

    def __init__(
        self,
        path: Path,
        first: Tokens,
        renew: Callable[[Secret], Tokens],
        *,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._path = path
        self._renew, self._monotonic, self._sleep = renew, monotonic, sleep
        self._origin = _digest(first.refresh)
        self._lock = threading.Lock()  # guards the fields below; held for moments
        self._flight = threading.Lock()  # held by the thread that renews
        self._tokens = self._stored() or first
        self._generation = 0
        self._born = float("-inf")
        self._flights = 0
        self._failure: SourceError | None = None

    def held(self) -> Held:
        """The token to send. Where there is none yet, it is asked for now. Raises ``SourceError``."""
        with self._lock:
            tokens, generation = self._tokens, self._generation
        if tokens.access is None:
            self.renewed(generation)
            with self._lock:
                tokens, generation = self._tokens, self._generation
        assert tokens.access is not None
        return Held(tokens.access, generation)

    def refused(self, held: Held) -> AuthError:
        """The error to raise for a 401 that answered ``held``."""
        return Expired(
            "the vendor no longer takes this login (401)",
            renew=lambda: self.renewed(held.generation),
            hint="It is renewed by itself.",
        )

    def renewed(self, stale: int) -> None:
        """Return once a token younger than generation ``stale`` is there. Raises ``SourceError``.

        Whoever waited while another thread renewed shares its outcome, good or bad.
        """
        flights = self._flights
        with self._flight:
            if self._generation != stale:
                return
            if self._flights != flights and self._failure is not None:
                raise self._failure
            if isinstance(self._failure, AuthError):
                raise self._failure
            if self._monotonic() - self._born < YOUNG:
                raise AuthError("the vendor refuses a login that it has just renewed (401)", hint=AGAIN, status=401)
            self._flights += 1
            try:
                self._failure = None
                tokens, born = self._next()
            except SourceError as error:
                self._failure = error
                raise
            with self._lock:
                self._tokens, self._generation, self._born = tokens, stale + 1, born

    def _next(self) -> tuple[Tokens, float]:
        """The next tokens and their birth: from the file if another run was faster (of unknown age), else from the vendor."""
        with self._alone():
            stored = self._stored()
            if stored is not None and _digest(stored.access) != _digest(self._tokens.access):
                return stored, float("-inf")
            refresh = (stored or self._tokens).refresh
            if refresh is None:
                raise AuthError("this login has no refresh token", hint=AGAIN, status=401)
            with self._room() as room:
                answer = self._renew(refresh)
                if answer.access is None:
                    raise AuthError("the vendor renewed the login without giving a token", hint=AGAIN)
                tokens = Tokens(answer.access, answer.refresh or refresh)
                self._store(room, tokens)
            return tokens, self._monotonic()

    # ---- the file

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """One run at a time: most vendors take a refresh token once. The lock dies with its holder."""
        try:
            lock = self._path.with_name(f"{self._path.name}.lock")
            fd = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        except OSError as error:
            raise _unwritable(error) from None
        try:
            waited = 0.0
            while not _taken(fd):
                if waited >= OTHERS:
                    raise Unavailable("another run is renewing this login and does not come to an end", hint="it is tried again")
                self._sleep(PAUSE)
                waited += PAUSE
            yield
        finally:
            os.close(fd)

    @contextlib.contextmanager
    def _room(self) -> Iterator[int]:
        """A file beside the real one, with its place on the disk already claimed. It is removed if nothing comes of it."""
        temporary = self._temporary()
        try:
            with contextlib.suppress(FileNotFoundError):
                temporary.unlink()  # of a run that was killed; the lock says that none is at it now
            fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        except OSError as error:
            raise _unwritable(error) from None
        try:
            try:
                _write(fd, b" " * ROOM)
                os.fsync(fd)
            except OSError as error:
                raise _unwritable(error) from None
            yield fd
        finally:
            os.close(fd)
            with contextlib.suppress(FileNotFoundError):
                temporary.unlink()

    def _store(self, fd: int, tokens: Tokens) -> None:
        """Put the file in its place, whole and on the disk. Blanks behind a JSON value are part of JSON."""
        assert tokens.access is not None and tokens.refresh is not None
        value = {"of": self._origin, "access": tokens.access.reveal(), "refresh": tokens.refresh.reveal()}
        try:
            _write(fd, orjson.dumps(value))
            os.fsync(fd)
            self._temporary().replace(self._path)
            folder = os.open(self._path.parent, os.O_RDONLY | os.O_DIRECTORY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        except OSError as error:
            raise _unwritable(error) from None

    def _stored(self) -> Tokens | None:
        """What the file holds for the configured login; None without one, or if another login is configured now."""
        try:
            fd = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        except FileNotFoundError:
            return None
        except OSError:
            raise Misconfigured("the file with this source's login cannot be read", hint=f"Check {self._path.name}.") from None
        with os.fdopen(fd, "rb") as file:
            if stat.S_IMODE(os.fstat(fd).st_mode) & 0o077:
                raise Misconfigured(
                    "others can read the file with this source's login",
                    hint=f"Run `chmod 600` on {self._path.name}, then log in again.",
                )
            text = file.read(2 * ROOM)
        with contextlib.suppress(ValueError, KeyError, TypeError):
            value = orjson.loads(text)
            tokens = Tokens(Secret(str(value["access"])), Secret(str(value["refresh"])))
            return tokens if value["of"] == self._origin else None
        # Raised out here: the decoder's own error holds the whole text, and chains keep it.
        raise Misconfigured("the file with this source's login is damaged", hint=AGAIN)

    def _temporary(self) -> Path:
        return self._path.with_name(f"{self._path.name}.new")


def _write(fd: int, data: bytes) -> None:
    if os.pwrite(fd, data, 0) != len(data):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _taken(fd: int) -> bool:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _digest(secret: Secret | None) -> str:
    return hashlib.blake2b((secret.reveal() if secret else "").encode("utf-8", "replace"), digest_size=16).hexdigest()


def _unwritable(error: OSError) -> Misconfigured:
    return Misconfigured(
        f"this source's login cannot be stored ({error.strerror or 'the disk refuses'}), so it was not renewed",
        hint="Make room on the disk, or let this user write to the folder of the login.",
    )
