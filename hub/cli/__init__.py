"""The command line: the only room that prints or exits.

    main --> app (words -> values) --> the rooms below --> render (value -> what Rich shows) --> output

Everything that costs time to import is imported inside the body of the command that needs it.
"""

from __future__ import annotations

__all__ = ["main"]


def main() -> None:
    """Entry point of ``anchorline``: runs the command in ``sys.argv`` and exits with its code."""
    import sys

    from hub.cli.app import build, options_first
    from hub.cli.failures import guarded

    command = build()
    with guarded():
        command(options_first(sys.argv[1:]), prog_name="anchorline")
