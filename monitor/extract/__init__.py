"""Bytes to values; the only home of feedparser, trafilatura, openpyxl and pypdfium2."""
