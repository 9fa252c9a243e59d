"""The domain, pure: what may happen to a campaign (`decide`) and what it makes of it (`evolve`)."""
