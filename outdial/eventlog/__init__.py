"""Kafka and only Kafka: single writer, replay, live stream, blocks. Knows bytes, no business word."""
