"""The only writer of events: commands in, events and results out, one transaction each batch."""
