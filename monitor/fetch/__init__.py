"""Fetching over HTTP: politeness, conditional requests, outcomes; every connection passes egress."""
