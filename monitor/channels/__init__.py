"""Ways out: a pure payload() and a send() each."""
