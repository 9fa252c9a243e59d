"""The single writer of a partition: who owns it, how it opens, and the transactions it serves."""
