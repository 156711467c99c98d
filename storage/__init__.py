"""The store: SQLite or PostgreSQL behind monitor.ports.Store, and the archive of bodies on disk."""
