"""The same services as jobs of the distributed engine (procrastinate on PostgreSQL)."""
