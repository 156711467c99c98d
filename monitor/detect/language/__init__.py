"""Sentence work: folding, sentences, tokens, symbols, guards, dates."""
