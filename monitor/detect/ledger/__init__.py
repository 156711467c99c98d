"""The roster ledger: what each publication of a keyed table changed, told once."""
