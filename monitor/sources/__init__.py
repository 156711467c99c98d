"""Kinds of source: Options + first() + read(), all pure; kinds do not know each other."""
