"""The demo: bundled roster facts and invented texts, served from loopback through the real way."""
