"""Takes a static member out of its group at once, which aiokafka leaves to the end of its session (KIP-345)."""

import asyncio
import logging
from dataclasses import dataclass
from typing import Final

from aiokafka.client import AIOKafkaClient, ConnectionGroup, CoordinationType
from aiokafka.errors import KafkaError, for_code
from aiokafka.protocol.admin import DescribeGroupsRequest
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import Array, Int16, Int32, Schema, String

from outdial.eventlog.closing import closed
from outdial.eventlog.kafka import KafkaConfig

log = logging.getLogger(__name__)
LEAVE_TIMEOUT_S: Final = 3.0
STOP_TIMEOUT_S: Final = 1.0


class _Left(Response):  # type: ignore[misc]  # aiokafka ships no types
    API_KEY = 13
    API_VERSION = 3
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        ("error_code", Int16),
        (
            "members",
            Array(
                ("member_id", String("utf-8")), ("group_instance_id", String("utf-8")), ("error_code", Int16)
            ),
        ),
    )


class _LeaveStruct(RequestStruct):  # type: ignore[misc]  # aiokafka ships no types
    """Version 3 of LeaveGroup, the first that names static members."""

    API_KEY = 13
    API_VERSION = 3
    RESPONSE_TYPE = _Left
    SCHEMA = Schema(
        ("group", String("utf-8")),
        ("members", Array(("member_id", String("utf-8")), ("group_instance_id", String("utf-8")))),
    )


@dataclass(frozen=True, slots=True)
class Member:
    """One life of a static member: the broker refuses to let it go when another life has its name by now."""

    group: str
    id: str
    instance: str


class _Leave(Request[_LeaveStruct]):  # type: ignore[misc]  # aiokafka ships no types
    API_KEY = 13

    def __init__(self, member: Member) -> None:
        self._member = member

    def build(self, request_struct_class: type[_LeaveStruct]) -> _LeaveStruct:
        member = self._member
        return request_struct_class(member.group, [(member.id, member.instance)])


async def hand_over(kafka: KafkaConfig, member: Member) -> bool:
    """Leave the group when somebody else is in it, who gets the partitions at once; whether it was left.

    A member that is alone stays: nobody would get them, and its next life goes on without a rebalance. When it cannot
    be done within 3 s, the session ends it.
    """
    client = AIOKafkaClient(**kafka.client())
    try:
        async with asyncio.timeout(LEAVE_TIMEOUT_S):
            await client.bootstrap()
            return await _leave(client, member)
    except (KafkaError, OSError, TimeoutError) as error:
        log.warning("group not left", extra={"instance": member.instance, "why": repr(error)})
        return False
    finally:
        await closed(client.close(), STOP_TIMEOUT_S)


async def _leave(client: AIOKafkaClient, member: Member) -> bool:
    coordinator = await client.coordinator_lookup(CoordinationType.GROUP, member.group)
    group = ConnectionGroup.COORDINATION
    described = await client.send(coordinator, DescribeGroupsRequest([member.group]), group=group)
    members = described.to_object()["groups"][0]["members"]
    if all(one["member_id"] == member.id for one in members):
        return False
    told = (await client.send(coordinator, _Leave(member), group=group)).to_object()
    for code in (told["error_code"], *(one["error_code"] for one in told["members"])):
        if code:
            raise for_code(code)
    log.info("group left", extra={"instance": member.instance})
    return True
