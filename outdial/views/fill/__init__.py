"""Fills a view version that nobody reads yet: what changes stays in memory, in columns, and is written once."""
