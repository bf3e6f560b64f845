"""What connectors share: guarded transports, limits, retry, decoding. Connectors reach it through ``Io``."""
