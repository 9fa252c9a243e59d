"""A telephone network that does not exist: seeded outcomes, simulated agents, a durable ledger of what it was asked."""
