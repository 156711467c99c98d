"""Same thing? Which place? How sure? Pure."""
