"""Orders on stdin, each carried out by a forked child that may be killed: everything is imported once."""

from __future__ import annotations

import json
import os
import sys
import traceback
from collections.abc import Callable
from typing import Any

from hub.store import faults


def obey(act: Callable[[dict[str, Any]], None]) -> None:
    """Each line is an order, in JSON; its ``at`` is the write before which the child is killed, or null. Answered with
    ``{"code": ...}``, how the child ended."""
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            code = 1
            try:
                order = json.loads(line)
                if order["at"] is not None:
                    os.environ[faults.VARIABLE] = str(order["at"])
                act(order)
                code = 0
            except BaseException:
                traceback.print_exc()
            finally:
                sys.stderr.flush()
                os._exit(code)
        _, status = os.waitpid(child, 0)
        print(json.dumps({"code": os.waitstatus_to_exitcode(status)}), flush=True)
