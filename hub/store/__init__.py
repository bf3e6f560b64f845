"""The only SQL of the hub: one database, SQLite or PostgreSQL, behind three doors.

    with open_store("sqlite:///anchorline.db") as store:
        with store.own("source:jira-main") as mine:       # locks: raises Locked, naming the owner's process and host
            writer = Writer(store, mine)                  # hub.store.write: sources, pages, evaluation
        reader = Reader(store)                            # hub.store.read: never makes a writer wait

Instants go in and out as milliseconds UTC (``millis`` converts an aware datetime); run ids are integers. One ``Writer``
belongs to one thread; a ``Reader`` may be shared.

A run:         start_run, put_source, put_partitions, put_dimensions, then per partition start_pass and put_page until the
               page with ``end``; end_run. ``start_pass`` gives the position to continue from; page numbers are the store's.
An evaluation: put_mapping; then settle_edges, and for each (read_seq, items) of ``Reader.dirty_trees`` put_attachments with
               that read_seq; then finish_evaluation, which returns None while marks remain: settle again. Items that were
               changed meanwhile keep their mark, so nothing is missed and nothing is assessed with an unresolved parent.
"""

from hub.reconcile import millis
from hub.store.engine import Store, open_store
from hub.store.locks import Ownership

__all__ = ["Ownership", "Store", "millis", "open_store"]
