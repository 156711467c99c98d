"""One module a kind of rule; kinds do not know each other."""
