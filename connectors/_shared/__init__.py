"""What connectors share: guarded transports, limits, retry, decoding. Reached by connectors through ``Io`` and this package only."""
