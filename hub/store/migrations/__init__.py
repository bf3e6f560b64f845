"""Alembic's scripts, inside the package so that the wheel carries them. ``hub.store.migrate`` runs them; see there."""
