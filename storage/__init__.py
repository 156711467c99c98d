"""The store: SQLite or PostgreSQL behind monitor.stores, and the archive of bodies on disk."""
