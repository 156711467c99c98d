"""The composition root: the only place that builds things, reads the clock and opens the store."""
