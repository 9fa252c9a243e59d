"""The live stream: two engines behind one port; the handler owns the position, an error ends the process."""
