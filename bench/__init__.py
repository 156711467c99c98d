"""Benchmarks that anyone can rerun; they state speed and memory and judge nothing."""
