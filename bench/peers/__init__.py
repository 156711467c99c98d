"""The same work done by other programs: `python -m bench.peers`."""
