"""Do-not-call lists at the edge: numbers in by JSON and by file, looked up and removed in plain."""
