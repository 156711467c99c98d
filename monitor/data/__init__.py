"""Data files that ship with the package; opened by bootstrap only."""
