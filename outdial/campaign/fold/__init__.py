"""How each kind of event changes a campaign's state. Total: what is in the log has happened."""
