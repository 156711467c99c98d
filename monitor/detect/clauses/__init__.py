"""Clauses: a sentence as rules see it, what guards it, and when its act took place."""
