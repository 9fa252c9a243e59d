"""Outdial: outbound campaigns as an event-sourced system on Kafka."""
