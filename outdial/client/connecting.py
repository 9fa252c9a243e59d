"""The broker as the settings of a process name it."""

from outdial.eventlog.kafka import KafkaConfig
from outdial.eventlog.topics import Layout
from outdial.runtime.settings import Settings


def kafka_config(settings: Settings) -> KafkaConfig:
    """How this process reaches Kafka."""
    return KafkaConfig(
        settings.kafka,
        prefix=settings.kafka_prefix,
        security_protocol=settings.kafka_security,
        sasl_mechanism=settings.kafka_mechanism,
        username=settings.kafka_username,
        password=settings.kafka_password.get_secret_value(),
        ca_file=settings.kafka_ca_file,
    )


def layout(settings: Settings) -> Layout:
    """How the topics of this deployment are spread."""
    return Layout.named(settings.layout, len(settings.dialer_groups))
