"""Dials what is due, reports what became of it, and makes time pass. Changes history by commands only."""
