"""How to reach the broker: one value for producers, consumers and the administration client."""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaConnectionError, KafkaError
from aiokafka.structs import ConsumerRecord

from outdial.eventlog import connections, header_names
from outdial.eventlog.closing import closed
from outdial.eventlog.ports import LogRecord, LogUnavailable

REQUEST_TIMEOUT_MS: Final = 5000
RETRY_BACKOFF_MS: Final = 50
# A broker that is starting may tell of a topic without partitions: a group then shares out none, until its leader asks
# again, by default after five minutes.
METADATA_MAX_AGE_MS: Final = 5_000
STOP_TIMEOUT_S: Final = 5.0
FETCH_BYTES: Final = 4 << 20

connections.install()
header_names.install()


@dataclass(frozen=True, slots=True)
class KafkaConfig:
    """Bootstrap servers, security, and a prefix that keeps several deployments of a broker apart."""

    bootstrap: str
    prefix: str = ""
    security_protocol: str = "PLAINTEXT"
    sasl_mechanism: str = "PLAIN"
    username: str = ""
    password: str = ""
    ca_file: str = ""

    def topic(self, name: str) -> str:
        """The name of a topic on this broker."""
        return self.prefix + name

    def client(self) -> dict[str, Any]:
        """Arguments that every aiokafka client takes."""
        found: dict[str, Any] = {
            "bootstrap_servers": self.bootstrap,
            "security_protocol": self.security_protocol,
            "request_timeout_ms": REQUEST_TIMEOUT_MS,
            "retry_backoff_ms": RETRY_BACKOFF_MS,
            "metadata_max_age_ms": METADATA_MAX_AGE_MS,
        }
        if self.security_protocol.startswith("SASL"):
            found |= {
                "sasl_mechanism": self.sasl_mechanism,
                "sasl_plain_username": self.username,
                "sasl_plain_password": self.password,
            }
        if self.security_protocol.endswith("SSL"):
            found["ssl_context"] = self.ssl_context()
        return found

    def ssl_context(self) -> ssl.SSLContext:
        """Trusts `ca_file`, or the machine's authorities without one."""
        return ssl.create_default_context(cafile=self.ca_file or None)

    def consumer(self) -> dict[str, Any]:
        """Arguments of a consumer that reads what was committed and keeps its own position."""
        return self.client() | {
            "isolation_level": "read_committed",
            "enable_auto_commit": False,
            "auto_offset_reset": "earliest",
            "max_partition_fetch_bytes": FETCH_BYTES,
        }


def unreachable(kafka: KafkaConfig, error: BaseException) -> LogUnavailable:
    """To be raised when a client cannot be started: says what the servers answered, or what `error` is about."""
    why = connections.failures(kafka.bootstrap) if isinstance(error, KafkaConnectionError) else ""
    return LogUnavailable(f"cannot reach Kafka at {kafka.bootstrap}: {why or error}")


@asynccontextmanager
async def connected(kafka: KafkaConfig, **settings: Any) -> AsyncIterator[AIOKafkaConsumer]:
    """A started consumer with these settings, stopped at the end. LogUnavailable when the broker is away."""
    consumer = AIOKafkaConsumer(**settings)
    try:
        try:
            await consumer.start()
        except (KafkaError, OSError) as error:
            raise unreachable(kafka, error) from error
        yield consumer
    finally:
        await closed(consumer.stop(), STOP_TIMEOUT_S)


def log_record(record: ConsumerRecord) -> LogRecord:
    """aiokafka's record as ours."""
    return LogRecord(
        record.partition,
        record.offset,
        record.timestamp * 1000,
        record.key,
        record.value,
        tuple(record.headers),
    )
