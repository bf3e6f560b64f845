"""Pages over HTTP, read-only: for now health and metrics.

    Guard (Host, method, headers of safety, errors) --> routes --> Probes (callables over the daemon's state and hub.report)

The server runs in a thread of the daemon's process. It knows neither the daemon nor the store: what it asks is handed in.
"""
