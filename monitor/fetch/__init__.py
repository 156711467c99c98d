"""Fetching: politeness, conditional requests, outcomes; every connection passes egress."""
