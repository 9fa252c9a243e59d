"""A real broker with TLS, passwords and access control; its plain listener is for people who may do everything."""

from collections.abc import Iterable
from pathlib import Path
from typing import Final, NamedTuple

import trustme
from aiokafka.client import AIOKafkaClient
from aiokafka.protocol.admin import CreateAclsRequest
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from deploy.local.folder import free_port
from deploy.local.kafka import Broker, Node

USER: Final = "outdial"
PASSWORD: Final = "a-password"  # noqa: S105
SECURED: Final = "SECURED"
# Kafka's numbers, org.apache.kafka.common.resource and .acl
TOPIC, GROUP, CLUSTER, TRANSACTIONAL_ID = 2, 3, 4, 5
LITERAL, PREFIXED = 3, 4
OPERATIONS: Final = {
    "Read": 3,
    "Write": 4,
    "Create": 5,
    "Alter": 7,
    "DescribeConfigs": 10,
    "AlterConfigs": 11,
}
ALLOW: Final = 3


class Right(NamedTuple):
    """Operations on one resource, or on all whose names begin so."""

    kind: int
    name: str
    pattern: int
    operations: Iterable[str]


class SecuredBroker(Broker):
    """`secured` is where services connect with TLS and password, `ca` the file that makes them trust it."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, Node(1, free_port(), free_port()))
        self.secured = f"127.0.0.1:{free_port()}"
        self.ca = folder / "ca.pem"
        folder.mkdir(parents=True)
        (folder / "server.pem").write_bytes(_certified(self.ca))

    def _properties(self) -> dict[str, str]:
        told = super()._properties()
        told["listeners"] += f",{SECURED}://{self.secured}"
        told["advertised.listeners"] += f",{SECURED}://{self.secured}"
        login = "org.apache.kafka.common.security.plain.PlainLoginModule"
        of_listener = f"listener.name.{SECURED.lower()}"
        return told | {
            "listener.security.protocol.map": f"PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,{SECURED}:SASL_SSL",
            f"{of_listener}.ssl.keystore.type": "PEM",
            f"{of_listener}.ssl.keystore.location": str(self.folder / "server.pem"),
            f"{of_listener}.sasl.enabled.mechanisms": "PLAIN",
            f"{of_listener}.plain.sasl.jaas.config": f'{login} required user_{USER}="{PASSWORD}";',
            "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
            "super.users": "User:ANONYMOUS",
        }


def _certified(ca: Path) -> bytes:
    """A certificate of this machine and its key, which Java reads as PKCS#8 only; its authority is written to `ca`."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(ca))
    issued = authority.issue_cert("127.0.0.1")
    key = load_pem_private_key(issued.private_key_pem.bytes(), None)
    pkcs8 = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return pkcs8 + b"".join(blob.bytes() for blob in issued.cert_chain_pems)


async def grant(bootstrap: str, rights: Iterable[Right]) -> None:
    """Let the user do these things; asked on the plain listener."""
    client = AIOKafkaClient(bootstrap_servers=bootstrap)
    await client.bootstrap()
    try:
        for right in rights:
            for operation in right.operations:
                asked = CreateAclsRequest(
                    right.kind, right.name, right.pattern, f"User:{USER}", "*", OPERATIONS[operation], ALLOW
                )
                told = await client.send(client.get_random_node(), asked)
                assert [answer[0] for answer in told.creation_responses] == [0], told
    finally:
        await client.close()
