"""Stand-ins that speak the vendors' APIs over real HTTP on loopback, run as processes of their own.

They know neither the connectors nor the store. `company` holds the invented company as data, `history` its tickets.
"""
