"""feeds.yaml to a typed catalogue: strict, all errors at once, each with its line."""
