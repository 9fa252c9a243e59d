"""One router per area of the contract; each handler reads its input, asks a room, and shapes the answer."""
