"""Events to views: the live stream is a hint of what is new, the cursor in the database is the truth."""
