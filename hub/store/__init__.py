"""The only SQL of the hub: one database, SQLite or PostgreSQL, behind three doors.

    with open_store("sqlite:///anchorline.db") as store:
        with store.own("jira-main") as mine:              # hub.store.locks: raises Locked, naming the owner
            writer = Writer(store, mine)                  # hub.store.write: sources, pages, evaluation
        reader = Reader(store)                            # hub.store.read: never blocks a writer

Instants go in and out as milliseconds UTC (``millis`` converts an aware datetime). One ``Writer`` belongs to one thread; a
``Reader`` may be shared.
"""

from hub.reconcile import millis
from hub.store.engine import Store, open_store
from hub.store.locks import Ownership

__all__ = ["Ownership", "Store", "millis", "open_store"]
