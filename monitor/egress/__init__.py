"""The gate: addresses that come from outside are vetted, pinned and bounded here."""
