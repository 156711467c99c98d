"""Schema migrations (Alembic), run by storage.migrate."""
