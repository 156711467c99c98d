"""Words: folding, sentences, tokens, dates."""
