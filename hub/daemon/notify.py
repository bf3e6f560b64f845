"""Telling systemd how the daemon is: ``Type=notify`` and ``WatchdogSec`` of its unit. Nothing where there is no systemd."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Mapping

LONGEST = 1000
"""Characters of a status; systemd drops messages of more than 4096 bytes."""


class Notify:
    """Sends states to the socket that ``NOTIFY_SOCKET`` names; each state until it was taken once, but ``WATCHDOG=1`` every
    time."""

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        self._address = environ.get("NOTIFY_SOCKET", "")
        mine = environ.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        self._watched = mine and environ.get("WATCHDOG_USEC", "").isdecimal()
        self._told: set[str] = set()

    def ready(self) -> None:
        """The daemon works, or stands by."""
        self._once("READY=1")

    def stopping(self) -> None:
        """The daemon is on its way out."""
        self._once("STOPPING=1")

    def alive(self) -> None:
        """The loop turned."""
        if self._watched:
            self._send("WATCHDOG=1")

    def status(self, text: str) -> None:
        """What `systemctl status` shows, in a line."""
        line = " ".join(text.split())[:LONGEST]
        self._told = {told for told in self._told if not told.startswith("STATUS=") or told == f"STATUS={line}"}
        self._once(f"STATUS={line}")

    def _once(self, state: str) -> None:
        if state not in self._told and self._send(state):
            self._told.add(state)

    def _send(self, state: str) -> bool:
        """Whether it was taken; True where nobody wants to know."""
        if not self._address:
            return True
        address = f"\0{self._address[1:]}" if self._address.startswith("@") else self._address
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as channel:
            channel.sendto(state.encode(), address)
            return True
        return False
