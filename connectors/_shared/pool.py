"""Threads for ``io.map``. Unlike ``ThreadPoolExecutor``'s they are daemons: a request that hangs never holds up the end."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable
from concurrent.futures import Future
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

R = TypeVar("R")

Task = tuple["Future[Any]", Callable[[], Any]]


class _Here(threading.local):
    inside = False


_here = _Here()


def inside() -> bool:
    """Whether this thread belongs to a pool: work that it waits for must not queue behind itself."""
    return _here.inside


class Pool:
    """At most ``threads`` threads, begun as they are needed. A pool that nobody holds any more ends its threads."""

    def __init__(self, threads: int) -> None:
        self._most = max(1, threads)
        self._tasks: SimpleQueue[Task | None] = SimpleQueue()
        self._idle = threading.Semaphore(0)
        self._lock = threading.Lock()
        self._begun = 0
        self._closed = False
        self._end = weakref.finalize(self, self._tasks.put, None)
        self._end.atexit = False

    def submit(self, fn: Callable[[], R]) -> Future[R]:
        """``fn()`` on one of the threads. On a closed pool the future is cancelled."""
        future: Future[R] = Future()
        with self._lock:
            if self._closed:
                future.cancel()
                return future
            self._tasks.put((future, fn))
            if not self._idle.acquire(blocking=False) and self._begun < self._most:
                self._begun += 1
                thread = threading.Thread(target=_work, args=(self._tasks, self._idle), name=f"io_{self._begun}", daemon=True)
                thread.start()
        return future

    def close(self) -> None:
        """Cancel what has not begun and let the threads end after what they do now; waits for nothing."""
        with self._lock:
            self._closed = True
            while True:
                try:
                    task = self._tasks.get_nowait()
                except Empty:
                    break
                if task is not None:
                    task[0].cancel()
        self._end()


def _work(tasks: SimpleQueue[Task | None], idle: threading.Semaphore) -> None:
    _here.inside = True
    while True:
        try:
            task = tasks.get_nowait()
        except Empty:
            idle.release()
            task = tasks.get()
        if task is None:
            tasks.put(None)  # for the next thread
            return
        _do(*task)
        del task  # an idle thread must not keep a page in memory


def _do(future: Future[Any], fn: Callable[[], Any]) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        result = fn()
    except BaseException as error:
        future.set_exception(error)
    else:
        future.set_result(result)
