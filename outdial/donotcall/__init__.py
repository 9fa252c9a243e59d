"""Do-not-call lists, pure: numbers that must not be phoned, known here by entry, block and row only."""
