"""The daemon: decides what is due, runs one process for each run, and tells whoever listens. It never reads a vendor itself.

hub.scheduler (pure): what is due --> Daemon.step --> Supervisor: anchorline sync NAME --events (a child per run)
                                          |                              | events, exit codes
                                          +--> events.py, state.py <-----+        (logs, metrics, health, status)
"""
