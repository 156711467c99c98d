"""FastAPI: API, pages and feeds over the query service."""
