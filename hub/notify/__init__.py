"""What leaves the hub on its own: for now the pings of a dead-man's switch. Nothing here can fail or delay a run."""
