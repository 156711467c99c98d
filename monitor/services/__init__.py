"""The imperative shell: one use case a module; loops, reads, calls the pure steps, commits."""
