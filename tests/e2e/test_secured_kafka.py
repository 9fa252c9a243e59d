"""A Kafka with TLS, a password and access control: the rights that the README names are enough."""

import asyncio
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

import pytest

from outdial.runtime import children
from tests.kit import journey
from tests.kit.secured_broker import (
    CLUSTER,
    GROUP,
    LITERAL,
    PASSWORD,
    PREFIXED,
    TOPIC,
    TRANSACTIONAL_ID,
    USER,
    Right,
    SecuredBroker,
    grant,
)
from tests.kit.stack import Stack, wait_until

RIGHTS: Final = (
    Right(TOPIC, "outdial.", PREFIXED, ("Read", "Write", "DescribeConfigs", "Create", "AlterConfigs")),
    Right(GROUP, "outdial", PREFIXED, ("Read",)),
    Right(TRANSACTIONAL_ID, "outdial-", PREFIXED, ("Write",)),
    Right(TOPIC, "__transaction_state", LITERAL, ("Read",)),
    Right(CLUSTER, "kafka-cluster", LITERAL, ("Alter",)),
)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[SecuredBroker]:
    secured = SecuredBroker(tmp_path / "broker")
    secured.prepare()
    process = children.start(secured.command())
    try:
        wait_until(secured.answers, "the broker answers")
        yield secured
    finally:
        process.kill()
        process.wait()


@pytest.mark.timeout(180)
def test_a_campaign_is_dialled_on_a_kafka_with_access_control(broker: SecuredBroker, tmp_path: Path) -> None:
    asyncio.run(grant(broker.bootstrap, RIGHTS))
    stack = Stack(
        tmp_path / "data",
        OUTDIAL_SIMULATOR_SPEED="60",
        OUTDIAL_LAYOUT="local",
        OUTDIAL_KAFKA=broker.secured,
        OUTDIAL_KAFKA_SECURITY="SASL_SSL",
        OUTDIAL_KAFKA_USERNAME=USER,
        OUTDIAL_KAFKA_PASSWORD=PASSWORD,
        OUTDIAL_KAFKA_CA_FILE=str(broker.ca),
    )
    with closing(stack):
        stack.start()
        try:
            journey.create(stack, "spring")
            expected, receipt = journey.upload(stack, "spring", tmp_path, 100)
            assert receipt["accepted"] == expected.valid
            assert stack.post("/campaigns/spring/start").status_code == 200
            journey.wait_for_position(stack, "spring", "Completed", 90)
            assert len(journey.downloaded(stack, "spring")) == expected.valid
        finally:
            stack.kill_everything()
